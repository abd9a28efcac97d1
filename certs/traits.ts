import { X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import * as der from './der.ts';
import type { Credential } from './index.ts';
import * as x509 from './x509.ts';

/**
 * What a client certificate is by its own bytes, beside the one of the same system that has to be accepted.
 * A credential is worth presenting only where it differs from that one in the thing that its name says.
 */
export interface Traits {
  readonly time: 'current' | 'expired' | 'expired-years' | 'early' | 'early-years';
  /**
   * `same`: signed by the CA of the valid one; `sibling`: its path ends at a CA that vouches for the valid one;
   * `impostor`: signed by another key under the name of the valid one's CA; `unsigned`: by no key that is known, under
   * that name; `itself`: self-signed; `stranger`: by a CA of another name that leads nowhere.
   */
  readonly issuer: 'same' | 'sibling' | 'impostor' | 'unsigned' | 'itself' | 'stranger';
  /** What is wrong with the CAs between a sibling and what is trusted, joined by `+`; `sound`: nothing. */
  readonly path: string;
  /** Whether the algorithm outside is the one that was signed (RFC 5280 §4.1.1.2). */
  readonly signature: 'consistent' | 'mismatched';
  /** By the CRLs given: the reason, `no`, or `unknown` where none is of its CA. */
  readonly revoked: 'no' | 'unknown' | 'unspecified' | 'certificateHold' | 'revoked';
  /** `same`: CN and SAN as the valid one; `foreign`: neither is its name; `partly`: everything between. */
  readonly name: 'same' | 'foreign' | 'partly';
  readonly purposes: 'client' | 'server' | 'email' | 'any' | 'none' | 'other';
  readonly usage: 'signs' | 'does-not-sign';
  readonly critical: 'known' | 'unknown';
  /** What is odd about its form, joined by `+`; `usual`: nothing. */
  readonly form: string;
  /** The same of the CAs between a sibling and what is trusted, and of their CRLs. */
  readonly above: string;
  readonly key: 'rsa' | 'rsa-weak' | 'p-256' | 'other';
  readonly digest: 'sha-2' | 'sha-384' | 'sha-1' | 'md5';
  readonly version: 'v3' | 'v1';
  /**
   * What is sent behind the leaf, where its issuer is the valid one's. Another's chain cannot be the same, so it is
   * `free`; an impostor's may bring its root along.
   */
  readonly sent: 'same' | 'none' | 'root' | 'expired-root' | 'cross-signed' | 'other' | 'free' | 'own-root';
  readonly publicKey: 'same' | 'other';
}

/** A credential with what it takes to check it: CAs above it that are not sent along, and CRLs. PEM. */
export interface Supplied {
  readonly credential: Credential;
  readonly authorities: readonly string[];
  readonly crls: readonly string[];
}

/** What a certificate says of names, read once. */
export interface NameFacts {
  readonly cns: readonly string[];
  readonly ous: readonly string[];
  readonly dns: readonly string[];
  readonly emails: readonly string[];
  readonly uris: readonly string[];
}

/** A certificate to node's reader, which verifies, and to the library's, which reads extensions. */
interface Read {
  readonly node: X509Certificate;
  readonly lib: x509.X509Certificate;
}

/** Critical extensions that validators know: RFC 5280 §4.2.1, and what is never critical is no matter. */
const KNOWN_CRITICAL = /^2\.5\.29\.(?:9|14|15|17|18|19|30|31|32|33|35|36|37|46|54)$/;
const DIGESTS: Readonly<Record<string, Traits['digest']>> = {
  '1.2.840.113549.1.1.4': 'md5',
  '1.2.840.113549.1.1.5': 'sha-1',
  '1.2.840.10045.4.1': 'sha-1',
  '1.2.840.113549.1.1.12': 'sha-384',
  '1.2.840.10045.4.3.3': 'sha-384',
};
const YEAR = 365 * 86_400_000;

const read = (pem: string): Read => ({ node: new X509Certificate(pem), lib: new x509.X509Certificate(pem) });
const same = (a: Read, b: Read): boolean => a.node.raw.equals(b.node.raw);
const keyOf = ({ node }: Read): string =>
  node.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
/** By the text of the names: one that says the same in another string type is the same (RFC 5280 §7.1). */
const isAbove = (issuer: Read, of: Read): boolean => issuer.lib.subject === of.lib.issuer;
/** Signed by that CA; a signature that cannot be read is nobody's. */
const signedBy = (of: Read, issuer: Read): boolean => {
  try {
    return isAbove(issuer, of) && of.node.verify(issuer.node.publicKey);
  } catch {
    return false;
  }
};
const isSelfSigned = (one: Read): boolean => signedBy(one, one);
/** The same CA, whichever of its certificates: name and key. */
const isTheSameAuthority = (a: Read, b: Read): boolean =>
  a.lib.subject === b.lib.subject && keyOf(a) === keyOf(b);

/** The valid credential's own CA, and every CA that vouches for it. */
interface Ground {
  readonly valid: Read;
  readonly sent: readonly Read[];
  readonly issuer: Read;
  readonly trusted: readonly Read[];
}

/**
 * What the traits of others are measured by; `undefined` where the CA of the valid credential is not among what was
 * given.
 */
export function groundOf({ credential, authorities }: Supplied): Ground | undefined {
  const valid = read(credential.certificate);
  const sent = credential.chain.map(read);
  const trusted = [...sent, ...authorities.map(read)];
  const issuer = trusted.find((each) => signedBy(valid, each)) ?? (isSelfSigned(valid) ? valid : undefined);
  return issuer && { valid, sent, issuer, trusted };
}

/** @param now when it would be presented */
export async function traitsOf(supplied: Supplied, ground: Ground, now: Date): Promise<Traits> {
  const leaf = read(supplied.credential.certificate);
  const chain = supplied.credential.chain.map(read);
  const others = [...chain, ...supplied.authorities.map(read)];
  const crls = supplied.crls.map((pem) => new x509.X509Crl(pem));
  const issuer = issuerOf(leaf, others, ground);
  const algorithms = algorithmsOf(leaf.node.raw);
  const { type, details } = {
    type: leaf.node.publicKey.asymmetricKeyType,
    details: leaf.node.publicKey.asymmetricKeyDetails,
  };
  const usage = leaf.lib.getExtension(x509.KeyUsagesExtension)?.usages;
  return {
    time: timeOf(leaf, now),
    issuer: issuer.kind,
    path:
      issuer.kind === 'sibling' && issuer.by ? await pathOf(issuer.by, others, ground, crls, now) : 'sound',
    signature: algorithms.inner === algorithms.outer ? 'consistent' : 'mismatched',
    revoked: await revokedBy(leaf, [ground.issuer, ...ground.trusted, ...others], crls),
    name: nameOf(namesOf(supplied.credential.certificate), namesIn(ground.valid)),
    purposes: purposesOf(leaf),
    usage: usage === undefined || usage & x509.KeyUsageFlags.digitalSignature ? 'signs' : 'does-not-sign',
    critical: hasUnknownCritical(leaf) ? 'unknown' : 'known',
    form: formOf(leaf, algorithms.serial, crls),
    above: issuer.kind === 'sibling' && issuer.by ? aboveOf(issuer.by, others, ground, crls) : 'usual',
    key:
      type === 'rsa' || type === 'rsa-pss'
        ? (details?.modulusLength ?? 0) < 2048
          ? 'rsa-weak'
          : 'rsa'
        : details?.namedCurve === 'prime256v1'
          ? 'p-256'
          : 'other',
    digest: DIGESTS[algorithms.innerOid] ?? 'sha-2',
    version: algorithms.version === 1 ? 'v1' : 'v3',
    sent:
      issuer.kind === 'same'
        ? sentOf(chain, ground, now)
        : issuer.kind === 'impostor' && chain.some(isSelfSigned)
          ? 'own-root'
          : 'free',
    publicKey: keyOf(leaf) === keyOf(ground.valid) ? 'same' : 'other',
  };
}

function timeOf({ lib }: Read, now: Date): Traits['time'] {
  const since = now.getTime() - lib.notAfter.getTime();
  const until = lib.notBefore.getTime() - now.getTime();
  if (since > 0) return since > YEAR ? 'expired-years' : 'expired';
  if (until > 0) return until > YEAR ? 'early-years' : 'early';
  return 'current';
}

function issuerOf(
  leaf: Read,
  others: readonly Read[],
  { issuer, trusted }: Ground,
): { readonly kind: Traits['issuer']; readonly by?: Read } {
  if (isSelfSigned(leaf)) return { kind: 'itself' };
  const by = [issuer, ...trusted, ...others].find((each) => signedBy(leaf, each));
  const pretends = isAbove(issuer, leaf);
  if (!by) return { kind: pretends ? 'unsigned' : 'stranger' };
  if (isTheSameAuthority(by, issuer)) return { kind: 'same' };
  // Under the name of the real one only signatures count: a rogue has the right names all the way up.
  if (climb(by, others, trusted, pretends)) return { kind: 'sibling', by };
  return { kind: pretends ? 'impostor' : 'stranger' };
}

/** The CAs from one up to the first that is trusted, that one included; `undefined`: it leads nowhere. */
function climb(
  from: Read,
  others: readonly Read[],
  trusted: readonly Read[],
  strict = false,
): readonly Read[] | undefined {
  const path: Read[] = [];
  let at: Read | undefined = from;
  while (at && path.length < 10) {
    path.push(at);
    const here: Read = at;
    if (trusted.some((each) => isTheSameAuthority(each, here))) return path;
    const above: readonly Read[] = [...trusted, ...others].filter(
      (each) => isAbove(each, here) && !isTheSameAuthority(each, here),
    );
    // Where nobody's key fits, the name does: the signature is then what is wrong with it. Only what is trusted will
    // do: a rogue hierarchy has the right names too.
    at =
      above.find((each) => signedBy(here, each)) ??
      (strict ? undefined : above.find((each) => trusted.some((known) => same(known, each))));
  }
  return undefined;
}

async function pathOf(
  by: Read,
  others: readonly Read[],
  { issuer, trusted }: Ground,
  crls: readonly x509.X509Crl[],
  now: Date,
): Promise<string> {
  const path = climb(by, others, trusted) ?? [];
  const found = new Set<string>();
  for (const [at, each] of path.entries()) {
    const above = path[at + 1];
    const constraints = each.lib.getExtension(x509.BasicConstraintsExtension);
    // `at` CAs stand beneath it, the leaf's own issuer being the lowest.
    if (constraints?.pathLength !== undefined && constraints.pathLength < at) found.add('path-length');
    if (!above) continue; // trusted: no matter what it says of itself
    if (!signedBy(each, above)) found.add('tampered');
    const time = timeOf(each, now);
    if (time !== 'current') found.add(time.replace('-years', ''));
    for (const what of authorityFaults(each)) found.add(what);
    if (hasUnknownCritical(each)) found.add('critical');
    const state = await revokedBy(each, [issuer, ...trusted, ...others], crls);
    if (state !== 'no' && state !== 'unknown') found.add('revoked');
  }
  return found.size === 0 ? 'sound' : [...found].sort().join('+');
}

/** What is odd about a CA that is one: its key usage, its names, its CRL (RFC 5280 §4.2.1.3, §4.2.1.10, §5.2.3). */
function oddities({ lib }: Read, crls: readonly x509.X509Crl[]): readonly string[] {
  const usages = lib.getExtension(x509.KeyUsagesExtension)?.usages;
  const own = crls.filter(({ issuer }) => issuer === lib.subject);
  const numbers = own.flatMap(({ extensions }) => extensions.filter(({ type }) => type === '2.5.29.20'));
  const is: Readonly<Record<string, boolean>> = {
    'no-usage': usages === undefined,
    'no-crl-sign': usages !== undefined && (usages & x509.KeyUsageFlags.cRLSign) === 0,
    'crl-without-number': own.length > 0 && numbers.length < own.length,
    'crl-number-critical': numbers.some(({ critical }) => critical),
  };
  return [...Object.keys(is).filter((each) => is[each]), ...constraintsOf(lib)];
}

/** The kinds of subtree that name constraints permit or exclude (RFC 5280 §4.2.1.10). */
function constraintsOf({ extensions }: x509.X509Certificate): readonly string[] {
  const found = extensions.find(({ type }) => type === NAME_CONSTRAINTS);
  if (!found) return [];
  return der.membersOf(der.encoded(new Uint8Array(found.value))).flatMap((trees) =>
    der.membersOf(trees).map((subtree) => {
      const kind = Number(der.membersOf(subtree)[0]?.type);
      return `${Number(trees.type) === 0 ? 'permits' : 'excludes'}-${{ 2: 'names', 4: 'directories' }[kind] ?? 'others'}`;
    }),
  );
}

function aboveOf(
  by: Read,
  others: readonly Read[],
  { trusted }: Ground,
  crls: readonly x509.X509Crl[],
): string {
  const path = climb(by, others, trusted) ?? [];
  const found = path.slice(0, -1).flatMap((each) => oddities(each, crls));
  return [...new Set(found)].sort().join('+') || 'usual';
}

/** Why a certificate is no CA's. A client certificate is that first of all, whatever else it lacks. */
function authorityFaults({ lib }: Read): readonly string[] {
  const constraints = lib.getExtension(x509.BasicConstraintsExtension);
  const usages = lib.getExtension(x509.KeyUsagesExtension)?.usages;
  const purposes = lib.getExtension(x509.ExtendedKeyUsageExtension);
  const signs = usages === undefined || (usages & x509.KeyUsageFlags.keyCertSign) !== 0;
  if (purposes && !constraints?.ca && !signs) return ['leaf'];
  if (!constraints) return ['no-constraints'];
  if (!constraints.ca) return ['no-ca-bit'];
  return signs ? [] : ['no-cert-sign'];
}

/** Oddities that a certificate can have and be let in by many (RFC 5280 §4.1.2.2, §4.2). */
/** @param serial octets of its INTEGER, in hex */
function formOf({ lib }: Read, serial: string, crls: readonly x509.X509Crl[]): string {
  const { extensions } = lib;
  const types = extensions.map(({ type }) => type);
  const isCritical = (id: string): boolean =>
    extensions.some(({ type, critical }) => type === id && critical);
  const usages = lib.getExtension(x509.KeyUsagesExtension)?.usages ?? 0;
  const is: Readonly<Record<string, boolean>> = {
    'serial-zero': /^(00)+$/.test(serial),
    'serial-negative': /^[89a-f]/.test(serial),
    'serial-too-long': serial.replace(/^00/, '').length > 40,
    'serial-revoked-elsewhere': crls.some(
      (crl) => crl.issuer !== lib.issuer && crl.findRevoked(lib.serialNumber) !== null,
    ),
    'extension-twice': new Set(types).size < types.length,
    'critical-purposes': isCritical('2.5.29.37'),
    'critical-access': isCritical('1.3.6.1.5.5.7.1.1'),
    'no-purpose': lib.getExtension(x509.ExtendedKeyUsageExtension)?.usages.length === 0,
    'may-sign-certificates': (usages & x509.KeyUsageFlags.keyCertSign) !== 0,
    ca: lib.getExtension(x509.BasicConstraintsExtension)?.ca === true,
  };
  return (
    Object.keys(is)
      .filter((each) => is[each])
      .join('+') || 'usual'
  );
}

const NAME_CONSTRAINTS = '2.5.29.30';
const hasUnknownCritical = ({ lib }: Read): boolean =>
  lib.extensions.some(({ critical, type }) => critical && !KNOWN_CRITICAL.test(type));

/** By the CRLs that a CA of the certificate's issuer name has signed (RFC 5280 §6.3). */
async function revokedBy(
  one: Read,
  authorities: readonly Read[],
  crls: readonly x509.X509Crl[],
): Promise<Traits['revoked']> {
  let state: Traits['revoked'] = 'unknown';
  for (const crl of crls) {
    if (crl.issuer !== one.lib.issuer) continue;
    const signer = await firstSigner(crl, authorities);
    if (!signer) continue;
    const entry = crl.findRevoked(one.lib.serialNumber);
    if (!entry) {
      state = state === 'unknown' ? 'no' : state;
      continue;
    }
    if (entry.reason === undefined || entry.reason === x509.X509CrlReason.unspecified) return 'unspecified';
    return entry.reason === x509.X509CrlReason.certificateHold ? 'certificateHold' : 'revoked';
  }
  return state;
}

async function firstSigner(crl: x509.X509Crl, authorities: readonly Read[]): Promise<Read | undefined> {
  for (const each of authorities) {
    if (each.lib.subject !== crl.issuer) continue;
    if (await crl.verify({ publicKey: each.lib.publicKey }).catch(() => false)) return each;
  }
  return undefined;
}

function purposesOf({ lib }: Read): Traits['purposes'] {
  const found = lib.getExtension(x509.ExtendedKeyUsageExtension)?.usages.map(String);
  if (!found || found.length === 0) return 'none';
  if (found.includes('1.3.6.1.5.5.7.3.2')) return 'client';
  if (found.includes('2.5.29.37.0')) return 'any';
  if (found.includes('1.3.6.1.5.5.7.3.1')) return 'server';
  return found.includes('1.3.6.1.5.5.7.3.4') ? 'email' : 'other';
}

function sentOf(chain: readonly Read[], { issuer, sent, trusted }: Ground, now: Date): Traits['sent'] {
  const alike = (a: readonly Read[], b: readonly Read[]): boolean =>
    a.length === b.length && a.every((each) => b.some((other) => same(each, other)));
  if (alike(chain, sent)) return 'same';
  if (chain.length === 0) return 'none';
  const extra = chain.filter((each) => !sent.some((known) => same(known, each)));
  if (extra.some((each) => isTheSameAuthority(each, issuer) && !trusted.some((known) => same(known, each))))
    return isSelfSigned(issuer) ? 'expired-root' : 'cross-signed';
  const roots = extra.filter(isSelfSigned);
  if (extra.length !== 1 || roots.length !== 1) return 'other';
  return roots.some((each) => timeOf(each, now).startsWith('expired')) ? 'expired-root' : 'root';
}

const namesIn = ({ lib }: Read): NameFacts => {
  const items = lib.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  const of = (wanted: string): readonly string[] =>
    items.filter(({ type }) => type === wanted).map(({ value }) => value);
  return {
    cns: lib.subjectName.getField('CN'),
    ous: lib.subjectName.getField('OU'),
    dns: of('dns'),
    emails: [...of('email'), ...lib.subjectName.getField('E')],
    uris: of('url'),
  };
};

/** What a certificate says of names. */
export const namesOf = (pem: string): NameFacts => namesIn(read(pem));

/** The name by which a provider knows the valid one: its common name, or else its first alternative name. */
export const ownName = ({ cns, dns }: NameFacts): string => cns[0] ?? dns[0] ?? '';

const plain = (name: string): string => name.toLowerCase().replace(/\.$/, '');

function nameOf(own: NameFacts, valid: NameFacts): Traits['name'] {
  const equal = (a: readonly string[], b: readonly string[]): boolean =>
    a.length === b.length && a.every((each) => b.includes(each));
  if (equal(own.cns, valid.cns) && equal(own.dns, valid.dns)) return 'same';
  const sought = new Set([...valid.cns, ...valid.dns].map(plain));
  return [...own.cns, ...own.dns].some((each) => sought.has(plain(each))) ? 'partly' : 'foreign';
}

/** The object identifier of the algorithm that a certificate (DER) was signed with. */
export const signatureOid = (raw: Buffer): string => algorithmsOf(raw).innerOid;

/** Version and the two signature algorithms of a certificate (RFC 5280 §4.1), by their DER. */
function algorithmsOf(raw: Buffer): {
  readonly version: number;
  readonly inner: string;
  readonly outer: string;
  readonly innerOid: string;
  /** The octets of the serial number's INTEGER, in hex. */
  readonly serial: string;
} {
  const { asn1 } = forge;
  const members = (node: forge.asn1.Asn1 | undefined): readonly forge.asn1.Asn1[] =>
    Array.isArray(node?.value) ? (node.value as forge.asn1.Asn1[]) : [];
  const [body, outer] = members(asn1.fromDer(raw.toString('binary')));
  const fields = members(body);
  const versioned = fields[0]?.tagClass === asn1.Class.CONTEXT_SPECIFIC;
  const number = fields[versioned ? 1 : 0];
  const inner = fields[versioned ? 2 : 1];
  const bytes = (node: forge.asn1.Asn1 | undefined): string => (node ? asn1.toDer(node).toHex() : '');
  const [oid] = members(inner);
  const [version] = versioned ? members(fields[0]) : [];
  return {
    version: typeof version?.value === 'string' ? version.value.charCodeAt(0) + 1 : 1,
    serial: typeof number?.value === 'string' ? Buffer.from(number.value, 'binary').toString('hex') : '',
    inner: bytes(inner),
    outer: bytes(outer),
    innerOid: typeof oid?.value === 'string' ? asn1.derToOid(oid.value) : '',
  };
}
