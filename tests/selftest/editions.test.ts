import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { htmlMutants } from '../../mocks/provider/html-mutants.ts';
import { editionMutants, newerOnly } from '../../mocks/provider/outcome-mutants.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { everythingOn } from '../run/declared.ts';
import { plan, type Planned } from '../run/plan.ts';
import { examined, having, hierarchy } from './stand.ts';

/** The editions of GP Connect differ in data alone: what binds in each, and what it allows. */

const planOf = (edition: string): readonly Planned[] => plan(gpconnect, everythingOn(edition));
const on = async (name: string, planned: readonly Planned[], edition?: string) => {
  const pki = await hierarchy;
  return examined(await startStandIn(name, pki), pki, planned, true, undefined, edition);
};
/** `npm run matrix` runs every case on every mutant, `npm test` a part of the rest. */
const WHOLE = process.env['ASSAY_MATRIX'] === 'whole';
const ONE_IN = 48;
const sorted = (ids: readonly string[]): readonly string[] => [...ids].sort();

/**
 * The cases of an edition that are not, to the letter, cases of another on which the same provider is examined: what is
 * sent and what has to come back do not depend on an edition that they have in common.
 */
function beyond(edition: string, other: string): readonly Planned[] {
  const gist = ({ id, case: entry, interaction, payload, level }: Planned): string =>
    JSON.stringify([id, entry, interaction, payload, level], (_key, value: unknown) =>
      value instanceof RegExp || typeof value === 'function' ? String(value) : value,
    );
  const known = new Set(planOf(other).map(gist));
  return planOf(edition).filter((each) => !known.has(gist(each)));
}

/** matrix.test.ts drives every case of this one against the reference. */
const LATEST = '2025-10';
test('the cases of 1.6 are those of 2025-10: the clauses that they bear on differ, nothing on the wire', () => {
  assert.deepEqual(beyond('1.6', LATEST), []);
  assert.ok(planOf('1.6').length > 400);
});
for (const edition of gpconnect.editions.filter((each) => each !== LATEST && each !== '1.6')) {
  test(`the reference keeps to ${edition}`, async () => {
    // What is said before the request is the same in every edition.
    const own = beyond(edition, LATEST).filter(
      ({ id }) => WHOLE || !/^(client-certificate|cipher-suite|tls|way-round|hostile)/.test(id),
    );
    assert.ok(own.length > 0);
    const findings = await on('conformant', own, edition);
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
      const findings = await on('conformant-1.2', edition === '1.2' ? planOf('1.2') : beyond(edition, '1.2'));
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

describe('0.7, which is Access Record HTML', () => {
  const planned = planOf('0.7');
  const ids = new Set(planned.map(({ id }) => id));
  const own = planned.filter(({ id, case: entry }) => id === entry.id);

  test('asks for what 0.x has, under its own documents alone', () => {
    assert.ok(ids.has('html/record') && ids.has('token/issuer-absent'));
    assert.deepEqual(
      planned.filter(({ clauses }) => clauses.some(({ id }) => !id.startsWith('GPC-HTML-'))),
      [],
    );
    for (const other of ['interaction/structured-record', 'token/audience-of-another', 'xml/answer'])
      assert.ok(!ids.has(other), other);
    for (const { edition } of gpconnect.editions.map((each) => ({ edition: each })))
      if (edition !== '0.7') assert.ok(!planOf(edition).some(({ id }) => /html/.test(id)), edition);
  });

  test('every case of its own is the own case of a mutant', () => {
    const owned = new Set(Object.values(htmlMutants).map(({ caughtBy: [first] }) => first));
    const bare = own.filter(({ id, level }) => /html/.test(id) && level !== 'noted' && !owned.has(id));
    assert.deepEqual(
      bare.map(({ id }) => id),
      [],
    );
  });

  describe('every mutant of it fails exactly the cases that list it', { concurrency: 4 }, () => {
    for (const [name, { title, caughtBy, clouds = [] }] of Object.entries(htmlMutants))
      test(`${name}: ${title}`, async () => {
        // Of the rest a few, others for each: the whole of it is for `npm run matrix`.
        const offset = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
        const named = [...caughtBy, ...clouds];
        const drawn = own.filter(
          ({ id, case: { consent } }, at) =>
            named.includes(id) || (!consent && (WHOLE || (at + offset) % ONE_IN === 0)),
        );
        const findings = await on(name, drawn, '0.7');
        const reasons = findings.map((each) => `${each.case}: ${each.because}`).join('\n');
        assert.deepEqual(sorted(having(findings, 'fail')), sorted(caughtBy), reasons);
        assert.deepEqual(sorted(having(findings, 'inconclusive')), sorted(clouds), reasons);
      });
  });

  // What it shares with 1.x is shown to fail there; here a few of them, one of each kind.
  for (const [mutant, caught] of [
    ['accepts-token-issuer-absent', ['error/token-issuer-absent', 'token/issuer-absent']],
    ['accepts-no-trace-id', ['error/trace-id-absent', 'ssp-header/trace-id-absent']],
    ['accepts-token-audience-longer', ['error/token-audience-longer', 'token/audience-longer']],
    ['caches-errors', ['cache-control/error']],
  ] as const)
    test(`${mutant} is caught by the cases that 0.7 shares`, async () => {
      const some = own.filter(({ id }) => /^(token|ssp-header|error|cache-control)\//.test(id));
      const findings = await on(
        mutant,
        some.filter(({ id }, at) => (caught as readonly string[]).includes(id) || WHOLE || at % ONE_IN === 0),
        '0.7',
      );
      assert.deepEqual(sorted(having(findings, 'fail')), caught);
    });
});
