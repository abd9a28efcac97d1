import type { KeptName } from './battery.ts';
import {
  groundOf,
  namesOf,
  ownName,
  traitsOf,
  type NameFacts,
  type Supplied,
  type Traits,
} from './traits.ts';

/**
 * What each credential of the battery has to be, by its name: the traits in which it differs from the valid one, with
 * the values allowed, and what its names have to look like. In every trait that is not named it has to be as the valid
 * one: a second difference would let a refusal be for that. A data table, hence its length.
 */
type Claim = {
  readonly [K in keyof Traits]?: readonly Traits[K][];
} & {
  /** What its names have to be, in words, and whether they are. */
  readonly names?: readonly [words: string, holds: (own: NameFacts, valid: NameFacts) => boolean];
};

const every = (own: NameFacts): readonly string[] => [...own.cns, ...own.dns];
const all = (own: NameFacts, holds: (name: string) => boolean): boolean =>
  every(own).length > 0 && every(own).every(holds);
const parent = (name: string): string => name.slice(name.indexOf('.') + 1);
const foreign = (words: string, holds: (own: NameFacts, valid: NameFacts) => boolean): Claim => ({
  name: ['foreign'],
  names: [words, holds],
});
const partly = (words: string, holds: (own: NameFacts, valid: NameFacts) => boolean): Claim => ({
  name: ['partly'],
  names: [words, holds],
});
/** Where its chain leads is another place; what that place is, is what is wrong with it. */
const beneath = (path: string): Claim => ({ issuer: ['sibling'], path: [path] });

