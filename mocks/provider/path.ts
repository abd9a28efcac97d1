import { createHash, X509Certificate } from 'node:crypto';
import type { Hierarchy } from '../../certs/index.ts';
import * as der from '../../certs/der.ts';
import * as x509 from '../../certs/x509.ts';

/** A certification path validated rule by rule (RFC 5280 §6.1), so that a mutant can overlook exactly one. */

type Place = 'leaf' | 'ca';
/** What is wrong with a path. Ages are told apart, since a mutant can be wrong about some of them. */
export type Flaw =
  | `${Place}/${'expired' | 'not-yet-valid' | 'revoked' | 'signature' | 'unknown-critical-extension'}`
  | 'leaf/expired-just-now'
  | 'leaf/expired-years-ago'
  | 'leaf/not-yet-valid-nearly'
  | 'leaf/not-yet-valid-for-years'
  | 'leaf/revoked-on-hold'
  | 'leaf/revoked-without-reason'
  | 'leaf/mismatched-algorithm'
  | 'leaf/issued-for-servers'
  | 'leaf/issued-for-another-purpose'
  | 'leaf/may-not-sign'
  | 'leaf/self-signed'
  | 'leaf/duplicate-extension'
  | 'leaf/no-purpose'
  | 'leaf/unknown-issuer'
  | 'ca/untrusted-root'
  | 'ca/no-ca-bit'
  | 'ca/no-constraints'
  | 'ca/no-cert-sign'
  | 'ca/path-length'
  | 'ca/names-not-permitted'
  | 'ca/names-excluded'
  | 'ca/no-crl-sign'
  | 'ca/crl-unknown-critical-extension'
  | Weakness;
/** A leaf whose key is short, or whose signature is over a digest that is broken. */
export type Weakness = 'weak/key' | 'weak/sha-1' | 'weak/md5';

interface Certificate {
  readonly parsed: x509.X509Certificate;
  readonly native: X509Certificate;
}

const parsed = new Map<string, Certificate>();
/** Parsing costs more than a handshake; what is presented comes again and again. */
function read(der: Buffer): Certificate {
  const key = createHash('sha256').update(der).digest('base64');
  const found = parsed.get(key) ?? {
    parsed: new x509.X509Certificate(der),
    native: new X509Certificate(der),
  };
  if (parsed.size > 500) parsed.clear();
  parsed.set(key, found);
  return found;
}
const readPem = (pem: string): Certificate => read(new X509Certificate(pem).raw);

const KNOWN = new Set([
  '2.5.29.19',
  '2.5.29.15',
  '2.5.29.37',
  '2.5.29.17',
  '2.5.29.14',
  '2.5.29.35',
  '2.5.29.31',
  '2.5.29.30',
  '1.3.6.1.5.5.7.1.1',
]);
const NAME_CONSTRAINTS = '2.5.29.30';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const ANY = '2.5.29.37.0';
const [MINUTES, YEARS] = [10 * 60_000, 2 * 365 * 86_400_000];

/** What is no flaw, and a provider may turn away all the same: the documents leave it open. */
export type Trait =
  | 'sibling-issuer'
  | 'root-sent'
  | 'several-alternative-names'
  | 'no-client-purpose'
  | 'version-1'
  | 'not-rsa'
  | 'odd-serial'
  | 'serial-revoked-elsewhere'
  | 'critical-purposes'
  | 'critical-access'
  | 'may-sign-certificates'
  | 'own-ca-bit'
  | 'issuer-without-usage'
  | 'crl-without-number'
  | 'not-sha-256';

/**
 * How a path is put together: of all that is known and was sent, whichever leads to the root; of what was sent before
 * what is known; or without a sub CA of its own.
 */
export type Building = 'any-way' | 'as-sent' | 'from-root-alone';

