import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { rejudge, type RunRecord } from '../run/record.ts';
import { assay as run } from './program.ts';

/** FtRS as a user meets it: the program, its exit code, what it prints and writes. */

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-ftrs-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const assay = (...args: readonly string[]) => run(folder, ...args);
const recordIn = async (out: string): Promise<RunRecord> =>
  JSON.parse(await readFile(join(folder, out, 'record.json'), 'utf8')) as RunRecord;

describe('assay run --profile ftrs', () => {
  test('the reference is conformant on the wire, and says what waits', async () => {
    const { code, out, err } = await assay(
      'run',
      '--mock',
      'conformant',
      '--profile',
      'ftrs',
      '--out',
      'good',
    );
    assert.equal(code, 0, out + err);
    assert.match(out, /^conformant on the wire: \d+ passed, 0 failed, 0 inconclusive/m);
    const record = await recordIn('good');
    assert.deepEqual([record.profile, record.verdict, record.scope], ['ftrs', 'conformant', 'wire']);
    assert.deepEqual(rejudge(record), []);
    const told = new Set([
      ...record.findings.flatMap(({ requirements }) => requirements),
      ...record.pending.map(({ requirement }) => requirement),
    ]);
    assert.equal([...told].filter((id) => id.startsWith('SEC-')).length, 31);
  });
  test('a subject that looks at no token: exit 1, one failure, the list beneath', async () => {
    const { code, out } = await assay(
      'run',
      '--mock',
      'checks-no-token',
      '--profile',
      'ftrs',
      '--out',
      'none',
    );
    assert.equal(code, 1, out);
    assert.match(out, /^non-conformant on the wire: \d+ passed, 1 failed/m);
    assert.equal(out.match(/^FAIL/gm)?.length, 1);
    assert.match(out, /cis2-token\/enforced – .*\n +got +not enforced: .*\n +absent empty/);
    const junit = await readFile(join(folder, 'none', 'junit.xml'), 'utf8');
    assert.match(junit, /failures="1"/);
    assert.match(await readFile(join(folder, 'none', 'report.html'), 'utf8'), /failures beneath/);
  });
  test('a stand-in of another profile: exit 4', async () => {
    const { code, err } = await assay('run', '--mock', 'accepts-wrong-aud', '--profile', 'ftrs');
    assert.equal(code, 4);
    assert.match(err, /--mock: no stand-in is called "accepts-wrong-aud"/);
  });
});

interface Listed {
  readonly requirements: readonly {
    readonly id: string;
    readonly decidedBy: string;
    readonly because: string;
    readonly cases: readonly string[];
  }[];
  readonly mutants: readonly { readonly id: string; readonly caughtBy: readonly string[] }[];
}

describe('assay list --profile ftrs --acceptance', () => {
  test('SEC-029: a scenario for each case, Given, When, Then', async () => {
    const { code, out } = await assay('list', '--profile', 'ftrs', '--acceptance', 'SEC-029');
    assert.equal(code, 0);
    assert.match(out, /^Feature: SEC-029\n {2}.*MUST enforce CIS2 JWT/);
    const scenarios = out.split(/^ {2}Scenario: /m).slice(1);
    assert.ok(scenarios.length > 150, String(scenarios.length));
    for (const scenario of scenarios)
      assert.match(
        scenario,
        /^\S+: .*\n {4}Given .*\n(?: {4}And .*\n)?(?: {4}When .*\n) {4}Then .*\n/,
        scenario,
      );
    assert.match(
      out,
      /Scenario: cis2-token\/absent: .*\n(?: {4}.*\n)+ {4}And likewise on find-healthcare-service/,
    );
  });
  test('what no case decides has its evidence or its attestation', async () => {
    assert.match(
      (await assay('list', '--profile', 'ftrs', '--acceptance', 'SEC-013')).out,
      /Then it is held to /,
    );
    assert.match(
      (await assay('list', '--profile', 'ftrs', '--acceptance', 'SEC-010')).out,
      /Then it has not ended/,
    );
  });
  test('a code that there is not: exit 4', async () => {
    const { code, err } = await assay('list', '--profile', 'ftrs', '--acceptance', 'SEC-099');
    assert.equal(code, 4);
    assert.match(err, /--acceptance: .* has no requirement "SEC-099"/);
  });
});

test('assay list --profile ftrs: each of the 31 codes with its class and what decides it', async () => {
  const { code, out } = await assay('list', '--profile', 'ftrs', '--json');
  assert.equal(code, 0);
  const { requirements, mutants } = JSON.parse(out) as Listed;
  const codes = Array.from({ length: 31 }, (_, at) => `SEC-${String(at + 1).padStart(3, '0')}`);
  assert.deepEqual(
    requirements
      .map(({ id }) => id)
      .filter((id) => id.startsWith('SEC-'))
      .sort(),
    codes,
  );
  for (const { id, decidedBy, because, cases } of requirements) {
    assert.match(decidedBy, /^(?:cases|evidence|attestation|excluded)$/, id);
    assert.ok(decidedBy === 'cases' ? cases.length > 0 : because !== '', `${id} has no decider`);
  }
  assert.ok(mutants.some(({ id }) => id === 'accepts-null-cipher'));
});
