import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Hierarchy } from '../../certs/index.ts';
import { readPack } from '../../certs/pack-read.ts';
import { writePack } from '../../certs/pack.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import type { Provider } from '../../mocks/provider/server.ts';
import { checkRecord } from '../run/record-schema.ts';
import type { RunRecord } from '../run/record.ts';
import { createVigil } from '../run/vigil.ts';
import { start } from './program.ts';
import { everything } from './stand.ts';

/** A subject that goes away in the middle of a run: the run stops, says so in one screen, and keeps what it found. */

let folder: string;
let pki: Hierarchy;
let good: Provider;
let bad: Provider;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-stop-'));
  await writePack(join(folder, 'pki'), {});
  pki = await readPack(join(folder, 'pki'));
  [good, bad] = await Promise.all([startStandIn('conformant', pki), startStandIn('always-400', pki)]);
});
after(async () => {
  await Promise.all([good.close(), bad.close()]);
  await rm(folder, { recursive: true, force: true });
});

/** Connections that find the subject as it was. */
const SOUND = 40;

/** A door in front of the provider, by which everything goes; after so many connections `turn` is called once. */
async function door(turn: (close: () => void, leadTo: (port: number | undefined) => void) => void) {
  let met = 0;
  let port: number | undefined = good.port;
  const leadTo = (other: number | undefined): void => void (port = other);
  const server = createServer((socket) => {
    met += 1;
    if (met === SOUND) turn(() => server.close(), leadTo);
    socket.on('error', () => {});
    if (port === undefined) return void socket.resetAndDestroy();
    const inner = connect(port, '127.0.0.1');
    inner.on('error', () => socket.destroy()).pipe(socket);
    socket.on('error', () => inner.destroy()).pipe(inner);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

async function judged(name: string, turn: Parameters<typeof door>[0]) {
  const front = await door(turn);
  try {
    const asid = { provider: '999999990001', consumer: '999999990002' };
    const subject = {
      profile: 'gpconnect',
      url: good.url,
      connect: `127.0.0.1:${front.port}`,
      pki: 'pki',
      asid,
    };
    await writeFile(join(folder, `${name}.json`), JSON.stringify(subject));
    const globs = ['--case', 'client-certificate/*', '--case', 'ssp-header/*'];
    const ended = await start(folder, [
      ...['run', `${name}.json`, '--out', name, '--events', `${name}.ndjson`],
      ...globs,
    ]).done;
    const record = JSON.parse(await readFile(join(folder, name, 'record.json'), 'utf8')) as RunRecord;
    checkRecord(record);
    const events = (await readFile(join(folder, `${name}.ndjson`), 'utf8')).trimEnd().split('\n');
    return { ...ended, record, events: events.map((line) => JSON.parse(line) as Record<string, unknown>) };
  } finally {
    front.close();
  }
}

/** What is said after the rows: from the blank line before `Stopped` on. */
const lastScreen = (out: string): string => out.slice(out.indexOf('\nStopped after'));

describe('a run stops early', { concurrency: true }, () => {
  for (const [name, turn, culprit, seen, next] of [
    [
      'the server ends',
      (close: () => void, leadTo: (port: undefined) => void) => [close(), leadTo(undefined)],
      'target',
      /ECONNREFUSED/,
      /nothing listens at \S+:\d+ any more/,
    ],
    [
      'the valid exchange is refused from then on',
      (_close: () => void, leadTo: (port: number) => void) => leadTo(bad.port),
      'target',
      /400/,
      /until \d\d:\d\d:\d\d UTC/,
    ],
  ] as const) {
    test(name, async () => {
      const { code, out, err, record, events } = await judged(name.replaceAll(' ', '-'), turn);
      assert.equal(code, 3, out + err);
      const screen = lastScreen(out);
      assert.ok(screen.split('\n').length <= 24, `one screen:\n${screen}`);
      assert.match(
        screen,
        /^\nStopped after \d+ of \d+ cases: the subject takes the valid exchange no more\./,
      );
      assert.match(screen, seen);
      assert.match(screen, /with +the target\n/);
      assert.match(screen, next);
      assert.match(screen, /record {2}\S+record\.json/);
      const { examined = 0, planned = 0, because = '' } = record.incomplete ?? {};
      assert.ok(examined > 0 && examined < planned, `${examined} of ${planned}`);
      assert.match(because, new RegExp(`no more at \\S+ \\(${culprit}\\): `));
      assert.equal(record.findings.length + record.noted.length, examined);
      assert.equal(record.verdict, 'inconclusive');
      assert.ok(record.findings.some(({ outcome }) => outcome === 'pass'));
      assert.ok(!record.findings.some(({ outcome }) => outcome === 'fail'));
      const stopped = events.find(({ event }) => event === 'stopped');
      assert.equal(stopped?.['culprit'], culprit);
      assert.deepEqual(events.at(-1)?.['incomplete'], true);
    });
  }

  test('a restart of less than a second ends no run', async () => {
    const { code, out, record } = await judged('blip', (_close, leadTo) => {
      leadTo(undefined);
      setTimeout(() => leadTo(good.port), 300);
    });
    assert.equal(record.incomplete, undefined, out);
    assert.ok(code === 0 || code === 2, out);
  });
});

test('workers ask together; one yes of three is enough; what was not driven asks nothing', async () => {
  const [planned] = everything;
  assert.ok(planned);
  const finding = (exchange: RunRecord['findings'][number]['control']['exchange']) => ({
    case: planned.id,
    title: '',
    payload: 'CapabilityStatement',
    level: 'SHALL',
    requirements: [],
    expected: '',
    outcome: 'inconclusive' as const,
    because: '',
    observation: { kind: 'nothing' as const, reason: '' },
    times: 1,
    control: { exchange },
    trace: [],
    ms: 0,
  });
  let asked = 0;
  const answers = (yes: number) =>
    createVigil(
      async () => {
        asked += 1;
        const body = '{"resourceType":"CapabilityStatement"}';
        const answer = { kind: 'response', status: 200, headers: [], body, bytes: body.length } as const;
        return {
          observation:
            asked === yes
              ? { ...answer, resourceType: 'CapabilityStatement' }
              : { kind: 'closed', how: 'fin', during: 'exchange' },
          trace: [],
        };
      },
      { payload: 'CapabilityStatement' },
      planned.case.stimulus as never,
      'TLSv1.2',
      [0, 1, 1],
    );
  const gone = finding({ kind: 'closed', how: 'reset', during: 'handshake' });
  const third = answers(3);
  assert.deepEqual(await Promise.all([third.look(gone), third.look(gone)]), [undefined, undefined]);
  assert.equal(asked, 3);
  asked = 0;
  assert.equal((await answers(9).look(gone))?.after, planned.id);
  asked = 0;
  assert.equal(await answers(9).look(finding({ kind: 'nothing', reason: 'not driven' })), undefined);
  assert.equal(asked, 0);
});
