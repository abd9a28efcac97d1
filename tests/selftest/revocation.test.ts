import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createHierarchy, type Authorities, type Hierarchy } from '../../certs/index.ts';
import { certificateMutants } from '../../mocks/provider/certificate-mutants.ts';
import { byFile } from '../../mocks/provider/revocation.ts';
import { startProvider } from '../../mocks/provider/server.ts';
import { revocationMutants, revocationVariants, unasking } from '../../mocks/provider/revocation-mutants.ts';
import { policyOf, startStandIn } from '../../mocks/provider/stand-in.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { baseline, runPlan } from '../run/engine.ts';
import type { Finding } from '../run/finding.ts';
import { plan } from '../run/plan.ts';
import { rejudge } from '../run/record.ts';
import { attend, type Attending } from '../run/revocation.ts';
import { having, runOf } from './stand.ts';

/** The matrix of what a subject learns by asking: real fetches from a real responder. */

let pki: Hierarchy & { authorities: Authorities };
let attending: Attending;
before(async () => {
  pki = await createHierarchy();
  // Slower than the reference waits (10 s), faster than a variant that is patient.
  attending = await attend(pki, pki.authorities, { slow: 15_000 });
});
after(async () => attending?.revocation.close());

/** A slow answer is waited for where the choice shows; it would only cost time on the others. */
const waits = (name: string): boolean => /^conformant-(ocsp|crldp)(-fails-open|-patient)?$/.test(name);

/** The certificate cases and those of the way in which a stand-in learns; the rest cannot depend on it. */
async function examined(name: string, asked: () => number = attending.asked): Promise<readonly Finding[]> {
  const way = policyOf(name)?.revocation.source ?? 'file';
  const planned = plan(gpconnect, { edition: '2025-10', enforcesScope: true, revocation: way }).filter(
    ({ case: { id } }) =>
      /^(ocsp|crldp|client-certificate)\//.test(id) && (!/\/slow$/.test(id) || waits(name)),
  );
  assert.ok(planned.some(({ case: { id } }) => id.startsWith(`${way}/`)));
  assert.ok(way !== 'file');
  const provider = await startStandIn(name, pki, undefined, attending.place);
  try {
    const run = runOf(provider, pki, 60_000);
    const asking = { ...run, target: { ...run.target, clients: attending.clients }, asked };
    return await runPlan(asking, planned, await baseline(asking), 4);
  } finally {
    await provider.close();
  }
}
const told = (findings: readonly Finding[]): string =>
  findings.map((each) => `${each.case}: ${each.outcome}: ${each.because}`).join('\n');
const notedOf = (findings: readonly Finding[]) =>
  new Map(findings.filter(({ level }) => level === 'noted').map((each) => [each.case, each.outcome]));

describe('a conformant provider passes, whichever way it learns', { concurrency: 2 }, () => {
  const references = new Map<string, Promise<readonly Finding[]>>();
  const reference = (way: string): Promise<readonly Finding[]> => {
    const known = references.get(way) ?? examined(`conformant-${way}`);
    references.set(way, known);
    return known;
  };
  for (const [name, { title, policy, differs = [] }] of Object.entries(revocationVariants)) {
    test(`${name}: ${title}`, async () => {
      const { source } = policy.revocation;
      const isReference = name === `conformant-${source}`;
      const findings = await (isReference ? reference(source) : examined(name));
      assert.deepEqual(having(findings, 'fail'), [], told(findings));
      assert.deepEqual(having(findings, 'inconclusive'), [], told(findings));
      assert.deepEqual(rejudge({ findings }), []);
      const noted = notedOf(findings);
      const first = notedOf(await reference(source));
      const other = [...noted].filter(([id, outcome]) => outcome !== first.get(id)).map(([id]) => id);
      assert.deepEqual(other.sort(), [...differs].sort(), told(findings));
      assert.ok(![...noted.values()].includes('inconclusive'), told(findings));
    });
  }
  test('every noted case is told apart by a variant', () => {
    const differing = new Set(Object.values(revocationVariants).flatMap(({ differs = [] }) => differs));
    const noted = plan(gpconnect, { edition: '2025-10', enforcesScope: true, revocation: 'any' })
      .filter(({ level, case: { learns } }) => level === 'noted' && (learns === 'ocsp' || learns === 'crldp'))
      .map(({ case: { id } }) => id);
    assert.ok(noted.length > 0);
    assert.deepEqual(
      noted.filter((id) => !differing.has(id)),
      [],
    );
  });
});