export const claims = {
  valid: {},
  'valid-next': { publicKey: ['other'] },

  expired: { time: ['expired', 'expired-years'] },
  'expired-years': { time: ['expired-years'] },
  'not-yet-valid': { time: ['early', 'early-years'] },
  'not-yet-valid-years': { time: ['early-years'] },

  revoked: { revoked: ['revoked', 'unspecified'] },
  'revoked-on-hold': { revoked: ['certificateHold'] },
  'revoked-without-reason': { revoked: ['unspecified'] },

  'tampered-signature': { issuer: ['unsigned'] },
  'mismatched-algorithm': { issuer: ['unsigned'], signature: ['mismatched'] },
  'self-signed': { issuer: ['itself'] },
  'wrong-issuer': { issuer: ['impostor'] },
  'wrong-issuer-with-root': { issuer: ['impostor'], sent: ['own-root'] },
  'unknown-issuer': { issuer: ['stranger'] },
  'issued-by-leaf': beneath('leaf'),
  'sub-without-ca-bit': beneath('no-ca-bit'),
  'sub-without-constraints': beneath('no-constraints'),
  'sub-without-cert-sign': beneath('no-cert-sign'),
  'path-length-exceeded': beneath('path-length'),
  'sub-tampered-signature': beneath('tampered'),
  'sub-expired': beneath('expired'),
  'sub-not-yet-valid': beneath('early'),
  'sub-revoked': beneath('revoked'),
  'sub-unknown-critical-extension': beneath('critical'),

  'server-auth-only': { purposes: ['server'] },
  'email-protection-only': { purposes: ['email'] },
  'no-digital-signature': { usage: ['does-not-sign'] },
  'unknown-critical-extension': { critical: ['unknown'] },

  'wrong-name': { name: ['foreign'] },
  'name-prefix': foreign('a name that starts as the valid one', (own, valid) =>
    all(own, (name) => name.startsWith(ownName(valid)) && !name.includes('\0')),
  ),
  'name-suffix': foreign('a name that ends as the valid one and is not beneath it', (own, valid) =>
    all(own, (name) => name.endsWith(ownName(valid)) && !name.endsWith(`.${ownName(valid)}`)),
  ),
  'name-sub-domain': foreign('a name beneath the valid one', (own, valid) =>
    all(own, (name) => name.endsWith(`.${ownName(valid)}`)),
  ),
  'name-parent-domain': foreign('the domain of the valid one', (own, valid) =>
    all(own, (name) => name === parent(ownName(valid))),
  ),
  'name-host-only': foreign('the first label of the valid one', (own, valid) =>
    all(own, (name) => !name.includes('.') && ownName(valid).startsWith(name.replace(/-$/, ''))),
  ),
  'name-wildcard': foreign('a wildcard over the valid one', (own, valid) =>
    all(own, (name) => name === `*.${parent(ownName(valid))}`),
  ),
  'name-nul': foreign('a name with a NUL after the valid one', (own, valid) =>
    every(own).some((name) => name.startsWith(`${ownName(valid)}\0`)),
  ),
  'name-homograph': foreign('a name with letters outside ASCII', (own) =>
    every(own).some((name) => /[^\0-\x7f]|xn--/.test(name)),
  ),
  'name-any-character': foreign('the valid one with another letter in place of a dot', (own, valid) =>
    all(own, (name) => {
      const wanted = ownName(valid);
      const differing = [...name].filter((letter, at) => letter !== wanted[at]);
      return name.length === wanted.length && differing.length === 1 && name !== wanted;
    }),
  ),
  'name-injected': foreign('a common name that reads like the valid one as a second', (own, valid) =>
    own.cns.some((name) => name.includes(`CN=${ownName(valid)}`)),
  ),
  'name-of-another-environment': { name: ['foreign'] },
  'name-in-ou': foreign('the valid one as organisational unit', (own, valid) =>
    own.ous.includes(ownName(valid)),
  ),
  'name-in-email': foreign('the valid one in an e-mail address', (own, valid) =>
    own.emails.some((each) => each.endsWith(`@${ownName(valid)}`)),
  ),
  'name-in-uri': foreign('the valid one in a URI', (own, valid) =>
    own.uris.some((each) => each.includes(`//${ownName(valid)}`)),
  ),
  'name-absent': foreign('no name at all', (own) => every(own).length === 0),

  'sibling-sub': { ...beneath('sound'), above: ['usual'] },
  'missing-intermediate': { sent: ['none'] },
  'cross-signed': { sent: ['cross-signed'] },
  'expired-root': { sent: ['expired-root'] },
  'root-included': { sent: ['root'] },
  'no-san': partly('the common name alone', (own) => own.dns.length === 0),
  'san-wrong': partly(
    'the common name, and another alternative name',
    (own, valid) => own.cns[0] === ownName(valid) && !own.dns.includes(ownName(valid)) && own.dns.length > 0,
  ),
  'cn-wrong': partly(
    'the alternative name, and another common name',
    (own, valid) => !own.cns.includes(ownName(valid)) && own.dns.includes(ownName(valid)),
  ),
  'several-cns': partly(
    'two common names',
    (own, valid) => own.cns.length > 1 && own.cns.includes(ownName(valid)),
  ),
  'extra-sans': partly(
    'another alternative name beside the valid one',
    (own, valid) => own.dns.length > 1 && own.dns.includes(ownName(valid)) && own.cns.length === 1,
  ),
  'upper-case': partly('the valid one in upper case', (own, valid) =>
    all(own, (name) => name === ownName(valid).toUpperCase() && name !== ownName(valid)),
  ),
  'trailing-dot': partly('the valid one with a dot at its end', (own, valid) =>
    all(own, (name) => name === `${ownName(valid)}.`),
  ),
  'no-eku': { purposes: ['none'] },
  'any-eku': { purposes: ['any'] },
  v1: { version: ['v1'], purposes: ['none'], name: ['same', 'partly'] },
  'p-256': { key: ['p-256'] },
  'sha-384': { digest: ['sha-384'] },
  'serial-zero': { form: ['serial-zero'] },
  'serial-negative': { form: ['serial-negative'] },
  'serial-too-long': { form: ['serial-too-long'] },
  'serial-revoked-elsewhere': { ...beneath('sound'), above: ['usual'], form: ['serial-revoked-elsewhere'] },
  'duplicate-extension': { form: ['extension-twice'] },
  'critical-eku': { form: ['critical-purposes'] },
  'empty-eku': { form: ['no-purpose'], purposes: ['none'] },
  'critical-aia': { form: ['critical-access'], critical: ['unknown'] },
  'may-sign-certificates': { form: ['may-sign-certificates'] },
  'ca-as-leaf': { form: ['ca', 'ca+may-sign-certificates', 'may-sign-certificates+ca'] },
  'sub-without-key-usage': { ...beneath('sound'), above: ['no-usage'] },
  'sub-without-crl-sign': { ...beneath('sound'), above: ['no-crl-sign'] },
  'sub-crl-without-number': { ...beneath('sound'), above: ['crl-without-number'] },
  'sub-crl-number-critical': { ...beneath('sound'), above: ['crl-number-critical'] },
  'sub-permits-another-name': { ...beneath('sound'), above: ['permits-names'] },
  'sub-permits-another-directory': { ...beneath('sound'), above: ['permits-directories'] },
  'sub-excludes-name': { ...beneath('sound'), above: ['excludes-names'] },
  'rsa-1024': { key: ['rsa-weak'] },
  'sha-1': { digest: ['sha-1'] },
  md5: { digest: ['md5'] },
} as const satisfies Readonly<Record<KeptName, Claim>>;

