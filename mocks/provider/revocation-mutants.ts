import type { Mutant, Variant } from './mutants.ts';
import { conformant, type Policy } from './policy.ts';
import { byFile, type RevocationPolicy } from './revocation.ts';

/** A provider that learns of revocation by asking, with one more decision taken otherwise. */
const asking = (source: 'ocsp' | 'crldp', otherwise: Partial<RevocationPolicy> = {}): Policy => ({
  ...conformant,
  revocation: { ...byFile, source, ...otherwise },
});

/** What each way leaves without a status; whether such a certificate is let in is the provider's choice. */
const OPEN = {
  ocsp: ['unknown', 'try-later', 'stale', 'wrong-signer', 'slow', 'unreachable'],
  crldp: ['stale', 'wrong-issuer', 'slow', 'unreachable'],
} as const;
const open = (source: 'ocsp' | 'crldp'): readonly string[] => OPEN[source].map((what) => `${source}/${what}`);

/** Conformant providers that learn by asking, and let in nobody about whom they cannot learn; then the other choice. */
export const revocationVariants: Readonly<Record<string, Variant>> = {
  'conformant-ocsp': { title: 'learns of revocation by OCSP', policy: asking('ocsp') },
  'conformant-crldp': { title: 'learns of revocation from CRL distribution points', policy: asking('crldp') },
  'conformant-ocsp-every-request': {
    title: 'asks by OCSP for every request',
    policy: asking('ocsp', { when: 'request' }),
  },
  'conformant-ocsp-in-handshakes': {
    title: 'asks by OCSP in full handshakes, not where a session is resumed',
    policy: asking('ocsp', { when: 'handshake' }),
  },
  'conformant-ocsp-fails-open': {
    title: 'lets in a certificate about which OCSP tells it nothing',
    policy: asking('ocsp', { failsOpen: true }),
    differs: open('ocsp'),
  },
  'conformant-crldp-fails-open': {
    title: 'lets in a certificate about which no CRL tells it anything',
    policy: asking('crldp', { failsOpen: true }),
    differs: open('crldp'),
  },
  'conformant-ocsp-patient': {
    title: 'waits for a slow OCSP responder',
    policy: asking('ocsp', { patience: 60_000 }),
    differs: ['ocsp/slow'],
  },
  'conformant-ocsp-believes-stale': {
    title: 'takes an OCSP response whose time is over',
    policy: asking('ocsp', { believes: new Set(['stale']) }),
    differs: ['ocsp/stale'],
  },
  'conformant-ocsp-believes-any-signer': {
    title: 'takes an OCSP response whoever signed it',
    policy: asking('ocsp', { believes: new Set(['wrong-signer']) }),
    differs: ['ocsp/wrong-signer'],
  },
};

/** Providers that learn of revocation by asking, with one known defect each. */
export const revocationMutants: Readonly<Record<string, Mutant>> = {
  'ocsp-disregards-revoked': {
    title: 'asks by OCSP and lets in what it learns to be revoked',
    policy: asking('ocsp', { heeds: false }),
    caughtBy: ['ocsp/revoked', 'ocsp/sub-revoked'],
  },
  'ocsp-asks-about-leaf-alone': {
    title: 'asks by OCSP about the leaf, never about the CA that issued it',
    policy: asking('ocsp', { depth: 'leaf' }),
    caughtBy: ['ocsp/sub-revoked'],
  },
  'crldp-disregards-revoked': {
    title: 'fetches the CRL and lets in what is on it',
    policy: asking('crldp', { heeds: false }),
    caughtBy: ['crldp/revoked', 'crldp/sub-revoked'],
  },
  'crldp-asks-about-leaf-alone': {
    title: "fetches the leaf's CRL, never that of the CA that issued it",
    policy: asking('crldp', { depth: 'leaf' }),
    caughtBy: ['crldp/sub-revoked'],
  },
};

/**
 * Providers that never ask. Whether they do not check or cannot reach the service is not to be told from outside, so
 * no case has a verdict on them.
 */
export const unasking: Readonly<Record<string, Omit<Variant, 'differs'>>> = {
  'ocsp-never-asks': { title: 'never asks by OCSP', policy: asking('ocsp', { asks: false }) },
  'crldp-never-asks': { title: 'never fetches a CRL', policy: asking('crldp', { asks: false }) },
};