/** What a provider trusts: anchors, the CRLs that it was given, and CAs that Node hides since they may not sign. */
export interface Trust {
  readonly anchors: readonly Certificate[];
  readonly hidden: readonly Certificate[];
  readonly crls: ReadonlyMap<string, x509.X509Crl>;
}

const trusts = new WeakMap<Hierarchy, Trust>();
export function trustOf(hierarchy: Hierarchy): Trust {
  const known = trusts.get(hierarchy);
  if (known) return known;
  const { root, sub, crls, clients } = hierarchy;
  const trust: Trust = {
    anchors: [root, sub].map(readPem),
    hidden: [...clients['issued-by-leaf'].chain, ...clients['sub-without-cert-sign'].chain].map(readPem),
    crls: new Map(
      crls.map((pem) => {
        const body = pem.replace(/-----[^-]+-----|\s/g, '');
        const crl = new x509.X509Crl(Buffer.from(body, 'base64'));
        return [crl.issuer, crl] as const;
      }),
    ),
  };
  trusts.set(hierarchy, trust);
  return trust;
}

const same = (a: Certificate, b: Certificate): boolean => a.native.fingerprint256 === b.native.fingerprint256;

/** The path from the leaf up, the best issuer at each step, and what is wrong with how it hangs together. */
function build(leaf: Certificate, sent: readonly Certificate[], trust: Trust, building: Building) {
  const anchors = building === 'from-root-alone' ? trust.anchors.slice(0, 1) : trust.anchors;
  const known =
    building === 'as-sent' ? [...sent, ...anchors, ...trust.hidden] : [...anchors, ...sent, ...trust.hidden];
  const path = [leaf];
  const flaws: Flaw[] = [];
  for (let last = leaf; path.length < 8;) {
    const current = last;
    const place: Place = path.length === 1 ? 'leaf' : 'ca';
    if (anchors.some((anchor) => same(anchor, current)) && current.parsed.issuer === current.parsed.subject)
      return { path, flaws };
    const named = known.filter(({ parsed: { subject } }) => subject === current.parsed.issuer);
    const issuer = named.find((each) => current.native.verify(each.native.publicKey)) ?? named[0];
    if (current.parsed.issuer === current.parsed.subject) {
      return {
        path,
        flaws: [...flaws, place === 'leaf' ? 'leaf/self-signed' : 'ca/untrusted-root'] as Flaw[],
      };
    }
    if (!issuer) return { path, flaws: [...flaws, 'leaf/unknown-issuer'] as Flaw[] };
    if (!current.native.verify(issuer.native.publicKey))
      flaws.push(
        place === 'leaf' && mismatched(current) ? 'leaf/mismatched-algorithm' : `${place}/signature`,
      );
    path.push(issuer);
    last = issuer;
  }
  return { path, flaws };
}

/** The algorithm in the certificate and the one outside it (RFC 5280 §4.1.1.2), by their OIDs' DER. */
function mismatched({ native }: Certificate): boolean {
  const oids = [...native.raw.toString('hex').matchAll(/06092a864886f70d0101(0[45bc])0500/g)];
  return new Set([oids[0]?.[1], oids.at(-1)?.[1]]).size > 1;
}

function timeFlaws({ parsed: { notBefore, notAfter } }: Certificate, place: Place): readonly Flaw[] {
  const late = Date.now() - notAfter.getTime();
  const early = notBefore.getTime() - Date.now();
  if (late >= 0) {
    if (place === 'ca') return ['ca/expired'];
    return [
      late < MINUTES ? 'leaf/expired-just-now' : late > YEARS ? 'leaf/expired-years-ago' : 'leaf/expired',
    ];
  }
  if (early <= 0) return [];
  if (place === 'ca') return ['ca/not-yet-valid'];
  return [
    early < MINUTES
      ? 'leaf/not-yet-valid-nearly'
      : early > YEARS
        ? 'leaf/not-yet-valid-for-years'
        : 'leaf/not-yet-valid',
  ];
}

