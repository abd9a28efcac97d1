import { X509Certificate } from 'node:crypto';
import type { Authorities, Hierarchy } from '../../certs/index.ts';
import { createRevocables, type RevocableName } from '../../certs/revocable.ts';
import { bookOf, enrol, startRevocation, type Revocation } from '../../mocks/revocation/index.ts';
import type { RevocationPlace } from '../../mocks/provider/revocation.ts';
import type { Target } from '../drive/driver.ts';

/** OCSP and CRLs of a run, and the credentials whose status they tell. */
export interface Attending {
  readonly revocation: Revocation;
  readonly clients: Target['clients'];
  readonly asked: () => number;
  /** Revokes a leaf of the sub CA and publishes that. */
  readonly revoke: (name: RevocableName) => void;
  /** What an embedded provider has to know to ask. */
  readonly place: RevocationPlace;
}

/**
 * Starts the revocation service of a run under the CAs of its hierarchy, and issues the credentials that name it.
 * @param base URL by which the subject reaches the service; absent: its own
 */
export async function attend(
  hierarchy: Hierarchy,
  authorities: Authorities,
  options: {
    readonly host?: string;
    readonly port?: number;
    readonly base?: URL;
    readonly slow?: number;
    readonly life?: number;
  } = {},
): Promise<Attending> {
  const { base, ...listening } = options;
  const book = bookOf(authorities, hierarchy);
  const revocation = await startRevocation({ book, ...listening });
  try {
    const revocables = await createRevocables(authorities, hierarchy.ssp, base ?? revocation.url);
    enrol(book, revocables);
    return {
      revocation,
      clients: { ...hierarchy.clients, ...revocables.credentials },
      asked: () => book.total,
      revoke: (name) => {
        const { serialNumber } = new X509Certificate(revocables.credentials[name].certificate);
        book.revoke({ issuer: 'sub', serial: serialNumber });
        book.publish();
      },
      place: {
        url: revocation.url,
        crls: new Map(
          book.issuers.map(({ name, authority }) => [authority.certificate.subject, `${name}.crl`]),
        ),
      },
    };
  } catch (error) {
    await revocation.close();
    throw error;
  }
}
