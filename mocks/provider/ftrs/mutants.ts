import type { DefectName } from '../../cis2/defects.ts';
import { defects, type Defect } from '../../cis2/defects.ts';
import { tokenMutants } from '../cis2/mutants.ts';
import { SKEW, strict, type TokenPolicy } from '../cis2/policy.ts';
import { ftrsCertificateMutants, ftrsCertificateVariants } from './certificate-mutants.ts';
import { keyMutants, keyVariants } from './key-mutants.ts';
import { ftrsConformant, type FtrsPolicy } from './policy.ts';

/** An FtRS provider with one known defect. */
export interface FtrsMutant {
  readonly title: string;
  readonly policy: FtrsPolicy;
  /** The cases that fail on it and no others, its own first. */
  readonly caughtBy: readonly [own: string, ...others: string[]];
  /** Its certificate keeps a verifying client away, so that no case but those of that certificate can be driven. */
  readonly keepsAway?: true;
  /** Why more than four cases catch it. */
  readonly because?: string;
}

const wrong = <Decision extends keyof FtrsPolicy>(
  decision: Decision,
  taken: FtrsPolicy[Decision],
): FtrsPolicy => ({ ...ftrsConformant, [decision]: taken });
const binds = (name: DefectName): boolean => (defects[name] as Defect).noted === undefined;

/** Cases at the edge of what these are wrong about by a wide margin. */
const EDGES: Readonly<Partial<Record<DefectName, string>>> = {
  'exp-past': 'exp-edge-past',
  'exp-just-past': 'exp-edge-past',
  'exp-within-minutes': 'exp-edge-ahead',
  'nbf-future': 'nbf-edge-ahead',
  'nbf-past': 'nbf-edge-past',
  'iat-future': 'iat-edge-ahead',
};

/** The mutants of token verification, by `misjudges-<defect>`; what is noted fails nobody. */
const ofTokens = (Object.keys(tokenMutants) as DefectName[])
  .filter(binds)
  .map((name): readonly [string, FtrsMutant] => {
    const { policy, also = [] } = tokenMutants[name];
    const stricter = EDGES[name];
    const others = [...also.filter(binds), ...(stricter === undefined ? [] : [stricter])].map(
      (each) => `cis2-token/${each}`,
    );
    return [
      `misjudges-${name}`,
      {
        title: `decides wrongly about a token: ${defects[name].title}`,
        policy: wrong('token', policy),
        caughtBy: [`cis2-token/${name}`, ...others],
        ...(others.length > 3 && {
          because: 'nothing but the one thing that it does not look at tells them apart',
        }),
      },
    ];
  });

/** Providers that allow half a minute too much for clocks, or too little. */
const LAX = 30;
const clock = (title: string, own: string, policy: Partial<TokenPolicy>): FtrsMutant => ({
  title,
  policy: wrong('token', { ...strict, ...policy }),
  caughtBy: [`cis2-token/${own}`],
});
const whole = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const clocks: Readonly<Record<string, FtrsMutant>> = {
  'gives-expired-tokens-grace': clock('takes a token for longer than clocks may differ', 'exp-edge-past', {
    expiry: (exp, now) => whole(exp) && exp > now - SKEW - LAX,
  }),
  'wants-life-left': clock('refuses a token in its last half minute', 'exp-edge-ahead', {
    expiry: (exp, now) => whole(exp) && exp > now + LAX,
  }),
  'waits-after-nbf': clock('refuses a token in its first half minute', 'nbf-edge-past', {
    notBefore: (nbf, now) => nbf === undefined || (whole(nbf) && nbf <= now - LAX),
  }),
  'takes-tokens-before-nbf': clock('takes a token earlier than clocks may differ', 'nbf-edge-ahead', {
    notBefore: (nbf, now) => nbf === undefined || (whole(nbf) && nbf <= now + SKEW + LAX),
  }),
  'takes-tokens-of-later': clock(
    'takes a token issued further ahead than clocks may differ',
    'iat-edge-ahead',
    {
      issuedAt: (iat, now) => whole(iat) && iat <= now + SKEW + LAX,
    },
  ),
};

