import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everywhereMutants } from '../../mocks/provider/everywhere-mutants.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { baseline, runPlan } from '../run/engine.ts';
import { inEveryVersion } from '../run/plan.ts';
import { rejudge } from '../run/record.ts';
import { everything, having, hierarchy, runOf } from './stand.ts';

/** Credentials in every version that a subject takes, and the four of "any request" on every interaction. */

async function judged(name: string) {
  const pki = await hierarchy;
  const provider = await startStandIn(name, pki);
  try {
    const run = runOf(provider, pki);
    const start = await baseline(run);
    const credentials = everything.filter(({ case: { id } }) => id.startsWith('client-certificate/'));
    const planned = inEveryVersion(credentials, start.versions);
    const findings = await runPlan(run, planned, start, 4);
    assert.deepEqual(rejudge({ findings }), []);
    return { planned, findings, versions: start.versions };
  } finally {
    await provider.close();
  }
}
const sorted = (ids: readonly string[]): readonly string[] => [...ids].sort();
const refusals = ({ planned }: Awaited<ReturnType<typeof judged>>): readonly string[] =>
  planned
    .filter(({ case: { expect }, level }) => expect.kind === 'refused-connection' && level !== 'noted')
    .map(({ id }) => id);

test('a provider that keeps the rules in both versions passes in both, each credential once in each', async () => {
  const seen = await judged('conformant-tls-1.3');
  assert.deepEqual(seen.versions, ['TLSv1.2', 'TLSv1.3']);
  assert.deepEqual(having(seen.findings, 'fail'), []);
  assert.deepEqual(having(seen.findings, 'inconclusive'), []);
  const again = seen.planned.filter(({ id }) => id.endsWith('@TLSv1.3'));
  const home = seen.planned.filter(({ id, case: entry }) => id === entry.id);
  assert.equal(again.length, home.length);
  assert.ok(again.length >= 60, String(again.length));
  const shown = seen.findings.flatMap(({ control: { exchange }, case: id }) =>
    exchange.kind === 'response' ? [[exchange.handshake?.version, id.endsWith('@TLSv1.3')] as const] : [],
  );
  assert.ok(shown.length > 0);
  for (const [version, newer] of shown) assert.equal(version, newer ? 'TLSv1.3' : 'TLSv1.2');
});

test('one that looks at none in TLS 1.3 fails there, on every credential that has to be refused, and nowhere else', async () => {
  const seen = await judged('overlooks-certificates-in-tls13');
  const due = refusals(seen).filter((id) => id.endsWith('@TLSv1.3'));
  assert.ok(due.length > 30, String(due.length));
  assert.deepEqual(sorted(having(seen.findings, 'fail')), sorted(due));
  for (const id of everywhereMutants['overlooks-certificates-in-tls13']?.caughtBy ?? [''])
    assert.ok(due.includes(id));
  assert.deepEqual(having(seen.findings, 'inconclusive'), []);
});

test('one that guards its capability statement alone fails on every other interaction, with each of the four', async () => {
  const seen = await judged('overlooks-certificates-beyond-metadata');
  const due = seen.planned
    .filter(({ interaction }) => interaction !== undefined && !interaction.path.endsWith('/metadata'))
    .map(({ id }) => id);
  assert.ok(due.length > 40, String(due.length));
  assert.deepEqual(
    sorted([...new Set(due.map((id) => id.split('@')[0] ?? ''))]),
    ['absent', 'revoked', 'wrong-issuer', 'wrong-name'].map((name) => `client-certificate/${name}`),
  );
  for (const id of everywhereMutants['overlooks-certificates-beyond-metadata']?.caughtBy ?? [''])
    assert.ok(due.includes(id));
  assert.deepEqual(sorted(having(seen.findings, 'fail')), sorted(due));
  assert.deepEqual(having(seen.findings, 'inconclusive'), []);
});
