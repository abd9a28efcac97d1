import type { Case, Learning } from '../model.ts';
import type { RevocableName } from '../../certs/revocable.ts';
import { cases } from './define.ts';

/**
 * Revocation that a subject learns of by asking. What the CA calls revoked must be refused. Where it says nothing that
 * can be believed, the documents leave it open whether a certificate is let in: so that is noted, and both choices,
 * to fail open and to fail closed, are conformant.
 */
const presenting = (certificate: RevocableName) => ({ stimulus: { tls: { certificate } } }) as const;
const revoked = {
  requirements: ['GPC-SEC-CERT-NOT-REVOKED'],
  expect: { kind: 'refused-once-asked', rule: 'certificate' },
} as const;
const open = {
  requirements: ['GPC-SEC-CERT-NOT-REVOKED'],
  bearing: 'noted',
  expect: { kind: 'refused-once-asked', rule: 'certificate' },
} as const;
const learning = (way: Learning, entries: readonly Case[]): readonly Case[] =>
  entries.map((entry) => ({ ...entry, learns: way }));

const ocsp = cases('ocsp', {
  revoked: { title: 'a certificate that OCSP calls revoked', ...presenting('ocsp-revoked'), ...revoked },
  'sub-revoked': {
    title: 'a certificate of a subordinate CA that OCSP calls revoked',
    ...presenting('ocsp-sub-revoked'),
    ...revoked,
    beside: { tls: { certificate: 'ocsp-second-sub' } },
  },
  unknown: { title: 'a certificate that OCSP calls unknown', ...presenting('ocsp-unknown'), ...open },
  'try-later': {
    title: 'a certificate for which OCSP says tryLater',
    ...presenting('ocsp-try-later'),
    ...open,
  },
  stale: { title: 'a certificate for which OCSP answers out of date', ...presenting('ocsp-stale'), ...open },
  'wrong-signer': {
    title: 'a certificate that OCSP calls good, signed by nobody whom the CA lets sign',
    ...presenting('ocsp-wrong-signer'),
    ...open,
  },
  slow: { title: 'a certificate for which OCSP answers after seconds', ...presenting('ocsp-slow'), ...open },
  unreachable: {
    title: 'a certificate for which OCSP does not answer',
    ...presenting('ocsp-unreachable'),
    ...open,
  },
});

const crldp = cases('crldp', {
  revoked: { title: 'a certificate on the CRL that it names', ...presenting('crl-revoked'), ...revoked },
  'sub-revoked': {
    title: 'a certificate of a subordinate CA on the CRL that it names',
    ...presenting('crl-sub-revoked'),
    ...revoked,
    beside: { tls: { certificate: 'crl-second-sub' } },
  },
  stale: { title: 'a certificate that names a CRL out of date', ...presenting('crl-stale'), ...open },
  'wrong-issuer': {
    title: 'a certificate that names the CRL of another CA',
    ...presenting('crl-wrong-issuer'),
    ...open,
  },
  slow: {
    title: 'a certificate that names a CRL which comes after seconds',
    ...presenting('crl-slow'),
    ...open,
  },
  unreachable: {
    title: 'a certificate that names a CRL which does not come',
    ...presenting('crl-unreachable'),
    ...open,
  },
});

/** Revocation by OCSP and by CRL distribution points. */
export default [...learning('ocsp', ocsp), ...learning('crldp', crldp)] satisfies readonly Case[];

/** Driven by itself where it is asked for, since it changes the CAs: `run --lifecycle`. */
export const lifecycleCase = {
  id: 'lifecycle/revoked',
  title: 'a certificate accepted, then revoked and published, with fresh handshakes until it is refused',
  expect: { kind: 'refused-once-asked', rule: 'certificate' },
} as const satisfies Pick<Case, 'id' | 'title' | 'expect'>;
