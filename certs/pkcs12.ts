import { createHmac, randomBytes } from 'node:crypto';
import forge from 'node-forge';
import { der, explicit, integer, node, nothing, octets, oid, sequence, set, TYPE } from './der.ts';
import type { Credential } from './index.ts';

/** Password of a trust store that holds public certificates only: Java's own convention. */
export const TRUST_PASSWORD = 'changeit';

/** Object identifiers of RFC 7292 and, last, what makes Java's PKCS12 store a `trustedCertEntry` of a certificate. */
const OID = {
  data: '1.2.840.113549.1.7.1',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  sha1: '1.3.14.3.2.26',
  trustedKeyUsage: '2.16.840.1.113894.746875.1.1',
  anyExtendedKeyUsage: '2.5.29.37.0',
} as const;

const contentInfo = (bytes: string) => sequence(oid(OID.data), explicit(octets(bytes)));

/** The bytes of PEM blocks, as forge's binary strings. */
const bytesOf = (pem: string): string => forge.pem.decode(pem)[0]?.body ?? '';

/**
 * A PKCS#12 trust store (RFC 7292) that Java's keytool lists as trusted certificates and OpenSSL reads.
 * @param certificates alias and PEM
 */
export function trustStore(certificates: readonly (readonly [alias: string, pem: string])[]): Buffer {
  const bags = certificates.map(([alias, pem]) =>
    sequence(
      oid(OID.certBag),
      explicit(sequence(oid(OID.x509Certificate), explicit(octets(bytesOf(pem))))),
      set(
        sequence(oid(OID.friendlyName), set(node(TYPE.BMPSTRING, alias))),
        sequence(oid(OID.trustedKeyUsage), set(oid(OID.anyExtendedKeyUsage))),
      ),
    ),
  );
  const safe = der(sequence(contentInfo(der(sequence(...bags)))));
  const iterations = 10_000;
  const salt = randomBytes(20).toString('binary');
  const key = (forge as unknown as Pkcs12Derivation).pbe.generatePkcs12Key(
    TRUST_PASSWORD,
    forge.util.createBuffer(salt),
    3, // the purpose byte for integrity (RFC 7292 appendix B.3)
    iterations,
    20,
    forge.md.sha1.create(),
  );
  const mac = createHmac('sha1', Buffer.from(key.getBytes(), 'binary')).update(Buffer.from(safe, 'binary'));
  const digest = sequence(sequence(oid(OID.sha1), nothing()), octets(mac.digest('binary')));
  const pfx = sequence(integer(3), contentInfo(safe), sequence(digest, octets(salt), integer(iterations)));
  return Buffer.from(der(pfx), 'binary');
}

/** forge has this function and its types do not. */
interface Pkcs12Derivation {
  readonly pbe: {
    readonly generatePkcs12Key: (
      password: string,
      salt: forge.util.ByteStringBuffer,
      purpose: number,
      iterations: number,
      length: number,
      digest: forge.md.MessageDigest,
    ) => forge.util.ByteStringBuffer;
  };
}

/** A PKCS#12 key store with a server's key and its chain, encrypted with AES-256. */
export function keyStore({ certificate, key, chain }: Credential, password: string): Buffer {
  const store = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(key),
    [certificate, ...chain].map((pem) => forge.pki.certificateFromPem(pem)),
    password,
    { algorithm: 'aes256', friendlyName: 'provider', count: 10_000 },
  );
  return Buffer.from(der(store), 'binary');
}
