import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import * as x509 from '../../certs/x509.ts';
import { toPki } from '../revocation/both.ts';
import { read, readPem } from './path-certificate.ts';

/** How a provider learns of revocation, and what it does with what it learns. */
export interface RevocationPolicy {
  /** `file`: the CRLs that it was given. */
  readonly source: 'file' | 'ocsp' | 'crldp';
  /** Whether it asks about every certificate of the chain, or about the leaf alone. */
  readonly depth: 'chain' | 'leaf';
  /** Whether a certificate is let in whose status cannot be learnt. */
  readonly failsOpen: boolean;
  /** What it believes though it should not: a status out of date, of an unknown certificate, of the wrong signer. */
  readonly believes: ReadonlySet<'stale' | 'unknown' | 'wrong-signer'>;
  /** Whether it turns away what it learns to be revoked. */
  readonly heeds: boolean;
  /** Whether it asks at all. */
  readonly asks: boolean;
  /** When it asks: in full handshakes alone, for every connection, or again for every request. */
  readonly when: 'handshake' | 'connection' | 'request';
  /** Milliseconds that it gives the other side. */
  readonly patience: number;
}

export const byFile: RevocationPolicy = {
  source: 'file',
  depth: 'chain',
  failsOpen: false,
  believes: new Set(),
  heeds: true,
  asks: true,
  when: 'connection',
  patience: 10_000,
};

/** Where a provider that learns by asking asks. */
export interface RevocationPlace {
  /** Base URL for certificates that name no place themselves. */
  readonly url: URL;
  /** File names of the CRLs below it, by the name of their CA (RFC 4514). */
  readonly crls: ReadonlyMap<string, string>;
}

type Status = 'good' | 'revoked' | 'undetermined';

/** A certificate and the one that issued it. */
interface Link {
  readonly certificate: x509.X509Certificate;
  readonly issuer: x509.X509Certificate;
}

/** Bytes of an answer that are read. */
const LARGEST = 1_000_000;
/** Clocks differ: a status may be this much younger than now (milliseconds). */
const SKEW = 60_000;
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';

/**
 * Whether a chain may be let in as far as revocation goes.
 * @param chain the leaf first, DER; the root may be left out, and is then `root`
 * @param fallback where a certificate is asked about that names no place itself, as a configured responder is
 */
export async function unrevoked(
  chain: readonly Buffer[],
  root: string,
  policy: RevocationPolicy,
  fallback?: RevocationPlace,
): Promise<boolean> {
  if (!policy.asks) return true;
  const certificates = [...chain.map(read), readPem(root)].map(({ parsed }) => parsed);
  const links = certificates
    .slice(0, -1)
    .map((certificate, at): Link | undefined => {
      const issuer = certificates.slice(at + 1).find((each) => each.subject === certificate.issuer);
      return issuer && certificate.subject !== certificate.issuer ? { certificate, issuer } : undefined;
    })
    .filter((link) => link !== undefined);
  const due = policy.depth === 'leaf' ? links.slice(0, 1) : links;
  const statuses = await Promise.all(
    due.map((link, at) => {
      // A chain ends at what names no place and has no fallback: nobody says where to ask about our own sub CA.
      const place = placeOf(link.certificate, policy.source, at === 0 ? fallback : undefined);
      if (place === undefined) return at === 0 ? ('undetermined' as const) : ('good' as const);
      const learn = policy.source === 'ocsp' ? byOcsp(link, place, policy) : byCrl(link, place, policy);
      return learn.catch(() => 'undetermined' as const);
    }),
  );
  return statuses.every(
    (status) =>
      status === 'good' ||
      (status === 'revoked' && !policy.heeds) ||
      (status === 'undetermined' && policy.failsOpen),
  );
}

function placeOf(
  certificate: x509.X509Certificate,
  source: RevocationPolicy['source'],
  fallback: RevocationPlace | undefined,
): string | undefined {
  if (source === 'ocsp') {
    const access = certificate.getExtension(x509.AuthorityInfoAccessExtension);
    return access?.ocsp[0]?.value ?? (fallback && new URL('ocsp', fallback.url).href);
  }
  const points = certificate.getExtension(x509.CRLDistributionPointsExtension);
  const [name] = points?.distributionPoints[0]?.distributionPoint?.fullName ?? [];
  const own = fallback?.crls.get(certificate.issuer);
  return name?.uniformResourceIdentifier ?? (own && new URL(own, fallback?.url).href);
}

