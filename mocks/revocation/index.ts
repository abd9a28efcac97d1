import { X509Certificate } from 'node:crypto';
import type { Authorities, Credential, Hierarchy } from '../../certs/index.ts';
import type { RevocableName, Revocables } from '../../certs/revocable.ts';
import * as x509 from '../../certs/x509.ts';
import { Book, ocspBehaviours, type Entry, type Issuer, type Revoked } from './book.ts';

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
      .map((certificate) => ({ issuer: name, serial: serialIn(certificate) }));
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

/** The octets of a serial number in hex, as OCSP asks for them; node writes a negative one with a minus instead. */
const serialIn = ({ serialNumber, raw }: X509Certificate): string =>
  serialNumber.startsWith('-') ? new x509.X509Certificate(raw).serialNumber : serialNumber;
const serialOf = (pem: string): string => new X509Certificate(pem).serialNumber;

/** Enters the revocable credentials in a book: issued, revoked where their names say so, and how to answer for each. */
export function enrol(book: Book, { credentials, secondSub, revokedSub }: Revocables): void {
  book.add({ name: 'second-sub', authority: secondSub });
  book.add({ name: 'revoked-sub', authority: revokedSub });
  for (const [name, credential] of Object.entries(credentials) as [RevocableName, Credential][]) {
    const [, what = ''] = /^(?:ocsp|crl)-(.+)$/.exec(name) ?? [];
    const below = what === 'second-sub' ? what : what === 'sub-revoked' ? 'revoked-sub' : undefined;
    const leaf: Entry = { issuer: below ?? 'sub', serial: serialOf(credential.certificate) };
    book.issue(leaf);
    if (below !== undefined) {
      const sub: Entry = { issuer: 'root', serial: serialOf(credential.chain[0] ?? '') };
      book.issue(sub);
      if (below === 'revoked-sub') book.revoke(sub, longAgo());
    }
    if (what === 'revoked') book.revoke(leaf, longAgo());
    // Of a good and of a revoked one the CA's own decision is told, so that it can change.
    const behaviour =
      name.startsWith('ocsp-') &&
      !/^(good|revoked)$/.test(what) &&
      ocspBehaviours.find((each) => each === what);
    if (behaviour) book.behave(leaf, behaviour);
  }
  book.publish();
}

/** Revoked before any CRL of this run was made, a stale one included. */
const longAgo = (): Date => new Date(Date.now() - 12 * 3_600_000);

export * from './book.ts';
export { startRevocation, type Revocation, type RevocationOptions } from './server.ts';
