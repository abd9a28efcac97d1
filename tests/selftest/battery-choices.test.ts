import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keptNames } from '../../certs/index.ts';
import { certificateVariants } from '../../mocks/provider/certificate-mutants.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { clientCertificates } from '../cases/client-certificate.ts';
import { rejudge } from '../run/record.ts';
import { examined, having, hierarchy, representative } from './stand.ts';

/** What the documents leave open about certificates: each choice is shown by two stand-ins, one for each outcome. */

const planned = representative.filter(({ case: { id } }) => id.startsWith('client-certificate/'));
const sorted = (ids: Iterable<string>): readonly string[] => [...ids].sort();
const findingsOn = async (name: string) => {
  const pki = await hierarchy;
  return examined(await startStandIn(name, pki), pki, planned, true);
};
const notedOf = (findings: Awaited<ReturnType<typeof findingsOn>>) =>
  new Map(findings.filter(({ level }) => level === 'noted').map((each) => [each.case, each.outcome]));

describe('a conformant provider that decides otherwise', () => {
  const reference = findingsOn('conformant');
  for (const [name, { title, differs = [], clouds = [] }] of Object.entries(certificateVariants)) {
    test(`${name}: ${title}`, async () => {
      const findings = await findingsOn(name);
      const told = findings
        .filter(({ outcome }) => outcome !== 'pass')
        .map((each) => `${each.case}: ${each.outcome}: ${each.because}`)
        .join('\n');
      assert.deepEqual(having(findings, 'fail'), [], told);
      const expected = notedOf(await reference);
      const seen = notedOf(findings);
      const open = [...seen].filter(([, outcome]) => outcome === 'inconclusive').map(([id]) => id);
      assert.deepEqual(sorted([...having(findings, 'inconclusive'), ...open]), sorted(clouds), told);
      const other = [...seen]
        .filter(([id, outcome]) => outcome !== expected.get(id) && !open.includes(id))
        .map(([id]) => id);
      assert.deepEqual(sorted(other), sorted(differs), told);
      assert.deepEqual(rejudge({ findings }), []);
    });
  }
});

test('every credential that a pack holds has a case, at least sixty of them', () => {
  const presented = clientCertificates.map(({ stimulus }) => stimulus.tls?.certificate);
  assert.deepEqual(
    keptNames.filter((name) => name !== 'valid' && !presented.includes(name)),
    [],
  );
  assert.ok(new Set(presented).size >= 60, String(new Set(presented).size));
});