function revocationFlaws({ parsed: certificate }: Certificate, place: Place, trust: Trust): readonly Flaw[] {
  const entry = trust.crls.get(certificate.issuer)?.findRevoked(certificate.serialNumber);
  if (!entry) return [];
  if (place === 'ca') return ['ca/revoked'];
  if (entry.reason === undefined) return ['leaf/revoked-without-reason'];
  return [entry.reason === x509.X509CrlReason.certificateHold ? 'leaf/revoked-on-hold' : 'leaf/revoked'];
}

/** More than one instance of an extension (RFC 5280 §4.2). */
const twice = ({ extensions }: x509.X509Certificate): readonly Flaw[] =>
  new Set(extensions.map(({ type }) => type)).size < extensions.length ? ['leaf/duplicate-extension'] : [];

/** Whether its CA's CRL can be relied on (RFC 5280 §5.2, §6.3.3). */
function crlFlaws({ parsed: issuer }: Certificate, trust: Trust): readonly Flaw[] {
  const crl = trust.crls.get(issuer.subject);
  const usages = issuer.getExtension(x509.KeyUsagesExtension)?.usages;
  return [
    ...(usages !== undefined && !(usages & x509.KeyUsageFlags.cRLSign) ? (['ca/no-crl-sign'] as const) : []),
    ...(crl?.extensions.some(({ critical }) => critical)
      ? (['ca/crl-unknown-critical-extension'] as const)
      : []),
  ];
}

/** A distinguished name as the library writes it. */
const nameIn = (node: der.Node): string => new x509.Name(Buffer.from(der.der(node), 'binary')).toString();

/** The names of a leaf against the constraints of the CAs above it (RFC 5280 §4.2.1.10). */
function constraintFlaws(leaf: Certificate, above: readonly Certificate[]): readonly Flaw[] {
  const names = presentedBy(leaf.native.raw).alternatives;
  const beneath = (name: string, base: string): boolean => name === base || name.endsWith(`.${base}`);
  const flaws = above.flatMap(({ parsed: { extensions } }): readonly Flaw[] => {
    const found = extensions.find(({ type }) => type === NAME_CONSTRAINTS);
    if (!found) return [];
    const subtrees = (kind: 0 | 1, tag: 2 | 4): readonly der.Node[] =>
      der
        .membersOf(der.encoded(new Uint8Array(found.value)))
        .filter(({ type }) => Number(type) === kind)
        .flatMap(der.membersOf)
        .flatMap((subtree) => der.membersOf(subtree).slice(0, 1))
        .filter(({ type }) => Number(type) === tag);
    const text = ({ value }: der.Node): string => (typeof value === 'string' ? value : '');
    const permitted = subtrees(0, 2).map(text);
    const directories = subtrees(0, 4).flatMap((node) => der.membersOf(node).map(nameIn));
    const excluded = subtrees(1, 2).map(text);
    const holds =
      (permitted.length === 0 || names.every((name) => permitted.some((base) => beneath(name, base)))) &&
      (directories.length === 0 || directories.some((base) => leaf.parsed.subject.startsWith(base)));
    return [
      ...(holds ? [] : (['ca/names-not-permitted'] as const)),
      ...(names.some((name) => excluded.some((base) => beneath(name, base)))
        ? (['ca/names-excluded'] as const)
        : []),
    ];
  });
  return flaws;
}

