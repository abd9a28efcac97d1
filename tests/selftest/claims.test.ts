import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { checkClaims, claimFaults, claims, type Facts } from '../../certs/claims.ts';
import { derive } from '../../certs/derive.ts';
import { createHierarchy, keptNames, type Hierarchy, type KeptName } from '../../certs/index.ts';
import { groundOf, namesOf, traitsOf, type Supplied } from '../../certs/traits.ts';

/** The whole battery under every name of it: a credential passes under its own, and under no other of another meaning. */

let pki: Hierarchy;
let facts: ReadonlyMap<KeptName, Facts>;
before(async () => {
  pki = await createHierarchy();
  const supplied = (name: KeptName): Supplied => ({
    credential: pki.clients[name],
    authorities: name === 'valid' ? [pki.root] : [],
    crls: pki.crls,
  });
  const ground = groundOf(supplied('valid'));
  assert.ok(ground);
  facts = new Map(
    await Promise.all(
      keptNames.map(async (name) => {
        const traits = await traitsOf(supplied(name), ground, new Date());
        return [name, { traits, names: namesOf(pki.clients[name].certificate) }] as const;
      }),
    ),
  );
});
const of = (name: KeptName): Facts => {
  const found = facts.get(name);
  assert.ok(found);
  return found;
};

/** What a credential may be called beside its own name, since it is that as well. */
const ALSO: Readonly<Partial<Record<KeptName, readonly KeptName[]>>> = {
  'expired-years': ['expired'],
  'not-yet-valid-years': ['not-yet-valid'],
  'revoked-without-reason': ['revoked'],
};
/** Names of nothing but names: every foreign one is another system's, and that of another environment. */
const FOREIGN: readonly KeptName[] = ['wrong-name', 'name-of-another-environment'];

test('every credential that a pack holds has a claim', () => {
  assert.deepEqual(Object.keys(claims), keptNames);
});
describe('under its own name and no other', () => {
  for (const name of keptNames) {
    test(name, () => {
      const taken = keptNames.filter(
        (claimed) => claimed !== 'valid' && claimFaults(claimed, of(name), of('valid')).length === 0,
      );
      const own = name === 'valid' ? [] : [name, ...(ALSO[name] ?? [])];
      const expected = of(name).traits.name === 'foreign' ? [...own, ...FOREIGN] : own;
      assert.deepEqual([...taken].sort(), [...new Set(expected)].sort());
    });
  }
});
test('valid has to be in date and not revoked', () => {
  const taken = keptNames.filter((name) => claimFaults('valid', of(name), of('valid')).length === 0);
  for (const name of ['expired', 'expired-years', 'not-yet-valid', 'revoked', 'revoked-on-hold'] as const)
    assert.ok(!taken.includes(name), name);
});
test('without the CA of the valid one there is nothing to measure by', () => {
  const { certificate, key } = pki.clients.valid;
  const bare: Supplied = { credential: { certificate, key, chain: [] }, authorities: [], crls: [] };
  assert.equal(groundOf(bare), undefined);
});

describe('what is made of the valid one alone', () => {
  const valid = (): Supplied => ({
    credential: pki.clients.valid,
    authorities: [pki.root],
    crls: pki.crls,
  });
  test('is what its name says, by the same measure', async () => {
    const made = derive(valid());
    assert.deepEqual(made.map(([name]) => name).sort(), [
      'missing-intermediate',
      'self-signed',
      'tampered-signature',
      'unknown-issuer',
      'wrong-issuer',
      'wrong-issuer-with-root',
    ]);
    const checked = made.map(([name, each]) => [name, { ...each, crls: pki.crls }] as const);
    assert.deepEqual(await checkClaims(checked, valid(), new Date()), []);
  });
  test('keeps everything that is not the point: names, extensions, period', () => {
    const text = (pem: string): string =>
      new X509Certificate(pem).toLegacyObject().subject.CN?.toString() ?? '';
    const own = new X509Certificate(pki.clients.valid.certificate);
    for (const [name, { credential }] of derive(valid())) {
      const made = new X509Certificate(credential.certificate);
      assert.equal(text(credential.certificate), pki.ssp, name);
      assert.deepEqual(
        [made.subjectAltName, made.validTo, made.keyUsage],
        [own.subjectAltName, own.validTo, own.keyUsage],
        name,
      );
      assert.ok(made.checkPrivateKey(createPrivateKey(credential.key)), name);
    }
  });
  test('nothing where its CA is not known', () => {
    const { certificate, key } = pki.clients.valid;
    const bare = { credential: { certificate, key, chain: [] }, authorities: [], crls: [] };
    assert.deepEqual(derive(bare), []);
  });
});
