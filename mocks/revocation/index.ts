import { X509Certificate } from 'node:crypto';
import type { Authorities, Hierarchy } from '../../certs/index.ts';
import * as x509 from '../../certs/x509.ts';
import { Book, type Entry, type Issuer, type Revoked } from './book.ts';

/**
 * The book of a hierarchy's CAs: everything that they issued is known, and what is on their CRLs is revoked.
 * The CRLs are served as `root.crl` and `sub.crl`.
 */
export function bookOf({ root, sub }: Authorities, hierarchy: Hierarchy): Book {
  const issuers: readonly Issuer[] = [
    { name: 'root', authority: root },
    { name: 'sub', authority: sub },
  ];
  const certificates = [
    hierarchy.sub,
    hierarchy.provider.certificate,
    ...Object.values(hierarchy.clients).map(({ certificate }) => certificate),
  ].map((pem) => new X509Certificate(pem));
  const issued = issuers.flatMap(({ name, authority }): readonly Entry[] => {
    const { publicKey } = new X509Certificate(Buffer.from(authority.certificate.rawData));
    return certificates
      .filter((certificate) => certificate.verify(publicKey))
      .map(({ serialNumber }) => ({ issuer: name, serial: serialNumber }));
  });
  const revoked = hierarchy.crls.flatMap((pem): readonly Revoked[] => {
    const crl = new x509.X509Crl(pem.replaceAll('X509 CRL', 'CRL'));
    const issuer = issuers.find(({ authority }) => authority.certificate.subject === crl.issuer);
    if (!issuer) return [];
    return crl.entries.map(({ serialNumber, revocationDate }) => ({
      issuer: issuer.name,
      serial: serialNumber,
      at: revocationDate,
    }));
  });
  return new Book(issuers, issued, revoked);
}

export * from './book.ts';
export { startRevocation, type Revocation, type RevocationOptions } from './server.ts';