/** FtRS providers with one known defect each. */
export const ftrsMutants: Readonly<Record<string, FtrsMutant>> = {
  ...ftrsCertificateMutants,
  'speaks-tls-1.1': {
    title: 'still accepts TLS 1.1',
    policy: wrong('versions', ['TLSv1.1', 'TLSv1.3']),
    caughtBy: ['transport/1.1', 'transfer/encrypted'], // one server, on two ports
  },
  'speaks-tls-1.0': {
    title: 'still accepts TLS 1.0, and with it 1.1',
    policy: wrong('versions', ['TLSv1', 'TLSv1.3']),
    caughtBy: ['transport/1.0', 'transport/1.1', 'transfer/encrypted'],
  },
  'serves-plain-http': {
    title: 'serves requests in clear on its TLS port',
    policy: wrong('servesClear', true),
    caughtBy: ['transport/in-clear'],
  },
  'accepts-null-cipher': {
    title: 'accepts a suite that does not encrypt',
    policy: wrong('ciphers', `${ftrsConformant.ciphers}:NULL-SHA256:@SECLEVEL=0`),
    caughtBy: ['transport/weak-ciphers'],
  },
  'exchanges-keys-over-short-prime': {
    title: 'exchanges keys over a prime of 1024 bits',
    policy: wrong('groups', { prime: 'modp2', curve: 'auto' }),
    caughtBy: ['transport/prime'],
  },
  'exchanges-keys-over-small-curve': {
    title: 'exchanges keys over a curve of 192 bits',
    policy: wrong('groups', { prime: 'auto', curve: 'prime192v1' }),
    caughtBy: ['transport/curve'],
  },
  'shows-foreign-certificate': {
    title: 'shows a certificate of a CA that nobody expects',
    policy: wrong('serverCertificate', 'foreign'),
    caughtBy: ['own-certificate/chain', 'own-certificate/fingerprint'],
    keepsAway: true,
  },
  'shows-misnamed-certificate': {
    title: 'shows a certificate of another name',
    policy: wrong('serverCertificate', 'misnamed'),
    caughtBy: ['own-certificate/name', 'own-certificate/fingerprint'],
    keepsAway: true,
  },
  'shows-ending-certificate': {
    title: 'shows a certificate that ends in 29 days',
    policy: wrong('serverCertificate', 'ending'),
    caughtBy: ['own-certificate/days-left', 'own-certificate/fingerprint'],
  },
  'shows-short-key': {
    title: 'shows a certificate for an RSA key of 1024 bits',
    policy: wrong('serverCertificate', 'short-key'),
    caughtBy: ['own-certificate/key-size', 'own-certificate/fingerprint'],
    keepsAway: true,
  },
  'shows-sha-1-certificate': {
    title: 'shows a certificate signed over SHA-1',
    policy: wrong('serverCertificate', 'sha-1'),
    caughtBy: ['own-certificate/signature', 'own-certificate/fingerprint'],
    keepsAway: true,
  },
  ...clocks,
  'shows-another-certificate': {
    title: 'shows a sound certificate that nobody was told of',
    policy: wrong('serverCertificate', 'another'),
    caughtBy: ['own-certificate/fingerprint'],
  },
  'opens-diagnostic-port': {
    title: 'leaves a port open that stands in no list',
    policy: wrong('opens', 'diagnostic'),
    caughtBy: ['ports/approved'],
  },
  'speaks-clear-on-approved-port': {
    title: 'speaks no TLS on one of its approved ports',
    policy: wrong('opens', 'approved-in-clear'),
    caughtBy: ['ports/encrypted'],
  },
  'transfers-in-clear': {
    title: 'takes transfers without TLS, on an approved port',
    policy: wrong('transfer', 'clear'),
    caughtBy: ['transfer/encrypted', 'ports/encrypted'],
  },
  'transfers-over-tls-1.1': {
    title: 'takes transfers over TLS 1.1',
    policy: wrong('transfer', 'old-tls'),
    caughtBy: ['transfer/encrypted'],
  },
  'dawdles-over-tokens': {
    title: 'holds some requests up over a second while it looks at their tokens',
    policy: wrong('dawdles', 1_500),
    caughtBy: ['latency/controls'],
  },
  'serves-every-role': {
    title: 'serves every role what it serves any',
    policy: wrong('mayRead', () => true),
    caughtBy: ['roles/policy'],
  },
  'denies-a-role-its-due': {
    title: 'turns a role away from what its policy lets it read',
    policy: wrong('mayRead', (roleCode) => !roleCode.endsWith(':R8008')),
    caughtBy: ['roles/policy'],
  },
  'mixes-tenants': {
    title: 'finds the record of one tenant for another',
    policy: wrong('separates', 'not-at-all'),
    caughtBy: ['isolation/tenants'],
  },
  'takes-token-of-another-environment': {
    title: 'trusts the issuer of another environment as well as its own',
    policy: wrong('environments', 'both'),
    caughtBy: ['isolation/token-of-another-environment'],
  },
  'answers-with-key': {
    title: 'has a private key in its answers',
    policy: wrong('leaks', 'key'),
    caughtBy: ['exposure/key'],
  },
  'refuses-with-key': {
    title: 'has a private key in its errors',
    policy: wrong('leaks', 'key-in-error'),
    caughtBy: ['exposure/key-in-error'],
  },
  'takes-token-from-query': {
    title: 'takes a token from the query',
    policy: wrong('inQuery', true),
    caughtBy: ['cis2-token/in-query'],
  },
  'takes-token-behind-basic': {
    title: 'takes a token behind the scheme Basic',
    policy: wrong('schemes', ['bearer', 'basic']),
    caughtBy: ['cis2-token/scheme-basic'],
  },
  'wants-scheme-capitalised': {
    title: 'compares the scheme with regard to case',
    policy: wrong('anyCase', false),
    caughtBy: ['cis2-token/scheme-lower-case'],
  },
  'takes-first-of-two-tokens': {
    title: 'takes the first of two Authorization fields',
    policy: wrong('several', 'first'),
    caughtBy: ['cis2-token/twice-stranger-last'],
  },
  'takes-last-of-two-tokens': {
    title: 'takes the last of two Authorization fields',
    policy: wrong('several', 'last'),
    caughtBy: ['cis2-token/twice-stranger-first'],
  },
  'takes-empty-for-a-visitor': {
    title: 'serves a request whose Authorization has no token behind Bearer',
    policy: wrong('visitors', 'empty'),
    caughtBy: ['cis2-token/empty'],
  },
  'takes-absent-for-a-visitor': {
    title: 'serves a request without Authorization',
    policy: wrong('visitors', 'absent'),
    caughtBy: ['cis2-token/absent'],
  },
  'leaves-one-operation-open': {
    title: 'asks for no token where healthcare services are searched',
    policy: wrong('open', ['/_ping', '/HealthcareService']),
    caughtBy: [
      'cis2-token/absent@find-healthcare-service',
      'cis2-token/stranger-same-kid@find-healthcare-service',
      'cis2-token/aal-low@find-healthcare-service',
      'isolation/token-of-another-environment@find-healthcare-service',
      'roles/policy',
    ],
    because: 'what is open asks for no role either',
  },
  'takes-token-without-scheme': {
    title: 'takes a token without a scheme',
    policy: wrong('visitors', 'schemeless'),
    caughtBy: ['cis2-token/scheme-absent'],
  },
  ...Object.fromEntries(ofTokens),
};

