import { battery, keptNames, type KeptName } from '../../certs/index.ts';
import type { Case } from '../model.ts';
import { cases } from './define.ts';

const refused = { kind: 'refused-connection', rule: 'certificate' } as const;

/** Client certificates (TLS/MA): each credential wrong in one thing. */
const absent = cases('client-certificate', {
  absent: {
    title: 'no client certificate',
    requirements: ['GPC-SEC-AUTHENTICATE-FIRST', 'GPC-SEC-TLS12'],
    stimulus: { tls: { certificate: null } },
    expect: refused,
    everywhere: true,
  },
});

const PATH = ['GPC-SEC-CERT-CHAIN'] as const;
const CLAUSES: readonly (readonly [RegExp, Case['requirements']])[] = [
  [/^expired-root$/, PATH],
  [/^expired/, ['GPC-SEC-CERT-NOT-EXPIRED']],
  [/revoked/, ['GPC-SEC-CERT-NOT-REVOKED']],
  [/^wrong-name$/, ['GPC-SEC-CERT-FQDN', 'GPC-SEC-ONLY-SSP']],
  [/^(name-|cn-|san-|no-san$|several-cns$|extra-sans$|upper-case$|trailing-dot$)/, ['GPC-SEC-CERT-FQDN']],
  [/^valid-next$/, ['GPC-SEC-TLS12']], // mutual authentication for all interactions: the next certificate's too
];
const clausesOf = (name: string): Case['requirements'] => CLAUSES.find(([of]) => of.test(name))?.[1] ?? PATH;

/** Where the defect is in what is above the leaf, the same under a second CA that is sound has to be accepted. */
const ABOVE = /^(sub-|issued-by-leaf$|path-length-)/;
/** Revoked in the pack's CRLs, for those who learn from files or not at all; who learns by asking has cases of its own. */
const OF_FILES = /^(?:sub-)?revoked/;
/** Noted, and better refused: weak, not well formed, or not what its CA may issue or whose standing can be known. */
const WEAK =
  /^(rsa-1024|sha-1|md5|duplicate-extension|empty-eku|sub-permits-.+|sub-excludes-name|sub-without-crl-sign|sub-crl-number-critical)$/;

/** "Prior to responding to any request": on every interaction. */
const EVERYWHERE = /^(wrong-issuer|revoked|wrong-name)$/;

const ofCredential = (name: KeptName): Omit<Case, 'id' | 'via'> => {
  const { title, group } = battery[name];
  const lets = group === 'accepted' || (group === 'noted' && !WEAK.test(name));
  return {
    title,
    requirements: clausesOf(name),
    stimulus: { tls: { certificate: name } },
    expect: lets ? { kind: 'accepted' } : refused,
    ...(group === 'noted' && { bearing: 'noted' as const }),
    ...(EVERYWHERE.test(name) && { everywhere: true as const }),
    ...(OF_FILES.test(name) && { learns: 'file' as const }),
    ...(ABOVE.test(name) && { beside: { tls: { certificate: 'sibling-sub' } } }),
  };
};

/** The valid one is the valid exchange's own: no stimulus. */
const bound = keptNames.filter((name) => name !== 'valid');

/** Client certificates (TLS/MA): none, and each credential of the battery that a pack holds. */
export const clientCertificates = [
  ...absent,
  ...cases('client-certificate', Object.fromEntries(bound.map((name) => [name, ofCredential(name)]))),
];
export default clientCertificates;
