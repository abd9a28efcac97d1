import { domainToASCII } from 'node:url';
import {
  USAGE,
  PURPOSE,
  type AlternativeName,
  type Attribute,
  type Digest,
  type NameConstraint,
} from './certificate.ts';
import type { CrlForm } from './crl.ts';

/**
 * What the SSP can present, by what is wrong with it: a data table, hence its length. Each is wrong in one respect
 * only; what an entry does not say is as in `valid`. Times count from the moment of making.
 */

/** Whether every provider has to refuse it, has to accept it, or may do either. */
export type Group = 'refused' | 'accepted' | 'noted';

/** The CAs below the root: the trusted one, and others of their own names, which a provider has to be sent. */
export const subs = {
  /** In `ca.pem`, with the root. */
  sub: {},
  /** As good as the first, and trusted through the root alone: the control of every defect of a CA. */
  second: {},
  expired: { days: [-39, -1] },
  early: { days: ['life', 'twice'] },
  revoked: { revoked: true },
  'no-ca-bit': { constraints: { ca: false } },
  'no-constraints': { constraints: undefined },
  'no-cert-sign': { usage: USAGE.cRLSign },
  critical: { unknownCritical: true },
  // RFC 5280 §4.2.1.3: whoever signs CRLs says so in its key usage, where it has one.
  'no-crl-sign': { usage: USAGE.keyCertSign },
  'no-usage': { usage: null },
  unnumbered: { crl: 'without-number' },
  'critical-number': { crl: 'number-critical' },
  'permits-another': { constrains: ({ other }) => ({ kind: 'permitted', subtree: ['dns', other] }) },
  'permits-another-directory': {
    constrains: () => ({ kind: 'permitted', subtree: ['directory', [['O', 'another organisation']]] }),
  },
  'excludes-ssp': { constrains: ({ ssp }) => ({ kind: 'excluded', subtree: ['dns', ssp] }) },
  tampered: { spoilt: 'signature' },
  /** Allows no CA beneath it. */
  shallow: { constraints: { ca: true, pathLength: 0 } },
  beneath: { under: 'shallow' },
  /** A client certificate like any other, save that it may sign CRLs: so that nothing is missing but its being a CA. */
  leaf: {
    under: 'second',
    constraints: { ca: false },
    usage: USAGE.digitalSignature | USAGE.keyEncipherment | USAGE.cRLSign,
    purposes: [PURPOSE.clientAuth],
  },
} as const satisfies Readonly<Record<string, SubRecipe>>;
export type SubName = keyof typeof subs;

/** A moment: days from now, the end of the pack's life and a day, or twice that. */
export type Moment = number | 'life' | 'twice';

export interface SubRecipe {
  readonly under?: string;
  readonly days?: readonly [from: Moment, until: Moment];
  readonly revoked?: boolean;
  readonly constraints?: { readonly ca: boolean; readonly pathLength?: number } | undefined;
  /** `null`: no key usage. */
  readonly usage?: number | null;
  readonly purposes?: readonly string[];
  readonly unknownCritical?: boolean;
  readonly spoilt?: 'signature';
  readonly constrains?: (names: Names) => NameConstraint;
  /** What is odd about its CRL. */
  readonly crl?: CrlForm;
}

/** The names of an SSP, and what is made of them. */
export interface Names {
  readonly ssp: string;
  readonly other: string;
}
type Naming = (names: Names) => {
  readonly subject?: readonly Attribute[];
  readonly alternatives?: readonly AlternativeName[];
};

