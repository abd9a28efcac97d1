import { createHmac, randomBytes } from 'node:crypto';
import forge from 'node-forge';
import { der, explicit, integer, node, nothing, octets, oid, pemOf, sequence, set, TYPE } from './der.ts';
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

/** What a PKCS#12 file of somebody's holds. PEM. */
export interface Opened {
  readonly key: string;
  /** In the order of the file. */
  readonly certificates: readonly string[];
}

/**
 * Opens a PKCS#12 file (RFC 7292) with one private key in it.
 * @returns `wrong-passphrase`: the file cannot be opened with that; `unreadable`: it is no such file; `keys`: it holds
 * none, or more than one
 */
export function openStore(
  bytes: Buffer,
  passphrase: string,
): Opened | 'wrong-passphrase' | 'unreadable' | 'keys' {
  let content: forge.asn1.Asn1;
  try {
    content = forge.asn1.fromDer(bytes.toString('binary'));
  } catch {
    return 'unreadable';
  }
  let store: forge.pkcs12.Pkcs12Pfx;
  try {
    store = forge.pkcs12.pkcs12FromAsn1(content, false, passphrase);
  } catch (error) {
    // What forge says of a wrong passphrase is about the MAC, or about padding where there is no MAC.
    return /invalid password|could not be verified|decrypt|PKCS#12 MAC/i.test(String(error))
      ? 'wrong-passphrase'
      : 'unreadable';
  }
  const bags = store.safeContents.flatMap(({ safeBags }) => safeBags);
  const { certBag, keyBag, pkcs8ShroudedKeyBag } = forge.pki.oids;
  const keys = bags.filter(({ type }) => type === keyBag || type === pkcs8ShroudedKeyBag);
  const [only] = keys;
  if (!only || keys.length > 1) return 'keys';
  const pem = (label: string, value: forge.asn1.Asn1): string =>
    pemOf(label, Buffer.from(der(value), 'binary'));
  return {
    // An EC key is none that forge knows: it leaves the structure as it is.
    key: pem(
      'PRIVATE KEY',
      only.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(only.key)) : only.asn1,
    ),
    certificates: bags
      .filter(({ type }) => type === certBag)
      .map(({ cert, asn1: raw }) => pem('CERTIFICATE', cert ? forge.pki.certificateToAsn1(cert) : raw)),
  };
}
