import type { Mutant, Variant } from './mutants.ts';
import type { Building } from './path.ts';
import type { Presented } from './path-certificate.ts';
import type { Flaw } from './path-flaws.ts';
import type { Trait } from './path-traits.ts';
import { conformant, wrong } from './policy.ts';

/** Providers that let in one certificate too many, or one too few: a row each, hence the length. */

type Caught = readonly [own: string, ...others: string[]];
const cases = ([own, ...others]: Caught): Caught => [
  `client-certificate/${own}`,
  ...others.map((name) => `client-certificate/${name}`),
];

/** Overlooks these flaws in a certification path, and no others. */
const overlooking = (title: string, flaws: readonly Flaw[], ...caught: Caught): Mutant => ({
  title,
  policy: { ...conformant, overlooks: new Set(flaws) },
  caughtBy: cases(caught),
});

/** Lets in the SSP, and whoever the rule mistakes for it. */
const admitting = (
  title: string,
  mistakes: (presented: Presented & { readonly name: string }, ssp: string) => boolean,
  ...caught: Caught
): Mutant => ({
  title,
  policy: {
    ...conformant,
    admits: (presented, ssp) =>
      presented.commonName === ssp || mistakes({ ...presented, name: presented.commonName ?? '' }, ssp),
  },
  caughtBy: cases(caught),
  ...(caught.length > 4 && { because: 'no name is looked at' }),
});

/** Latin letters for the Cyrillic ones that look like them. */
const LATIN: Readonly<Record<string, string>> = {
  а: 'a',
  с: 'c',
  е: 'e',
  о: 'o',
  р: 'p',
  ѕ: 's',
  х: 'x',
  у: 'y',
};
const hostOf = (name: string): string => name.split('.')[0] ?? name;
const above = (name: string): string => name.slice(name.indexOf('.') + 1);

