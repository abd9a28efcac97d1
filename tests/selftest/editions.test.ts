import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { editionMutants, newerOnly } from '../../mocks/provider/outcome-mutants.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { everythingOn, plan, type Planned } from '../run/plan.ts';
import { examined, having, hierarchy } from './stand.ts';

/** The editions of GP Connect differ in data alone: what binds in each, and what it allows. */

const planOf = (edition: string): readonly Planned[] => plan(gpconnect, everythingOn(edition));
const on = async (name: string, planned: readonly Planned[]) => {
  const pki = await hierarchy;
  return examined(await startStandIn(name, pki), pki, planned, true);
};
const sorted = (ids: readonly string[]): readonly string[] => [...ids].sort();

for (const edition of gpconnect.editions) {
  test(`the reference keeps to ${edition}`, async () => {
    const findings = await on('conformant', planOf(edition));
    const odd = findings.filter(({ outcome, level }) => outcome !== 'pass' && level !== 'noted');
    assert.deepEqual(
      odd.map((each) => `${each.case}: ${each.because}`),
      [],
    );
  });
}

describe('a provider of 1.2.x, as its pages are printed', () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    '1.2': [],
    '1.5': newerOnly.filter((id) => id.includes('display')),
    '1.6': newerOnly,
    '2025-10': newerOnly,
  };
  for (const [edition, failing] of Object.entries(expected))
    test(`fails ${failing.length} cases of ${edition}`, async () => {
      const findings = await on('conformant-1.2', planOf(edition));
      assert.deepEqual(sorted(having(findings, 'fail')), sorted(failing));
    });
});

describe('what differs between editions', () => {
  const ids = (edition: string) => new Set(planOf(edition).map(({ id }) => id));
  test('documents came with 1.5, migration with 1.6', () => {
    assert.ok(!ids('1.2').has('interaction/retrieve-document'));
    assert.ok(ids('1.5').has('interaction/retrieve-document'));
    assert.ok(!ids('1.5').has('interaction/migrate-record'));
    assert.ok(ids('1.6').has('interaction/migrate-record'));
  });
});

describe('every mutant of an older edition fails exactly the cases that list it', () => {
  const planned = planOf('1.2').filter(
    ({ id, case: entry }) => id === entry.id && /^(error|outcome|xml)/.test(id),
  );
  for (const [name, { title, caughtBy }] of Object.entries(editionMutants))
    test(`${name}: ${title}`, async () => {
      const findings = await on(name, planned);
      assert.deepEqual(sorted(having(findings, 'fail')), sorted(caughtBy));
      assert.deepEqual(having(findings, 'inconclusive'), []);
    });
});
