import * as der from '../../certs/der.ts';
import * as x509 from '../../certs/x509.ts';
import { CLIENT_AUTH, presentedBy, type Certificate, type Trust } from './path-certificate.ts';

/** What can be wrong with a certificate in its place on a path, a rule of RFC 5280 each. */

export type Place = 'leaf' | 'ca';
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
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const ANY = '2.5.29.37.0';
const [MINUTES, YEARS] = [10 * 60_000, 2 * 365 * 86_400_000];

/** The algorithm in the certificate and the one outside it (RFC 5280 §4.1.1.2), by their OIDs' DER. */
export function mismatched({ native }: Certificate): boolean {
  const oids = [...native.raw.toString('hex').matchAll(/06092a864886f70d0101(0[45bc])0500/g)];
  return new Set([oids[0]?.[1], oids.at(-1)?.[1]]).size > 1;
}

/** Validity (RFC 5280 §4.1.2.5). */
export function timeFlaws({ parsed: { notBefore, notAfter } }: Certificate, place: Place): readonly Flaw[] {
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

/** Revocation by the CRLs that the provider was given (RFC 5280 §6.3). */
export function revocationFlaws(
  { parsed: certificate }: Certificate,
  place: Place,
  trust: Trust,
): readonly Flaw[] {
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
export function crlFlaws({ parsed: issuer }: Certificate, trust: Trust): readonly Flaw[] {
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
export function constraintFlaws(leaf: Certificate, above: readonly Certificate[]): readonly Flaw[] {
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

/** Extensions, of a leaf and of a CA (RFC 5280 §4.2). */
export function extensionFlaws({ parsed: certificate }: Certificate, place: Place): readonly Flaw[] {
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
/** What is weak about a leaf. */
export function weaknessOf({ native }: Certificate): Weakness | undefined {
  if ((native.publicKey.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048) return 'weak/key';
  const hex = native.raw.toString('hex');
  return SIGNATURES.find(([oid]) => hex.includes(oid))?.[1];
}