export const certificateMutants: Readonly<Record<string, Mutant>> = {
  'accepts-self-signed-certificate': overlooking(
    'takes a self-signed certificate for a sound one',
    ['leaf/self-signed'],
    'self-signed',
  ),
  'accepts-any-issuer': overlooking(
    'knows its CA by name alone',
    ['leaf/signature', 'ca/signature'],
    'wrong-issuer',
    'tampered-signature',
    'sub-tampered-signature',
  ),
  'accepts-any-root-sent': overlooking(
    'trusts whatever root is sent along',
    ['ca/untrusted-root'],
    'wrong-issuer-with-root',
  ),
  'accepts-unknown-issuer': overlooking(
    'lets an issuer that it cannot find pass',
    ['leaf/unknown-issuer'],
    'unknown-issuer',
  ),
  'accepts-tampered-certificate': overlooking(
    "does not verify the leaf's signature",
    ['leaf/signature'],
    'tampered-signature',
  ),
  'accepts-mismatched-algorithm': overlooking(
    'overlooks that a certificate names two signature algorithms',
    ['leaf/mismatched-algorithm'],
    'mismatched-algorithm',
  ),
  'accepts-revoked-issuer': overlooking(
    'asks of the leaf alone whether it is revoked',
    ['ca/revoked'],
    'sub-revoked',
  ),
  'accepts-tampered-issuer': overlooking(
    "verifies the leaf's signature alone",
    ['ca/signature'],
    'sub-tampered-signature',
    'wrong-issuer',
  ),
  'accepts-expired-certificate': overlooking(
    'gives a certificate that has expired some days of grace',
    ['leaf/expired', 'leaf/expired-just-now'],
    'expired',
  ),
  'accepts-certificate-of-another-year': overlooking(
    'overlooks that a certificate has expired, however long ago',
    ['leaf/expired', 'leaf/expired-just-now', 'leaf/expired-years-ago'],
    'expired-years',
    'expired',
  ),
  'accepts-future-certificate': overlooking(
    'overlooks that a certificate is not yet valid',
    ['leaf/not-yet-valid', 'leaf/not-yet-valid-nearly', 'leaf/not-yet-valid-for-years'],
    'not-yet-valid',
    'not-yet-valid-years',
  ),
  'accepts-certificate-of-a-later-year': overlooking(
    'overlooks the year from which a certificate is valid',
    ['leaf/not-yet-valid-for-years'],
    'not-yet-valid-years',
  ),
  'accepts-revoked-certificate': overlooking(
    'overlooks that a certificate is revoked',
    ['leaf/revoked', 'leaf/revoked-on-hold', 'leaf/revoked-without-reason'],
    'revoked',
    'revoked-on-hold',
    'revoked-without-reason',
  ),
  'accepts-certificate-on-hold': overlooking(
    'takes a certificate on hold for a good one',
    ['leaf/revoked-on-hold'],
    'revoked-on-hold',
  ),
  'accepts-revocation-without-reason': overlooking(
    'heeds no entry of a CRL that gives no reason',
    ['leaf/revoked-without-reason'],
    'revoked-without-reason',
  ),
  'accepts-leaf-as-issuer': overlooking(
    'lets a client certificate issue another',
    ['ca/no-ca-bit', 'ca/no-cert-sign'],
    'issued-by-leaf',
    'sub-without-ca-bit',
    'sub-without-cert-sign',
  ),
  'accepts-issuer-without-ca-bit': overlooking(
    'overlooks that cA is false',
    ['ca/no-ca-bit'],
    'sub-without-ca-bit',
  ),
  'accepts-issuer-without-constraints': overlooking(
    'takes an issuer without basic constraints for a CA',
    ['ca/no-constraints'],
    'sub-without-constraints',
  ),
  'accepts-issuer-without-cert-sign': overlooking(
    'overlooks the key usage of an issuer',
    ['ca/no-cert-sign'],
    'sub-without-cert-sign',
  ),
  'accepts-any-path-length': overlooking(
    'overlooks the path length',
    ['ca/path-length'],
    'path-length-exceeded',
  ),
  'accepts-expired-issuer': overlooking(
    'overlooks that an issuer has expired',
    ['ca/expired'],
    'sub-expired',
  ),
  'accepts-future-issuer': overlooking(
    'overlooks that an issuer is not yet valid',
    ['ca/not-yet-valid'],
    'sub-not-yet-valid',
  ),
  'accepts-unknown-critical-extension': overlooking(
    'passes over a critical extension that it does not know',
    ['leaf/unknown-critical-extension'],
    'unknown-critical-extension',
  ),
  'accepts-unknown-critical-extension-of-issuer': overlooking(
    'passes over a critical extension of an issuer that it does not know',
    ['ca/unknown-critical-extension'],
    'sub-unknown-critical-extension',
  ),
  'accepts-server-certificate': overlooking(
    'takes a certificate for servers from a client',
    ['leaf/issued-for-servers'],
    'server-auth-only',
  ),
  'accepts-email-certificate': overlooking(
    'takes a certificate for e-mail from a client',
    ['leaf/issued-for-another-purpose'],
    'email-protection-only',
  ),
  'accepts-key-that-may-not-sign': overlooking(
    'overlooks the key usage of a client certificate',
    ['leaf/may-not-sign'],
    'no-digital-signature',
  ),
  'pins-public-key': {
    title: 'knows the SSP by its public key, and refuses its next certificate',
    policy: { ...conformant, pinsKey: true },
    caughtBy: cases(['valid-next']),
  },
  'admits-any-name': admitting(
    'lets in every sound certificate, whatever its name',
    () => true,
    'wrong-name',
    'name-prefix',
    'name-suffix',
    'name-sub-domain',
    'name-parent-domain',
    'name-host-only',
    'name-wildcard',
    'name-nul',
    'name-homograph',
    'name-any-character',
    'name-injected',
    'name-of-another-environment',
    'name-in-ou',
    'name-in-email',
    'name-in-uri',
    'name-absent',
  ),
  'admits-prefix': admitting(
    'compares the beginning of the name',
    ({ name }, ssp) => name.startsWith(ssp),
    'name-prefix',
    'name-nul',
  ),
  'admits-up-to-nul': admitting(
    'reads the name as a string of C, which ends at its first NUL',
    ({ name }, ssp) => name.split('\u{0}')[0] === ssp,
    'name-nul',
  ),
  'admits-suffix': admitting(
    'compares the end of the name',
    ({ name }, ssp) => name.endsWith(ssp),
    'name-suffix',
    'name-sub-domain',
    'name-injected',
  ),
  'admits-sub-domain': admitting(
    'lets in every name beneath the SSP’s',
    ({ name }, ssp) => name.endsWith(`.${ssp}`) && !name.includes(','),
    'name-sub-domain',
  ),
  'admits-parent-domain': admitting(
    'lets in the domain of the SSP',
    ({ name }, ssp) => name === above(ssp),
    'name-parent-domain',
  ),
  'admits-host-name': admitting(
    'compares the first label alone, where there is one alone',
    ({ name }, ssp) => name === hostOf(ssp),
    'name-host-only',
  ),
  'admits-wildcard': admitting(
    'lets a wildcard stand for the SSP',
    ({ name }, ssp) => name.startsWith('*.') && name.slice(2) === above(ssp),
    'name-wildcard',
  ),
  'admits-homograph': admitting(
    'folds letters that look the same',
    ({ name }, ssp) => name.replace(/[асеорѕху]/g, (letter) => LATIN[letter] ?? letter) === ssp,
    'name-homograph',
  ),
  'admits-any-character-for-a-dot': admitting(
    'matches the name by a pattern whose dots it did not escape',
    ({ name }, ssp) => new RegExp(`^${ssp}$`).test(name),
    'name-any-character',
  ),
  'admits-injected-name': admitting(
    'splits the subject by commas and looks for the SSP',
    ({ line }, ssp) => line.split(',').includes(`CN=${ssp}`),
    'name-injected',
  ),
  'admits-another-environment': admitting(
    'lets in the SSP of another environment',
    ({ name }, ssp) => name === `${hostOf(ssp)}-int.${above(ssp)}`,
    'name-of-another-environment',
  ),
  'admits-organisational-unit': admitting(
    'looks for the SSP in the organisational unit too',
    ({ units }, ssp) => units.includes(ssp),
    'name-in-ou',
  ),
  'admits-email-domain': admitting(
    'looks for the SSP in e-mail addresses too',
    ({ addresses }, ssp) => addresses.some((address) => address.endsWith(`@${ssp}`)),
    'name-in-email',
  ),
  'admits-uri-host': admitting(
    'looks for the SSP in URIs too',
    ({ places }, ssp) => places.some((place) => URL.canParse(place) && new URL(place).hostname === ssp),
    'name-in-uri',
  ),
  'admits-no-name': admitting(
    'lets in a certificate without a common name',
    ({ commonNames }) => commonNames.length === 0,
    'name-absent',
  ),
};