async function ask(place: string, patience: number, init: RequestInit = {}): Promise<ArrayBuffer> {
  const response = await fetch(place, { ...init, redirect: 'error', signal: AbortSignal.timeout(patience) });
  if (response.status !== 200) throw new Error(`HTTP ${response.status}`);
  const body = await response.arrayBuffer();
  if (body.byteLength > LARGEST) throw new Error('too large');
  return body;
}

const timely = (from: Date, until: Date | undefined): boolean =>
  from.getTime() - SKEW <= Date.now() && until !== undefined && Date.now() <= until.getTime();

/** RFC 6960 §3.2: what a client confirms before it believes a response. */
async function byOcsp(
  { certificate, issuer }: Link,
  place: string,
  policy: RevocationPolicy,
): Promise<Status> {
  const request = new pkijs.OCSPRequest();
  await request.createForCertificate(toPki(certificate), {
    hashAlgorithm: 'SHA-1',
    issuerCertificate: toPki(issuer),
  });
  const answer = await ask(place, policy.patience, {
    method: 'POST',
    headers: { 'Content-Type': 'application/ocsp-request' },
    body: new Uint8Array(request.toSchema(true).toBER()),
  });
  const { responseStatus, responseBytes } = pkijs.OCSPResponse.fromBER(answer);
  if (responseStatus.valueBlock.valueDec !== 0 || !responseBytes) return 'undetermined';
  const basic = pkijs.BasicOCSPResponse.fromBER(responseBytes.response.valueBlock.valueHexView);
  if (!policy.believes.has('wrong-signer') && !(await isAuthorised(basic, issuer))) return 'undetermined';
  const asked = request.tbsRequest.requestList[0]?.reqCert.serialNumber;
  const single = basic.tbsResponseData.responses.find(
    ({ certID }) => asked && certID.serialNumber.isEqual(asked),
  );
  if (!single) return 'undetermined';
  if (!policy.believes.has('stale') && !timely(single.thisUpdate, single.nextUpdate)) return 'undetermined';
  const { tagNumber } = (single.certStatus as asn1js.BaseBlock).idBlock;
  if (tagNumber === 1) return 'revoked';
  return tagNumber === 0 || policy.believes.has('unknown') ? 'good' : 'undetermined';
}

/** Signed by the issuer itself, or by whom it lets sign (RFC 6960 §4.2.2.2). */
async function isAuthorised(basic: pkijs.BasicOCSPResponse, issuer: x509.X509Certificate): Promise<boolean> {
  for (const sent of basic.certs ?? []) {
    const signer = new x509.X509Certificate(sent.toSchema().toBER());
    const delegated =
      (await signer.verify({ publicKey: issuer, date: new Date() }).catch(() => false)) &&
      (signer.getExtension(x509.ExtendedKeyUsageExtension)?.usages.includes(OCSP_SIGNING) ?? false);
    if (delegated && (await isSignedBy(basic, sent))) return true;
  }
  return isSignedBy(basic, toPki(issuer));
}

const isSignedBy = (basic: pkijs.BasicOCSPResponse, signer: pkijs.Certificate): Promise<boolean> =>
  pkijs
    .getCrypto(true)
    .verifyWithPublicKey(
      new Uint8Array(basic.tbsResponseData.tbsView),
      basic.signature,
      signer.subjectPublicKeyInfo,
      basic.signatureAlgorithm,
    )
    .catch(() => false);

/** RFC 5280 §6.3.3, for complete CRLs. */
async function byCrl(
  { certificate, issuer }: Link,
  place: string,
  policy: RevocationPolicy,
): Promise<Status> {
  const crl = new x509.X509Crl(await ask(place, policy.patience));
  const own = crl.issuer === certificate.issuer && (await crl.verify({ publicKey: issuer.publicKey }));
  if (!own && !policy.believes.has('wrong-signer')) return 'undetermined';
  if (!policy.believes.has('stale') && !timely(crl.thisUpdate, crl.nextUpdate)) return 'undetermined';
  return crl.findRevoked(certificate) ? 'revoked' : 'good';
}