export interface Recipe {
  readonly title: string;
  readonly group: Group;
  readonly days?: readonly [from: Moment, until: Moment];
  /** Made anew whenever it is presented, never written into a pack: its edge is that near. */
  readonly fresh?: boolean;
  readonly revoked?: 'keyCompromise' | 'certificateHold' | 'unspecified';
  /** Whose certificate it is: signed by this CA. */
  readonly issuer?: SubName | 'rogue' | 'foreign' | 'itself';
  /** What is sent behind the leaf; absent: the issuers up to the root, without it. */
  readonly sends?: readonly (
    'sub' | 'root' | 'expired-root' | 'cross-signed-sub' | 'rogue-sub' | 'rogue-root'
  )[];
  readonly naming?: Naming;
  readonly version?: 1;
  /** Of the certificate: not positive, longer than 20 octets (RFC 5280 §4.1.2.2), or that of `revoked`. */
  readonly serial?: 'zero' | 'negative' | 'long' | 'of-revoked';
  readonly constraints?: { readonly ca: boolean };
  readonly critical?: 'purposes' | 'access';
  readonly twice?: boolean;
  readonly key?: 'next' | 'rsa-1024' | 'p-256';
  readonly digest?: Digest;
  readonly usage?: number;
  /** `null`: no extended key usage. */
  readonly purposes?: readonly string[] | null;
  readonly unknownCritical?: boolean;
  readonly spoilt?: 'signature' | 'algorithm';
}

/** CN and SAN are the same name, as in the Spine's own form. */
const named =
  (of: (ssp: string, other: string) => string): Naming =>
  ({ ssp, other }) => {
    const name = of(ssp, other);
    return { subject: device(name), alternatives: [['dns', name]] };
  };
export const device = (name: string): readonly Attribute[] => [
  ['O', 'nhs'],
  ['OU', 'Devices'],
  ['CN', name],
];

const [SECOND, MINUTE, YEAR] = [1 / 86_400, 1 / 1_440, 365];
const parentOf = (name: string): string => (name.includes('.') ? name.slice(name.indexOf('.') + 1) : 'test');
const hostOf = (name: string): string => name.split('.')[0] ?? name;
/** Latin letters that Cyrillic has a double of. */
const DOUBLES: Readonly<Record<string, string>> = {
  a: 'а',
  c: 'с',
  e: 'е',
  o: 'о',
  p: 'р',
  s: 'ѕ',
  x: 'х',
  y: 'у',
};
const doubled = (name: string): string => name.replace(/[aceopsxy]/g, (letter) => DOUBLES[letter] ?? letter);

