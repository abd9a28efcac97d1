import type { Case } from '../model.ts';
import clientCertificates from './client-certificate.ts';
import { cases } from './define.ts';
import probes from './probe.ts';
import revocation from './revocation.ts';
import wayRound from './way-round.ts';

/**
 * FtRS SEC-014, SEC-020, SEC-025: the whole battery of client certificates, every way round them and the plain-HTTP
 * port, as GP Connect's catalogue drives them. What differs is what they bear on, and that a short key and a broken
 * digest bind here.
 */

type Entry = Omit<Case, 'id'>;

const PATH = ['SEC-014', 'SEC-020'] as const;
const CLAUSES: readonly (readonly [RegExp, Case['requirements']])[] = [
  [/^absent$/, ['SEC-014', 'SEC-020', 'SEC-025']],
  // Approved algorithms alone: no edition of the guidance lets pass RSA under 2048 bits, SHA-1 or MD5 in a signature.
  [/^(rsa-1024|sha-1|md5)$/, ['SEC-001', 'SEC-014']],
  [/^valid-next$/, ['SEC-014', 'SEC-015']],
  // The same system elsewhere has a name, or a CA, of its own.
  [/^name-of-another-environment$/, ['SEC-014', 'SEC-005']],
  [/^unknown-issuer$/, ['SEC-014', 'SEC-020', 'SEC-005']],
  [/^(wrong-name$|name-|cn-|san-|no-san$|several-cns$|extra-sans$|upper-case$|trailing-dot$)/, ['SEC-014']],
];
const clausesOf = (name: string): Case['requirements'] => CLAUSES.find(([of]) => of.test(name))?.[1] ?? PATH;
const BINDS = /^(rsa-1024|sha-1|md5)$/;

const nameOf = ({ id }: Case): string => id.slice(id.indexOf('/') + 1);

function held({ id: _id, bearing, ...entry }: Case, name: string): Entry {
  return {
    ...entry,
    requirements: clausesOf(name),
    ...(bearing && !BINDS.test(name) && { bearing }),
  };
}

export const mutualTls: readonly Case[] = cases('mutual-tls', {
  ...Object.fromEntries(clientCertificates.map((each) => [nameOf(each), held(each, nameOf(each))])),
  ...Object.fromEntries(
    wayRound.map(({ id: _id, ...entry }) => [
      `way-round-${nameOf({ id: _id, ...entry })}`,
      { ...entry, requirements: ['SEC-014', 'SEC-025'] as const },
    ]),
  ),
});

/** Revocation that a subject learns of by asking: what binds of it. Where nothing can be learnt, nothing binds. */
export const asking: readonly Case[] = cases(
  'mutual-tls',
  Object.fromEntries(
    revocation
      .filter(({ bearing }) => bearing === undefined)
      .map(({ id, ...entry }) => [
        id.replace('/', '-'),
        { ...entry, requirements: ['SEC-014', 'SEC-020'] as const },
      ]),
  ),
);

export const plainPort: readonly Case[] = cases(
  'transport',
  Object.fromEntries(
    probes
      .filter(({ id }) => id === 'plain-port/request')
      .map(({ id: _id, ...entry }) => [
        'plain-port',
        { ...entry, requirements: ['SEC-003', 'SEC-025'] as const },
      ]),
  ),
);
