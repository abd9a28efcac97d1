import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { RunRecord } from '../run/record.ts';
import { checkRecord } from '../run/record-schema.ts';
import { assay } from './program.ts';

/** Waivers and the comparison of records, as the program is met in CI. */

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-waivers-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const MUTANT = 'accepts-expired-certificate';
const CASE = 'client-certificate/expired';
const waiver = (changes: Readonly<Record<string, unknown>> = {}) => ({
  case: CASE,
  target: `mock:${MUTANT}`,
  owner: 'A. Owner',
  reason: 'the supplier mends it in the next release',
  risk: 'RISK-12',
  expires: '2999-01-01',
  ...changes,
});
const write = (name: string, value: unknown): Promise<void> =>
  writeFile(join(folder, name), JSON.stringify(value));
async function run(out: string, mock: string, ...args: readonly string[]) {
  const cases = ['--case', 'client-certificate/absent', '--case', CASE];
  const ended = await assay(folder, 'run', '--mock', mock, ...cases, '--out', out, ...args);
  const record = await readFile(join(folder, out, 'record.json'), 'utf8').then(
    (text) => JSON.parse(text) as RunRecord,
    () => undefined,
  );
  if (record) checkRecord(record);
  return { ...ended, record };
}

describe('a waiver', () => {
  test('lets its failure pass, and every form of the record says so', async () => {
    await write('w.json', { waivers: [waiver(), waiver({ target: 'https://elsewhere.test/x' })] });
    const { code, out, record, err } = await run('waived', MUTANT, '--waivers', 'w.json');
    assert.equal(code, 0, out + err);
    assert.match(out, /conformant[^\n]*0 failed, 1 waived/);
    assert.match(out, /Waived: client-certificate\/expired until 2999-01-01 by A\. Owner \(RISK-12\)/);
    assert.deepEqual(
      record?.waivers?.map(({ state }) => state),
      ['applied'],
    );
    assert.equal(
      record?.findings.find((finding) => finding.case === CASE)?.outcome,
      'fail',
      'it stays a failure',
    );
    for (const [format, says] of [
      ['console', /RISK-12/],
      ['html', /1 failure waived[\s\S]*RISK-12/],
      ['junit', /failures="0"[\s\S]*waived until 2999-01-01[^<]*RISK-12/],
      ['sarif', /"suppressions"[\s\S]*RISK-12/],
      ['testreport', /waived until 2999-01-01: RISK-12/],
      ['traceability-csv', /,Waived,/],
      ['traceability-md', /Waived/],
      ['badge', /1 failure waived/],
    ] as const) {
      assert.match((await assay(folder, 'report', 'waived', '--format', format)).out, says, format);
    }
  });

  for (const [title, mock, changes, state, says] of [
    ['not needed any more', 'conformant', { target: 'mock:conformant' }, 'stale', /not needed any more/],
    ['out of date', MUTANT, { expires: '2020-01-01' }, 'expired', /expired on 2020-01-01/],
    [
      'out of date where the case passes',
      'conformant',
      { target: 'mock:conformant', expires: '2020-01-01' },
      'expired',
      /expired on 2020-01-01/,
    ],
  ] as const) {
    test(`${title}: the run fails and says which`, async () => {
      await write('dead.json', { waivers: [waiver(changes)] });
      const { code, out, record } = await run(`dead-${state}`, mock, '--waivers', 'dead.json');
      assert.equal(code, 1);
      assert.match(out, says);
      assert.match(out, /The waiver for client-certificate\/expired/);
      assert.equal(record?.waivers?.[0]?.state, state);
      const { out: xml } = await assay(folder, 'report', `dead-${state}`, '--format', 'junit');
      assert.match(xml, /name="waiver\/client-certificate\/expired"><failure/);
    });
  }

  test('of a case that was left out is neither needed nor stale', async () => {
    await write('w.json', { waivers: [waiver({ case: 'token/absent', target: 'mock:conformant' })] });
    const { code, record } = await run('left', 'conformant', '--waivers', 'w.json');
    assert.deepEqual([code, record?.waivers?.[0]?.state], [0, 'unexamined']);
  });

  test('waives no inconclusive case', async () => {
    await write('w.json', { waivers: [waiver({ target: 'mock:dead' })] });
    const { code, record } = await run('open', 'dead', '--waivers', 'w.json');
    assert.deepEqual([code, record?.waivers?.[0]?.state, record?.verdict], [2, 'undecided', 'inconclusive']);
  });

  for (const [title, value, says] of [
    ['no owner', { waivers: [waiver({ owner: undefined })] }, /#\/waivers\/0\/owner: is missing/],
    ['a blank reason', { waivers: [waiver({ reason: ' ' })] }, /#\/waivers\/0\/reason/],
    ['an unknown field', { waivers: [waiver({ why: 'x' })] }, /#\/waivers\/0\/why: is no known field/],
    ['no date', { waivers: [waiver({ expires: '2027-02-31' })] }, /#\/waivers\/0\/expires: .*is no date/],
    [
      'an unknown case',
      { waivers: [waiver({ case: 'token/nothing' })] },
      /#\/waivers\/0\/case: there is no case/,
    ],
    ['the same twice', { waivers: [waiver(), waiver()] }, /#\/waivers\/1: waives the same as \/waivers\/0/],
    ['no list', {}, /#\/waivers: is missing/],
  ] as const) {
    test(`${title}: exit 4`, async () => {
      await write('bad.json', value);
      const { code, err, record } = await run('bad', MUTANT, '--waivers', 'bad.json');
      assert.equal(code, 4, err);
      assert.match(err, says);
      assert.equal(record, undefined);
    });
  }
  test('no such file: exit 4', async () => {
    assert.match(
      (await run('bad', MUTANT, '--waivers', 'absent.json')).err,
      /absent\.json: there is no such file/,
    );
  });
});

describe('assay diff', () => {
  const diff = (...args: readonly string[]) => assay(folder, 'diff', ...args);
  before(async () => {
    await run('good', 'conformant');
    await run('again', 'conformant');
    await run('broken', MUTANT);
    await run('silent', 'dead');
    await run('closing', 'conformant-closing');
  });
  for (const [first, second, code, says] of [
    ['good', 'again', 0, /0 new, 0 gone, 0 changed, 0 fixed/],
    ['good', 'broken', 1, /new {6}client-certificate\/expired: pass → fail/],
    ['broken', 'good', 0, /fixed {4}client-certificate\/expired: fail → pass/],
    ['broken', 'broken', 0, /0 new/],
    ['good', 'silent', 2, /new {6}client-certificate\/absent: pass → inconclusive/],
    ['good', 'closing', 0, /changed {2}client-certificate\/expired: pass → pass/],
  ] as const) {
    test(`${first}, then ${second}: exit ${code}`, async () => {
      const ended = await diff(first, second);
      assert.equal(ended.code, code, ended.out + ended.err);
      assert.match(ended.out, says);
    });
  }
  test('a case that is not examined any more is no improvement', async () => {
    const record = JSON.parse(await readFile(join(folder, 'good/record.json'), 'utf8')) as RunRecord;
    const { selection: _all, ...rest } = record;
    await write('less.json', { ...rest, findings: record.findings.slice(1) });
    const { code, out } = await diff('good', 'less.json');
    assert.equal(code, 2);
    assert.match(out, /gone {5}client-certificate\//);
  });
  test('run --baseline: known failures do not fail, new ones do', async () => {
    const known = await run('known', MUTANT, '--baseline', 'broken');
    assert.equal(known.code, 0, known.out + known.err);
    assert.match(known.out, /non-conformant/, 'the verdict is told all the same');
    assert.equal((await run('fresh', MUTANT, '--baseline', 'good')).code, 1);
    assert.equal((await run('none', MUTANT, '--baseline', 'absent')).code, 4);
  });
});
