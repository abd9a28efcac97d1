import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { beginAttempt, readLedger } from '../run/ledger.ts';
import type { RunRecord } from '../run/record.ts';

/** The ledger of attempts: whole after many writers, after a writer that was killed, and never mended in silence. */

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-ledger-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const about = { profile: 'gpconnect', subject: { url: 'https://provider.test/x' } };
const record = { verdict: 'conformant' } as RunRecord;
const entriesOf = async (file: string) => {
  const read = readLedger(await readFile(file, 'utf8'));
  assert.ok('entries' in read, JSON.stringify(read));
  return read.entries;
};

test('many at once: one chain, each attempt with a number of its own', async () => {
  const file = join(folder, 'many/ledger.ndjson');
  const attempts = await Promise.all(Array.from({ length: 8 }, () => beginAttempt(file, about)));
  await Promise.all(attempts.slice(1).map((each) => each.end(record, 'a record')));
  assert.deepEqual(
    attempts.map(({ number }) => number).toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  const entries = await entriesOf(file);
  const ended = entries.flatMap((each) => (each.event === 'ended' ? [each.attempt] : []));
  assert.deepEqual([entries.length, ended.length], [15, 7]);
  assert.ok(!ended.includes(attempts[0]?.number ?? 0), 'what never ended stays begun');
});

test('a line that was cut short by a kill is written over; the chain goes on', async () => {
  const file = join(folder, 'torn.ndjson');
  await beginAttempt(file, about);
  await appendFile(file, '{"seq":2,"previous":"sha2');
  assert.equal((await beginAttempt(file, about)).number, 2);
  assert.deepEqual(
    (await entriesOf(file)).map(({ event }) => event),
    ['begun', 'begun'],
  );
});

test('what is no whole ledger is left as it is', async () => {
  const file = join(folder, 'changed.ndjson');
  await beginAttempt(file, about);
  await beginAttempt(file, about);
  const changed = (await readFile(file, 'utf8')).replace('"attempt":1', '"attempt":9');
  await writeFile(file, changed);
  await assert.rejects(
    beginAttempt(file, about),
    /^ConfigurationError: --ledger: .*changed\.ndjson is no whole ledger: line 1 begins attempt 9 after 0; keep it/,
  );
  assert.equal(await readFile(file, 'utf8'), changed);
});

test('where it cannot be written nothing is begun', async () => {
  await writeFile(join(folder, 'file'), '');
  await assert.rejects(
    beginAttempt(join(folder, 'file/ledger.ndjson'), about),
    /^ConfigurationError: --ledger: cannot write the ledger .* \(E/,
  );
  await assert.rejects(beginAttempt(folder, about), /cannot write the ledger .* \(EISDIR\)/);
});
