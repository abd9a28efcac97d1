import { randomBytes, webcrypto } from 'node:crypto';
import { pemOf } from './der.ts';
import * as x509 from './x509.ts';

/** A key pair with its key identifier (RFC 5280 §4.2.1.2, method 1), in hex. */
export interface KeyPair {
  readonly keys: webcrypto.CryptoKeyPair;
  readonly identifier: string;
  /** PKCS#8, PEM. */
  readonly pem: string;
}

/** A certification authority: its certificate, and the key that it signs with. */
export interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly key: KeyPair;
}

/** From when until when, both inclusive (RFC 5280 §4.1.2.5). */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Where a relying party finds the revocation status: base URL of the CRLs, and of OCSP below it. */
export type RevocationUrl = URL | undefined;

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

const describeKey = async (keys: webcrypto.CryptoKeyPair): Promise<KeyPair> => ({
  keys,
  identifier: (await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)).keyId,
  pem: pemOf('PRIVATE KEY', new Uint8Array(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))),
});

/** A new RSA 2048 key. What PKI costs is these: make few, and at the same time. */
export const generateKey = async (): Promise<KeyPair> =>
  describeKey((await webcrypto.subtle.generateKey(RSA, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair);

/** An RSA key from its PKCS#8 PEM. Rejects where it is none; the error carries nothing of the key. */
export async function importKey(pem: string): Promise<KeyPair> {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, RSA, true, ['sign']);
  const { kty, n, e } = await webcrypto.subtle.exportKey('jwk', privateKey);
  const jwk = { kty, n, e, alg: 'RS256' } as webcrypto.JsonWebKey;
  const publicKey = await webcrypto.subtle.importKey('jwk', jwk, RSA, true, ['verify']);
  return describeKey({ privateKey, publicKey });
}

/** Positive, minimal (X.690 §8.3.2) and 16 bytes long: the first is neither zero nor signed. */
export function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8(0x40 | (bytes.readUInt8(0) & 0x3f), 0);
  return bytes.toString('hex');
}

/** Certificates carry whole seconds. */
const seconds = ({ notBefore, notAfter }: Validity): Validity => ({
  notBefore: new Date(Math.floor(notBefore.getTime() / 1000) * 1000),
  notAfter: new Date(Math.floor(notAfter.getTime() / 1000) * 1000),
});

/** A CA certificate, signed by `issuer` or, for a root, by itself. */
export async function createAuthority(wanted: {
  readonly name: string;
  readonly key: KeyPair;
  readonly validity: Validity;
  readonly pathLength: number;
  readonly issuer?: Authority;
  /** Key identifiers as of another CA: a rogue wears the names of the real one. */
  readonly disguise?: { readonly subject: string; readonly authority: string };
}): Promise<Authority> {
  const { name, key, pathLength, issuer, disguise } = wanted;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: name,
    issuer: issuer?.certificate.subject ?? name,
    ...seconds(wanted.validity),
    publicKey: key.keys.publicKey,
    signingKey: (issuer?.key ?? key).keys.privateKey,
    signingAlgorithm: RSA,
    extensions: [
      new x509.BasicConstraintsExtension(true, pathLength, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.SubjectKeyIdentifierExtension(disguise?.subject ?? key.identifier),
      new x509.AuthorityKeyIdentifierExtension(disguise?.authority ?? (issuer?.key ?? key).identifier),
    ],
  });
  return { certificate, key };
}

/** What a leaf is issued for. */
export interface Leaf {
  /** `CN=…` alone or a whole name (RFC 4514). */
  readonly subject: string;
  readonly names: readonly { readonly type: 'dns' | 'ip'; readonly value: string }[];
  readonly usage: 'client' | 'server';
  readonly validity: Validity;
  readonly publicKey: x509.PublicKeyType;
  readonly revocation?: RevocationUrl;
}

/** Issues a leaf. The names go into the SAN, the usage into keyUsage and extendedKeyUsage (RFC 5280 §4.2.1). */
export async function issue(
  authority: Authority,
  leaf: Leaf,
  disguise?: string,
): Promise<x509.X509Certificate> {
  const { subject, names, usage, publicKey, revocation } = leaf;
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: authority.certificate.subject,
    ...seconds(leaf.validity),
    publicKey,
    signingKey: authority.key.keys.privateKey,
    signingAlgorithm: RSA,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      new x509.ExtendedKeyUsageExtension([usage === 'client' ? CLIENT_AUTH : SERVER_AUTH]),
      new x509.SubjectAlternativeNameExtension([...names]),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      new x509.AuthorityKeyIdentifierExtension(disguise ?? authority.key.identifier),
      ...(revocation
        ? [
            new x509.CRLDistributionPointsExtension([below(revocation, 'sub.crl')]),
            new x509.AuthorityInfoAccessExtension({ ocsp: below(revocation, 'ocsp') }),
          ]
        : []),
    ],
  });
}

const below = (base: URL, name: string): string => `${base.href.replace(/\/$/, '')}/${name}`;

/** A certificate in PEM, with a newline at its end. */
export const certificatePem = (certificate: x509.X509Certificate): string =>
  pemOf('CERTIFICATE', new Uint8Array(certificate.rawData));
