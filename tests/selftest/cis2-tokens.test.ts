import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { startCanary, type Canary } from '../../mocks/cis2/canary.ts';
import { defects, type Defect, type DefectName } from '../../mocks/cis2/defects.ts';
import { defectNames, mint } from '../../mocks/cis2/mint.ts';
import { Realm } from '../../mocks/cis2/realm.ts';
import { DEFAULT_CLIENT } from '../../mocks/cis2/users.ts';
import { tokenMutants } from '../../mocks/provider/cis2/mutants.ts';
import { strict, type Setting, type TokenPolicy } from '../../mocks/provider/cis2/policy.ts';
import { rolesOf } from '../../mocks/provider/cis2/roles.ts';
import { keysOf, verifyToken } from '../../mocks/provider/cis2/verify.ts';
import { hierarchy } from './stand.ts';

/** Every defect of a token against the reference and against every mutant: exact both ways. */

let realm: Realm;
let canary: Canary;
let setting: Setting;
const tokens = new Map<DefectName, string>();
before(async () => {
  const pki = await hierarchy;
  setDefaultCACertificates([...getCACertificates('default'), pki.root]);
  [realm, canary] = await Promise.all([Realm.create(), startCanary(pki.provider)]);
  realm.canary = canary.url;
  setting = {
    issuer: realm.issuer,
    audience: DEFAULT_CLIENT,
    keys: keysOf(realm.keys.jwks),
    roles: rolesOf(realm.users.values()),
    now: () => realm.now(),
  };
  for (const name of defectNames) tokens.set(name, await mint(realm, { defect: name }));
});
after(() => canary.close());

const defectOf = (name: DefectName): Defect => defects[name];
/** Of those given, the names whose tokens a policy decides otherwise than it should. */
async function missed(policy: TokenPolicy): Promise<readonly DefectName[]> {
  const decided = await Promise.all(
    defectNames.map(async (name) => {
      const refusal = await verifyToken(tokens.get(name) ?? '', policy, setting);
      return { name, refusal };
    }),
  );
  return decided
    .filter(({ name, refusal }) => (defectOf(name).flaw === 'nothing') !== (refusal === undefined))
    .map(({ name }) => name);
}
/** What the reference itself leaves open: of these, it accepts. */
const OPEN: readonly DefectName[] = [
  'acr-low',
  'auth-time-old',
  'azp-another',
  'exp-far',
  'exp-milliseconds',
];

test('at least 80 defects bind, beside what must be accepted and what is noted', () => {
  const all = defectNames.map(defectOf);
  const binding = all.filter(({ flaw, noted }) => flaw !== 'nothing' && noted === undefined);
  assert.ok(binding.length >= 80, String(binding.length));
  assert.ok(all.filter(({ flaw }) => flaw === 'nothing').length >= 10);
});

test('every token is another one, and the valid one is accepted before and after', async () => {
  for (const _ of [1, 2]) {
    const valid = await mint(realm);
    assert.equal(await verifyToken(valid, strict, setting), undefined);
  }
  assert.equal(new Set(tokens.values()).size, tokens.size);
});

test('the reference decides every token as it should, and fetches nothing', async () => {
  assert.deepEqual([...(await missed(strict))].sort(), OPEN);
  assert.deepEqual(canary.fetched, []);
});

test('the reference names the flaw that decides its answer', async () => {
  for (const name of defectNames) {
    const { flaw, noted } = defectOf(name);
    if (noted !== undefined) continue;
    const refusal = await verifyToken(tokens.get(name) ?? '', strict, setting);
    assert.equal(refusal?.flaw ?? 'nothing', flaw, `${name}: ${refusal?.because}`);
    assert.ok(!refusal?.because.includes('eyJ'));
  }
});

describe('every mutant misses its own defect and those that it cannot tell from it', () => {
  for (const name of defectNames)
    test(name, async () => {
      const { policy, also = [] } = tokenMutants[name];
      const seen = new Set(await missed(policy));
      // Of what is left open the mutant is the other stand-in: it decides as the reference does not.
      const differs = defectNames.filter((each) => seen.has(each) !== OPEN.includes(each));
      assert.deepEqual([...differs].sort(), [name, ...also].sort());
    });
});

test('those who fetch what a token names are seen by the canary', () => {
  assert.deepEqual([...new Set(canary.fetched)].sort(), [
    '/jku-look-alike.json',
    '/jku.json',
    '/kid.json',
    '/x5u.pem',
  ]);
});