function extensionFlaws({ parsed: certificate }: Certificate, place: Place): readonly Flaw[] {
  const flaws: Flaw[] = [];
  if (certificate.extensions.some(({ critical, type }) => critical && !KNOWN.has(type)))
    flaws.push(`${place}/unknown-critical-extension`);
  const usages = certificate.getExtension(x509.KeyUsagesExtension)?.usages;
  if (place === 'leaf') {
    const purposes = certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages.map(String);
    if (usages !== undefined && !(usages & x509.KeyUsageFlags.digitalSignature))
      flaws.push('leaf/may-not-sign');
    if (purposes?.length === 0) return [...flaws, 'leaf/no-purpose', ...twice(certificate)];
    if (purposes && !purposes.includes(CLIENT_AUTH) && !purposes.includes(ANY))
      flaws.push(
        purposes.includes(SERVER_AUTH) ? 'leaf/issued-for-servers' : 'leaf/issued-for-another-purpose',
      );
    return [...flaws, ...twice(certificate)];
  }
  const constraints = certificate.getExtension(x509.BasicConstraintsExtension);
  if (!constraints) flaws.push('ca/no-constraints');
  else if (!constraints.ca) flaws.push('ca/no-ca-bit');
  if (usages !== undefined && !(usages & x509.KeyUsageFlags.keyCertSign)) flaws.push('ca/no-cert-sign');
  return flaws;
}