/** Every credential that is presented, with what is wrong with it and whether it must be refused. */
export const battery = {
  valid: { title: 'the valid certificate', group: 'accepted' },
  'valid-next': {
    title: 'its successor: same name, another key (renewals overlap)',
    group: 'accepted',
    key: 'next',
  },

  // Time, of the leaf.
  expired: { title: 'expired a day ago', group: 'refused', days: [-30, -1] },
  'expired-second': { title: 'expired a second ago', group: 'refused', days: [-30, -SECOND], fresh: true },
  'expired-years': { title: 'expired three years ago', group: 'refused', days: [-4 * YEAR, -3 * YEAR] },
  'not-yet-valid': { title: 'not yet valid', group: 'refused', days: ['life', 'twice'] },
  'not-yet-valid-minute': { title: 'valid in a minute', group: 'refused', days: [MINUTE, 30], fresh: true },
  'not-yet-valid-years': { title: 'valid in five years', group: 'refused', days: [5 * YEAR, 6 * YEAR] },

  // Revocation, of the leaf.
  revoked: { title: 'revoked by its CA (key compromise)', group: 'refused', revoked: 'keyCompromise' },
  'revoked-on-hold': { title: 'revoked by its CA (on hold)', group: 'refused', revoked: 'certificateHold' },
  'revoked-without-reason': {
    title: 'revoked by its CA, no reason given',
    group: 'refused',
    revoked: 'unspecified',
  },

  // Signature and issuer.
  'tampered-signature': { title: 'one bit of its signature flipped', group: 'refused', spoilt: 'signature' },
  'mismatched-algorithm': {
    title: 'the algorithm outside is not the one that was signed (RFC 5280 §4.1.1.2)',
    group: 'refused',
    spoilt: 'algorithm',
  },
  'self-signed': { title: "self-signed, with the SSP's name", group: 'refused', issuer: 'itself', sends: [] },
  'wrong-issuer': {
    title: 'issued by a rogue CA of the same names and key identifiers',
    group: 'refused',
    issuer: 'rogue',
    sends: ['rogue-sub'],
  },
  'wrong-issuer-with-root': {
    title: 'issued by that rogue CA, whose root is sent along',
    group: 'refused',
    issuer: 'rogue',
    sends: ['rogue-sub', 'rogue-root'],
  },
  'unknown-issuer': {
    title: 'issued by a CA of another name that nobody vouches for',
    group: 'refused',
    issuer: 'foreign',
    sends: [],
  },
  'issued-by-leaf': { title: 'issued by a client certificate', group: 'refused', issuer: 'leaf' },
  'sub-without-ca-bit': { title: 'its issuer is no CA (cA false)', group: 'refused', issuer: 'no-ca-bit' },
  'sub-without-constraints': {
    title: 'its issuer has no basic constraints',
    group: 'refused',
    issuer: 'no-constraints',
  },
  'sub-without-cert-sign': {
    title: 'its issuer may sign CRLs, not certificates',
    group: 'refused',
    issuer: 'no-cert-sign',
  },
  'path-length-exceeded': {
    title: 'issued by a CA beneath one that allows none beneath it',
    group: 'refused',
    issuer: 'beneath',
  },
  'sub-tampered-signature': {
    title: "one bit of its issuer's signature flipped",
    group: 'refused',
    issuer: 'tampered',
  },
  'sub-expired': { title: 'issued by a CA that has expired', group: 'refused', issuer: 'expired' },
  'sub-not-yet-valid': { title: 'issued by a CA that is not yet valid', group: 'refused', issuer: 'early' },
  'sub-revoked': { title: 'issued by a CA that is revoked', group: 'refused', issuer: 'revoked' },
  'sub-unknown-critical-extension': {
    title: 'its issuer has an unknown critical extension',
    group: 'refused',
    issuer: 'critical',
  },

  // Usage and extensions.
  'server-auth-only': { title: 'issued for servers', group: 'refused', purposes: [PURPOSE.serverAuth] },
  'email-protection-only': {
    title: 'issued for e-mail',
    group: 'refused',
    purposes: [PURPOSE.emailProtection],
  },
  'no-digital-signature': {
    title: 'its key may not sign (keyUsage without digitalSignature)',
    group: 'refused',
    usage: USAGE.keyEncipherment,
  },
  'unknown-critical-extension': {
    title: 'with an unknown critical extension',
    group: 'refused',
    unknownCritical: true,
  },

  // Names that are not the SSP's, in CN and SAN both.
  'wrong-name': {
    title: "sound, but another system's name (CN and SAN)",
    group: 'refused',
    naming: named((_ssp, other) => other),
  },
  'name-prefix': {
    title: 'a name that starts as the SSP’s',
    group: 'refused',
    naming: named((ssp, other) => `${ssp}.${other}`),
  },
  'name-suffix': {
    title: 'a name that ends as the SSP’s',
    group: 'refused',
    naming: named((ssp) => `x${ssp}`),
  },
  'name-sub-domain': {
    title: 'a name beneath the SSP’s',
    group: 'refused',
    naming: named((ssp) => `other.${ssp}`),
  },
  'name-parent-domain': { title: 'the domain of the SSP’s name', group: 'refused', naming: named(parentOf) },
  'name-host-only': {
    title: 'the first label of the SSP’s name alone',
    group: 'refused',
    naming: named((ssp) => (ssp.includes('.') ? hostOf(ssp) : `${ssp}-`)),
  },
  'name-wildcard': {
    title: 'a wildcard that covers the SSP’s name',
    group: 'refused',
    naming: named((ssp) => `*.${parentOf(ssp)}`),
  },
  'name-nul': {
    title: 'the SSP’s name, a NUL, another name',
    group: 'refused',
    naming: named((ssp, other) => `${ssp}\u{0}.${other}`),
  },
  'name-homograph': {
    title: 'Cyrillic letters that look like the SSP’s name',
    group: 'refused',
    naming: ({ ssp }) => {
      const name = doubled(ssp);
      return { subject: device(name), alternatives: [['dns', domainToASCII(name)]] };
    },
  },
  'name-any-character': {
    title: 'the SSP’s name with a letter in place of a dot',
    group: 'refused',
    naming: named((ssp) => (ssp.includes('.') ? ssp.replace('.', 'x') : `${ssp}x`)),
  },
  'name-injected': {
    title: 'a common name that reads like a second one (another,CN=the SSP)',
    group: 'refused',
    naming: ({ ssp, other }) => ({
      subject: device(`${other},CN=${ssp}`),
      alternatives: [['dns', other]],
    }),
  },
  'name-of-another-environment': {
    title: 'the SSP of another environment',
    group: 'refused',
    naming: named((ssp) => [`${hostOf(ssp)}-int`, ...ssp.split('.').slice(1)].join('.')),
  },
  'name-in-ou': {
    title: 'the SSP’s name as organisational unit only',
    group: 'refused',
    naming: ({ ssp, other }) => ({
      subject: [
        ['O', 'nhs'],
        ['OU', ssp],
        ['CN', other],
      ],
      alternatives: [['dns', other]],
    }),
  },
  'name-in-email': {
    title: 'the SSP’s name in an e-mail address only',
    group: 'refused',
    naming: ({ ssp, other }) => ({
      subject: [...device(other), ['emailAddress', `system@${ssp}`]],
      alternatives: [
        ['dns', other],
        ['email', `system@${ssp}`],
      ],
    }),
  },
  'name-in-uri': {
    title: 'the SSP’s name in a URI only',
    group: 'refused',
    naming: ({ ssp, other }) => ({
      subject: device(other),
      alternatives: [
        ['dns', other],
        ['uri', `https://${ssp}/`],
      ],
    }),
  },
  'name-absent': {
    title: 'no name at all',
    group: 'refused',
    naming: () => ({
      subject: [
        ['O', 'nhs'],
        ['OU', 'Devices'],
      ],
      alternatives: [],
    }),
  },

  // What a provider may do either way: a server that is set correctly accepts most of it.
  'sibling-sub': { title: 'issued by a second CA under the same root', group: 'noted', issuer: 'second' },
  'missing-intermediate': { title: 'sent without its issuer', group: 'noted', sends: [] },
  'cross-signed': {
    title: 'sent with its issuer as another root vouches for it',
    group: 'noted',
    sends: ['cross-signed-sub'],
  },
  'expired-root': {
    title: 'sent with an expired certificate of the root',
    group: 'noted',
    sends: ['sub', 'expired-root'],
  },
  'root-included': { title: 'sent with the root', group: 'noted', sends: ['sub', 'root'] },
  'no-san': {
    title: 'no subject alternative name',
    group: 'noted',
    naming: ({ ssp }) => ({ subject: device(ssp), alternatives: [] }),
  },
  'san-wrong': {
    title: 'the SSP’s common name, another alternative name',
    group: 'noted',
    naming: ({ ssp, other }) => ({ subject: device(ssp), alternatives: [['dns', other]] }),
  },
  'cn-wrong': {
    title: 'another common name, the SSP’s alternative name',
    group: 'noted',
    naming: ({ ssp, other }) => ({ subject: device(other), alternatives: [['dns', ssp]] }),
  },
  'several-cns': {
    title: 'two common names, the SSP’s last',
    group: 'noted',
    naming: ({ ssp, other }) => ({ subject: [...device(other), ['CN', ssp]], alternatives: [['dns', ssp]] }),
  },
  'extra-sans': {
    title: 'another alternative name beside the SSP’s',
    group: 'noted',
    naming: ({ ssp, other }) => ({
      subject: device(ssp),
      alternatives: [
        ['dns', ssp],
        ['dns', other],
      ],
    }),
  },
  'upper-case': {
    title: 'the SSP’s name in upper case',
    group: 'noted',
    naming: named((ssp) => ssp.toUpperCase()),
  },
  'trailing-dot': {
    title: 'the SSP’s name with a dot at its end',
    group: 'noted',
    naming: named((ssp) => `${ssp}.`),
  },
  'no-eku': { title: 'no extended key usage', group: 'noted', purposes: null },
  'any-eku': { title: 'issued for any purpose', group: 'noted', purposes: [PURPOSE.any] },
  v1: { title: 'X.509 version 1', group: 'noted', version: 1 },
  'p-256': { title: 'with a key on P-256', group: 'noted', key: 'p-256' },
  'sha-384': { title: 'signed with SHA-384', group: 'noted', digest: 'sha384' },
  'serial-zero': { title: 'with the serial number 0', group: 'noted', serial: 'zero' },
  'serial-negative': { title: 'with a negative serial number', group: 'noted', serial: 'negative' },
  'serial-too-long': { title: 'with a serial number of 21 octets', group: 'noted', serial: 'long' },
  'serial-revoked-elsewhere': {
    title: 'with the serial number of one that another CA has revoked',
    group: 'noted',
    issuer: 'second',
    serial: 'of-revoked',
  },
  'duplicate-extension': { title: 'with its alternative name twice', group: 'noted', twice: true },
  'critical-eku': { title: 'with a critical extended key usage', group: 'noted', critical: 'purposes' },
  'empty-eku': { title: 'with an empty extended key usage', group: 'noted', purposes: [] },
  'critical-aia': {
    title: 'with a critical authority information access',
    group: 'noted',
    critical: 'access',
  },
  'may-sign-certificates': {
    title: 'its key may sign certificates, and it is no CA',
    group: 'noted',
    usage: USAGE.digitalSignature | USAGE.keyEncipherment | USAGE.keyCertSign,
  },
  'ca-as-leaf': { title: 'a CA’s certificate (cA true)', group: 'noted', constraints: { ca: true } },
  'sub-without-key-usage': { title: 'its issuer has no key usage', group: 'noted', issuer: 'no-usage' },
  'sub-without-crl-sign': {
    title: 'its issuer may not sign the CRL that it signs',
    group: 'noted',
    issuer: 'no-crl-sign',
  },
  'sub-crl-without-number': {
    title: 'the CRL of its issuer has no number',
    group: 'noted',
    issuer: 'unnumbered',
  },
  'sub-crl-number-critical': {
    title: 'the number of its issuer’s CRL is critical',
    group: 'noted',
    issuer: 'critical-number',
  },
  'sub-permits-another-name': {
    title: 'its issuer may issue for another name alone',
    group: 'noted',
    issuer: 'permits-another',
  },
  'sub-permits-another-directory': {
    title: 'its issuer may issue for another organisation alone',
    group: 'noted',
    issuer: 'permits-another-directory',
  },
  'sub-excludes-name': {
    title: 'its issuer may not issue for the SSP’s name',
    group: 'noted',
    issuer: 'excludes-ssp',
  },
  'rsa-1024': { title: 'with an RSA key of 1024 bits', group: 'noted', key: 'rsa-1024' },
  'sha-1': { title: 'signed with SHA-1', group: 'noted', digest: 'sha1' },
  md5: { title: 'signed with MD5', group: 'noted', digest: 'md5' },
} as const satisfies Readonly<Record<string, Recipe>>;

/** The name of a credential of the battery: `valid`, `expired`, and so on. */
export type CredentialName = keyof typeof battery;
/** Made anew whenever they are presented: no pack holds them. */
export type FreshName = {
  [K in CredentialName]: (typeof battery)[K] extends { fresh: true } ? K : never;
}[CredentialName];
/** Those that a trust pack keeps; the others are made for each run. */
export type KeptName = Exclude<CredentialName, FreshName>;

const isKept = (name: CredentialName): name is KeptName => !('fresh' in battery[name]);
/** Every name of the battery, in its order. */
export const credentialNames = Object.keys(battery) as readonly CredentialName[];
/** Every credential that a trust pack holds. */
export const keptNames: readonly KeptName[] = credentialNames.filter(isKept);
export const recipeOf = (name: CredentialName): Recipe => battery[name];