export const isClaimable = (name: string): name is KeptName => Object.hasOwn(claims, name);

/** What the traits are about, in words. */
const ABOUT: Readonly<Record<keyof Traits, string>> = {
  time: 'its period of validity',
  issuer: 'its issuer',
  path: 'the CAs above it',
  signature: 'its signature algorithm',
  revoked: 'its standing on the CRLs given',
  name: 'its name',
  purposes: 'its extended key usage',
  usage: 'its key usage',
  critical: 'its critical extensions',
  form: 'its form',
  above: 'the form of the CAs above it',
  key: 'its key',
  digest: 'the digest it is signed with',
  version: 'its version',
  sent: 'what is sent along with it',
  publicKey: 'its public key',
};
/** Says nothing where no name speaks of it: renewed keys are the rule, and CAs differ in much that is no defect. */
const FREE: ReadonlySet<string> = new Set<keyof Traits>(['publicKey', 'above']);

/** What is allowed in a trait that a name does not speak of. */
function asValid(trait: keyof Traits, valid: Traits): readonly string[] {
  if (trait === 'digest') return valid.digest === 'sha-384' ? ['sha-2', 'sha-384'] : ['sha-2', valid.digest];
  if (trait === 'revoked') return ['no', 'unknown'];
  // What is sent along belongs to the issuer: another one's is another chain.
  return trait === 'sent' ? ['same', 'free'] : [valid[trait]];
}

/** What is judged of a credential: its traits and its names. */
export interface Facts {
  readonly traits: Traits;
  readonly names: NameFacts;
}

/**
 * Whether a credential is what its name says and nothing else besides.
 * @param valid of the credential that has to be accepted
 * @returns what is wrong with it, a sentence each; empty: nothing
 */
export function claimFaults(name: KeptName, own: Facts, valid: Facts): readonly string[] {
  if (name === 'valid')
    return [
      ...(own.traits.time === 'current' ? [] : [`is out of date (${own.traits.time})`]),
      ...(own.traits.revoked === 'no' || own.traits.revoked === 'unknown'
        ? []
        : ['is revoked by the CRL given']),
    ];
  const claim: Claim = claims[name];
  const wrong = (Object.keys(ABOUT) as readonly (keyof Traits)[]).flatMap((trait) => {
    const spoken: readonly string[] | undefined = claim[trait];
    if (!spoken && FREE.has(trait)) return [];
    const got = own.traits[trait];
    if ((spoken ?? asValid(trait, valid.traits)).includes(got)) return [];
    if (spoken && got === 'unknown')
      return ['is not shown to be revoked: name the CRL that its CA publishes in `crl`'];
    return spoken
      ? [`is not what its name says: ${ABOUT[trait]} would have to be ${spoken.join(' or ')}, and is ${got}`]
      : [
          `differs from \`valid\` in more than its name says: ${ABOUT[trait]} is ${got}, that of \`valid\` ${valid.traits[trait]}; a refusal could be for that`,
        ];
  });
  return claim.names && !claim.names[1](own.names, valid.names)
    ? [...wrong, `is not what its name says: it would have to carry ${claim.names[0]}`]
    : wrong;
}

/**
 * Checks many beside the one that has to be accepted.
 * @returns of each that is wrong, its name and what is wrong with it, a sentence each
 */
export async function checkClaims(
  supplied: readonly (readonly [name: KeptName, supplied: Supplied])[],
  valid: Supplied,
  now: Date,
): Promise<readonly (readonly [name: KeptName, faults: readonly string[]])[]> {
  const ground = groundOf(valid);
  if (!ground)
    return [
      [
        'valid',
        [
          'cannot be the measure of the others: the certificate of the CA that issued it is neither sent along with it nor given in its `ca`',
        ],
      ],
    ];
  const factsOf = async (each: Supplied): Promise<Facts> => ({
    traits: await traitsOf(each, ground, now),
    names: namesOf(each.credential.certificate),
  });
  const standard = await factsOf(valid);
  const judged = await Promise.all(
    supplied.map(async ([name, each]) => [name, claimFaults(name, await factsOf(each), standard)] as const),
  );
  return judged.filter(([, faults]) => faults.length > 0);
}