/** Those of the key set, which are examined apart: the issuer of each is steered. */
export const ftrsKeyMutants: Readonly<Record<string, FtrsMutant>> = Object.fromEntries(
  Object.entries(keyMutants).map(([name, mutant]) => [
    name,
    { ...mutant, policy: wrong('keys', mutant.policy) },
  ]),
);

/** Conformant variants, and what is wrong at large: no row of the matrix. */
export const ftrsVariants: Readonly<Record<string, { readonly title: string; readonly policy: FtrsPolicy }>> =
  {
    conformant: { title: 'the reference provider', policy: ftrsConformant },
    ...ftrsCertificateVariants,
    'conformant-tls-1.2': {
      title: 'speaks TLS 1.2 alone',
      policy: wrong('versions', ['TLSv1.2', 'TLSv1.2']),
    },
    'conformant-tls-1.3': {
      title: 'speaks TLS 1.3 alone',
      policy: wrong('versions', ['TLSv1.3', 'TLSv1.3']),
    },
    ...Object.fromEntries(
      Object.entries(keyVariants).map(([name, { title, policy }]) => [
        name,
        { title, policy: wrong('keys', policy) },
      ]),
    ),
    'leaves-writing-open': {
      title: 'asks for no token where an organisation is updated',
      policy: wrong('open', ['/_ping', '/Organization/assay-organization']),
    },
    'answers-with-patient': {
      title: 'has a patient in its answers',
      policy: wrong('leaks', 'patient'),
    },
    'checks-no-token': { title: 'looks at no token at all', policy: wrong('checks', 'none') },
  };
