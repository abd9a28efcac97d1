import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import {
  ftrsCertificateMutants,
  ftrsCertificateVariants,
  ftrsEverywhereMutants,
  ftrsRevocationMutants,
  ftrsRevocationVariants,
} from '../../mocks/provider/ftrs/certificate-mutants.ts';
import { ftrsMutants, ftrsVariants, type FtrsMutant } from '../../mocks/provider/ftrs/mutants.ts';
import { createHierarchy, type Authorities } from '../../certs/index.ts';
import { ftrsCatalogue } from '../cases/ftrs.ts';
import { ftrs } from '../profiles/ftrs.ts';
import { baseline, runPlan } from '../run/engine.ts';
import { everythingOn } from '../run/declared.ts';
import { inEveryVersion, plan, type Planned } from '../run/plan.ts';
import { attend } from '../run/revocation.ts';
import { rejudge } from '../run/record.ts';
import { createStand, examinedBy, type FtrsStand } from './ftrs-stand.ts';
import { having } from './stand.ts';

/** FtRS, every case against every mutant: over mutual TLS, with the issuer's keys fetched. */

/** Key sets are examined in a file of their own. */
const everything: readonly Planned[] = plan(ftrs, everythingOn('1.1.0')).filter(
  ({ case: { via } }) => via !== 'key-set',
);
const WHOLE = process.env['ASSAY_MATRIX'] === 'whole';
const ONE_IN = 48;
/** The same decision is held to every case in the other matrix too: fewer of them here. */
const SHARED_ONE_IN = 96;

let stand: FtrsStand;
let authorities: Authorities;
before(async () => {
  const pki = await createHierarchy();
  authorities = pki.authorities;
  stand = await createStand(pki);
  setDefaultCACertificates([...getCACertificates('default'), stand.pki.root]);
});
after(() => stand.close());

/** Whether a case looks at the certificate that the provider shows: driven even where that keeps everything else away. */
const ofOwn = (id: string): boolean => id.startsWith('own-certificate/');

/** The cases that a mutant names and a part of the rest, another for each; each on its representative interaction. */
function drawn(mutant: string, named: readonly string[]): readonly Planned[] {
  const offset = [...mutant].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const oneIn = Object.hasOwn(ftrsCertificateMutants, mutant) ? SHARED_ONE_IN : ONE_IN;
  return everything.filter(
    ({ id }, at) =>
      named.includes(id) ||
      (named.some(ofOwn) && ofOwn(id)) ||
      (!id.includes('@') && (WHOLE || (at + offset) % oneIn === 0)),
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
    new Set(
      ftrsCatalogue
        .filter(({ via, learns }) => via !== 'key-set' && (learns ?? 'file') === 'file')
        .map(({ id }) => id),
    ),
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

test('what is noted about certificates comes out otherwise on a variant that decides otherwise', async () => {
  const differing = Object.entries(ftrsCertificateVariants).filter(
    ([, { differs = [], clouds = [] }]) => differs.length + clouds.length > 0,
  );
  const reference = new Map(
    (
      await examinedBy(
        stand,
        await stand.start(),
        everything.filter(({ level, id }) => level === 'noted' && id.startsWith('mutual-tls/')),
      )
    ).map(({ case: id, outcome }) => [id, outcome]),
  );
  const shown = new Set(differing.flatMap(([, { differs = [] }]) => differs));
  assert.deepEqual(
    [...reference.keys()].filter((id) => !shown.has(id)),
    [],
  );
  for (const [name, { policy, differs = [], clouds = [] }] of differing) {
    const asked = everything.filter(({ id }) => differs.includes(id) || clouds.includes(id));
    const findings = await examinedBy(stand, await stand.start(policy), asked);
    for (const { case: id, outcome, because } of findings)
      if (differs.includes(id)) assert.notEqual(outcome, reference.get(id), `${name}: ${id}: ${because}`);
      else assert.equal(outcome, 'inconclusive', `${name}: ${id}: ${because}`);
  }
});

test('a plain-HTTP port that redirects to https, refuses or closes is none that serves', async () => {
  const asked = everything.filter(({ id }) => id === 'transport/plain-port');
  for (const name of [
    'conformant-redirecting',
    'conformant-refusing-in-clear',
    'conformant-closing-in-clear',
  ]) {
    const policy = ftrsCertificateVariants[name]?.policy;
    assert.ok(policy, name);
    const [finding] = await examinedBy(stand, await stand.start(policy), asked);
    assert.equal(finding?.outcome, 'pass', `${name}: ${finding?.because}`);
  }
});

describe('certificates are examined in every version, and four of them whatever is asked', () => {
  const ofCertificates = everything.filter(({ id }) => id.startsWith('mutual-tls/'));
  const refusals = (planned: readonly Planned[]) =>
    planned
      .filter(({ case: { expect, stimulus }, level }) => {
        const binds = expect.kind === 'refused-connection' && level !== 'noted';
        return binds && !stimulus.round;
      })
      .map(({ id }) => id);
  async function judged(name: string) {
    const provider = await stand.start(ftrsEverywhereMutants[name]?.policy);
    try {
      const run = stand.runOf(provider);
      const start = await baseline(run);
      const planned = inEveryVersion(ofCertificates, start.versions);
      return { planned, findings: await runPlan(run, planned, start, 4) };
    } finally {
      await provider.close();
    }
  }
  test('one that looks at none in TLS 1.3 fails there on all that bind, and nowhere else', async () => {
    const { planned, findings } = await judged('overlooks-certificates-in-tls13');
    const due = refusals(planned).filter((id) => id.endsWith('@TLSv1.3'));
    assert.ok(due.length > 40, String(due.length));
    assert.deepEqual([...having(findings, 'fail')].sort(), due.sort());
    assert.deepEqual(having(findings, 'inconclusive'), []);
  });
  test('one that guards one search alone fails on the other with each of the four', async () => {
    const { findings } = await judged('overlooks-certificates-of-services');
    assert.deepEqual(
      [...having(findings, 'fail')].sort(),
      ['absent', 'revoked', 'wrong-issuer', 'wrong-name'].map(
        (name) => `mutual-tls/${name}@find-healthcare-service`,
      ),
    );
  });
});

test('what is learnt by asking: the reference refuses what is revoked, each mutant fails its cases and no others', async () => {
  const attending = await attend(stand.pki, authorities);
  try {
    for (const [name, { policy, caughtBy = [] }] of Object.entries<Partial<FtrsMutant>>({
      ...ftrsRevocationVariants,
      ...ftrsRevocationMutants,
    })) {
      const way = policy?.revocation.source;
      assert.ok(policy && (way === 'ocsp' || way === 'crldp'), name);
      const asked = plan(ftrs, { ...everythingOn('1.1.0'), revocation: way }).filter(
        ({ case: { learns } }) => learns === way,
      );
      assert.equal(asked.length, 2, name);
      const provider = await stand.start(policy, attending.place);
      try {
        const run = stand.runOf(provider);
        const asking = {
          ...run,
          target: { ...run.target, clients: attending.clients },
          asked: attending.asked,
        };
        const findings = await runPlan(asking, asked, await baseline(asking), 2);
        const reasons = findings.map((each) => `${name}: ${each.case}: ${each.because}`).join('\n');
        assert.deepEqual([...having(findings, 'fail')].sort(), [...caughtBy].sort(), reasons);
        assert.deepEqual(having(findings, 'inconclusive'), [], reasons);
      } finally {
        await provider.close();
      }
    }
  } finally {
    await attending.revocation.close();
  }
});