const SIGNATURES: readonly (readonly [oid: string, weakness: Weakness])[] = [
  ['06092a864886f70d0101040500', 'weak/md5'],
  ['06092a864886f70d0101050500', 'weak/sha-1'],
];
function weaknessOf(der: Buffer): Weakness | undefined {
  const { native } = read(der);
  if ((native.publicKey.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048) return 'weak/key';
  const hex = native.raw.toString('hex');
  return SIGNATURES.find(([oid]) => hex.includes(oid))?.[1];
}

/** A path, leaf first, and everything that is wrong with it; empty: nothing. Names are not looked at. */
export interface Path {
  readonly certificates: readonly Buffer[];
  readonly flaws: readonly Flaw[];
  readonly traits: readonly Trait[];
}

/**
 * Builds the path of what a client presented, and validates it.
 * @param chain what the client sent, DER, the leaf first
 */
export function pathOf(
  chain: readonly Buffer[],
  trust: Trust,
  { building = 'any-way', withCrls = true }: { building?: Building; withCrls?: boolean } = {},
): Path {
  const [leaf, ...sent] = chain.map(read);
  if (!leaf) return { certificates: [], flaws: [], traits: [] };
  const { path, flaws } = build(leaf, sent, trust, building);
  const weakness = weaknessOf(leaf.native.raw);
  const limits = path.flatMap(({ parsed: certificate }, at): readonly Flaw[] => {
    const most = certificate.getExtension(x509.BasicConstraintsExtension)?.pathLength;
    return at > 0 && most !== undefined && at - 1 > most ? ['ca/path-length'] : [];
  });
  const each = path.flatMap((certificate, at): readonly Flaw[] => {
    const place: Place = at === 0 ? 'leaf' : 'ca';
    return [
      ...timeFlaws(certificate, place),
      ...(withCrls ? revocationFlaws(certificate, place, trust) : []),
      ...extensionFlaws(certificate, place),
      ...(withCrls && place === 'ca' && at < path.length - 1 ? crlFlaws(certificate, trust) : []),
    ];
  });
  return {
    certificates: path.map(({ native }) => native.raw),
    flaws: [
      ...new Set([
        ...flaws,
        ...limits,
        ...each,
        ...constraintFlaws(leaf, path.slice(1)),
        ...(weakness ? [weakness] : []),
      ]),
    ],
    traits: traitsOf(leaf, path[1], sent, trust),
  };
}

const [EXTENDED_KEY_USAGE, AUTHORITY_INFORMATION_ACCESS, CRL_NUMBER] = [
  '2.5.29.37',
  '1.3.6.1.5.5.7.1.1',
  '2.5.29.20',
];
/** The octets of the serial number's INTEGER in hex; the first field but the version (RFC 5280 §4.1). */
function serialOf({ native }: Certificate): string {
  const [, length, octets] =
    /^30[0-9a-f]{6,8}30[0-9a-f]{6}(?:a003020102)?02(..)(.*)$/.exec(native.raw.toString('hex')) ?? [];
  return (octets ?? '').slice(0, 2 * Number.parseInt(length ?? '0', 16));
}
/** Whether a key usage allows something; `undefined`: there is none. */
const usageOf = ({ parsed: certificate }: Certificate, usage: number): boolean | undefined => {
  const usages = certificate.getExtension(x509.KeyUsagesExtension)?.usages;
  return usages === undefined ? undefined : (usages & usage) !== 0;
};
const SHA_256_WITH_RSA = '06092a864886f70d01010b0500';
function traitsOf(
  leaf: Certificate,
  issuer: Certificate | undefined,
  sent: readonly Certificate[],
  trust: Trust,
): readonly Trait[] {
  const { parsed: certificate, native } = leaf;
  const purposes = certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages.map(String);
  const alternatives = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items;
  const isCritical = (id: string): boolean =>
    certificate.extensions.some(({ type, critical }) => type === id && critical);
  const crl = trust.crls.get(certificate.issuer);
  const is: Readonly<Record<Trait, boolean>> = {
    'sibling-issuer': !trust.anchors.some(({ parsed: { subject } }) => subject === certificate.issuer),
    'root-sent': sent.some(({ parsed: { subject, issuer } }) => subject === issuer),
    'several-alternative-names': (alternatives?.length ?? 0) > 1,
    'no-client-purpose': !purposes?.includes(CLIENT_AUTH),
    'version-1': certificate.extensions.length === 0,
    'not-rsa': native.publicKey.asymmetricKeyType !== 'rsa',
    'odd-serial': /^[89a-f]|^0+$/.test(serialOf(leaf)) || serialOf(leaf).length > 40,
    'serial-revoked-elsewhere': [...trust.crls].some(
      ([of, crl]) => of !== certificate.issuer && crl.findRevoked(certificate.serialNumber) !== null,
    ),
    'critical-purposes': isCritical(EXTENDED_KEY_USAGE),
    'critical-access': isCritical(AUTHORITY_INFORMATION_ACCESS),
    'may-sign-certificates': usageOf(leaf, x509.KeyUsageFlags.keyCertSign) === true,
    'own-ca-bit': certificate.getExtension(x509.BasicConstraintsExtension)?.ca === true,
    'issuer-without-usage': issuer !== undefined && usageOf(issuer, ~0) === undefined,
    'crl-without-number': crl !== undefined && !crl.extensions.some(({ type }) => type === CRL_NUMBER),
    'not-sha-256': !native.raw.toString('hex').includes(SHA_256_WITH_RSA),
  };
  return (Object.keys(is) as Trait[]).filter((trait) => is[trait]);
}

/** The names in a certificate that a provider could take for the client's. */
export interface Presented {
  readonly commonName: string | undefined;
  readonly commonNames: readonly string[];
  readonly alternatives: readonly string[];
  readonly units: readonly string[];
  readonly addresses: readonly string[];
  readonly places: readonly string[];
  /** The subject as one line (RFC 4514 without its escapes), as programs that split it by commas see it. */
  readonly line: string;
}

export function presentedBy(der: Buffer): Presented {
  const { parsed: certificate } = read(der);
  const field = (name: string): readonly string[] => certificate.subjectName.getField(name);
  const items = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  const of = (type: string): readonly string[] =>
    items.filter((each) => each.type === type).map(({ value }) => value);
  const commonNames = field('CN');
  return {
    commonName: commonNames.length === 1 ? commonNames[0] : undefined,
    commonNames,
    alternatives: of('dns'),
    units: field('OU'),
    addresses: of('email'),
    places: of('url'),
    line: [...field('O').map((value) => `O=${value}`), ...commonNames.map((value) => `CN=${value}`)].join(
      ',',
    ),
  };
}

/** Whether two certificates are for one public key. */
export const sameKey = (der: Buffer, pem: string): boolean =>
  read(der).native.publicKey.equals(new X509Certificate(pem).publicKey);
