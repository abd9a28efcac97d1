import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ftrsMutants, ftrsVariants } from '../../mocks/provider/ftrs/mutants.ts';
import { ftrsCatalogue } from '../cases/ftrs.ts';
import { ftrs } from '../profiles/ftrs.ts';
import { everythingOn, plan, type Planned } from '../run/plan.ts';
import { rejudge } from '../run/record.ts';
import { createStand, examinedBy, type FtrsStand } from './ftrs-stand.ts';
import { having } from './stand.ts';

/** FtRS, every case against every mutant: over mutual TLS, with the issuer's keys fetched. */

/** Key sets are examined in a file of their own. */
const everything: readonly Planned[] = plan(ftrs, everythingOn('1.1.0')).filter(
  ({ case: { via } }) => via !== 'key-set',
);
const WHOLE = process.env['ASSAY_MATRIX'] === 'whole';
const ONE_IN = 12;

let stand: FtrsStand;
before(async () => {
  stand = await createStand();
  setDefaultCACertificates([...getCACertificates('default'), stand.pki.root]);
});
after(() => stand.issuer.close());

/** Whether a case looks at the certificate that the provider shows: driven even where that keeps everything else away. */
const ofOwn = (id: string): boolean => id.startsWith('own-certificate/');

/** The cases that a mutant names and a part of the rest, another for each; each on its representative interaction. */
function drawn(mutant: string, named: readonly string[]): readonly Planned[] {
  const offset = [...mutant].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return everything.filter(
    ({ id }, at) =>
      named.includes(id) ||
      (named.some(ofOwn) && ofOwn(id)) ||
      (!id.includes('@') && (WHOLE || (at + offset) % ONE_IN === 0)),
  );
}

test('the reference passes every case', async () => {
  const findings = await examinedBy(stand, await stand.start(), everything);
  const odd = findings.filter(({ outcome, level }) => outcome !== 'pass' && level !== 'noted');
  assert.deepEqual(
    odd.map((finding) => `${finding.case}: ${finding.because}`),
    [],
  );
  assert.deepEqual(
    new Set(findings.map((finding) => finding.case.split('@')[0])),
    new Set(ftrsCatalogue.filter(({ via }) => via !== 'key-set').map(({ id }) => id)),
  );
  assert.deepEqual(rejudge({ findings }), []);
});

describe('every mutant fails exactly the cases that list it', () => {
  for (const [name, { title, policy, caughtBy, keepsAway }] of Object.entries(ftrsMutants))
    test(`${name}: ${title}`, async () => {
      const findings = await examinedBy(stand, await stand.start(policy), drawn(name, caughtBy));
      const reasons = findings
        .filter(({ outcome }) => outcome !== 'pass')
        .map((each) => `${each.case}: ${each.because}`);
      assert.deepEqual([...having(findings, 'fail')].sort(), [...caughtBy].sort(), reasons.join('\n'));
      const away = keepsAway
        ? findings.filter((each) => each.level !== 'noted' && !ofOwn(each.case)).map((each) => each.case)
        : [];
      assert.deepEqual([...having(findings, 'inconclusive')].sort(), away.sort(), reasons.join('\n'));
      assert.deepEqual(rejudge({ findings }), []);
    });
});

test('every binding case is the own case of a mutant, and every case that a mutant names exists', () => {
  const owned = new Set(Object.values(ftrsMutants).map(({ caughtBy: [own] }) => own));
  const ids = new Set(everything.map(({ id }) => id));
  const binding = everything
    .filter(({ level, id }) => level !== 'noted' && !id.includes('@'))
    .map(({ id }) => id);
  assert.deepEqual(
    binding.filter((id) => !owned.has(id)),
    [],
  );
  const named = Object.values(ftrsMutants).flatMap(({ caughtBy }) => caughtBy);
  assert.deepEqual(
    named.filter((id) => !ids.has(id)),
    [],
  );
  for (const { caughtBy, because } of Object.values(ftrsMutants)) assert.ok(caughtBy.length <= 4 || because);
});

test('versions are noted: each of the two is refused by the conformant variant of the other', async () => {
  const noted = everything.filter(({ id }) => id === 'transport/1.2' || id === 'transport/1.3');
  const outcomes = async (name: string) => {
    const provider = await stand.start(ftrsVariants[name]?.policy);
    return (await examinedBy(stand, provider, noted)).map(({ outcome }) => outcome);
  };
  assert.deepEqual(await outcomes('conformant'), ['pass', 'pass']);
  assert.deepEqual(await outcomes('conformant-tls-1.3'), ['fail', 'pass']);
  assert.deepEqual(await outcomes('conformant-tls-1.2'), ['pass', 'fail']);
});

test('a patient in an answer is noted, and told apart', async () => {
  const noted = everything.filter(({ id }) => id === 'exposure/patient');
  const outcomes = async (name: string) => {
    const provider = await stand.start(ftrsVariants[name]?.policy);
    return (await examinedBy(stand, provider, noted)).map(({ outcome }) => outcome);
  };
  assert.deepEqual(await outcomes('conformant'), ['pass']);
  assert.deepEqual(await outcomes('answers-with-patient'), ['fail']);
});
