import { X509Certificate } from 'node:crypto';
import type { KeyPair } from '../../certs/authority.ts';
import { recipeOf, subs, type Recipe, type SubName, type SubRecipe } from '../../certs/battery.ts';
import {
  keptNames,
  type Authorities,
  type Credential,
  type Hierarchy,
  type KeptName,
} from '../../certs/index.ts';
import type { RevocableName, Revocables } from '../../certs/revocable.ts';
import * as x509 from '../../certs/x509.ts';
import { Book, ocspBehaviours, type Entry, type Issuer, type Revoked } from './book.ts';

/** A CA under the root that is not the trusted one, and whose certificate its own is. */
interface Other extends Issuer {
  readonly under: string;
}

/** The other CAs under the root, each under its name in the battery, as they are sent along with what they issued. */
function othersIn({ clients }: Hierarchy, key: KeyPair): readonly Other[] {
  const found = new Map<string, Other>();
  for (const name of keptNames) {
    let issuer = issuerIn(name);
    for (const pem of clients[name].chain) {
      if (issuer === undefined || issuer === 'sub') break;
      const { under = 'root' }: SubRecipe = subs[issuer];
      if (!found.has(issuer))
        found.set(issuer, {
          name: issuer,
          under,
          authority: { certificate: new x509.X509Certificate(pem), key },
        });
      issuer = isSub(under) ? under : undefined;
    }
  }
  return [...found.values()];
}

const isSub = (name: string): name is SubName => name in subs;
/** Which CA under the root a credential of the battery is of; none where a stranger made it. */
function issuerIn(name: KeptName): SubName | undefined {
  const { issuer = 'sub' }: Recipe = recipeOf(name);
  return isSub(issuer) ? issuer : undefined;
}

/**
 * The book of a hierarchy's CAs: everything that they issued is known, and what is on their CRLs is revoked. Each CRL is
 * served under its CA's name: `root.crl`, `sub.crl` and, where their key is known, the names of the others in the battery.
 */
export function bookOf({ root, sub, others: key }: Authorities, hierarchy: Hierarchy): Book {
  const others = key ? othersIn(hierarchy, key) : [];
  const issuers: readonly Issuer[] = [
    { name: 'root', authority: root },
    { name: 'sub', authority: sub },
    ...others.map(({ name, authority }) => ({ name, authority })),
  ];
  const entered = (issuer: string, pem: string | Buffer): Entry => ({
    issuer,
    serial: serialIn(new X509Certificate(pem)),
  });
  // Also what was spoilt once it was signed: its status is not what is wrong with it.
  const issued: readonly Entry[] = [
    entered('root', hierarchy.sub),
    entered('sub', hierarchy.provider.certificate),
    ...others.map(({ under, authority }) => entered(under, Buffer.from(authority.certificate.rawData))),
    ...keptNames.flatMap((name) => {
      const issuer = issuerIn(name);
      return issuer === undefined ? [] : [entered(issuer, hierarchy.clients[name].certificate)];
    }),
  ];
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
