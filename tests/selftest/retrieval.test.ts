import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ASID } from '../../mocks/provider/data.ts';
import { mutants } from '../../mocks/provider/mutants.ts';
import { recordsAt } from '../../mocks/provider/retrieval.ts';
import { retrievalMutants, retrievalVariants } from '../../mocks/provider/retrieval-mutants.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { nrl } from '../profiles/nrl.ts';
import { baseline, runPlan } from '../run/engine.ts';
import { everythingOn } from '../run/declared.ts';
import { plan, type Planned } from '../run/plan.ts';
import { rejudge } from '../run/record.ts';
import { drawn, having, hierarchy, ROWS_AT_ONCE, runOf, WHOLE_MATRIX } from './stand.ts';

/** The profile of the NRL against the reference and everything that gets a connection, a certificate or a record wrong. */

const planned = plan(nrl, everythingOn('single'));
const ids = new Set(planned.map(({ id }) => id));

async function findingsOn(name: string, cases: readonly Planned[] = planned) {
  const pki = await hierarchy;
  const provider = await startStandIn(name, pki);
  try {
    const subject = recordsAt(provider.url, ASID);
    const own = runOf(provider, pki, 2_000, true);
    const target = { ...own.target, basePath: new URL(subject.url).pathname };
    const run = { ...own, profile: nrl, subject, target };
    return await runPlan(run, cases, await baseline(run), 4);
  } finally {
    await provider.close();
  }
}
const sorted = (all: readonly string[]): readonly string[] => [...all].sort();

describe('every case passes a conformant provider of records', { concurrency: ROWS_AT_ONCE }, () => {
  for (const name of ['conformant', 'conformant-closing', ...Object.keys(retrievalVariants)]) {
    test(name, async () => {
      const findings = await findingsOn(name);
      const odd = findings.filter(({ outcome, level }) => outcome !== 'pass' && level !== 'noted');
      assert.deepEqual(
        odd.map((each) => `${each.case}: ${each.because}`),
        [],
      );
      assert.deepEqual(rejudge({ findings }), []);
    });
  }
});

test('a missing header is noted: refused by the reference, accepted by its variant', async () => {
  const outcomes = async (name: string) =>
    (await findingsOn(name))
      .filter(({ level }) => level === 'noted')
      .map((each) => [each.case, each.outcome]);
  const [strict, easy] = [await outcomes('conformant'), await outcomes('conformant-records-at-ease')];
  const other = strict.filter(([id, outcome]) => easy.some(([its, seen]) => its === id && seen !== outcome));
  assert.deepEqual(
    sorted(other.map(([id = '']) => id)),
    sorted(retrievalVariants['conformant-records-at-ease']?.differs ?? []),
  );
});

const EXACT = 'every mutant that a retrieval meets fails exactly the cases of this profile that list it';
describe(EXACT, { concurrency: ROWS_AT_ONCE }, () => {
  const met = Object.entries({ ...mutants, ...retrievalMutants }).filter(([, { caughtBy, clouds = [] }]) =>
    [...caughtBy, ...clouds].some((id) => ids.has(id)),
  );
  for (const [name, { caughtBy, clouds = [] }] of met) {
    test(name, async () => {
      // Suites are looked at by a case of this profile's own, whichever of the two names the mutant has.
      const twin = retrievalMutants['records-without-finite-field-suites'];
      const also =
        name === 'lacks-finite-field-suites' || name === 'speaks-only-tls-1.3' ? (twin?.caughtBy ?? []) : [];
      const named = [...caughtBy, ...also, ...clouds];
      const findings = await findingsOn(name, WHOLE_MATRIX ? planned : drawn(planned, name, named));
      assert.deepEqual(
        sorted(having(findings, 'fail')),
        sorted([...new Set([...caughtBy, ...also])].filter((id) => ids.has(id))),
        findings.map((each) => `${each.case}: ${each.because}`).join('\n'),
      );
      assert.deepEqual(sorted(having(findings, 'inconclusive')), sorted(clouds.filter((id) => ids.has(id))));
    });
  }
});

test('the token is the NRL’s own', () => {
  const { token } = nrl.valid(recordsAt('https://provider.test/x', ASID));
  const claims = Object.keys(token?.claims ?? {});
  assert.ok(claims.includes('scope') && claims.includes('requesting_system'));
  assert.ok(!claims.includes('requested_scope') && !claims.includes('requesting_practitioner'));
});