describe('every mutant fails exactly the cases that list it', { concurrency: 2 }, () => {
  for (const [name, { title, caughtBy, clouds = [] }] of Object.entries(revocationMutants)) {
    test(`${name}: ${title}`, async () => {
      const findings = await examined(name);
      assert.deepEqual([...having(findings, 'fail')].sort(), [...caughtBy].sort(), told(findings));
      assert.deepEqual(having(findings, 'inconclusive'), [...clouds], told(findings));
      assert.deepEqual(rejudge({ findings }), []);
    });
  }
});

describe('what is wrong with a CA shows whichever way revocation is learnt', { concurrency: 2 }, () => {
  const above = /^client-certificate\/(?:sub-(?!revoked)|issued-by-leaf|path-length)/;
  const blind = Object.entries(certificateMutants).filter(([, { caughtBy }]) =>
    caughtBy.some((id) => above.test(id)),
  );
  for (const way of ['ocsp', 'crldp'] as const) {
    const planned = plan(gpconnect, { edition: '2025-10', enforcesScope: true, revocation: way }).filter(
      ({ case: { id } }) => above.test(id),
    );
    for (const [name, { title, policy, caughtBy }] of blind) {
      test(`${name}, ${way}: ${title}`, async () => {
        const provider = await startProvider({
          policy: { ...policy, revocation: { ...byFile, source: way } },
          hierarchy: pki,
          revocation: attending.place,
        });
        try {
          const run = runOf(provider, pki, 60_000);
          const findings = await runPlan(run, planned, await baseline(run), 4);
          const bound = caughtBy.filter((id) => above.test(id));
          assert.deepEqual([...having(findings, 'fail')].sort(), [...bound].sort(), told(findings));
          assert.deepEqual(having(findings, 'inconclusive'), [], told(findings));
        } finally {
          await provider.close();
        }
      });
    }
  }
  test('ten credentials and more have a CA that is wrong', () => assert.ok(blind.length >= 9));
});

describe('who never asks', () => {
  for (const [name, { title }] of Object.entries(unasking)) {
    test(`${name}: ${title}: no verdict`, async () => {
      const start = attending.asked();
      const findings = (await examined(name, () => attending.asked() - start)).filter(({ case: id }) =>
        /^(ocsp|crldp)\//.test(id),
      );
      assert.deepEqual(
        [...new Set(findings.map(({ outcome }) => outcome))],
        ['inconclusive'],
        told(findings),
      );
      assert.ok(
        findings.every(({ because }) => /never asked/.test(because)),
        told(findings),
      );
      assert.deepEqual(rejudge({ findings }), []);
    });
  }
});

test('without a service to ask, each case is inconclusive and names the field', async () => {
  const provider = await startStandIn('conformant-ocsp', pki, undefined, attending.place);
  const planned = plan(gpconnect, { edition: '2025-10', enforcesScope: true, revocation: 'ocsp' }).filter(
    ({ case: { learns } }) => learns === 'ocsp',
  );
  try {
    const run = runOf(provider, pki);
    const findings = await runPlan(run, planned, await baseline(run), 4);
    assert.ok(
      findings.every(({ outcome, because }) => outcome === 'inconclusive' && /`callback`/.test(because)),
    );
    assert.deepEqual(rejudge({ findings }), []);
  } finally {
    await provider.close();
  }
});
