import type { Hierarchy } from '../../certs/index.ts';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { readAuthorities, revocationOf } from '../../certs/pack-read.ts';
import { parseHostPort } from './guard.ts';
import { attend, type Attending } from './revocation.ts';
import type { Subject } from './subject.ts';

/**
 * Starts OCSP and CRLs where the subject says that it asks for them, at `callback`. They speak plain HTTP (RFC 5280 §8)
 * under the base URL that the pack's certificates name, or else under that of `callback`.
 */
export async function attendSubject(
  subject: Subject,
  file: string,
  pack: Hierarchy,
): Promise<Attending | undefined> {
  const { revocation, callback, pki } = subject;
  if ((revocation !== 'ocsp' && revocation !== 'crldp') || !callback || pki === undefined) return undefined;
  const { host, port } = parseHostPort(callback.listen, `${file}#/callback/listen`);
  const base = (await revocationOf(pki)) ?? new URL(callback.url);
  base.protocol = 'http:';
  try {
    return await attend(pack, await readAuthorities(pki), { host, port, base });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EADDRNOTAVAIL' && code !== 'EACCES') throw error;
    throw new ConfigurationError(
      `${file}#/callback/listen`,
      `cannot listen on ${callback.listen} (${code}); name an address of this machine and a port that is free`,
    );
  }
}

/** Where a canary listens, and how the subject reaches it: over plain HTTP, as every revocation service. */
export function perchOf({ listen, url }: NonNullable<Subject['callback']>, place: string) {
  const base = new URL(url);
  base.protocol = 'http:';
  return { ...parseHostPort(listen, place), url: base.href };
}
