import { createHash, X509Certificate } from 'node:crypto';
import type { Hierarchy } from '../../certs/index.ts';
import * as x509 from '../../certs/x509.ts';

/** Certificates as a path is made of them, and what a provider trusts. */

/** A certificate, read once by each of two libraries. */
export interface Certificate {
  readonly parsed: x509.X509Certificate;
  readonly native: X509Certificate;
}

/** id-kp-clientAuth (RFC 5280 §4.2.1.12). */
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

const parsed = new Map<string, Certificate>();
/** Parsing costs more than a handshake; what is presented comes again and again. */
export function read(der: Buffer): Certificate {
  const key = createHash('sha256').update(der).digest('base64');
  const found = parsed.get(key) ?? {
    parsed: new x509.X509Certificate(der),
    native: new X509Certificate(der),
  };
  if (parsed.size > 500) parsed.clear();
  parsed.set(key, found);
  return found;
}
/** The same from PEM. */
export const readPem = (pem: string): Certificate => read(new X509Certificate(pem).raw);

/** What a provider trusts: anchors, the CRLs that it was given, and CAs that Node hides since they may not sign. */
export interface Trust {
  readonly anchors: readonly Certificate[];
  readonly hidden: readonly Certificate[];
  readonly crls: ReadonlyMap<string, x509.X509Crl>;
}

const trusts = new WeakMap<Hierarchy, Trust>();
/** What a provider of a hierarchy trusts. */
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
