import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Ajv } from 'ajv';
import { unlessAborted } from '../run/engine.ts';
import { readLedger } from '../run/ledger.ts';
import { checkRecord } from '../run/record-schema.ts';
import type { RunRecord } from '../run/record.ts';
import { assay, start } from './program.ts';

/** A run that is ended by real signals, and what a tool is told as it goes. */

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-signals-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const validate = new Ajv({ strict: false }).compile(
  JSON.parse(readFileSync(new URL('../run/events.schema.json', import.meta.url), 'utf8')) as object,
);
interface Line {
  readonly event: string;
  readonly [member: string]: unknown;
}
/** The lines of a stream; each has to be whole, and as the schema says. */
function lines(text: string): readonly Line[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const value = JSON.parse(line) as Line;
      assert.ok(validate(value), `${line}: ${JSON.stringify(validate.errors?.[0])}`);
      return value;
    });
}
const opens = (port: number): Promise<boolean> =>
  new Promise((answer) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => answer(true)).on('error', () => answer(false));
    socket.on('connect', () => socket.destroy());
  });
/** Starts a slow run and waits until its third finding. */
async function underWay(out: string) {
  const child = start(folder, ['run', '--concurrency', '1', '--out', out, '--events', '-']);
  let text = '';
  await new Promise<void>((ready) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.split('"event":"finding"').length > 3) ready();
    });
    child.once('exit', () => ready());
  });
  const url = /"url":"([^"]+)"/.exec(text)?.[1] ?? '';
  return { child, port: Number(new URL(url).port) };
}

describe('--events', () => {
  test('- is standard output and nothing else; the lines fit their schema', async () => {
    const { code, out, err } = await assay(
      folder,
      'run',
      '--case',
      'token/absent',
      '--events',
      '-',
      '--out',
      'a',
    );
    assert.equal(code, 0, err);
    assert.deepEqual(
      lines(out).map(({ event }) => event),
      ['start', 'baseline', 'finding', 'end'],
    );
    assert.match(err, /conformant on the wire/);
    assert.equal(validate({ at: 'now', event: 'finding' }), false, 'the schema bites');
  });
  test('a file', async () => {
    const args = ['run', '--case', 'token/absent', '--mock', 'dead', '--events', 'e.ndjson', '--out', 'b'];
    assert.equal((await assay(folder, ...args)).code, 2);
    const told = lines(await readFile(join(folder, 'e.ndjson'), 'utf8'));
    assert.deepEqual([told[1]?.['accepted'], told.at(-1)?.['exitCode']], [false, 2]);
  });
  test('a file that cannot be written: exit 4', async () => {
    const { code, err } = await assay(folder, 'run', '--events', 'no/such/folder', '--out', 'c');
    assert.equal(code, 4);
    assert.match(err, /--events/);
  });
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal}: what was found is kept as an incomplete record, exit 3`, async () => {
    const { child, port } = await underWay(signal);
    child.kill(signal);
    child.kill(signal); // one press of Ctrl-C may arrive twice
    const { code, out, err } = await child.done;
    assert.equal(code, 3, err);
    assert.match(err, new RegExp(`Ended by ${signal}`));
    const record = JSON.parse(await readFile(join(folder, signal, 'record.json'), 'utf8')) as RunRecord;
    checkRecord(record);
    assert.equal(record.incomplete?.because, `ended by ${signal}`);
    assert.equal(record.incomplete?.examined, record.findings.length + record.noted.length);
    assert.ok(record.findings.length >= 2 && record.findings.length < (record.incomplete?.planned ?? 0));
    assert.equal(record.verdict, 'inconclusive');
    assert.match(
      await readFile(join(folder, signal, 'ledger.ndjson'), 'utf8'),
      /"event":"ended","attempt":1,[^\n]*"incomplete":true/,
    );
    assert.deepEqual([lines(out).at(-1)?.event, lines(out).at(-1)?.['incomplete']], ['end', true]);
    assert.equal(await opens(port), false, 'nothing listens any more');
    for (const [format, says] of [
      ['html', /Incomplete: ended by/],
      ['badge', /incomplete/],
      ['testreport', /"status": "stopped"/],
      ['sarif', /"executionSuccessful": false/],
    ] as const)
      assert.match((await assay(folder, 'report', signal, '--format', format)).out, says);
  });
}

test('SIGKILL: no half file, no half line, nothing that listens', async () => {
  const { child, port } = await underWay('killed');
  child.kill('SIGKILL');
  const { signal, out } = await child.done;
  assert.equal(signal, 'SIGKILL');
  assert.ok(!lines(out).some(({ event }) => event === 'end'));
  assert.deepEqual(await readdir(join(folder, 'killed')), ['ledger.ndjson']);
  const ledger = readLedger(await readFile(join(folder, 'killed/ledger.ndjson'), 'utf8'));
  assert.deepEqual('entries' in ledger && ledger.entries.map(({ event }) => event), ['begun']);
  assert.equal(await opens(port), false);
});

test('a signal that outlives its runs is let go by each', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const forever = new Promise<never>(() => {});
  assert.equal(await unlessAborted(Promise.resolve(1), signal), 1);
  await assert.rejects(unlessAborted(Promise.reject(new Error('its own')), signal), /its own/);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  const left = unlessAborted(forever, signal);
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  controller.abort();
  assert.equal(await left, undefined);
  assert.equal(await unlessAborted(forever, signal), undefined);
});
