import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { defectNames } from '../../mocks/cis2/mint.ts';
import { tokenMutants } from '../../mocks/provider/cis2/mutants.ts';
import { ftrsConformant, type FtrsPolicy, type R4Entry } from '../../mocks/provider/ftrs/policy.ts';
import { battery, createStand, examinedBy, type FtrsStand } from './ftrs-stand.ts';
import { having } from './stand.ts';

/** The token battery over mutual TLS, against an FtRS provider that fetches the issuer's keys. */

let stand: FtrsStand;
before(async () => {
  stand = await createStand();
  setDefaultCACertificates([...getCACertificates('default'), stand.pki.root]);
});
after(() => stand.close());

const told = (findings: readonly { readonly case: string; readonly because: string }[]) =>
  findings.map((each) => `${each.case}: ${each.because}`).join('\n');

test('the reference passes every case, and fetches nothing that a token names', async () => {
  const findings = await examinedBy(stand, await stand.start());
  const odd = findings.filter(({ outcome, level }) => outcome !== 'pass' && level !== 'noted');
  assert.equal(odd.length, 0, told(odd));
  assert.equal(findings.length, battery.length);
  assert.deepEqual(stand.issuer.canary.fetched, []);
});

describe('a token mutant behind HTTP fails the cases that it fails in the matrix of tokens', () => {
  const some = defectNames.filter((_name, at) => at % 12 === 0);
  for (const name of [...some, 'jku' as const, 'aal-low' as const, 'role-absent' as const])
    test(name, async () => {
      const { policy, also = [] } = tokenMutants[name];
      const findings = await examinedBy(stand, await stand.start({ token: policy }));
      const binding = battery.filter(({ level }) => level !== 'noted').map(({ case: { id } }) => id);
      const expected = [name, ...also]
        .map((each) => `cis2-token/${each}`)
        .filter((id) => binding.includes(id));
      assert.deepEqual(
        [...having(findings, 'fail')].sort(),
        expected.sort(),
        told(findings.filter(({ outcome }) => outcome !== 'pass')),
      );
      assert.deepEqual(having(findings, 'inconclusive'), []);
    });
});

const answering = (change: Partial<R4Entry>): Partial<FtrsPolicy> => ({
  answers: Object.fromEntries(
    Object.entries(ftrsConformant.answers).map(([name, entry]) => [name, { ...entry, ...change }]),
  ) as FtrsPolicy['answers'],
});
const refusals = battery.filter(
  ({ case: { expect }, level }) => expect.kind === 'outcome' && level !== 'noted',
);
const sample = battery.filter(({ case: { id } }) =>
  ['absent', 'alg-none', 'exp-past', 'aal-low', 'role-absent', 'aud-array'].some(
    (name) => id === `cis2-token/${name}`,
  ),
);
const sampled = sample
  .filter(({ case: { expect } }) => expect.kind === 'outcome')
  .map(({ case: { id } }) => id);

describe('a provider that errs in how it takes or answers a token', () => {
  const mutants: readonly (readonly [string, Partial<FtrsPolicy>, readonly string[]])[] = [
    ['takes a token from the query', { inQuery: true }, ['in-query']],
    ['takes it behind Basic', { schemes: ['bearer', 'basic'] }, ['scheme-basic']],
    ['wants the scheme spelt Bearer', { anyCase: false }, ['scheme-lower-case']],
    ['takes the first of two', { several: 'first' }, ['twice-stranger-last']],
    ['takes the last of two', { several: 'last' }, ['twice-stranger-first']],
  ];
  for (const [title, policy, own] of mutants)
    test(title, async () => {
      const findings = await examinedBy(stand, await stand.start(policy));
      assert.deepEqual(
        having(findings, 'fail'),
        own.map((name) => `cis2-token/${name}`),
        told(findings.filter(({ outcome }) => outcome === 'fail')),
      );
    });

  const shapes: readonly (readonly [string, Partial<FtrsPolicy>])[] = [
    ['answers with another resource', { resourceType: 'Basic' }],
    ['shows the token again', { echoes: true }],
    ['answers 500', answering({ status: 500 })],
    ['answers 404', answering({ status: 404 })],
    ['gives issue codes that FHIR has not', answering({ issue: 'not-acceptable' })],
    ['gives issue codes of something else', answering({ issue: 'not-found' })],
    ['gives its errors as warnings', answering({ severity: 'warning' })],
    ['shows a stack trace', answering({ diagnostics: 'Error: x\n    at verify (/srv/token.js:1:1)' })],
  ];
  for (const [title, policy] of shapes)
    test(title, async () => {
      const findings = await examinedBy(stand, await stand.start(policy), sample);
      const expected = policy.echoes ? sampled.filter((id) => id !== 'cis2-token/absent') : sampled;
      assert.deepEqual([...having(findings, 'fail')].sort(), [...expected].sort(), told(findings));
    });

  test('challenges are noted: shown by the reference, missing elsewhere', async () => {
    const noted = battery.filter(({ case: { id } }) => id.startsWith('cis2-token/challenge'));
    const outcomes = async (policy: Partial<FtrsPolicy>) =>
      (await examinedBy(stand, await stand.start(policy), noted)).map((each) => each.outcome);
    assert.deepEqual(
      [new Set(await outcomes({})), new Set(await outcomes({ challenges: false }))],
      [new Set(['pass']), new Set(['fail'])],
    );
    assert.equal(noted.length, 4);
  });

  test('a provider that looks at no token at all fails every refusal; a look at its form catches the absent one', async () => {
    const none = await examinedBy(stand, await stand.start({ checks: 'none' }));
    // Its rule on query parameters happens to refuse one.
    const seen = refusals.map(({ case: { id } }) => id).filter((id) => id !== 'cis2-token/in-query');
    assert.deepEqual(having(none, 'fail'), seen);
    const form = await examinedBy(stand, await stand.start({ checks: 'form' }), sample);
    assert.ok(
      !having(form, 'fail').includes('cis2-token/absent') &&
        having(form, 'fail').length === sampled.length - 1,
    );
  });
});

test('a provider that is not there: nothing is decided', async () => {
  const run = stand.runOf({ url: 'https://localhost:1/x', port: 1 });
  const { runPlan, baseline } = await import('../run/engine.ts');
  const findings = await runPlan(run, sample, await baseline(run), 2);
  assert.ok(findings.every(({ outcome }) => outcome === 'inconclusive'));
});