const varying = (title: string, policy: Variant['policy'], ...differs: readonly string[]): Variant => ({
  title,
  policy,
  differs: differs.map((name) => `client-certificate/${name}`),
});
const building = (title: string, way: Building, ...differs: readonly string[]): Variant =>
  varying(title, wrong('building', way), ...differs);
const turningAway = (title: string, trait: Trait, ...differs: readonly string[]): Variant =>
  varying(title, wrong('turnsAway', new Set([trait])), ...differs);
const knowing = (
  title: string,
  admits: (presented: Presented, ssp: string) => boolean,
  ...differs: readonly string[]
): Variant => varying(title, wrong('admits', admits), ...differs);

/** Conformant providers that decide otherwise about certificates where the documents leave it open. */
export const certificateVariants: Readonly<Record<string, Variant>> = {
  'conformant-follows-what-is-sent': building(
    'builds a path of what is sent before what it knows',
    'as-sent',
    'cross-signed',
    'expired-root',
  ),
  'conformant-trusts-root-alone': building(
    'keeps no sub CA of its own',
    'from-root-alone',
    'missing-intermediate',
    'cross-signed',
  ),
  'conformant-pins-issuer': {
    ...turningAway(
      'knows the one CA that issues for the SSP',
      'sibling-issuer',
      'sibling-sub',
      'serial-revoked-elsewhere',
    ),
    // Their control is a sound certificate under a second CA, which is turned away there.
    clouds: [
      'issued-by-leaf',
      'path-length-exceeded',
      'sub-expired',
      'sub-not-yet-valid',
      'sub-revoked',
      'sub-tampered-signature',
      'sub-unknown-critical-extension',
      'sub-without-ca-bit',
      'sub-without-cert-sign',
      'sub-without-constraints',
      'sub-crl-number-critical',
      'sub-crl-without-number',
      'sub-excludes-name',
      'sub-permits-another-directory',
      'sub-permits-another-name',
      'sub-without-crl-sign',
      'sub-without-key-usage',
    ].map((name) => `client-certificate/${name}`),
  },
  'conformant-refuses-root': turningAway(
    'lets in nobody who sends a root',
    'root-sent',
    'root-included',
    'expired-root',
  ),
  'conformant-one-alternative-name': turningAway(
    'lets in no certificate for several names',
    'several-alternative-names',
    'extra-sans',
  ),
  'conformant-demands-client-purpose': turningAway(
    'demands the purpose of a client by its name',
    'no-client-purpose',
    'no-eku',
    'any-eku',
    'v1',
  ),
  'conformant-demands-version-3': turningAway('lets in X.509 version 3 alone', 'version-1', 'v1'),
  'conformant-rsa-alone': turningAway('lets in RSA keys alone', 'not-rsa', 'p-256'),
  'conformant-sha-256-alone': turningAway('lets in signatures with SHA-256 alone', 'not-sha-256', 'sha-384'),
  'conformant-alternative-name': knowing(
    'knows the SSP by its alternative name',
    ({ alternatives }, ssp) => alternatives.includes(ssp),
    'no-san',
    'san-wrong',
    'cn-wrong',
    'several-cns',
    'v1',
  ),
  'conformant-folds-case': knowing(
    'compares names without regard to case',
    ({ commonName }, ssp) => commonName?.toLowerCase() === ssp,
    'upper-case',
  ),
  'conformant-overlooks-last-dot': knowing(
    'compares names without regard to a dot at their end',
    ({ commonName }, ssp) => commonName?.replace(/\.$/, '') === ssp,
    'trailing-dot',
  ),
  'conformant-refuses-odd-serials': turningAway(
    'lets in positive serial numbers of at most 20 octets alone',
    'odd-serial',
    'serial-zero',
    'serial-negative',
    'serial-too-long',
  ),
  'conformant-heeds-every-crl': turningAway(
    'looks a serial number up on the CRL of every CA',
    'serial-revoked-elsewhere',
    'serial-revoked-elsewhere',
  ),
  'conformant-refuses-critical-purposes': turningAway(
    'lets in no critical extended key usage',
    'critical-purposes',
    'critical-eku',
  ),
  'conformant-refuses-critical-access': turningAway(
    'does not know authority information access',
    'critical-access',
    'critical-aia',
  ),
  'conformant-refuses-signers': turningAway(
    'lets in no key that may sign certificates',
    'may-sign-certificates',
    'may-sign-certificates',
  ),
  'conformant-refuses-authorities': turningAway('lets in no CA', 'own-ca-bit', 'ca-as-leaf'),
  'conformant-demands-key-usage': turningAway(
    'demands a key usage of every CA',
    'issuer-without-usage',
    'sub-without-key-usage',
  ),
  'conformant-demands-crl-number': turningAway(
    'relies on no CRL without a number',
    'crl-without-number',
    'sub-crl-without-number',
  ),
  'conformant-reads-extensions-loosely': varying(
    'takes extensions that are there twice, or empty',
    wrong('overlooks', new Set<Flaw>(['leaf/duplicate-extension', 'leaf/no-purpose'])),
    'duplicate-extension',
    'empty-eku',
  ),
  'conformant-relies-on-any-crl': varying(
    'relies on CRLs that their CA may not sign, or that say what it does not know',
    wrong('overlooks', new Set<Flaw>(['ca/no-crl-sign', 'ca/crl-unknown-critical-extension'])),
    'sub-without-crl-sign',
    'sub-crl-number-critical',
  ),
  'conformant-overlooks-name-constraints': varying(
    'knows no name constraints',
    wrong('overlooks', new Set<Flaw>(['ca/names-not-permitted', 'ca/names-excluded'])),
    'sub-permits-another-name',
    'sub-permits-another-directory',
    'sub-excludes-name',
  ),
  'conformant-takes-weak-certificates': varying(
    'takes short keys and broken digests',
    wrong('overlooks', new Set<Flaw>(['weak/key', 'weak/sha-1', 'weak/md5'])),
    'rsa-1024',
    'sha-1',
    'md5',
  ),
};
