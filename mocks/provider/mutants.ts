import {
  conformant,
  rejections,
  wrong,
  type ErrorEntry,
  type OutcomeShape,
  type Policy,
  type Rejection,
} from './policy.ts';
import { certificateMutants } from './certificate-mutants.ts';
import { everyPart, looksAt, outcomeMutants } from './outcome-mutants.ts';
import { requestRejections } from './request-rules.ts';
import { pairings, scopeCasesOf } from './scope-table.ts';
import { everyRound, roundMutants } from './rounds.ts';
import { tlsMutants, tlsVariants } from './tls-mutants.ts';
import { openToChoice } from './token-rules.ts';
import { transportMutants, transportVariants } from './transport-mutants.ts';
import { weakMutants } from './weak-mutants.ts';
import { writeMutants } from './write-mutants.ts';

/** A provider with one known defect. */
export interface Mutant {
  readonly title: string;
  readonly policy: Policy;
  /**
   * The cases that fail on it and no others, its own case first. A case is trusted once it has caught its own.
   * (Names only: this folder knows no case.)
   */
  readonly caughtBy: readonly [own: string, ...others: string[]];
  /** Why more than four cases catch it. */
  readonly because?: string;
  /** Cases that it leaves without a verdict: what they look at does not happen there. */
  readonly clouds?: readonly string[];
}

const ignoring = (...of: readonly Rejection[]): Policy => wrong('ignores', new Set(of));
const answering = (rejection: Rejection, entry: Partial<ErrorEntry>): Policy =>
  wrong('errors', { ...conformant.errors, [rejection]: { ...conformant.errors[rejection], ...entry } });
const shaping = (shape: Partial<OutcomeShape>): Policy =>
  wrong('outcome', { ...conformant.outcome, ...shape });

/** The cases of the two files that look at one rejection: whether it is made, and what it says. */
const CASES: Readonly<Partial<Record<Rejection, readonly [made: string, told: string]>>> = {
  'no-trace-id': ['ssp-header/trace-id-absent', 'error/trace-id-absent'],
  'no-from': ['ssp-header/from-absent', 'error/from-absent'],
  'no-to': ['ssp-header/to-absent', 'error/to-absent'],
  'no-interaction-id': ['ssp-header/interaction-id-absent', 'error/interaction-id-absent'],
  'another-asid': ['ssp-header/to-another-provider', 'error/to-another-provider'],
  'interaction-mismatch': [
    'ssp-header/interaction-of-another-endpoint',
    'error/interaction-of-another-endpoint',
  ],
  'no-token': ['token/absent', 'error/token-absent'],
  'malformed-token': ['token/malformed', 'error/token-malformed'],
  'another-audience': ['token/audience-of-another', 'error/audience-of-another'],
  'expired-token': ['token/expired', 'error/token-expired'],
  'wrong-scope': ['token/scope-of-another-verb', 'error/scope-of-another-verb'],
};
/** The rejections of the table of token defects are named after their cases. */
const casesOf = (rejection: Rejection): readonly [made: string, told: string] =>
  CASES[rejection] ?? [rejection.replace('token-', 'token/'), `error/${rejection}`];
/** Those of the request, and those of 0.x alone, have mutants of their own. */
const elsewhere = new Set<Rejection>([
  'overcautious',
  'stale-version',
  'already-registered',
  'no-resource',
  'slot-taken',
  'amended-as-cancellation',
  'cancelled-as-amendment',
  'section-unknown',
  'token-record-absent',
  'token-record-of-another-kind',
  'token-record-of-another-patient',
  ...requestRejections,
]);
const caught = rejections.filter((name) => !elsewhere.has(name));
const SCOPES = pairings.map(({ name }) => `scope/${name}`);
const [FIRST_TOLD = '', ...OTHERS_TOLD] = [
  ...caught.map((name) => casesOf(name)[1]),
  ...requestRejections.map((name) => `error/request-${name}`),
  ...SCOPES,
  'xml/error',
  'error/write-stale-version',
  'error/write-slot-taken',
  'error/write-already-registered',
  'error/write-amended-as-cancellation',
  'error/write-cancelled-as-amendment',
];

/** Cases that look at the error of a rejection which is not made any more. */
const LOOKS: Readonly<Partial<Record<Rejection, readonly string[]>>> = {
  'no-trace-id': ['response/content-type-of-error'],
  'no-interaction-id': ['response/discreet'],
  'malformed-token': ['response/discreet-of-token-error'],
};
const cloudsOf = (rejection: Rejection): readonly string[] => [
  ...(LOOKS[rejection] ?? []),
  ...(looksAt[rejection] ?? []),
];
/** What a refusal says in XML is told of one rejection alone. */
const alsoTold = (rejection: Rejection): readonly string[] =>
  rejection === 'no-trace-id' ? ['xml/error'] : [];

/** A provider that does not make one rejection, and one that answers it with the wrong code. */
const ofRejection = (rejection: Rejection): readonly (readonly [string, Mutant])[] => {
  const [made, told] = casesOf(rejection);
  const more = rejection === 'wrong-scope' ? SCOPES : [];
  // The first registration that is let in uses the number up.
  const [, ...untried] = more.length > 0 ? scopeCasesOf('register-patient') : [];
  const because = more.length > 0 && { because: 'one rule looks at the scope of every resource' };
  return [
    [
      `accepts-${rejection}`,
      {
        title: `serves a request that it should reject: ${rejection}`,
        policy: ignoring(rejection),
        caughtBy: [made, told, ...alsoTold(rejection), ...more.filter((each) => !untried.includes(each))],
        ...because,
        clouds: [...cloudsOf(rejection), ...untried],
      },
    ],
    [
      `mislabels-${rejection}`,
      {
        title: `rejects ${rejection} with another code`,
        policy: answering(rejection, { code: 'INVALID_PARAMETER', display: 'Invalid parameter' }),
        caughtBy: [told, ...alsoTold(rejection), ...more],
        ...because,
      },
    ],
  ];
};

/** Providers with one known defect each. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'accepts-no-certificate': {
    title: 'serves clients that present no certificate',
    policy: wrong('requiresCertificate', false),
    caughtBy: ['client-certificate/absent', ...everyRound],
    because: 'there is nothing left to go round',
    clouds: ['error/refusal-carries-error-status'],
  },
  ...certificateMutants,
  'speaks-only-tls-1.3': {
    title: 'refuses TLS 1.2',
    policy: wrong('versions', ['TLSv1.3', 'TLSv1.3']),
    caughtBy: ['tls-version/1.2', 'cipher-suite/each-string'],
    clouds: ['cipher-suite/order', 'cipher-suite/server-preference'],
  },
  'speaks-tls-1.1': {
    title: 'still accepts TLS 1.1',
    policy: wrong('versions', ['TLSv1.1', 'TLSv1.2']),
    caughtBy: ['tls-version/1.1'],
  },
  'speaks-tls-1.0': {
    title: 'still accepts TLS 1.0, and with it 1.1',
    policy: wrong('versions', ['TLSv1', 'TLSv1.2']),
    caughtBy: ['tls-version/1.0', 'tls-version/1.1'],
  },
  'speaks-ssl-3': {
    title: 'still answers an SSLv3 hello',
    policy: wrong('relic', 'SSLv3'),
    caughtBy: ['tls-version/sslv3'],
  },
  'speaks-ssl-2': {
    title: 'still answers an SSLv2 hello',
    policy: wrong('relic', 'SSLv2'),
    caughtBy: ['tls-version/sslv2'],
  },
  'serves-plain-http': {
    title: 'serves requests in clear on its TLS port',
    policy: wrong('servesClear', true),
    caughtBy: ['connection/in-clear'],
  },
  ...tlsMutants,
  ...roundMutants,
  ...transportMutants,
  'refuses-with-200': {
    title: 'refuses a certificate by a page with status 200',
    policy: wrong('refusal', 200),
    caughtBy: ['error/refusal-carries-error-status'],
  },
  'caches-answers': {
    title: 'lets its answers be cached',
    policy: wrong('cacheAnswer', 'private, max-age=60'),
    caughtBy: ['cache-control/answer'],
  },
  'caches-errors': {
    title: 'sends no Cache-Control on its errors',
    policy: wrong('cacheError', undefined),
    caughtBy: ['cache-control/error'],
  },
  'caches-refusals': {
    title: 'sends no Cache-Control on the page that refuses a certificate',
    policy: wrong('cacheRefusal', undefined),
    caughtBy: ['cache-control/refusal-page'],
  },
  ...Object.fromEntries(caught.flatMap(ofRejection)),
  'rejects-future-token': {
    title: 'rejects a token whose iat is in the future',
    policy: wrong('cautious', new Set(['future-issue'])),
    caughtBy: ['token/issued-in-future'],
  },
  'rejects-bare-practitioner': {
    title: 'wants a role profile and a local identifier of every practitioner',
    policy: wrong('cautious', new Set(['bare-practitioner'])),
    caughtBy: ['token/bare-practitioner'],
  },
  'answers-500-to-no-trace-id': {
    title: 'breaks down where Ssp-TraceID is missing',
    policy: answering('no-trace-id', {
      status: 500,
      issue: 'exception',
      code: 'INTERNAL_SERVER_ERROR',
      display: 'Internal server error',
    }),
    caughtBy: ['error/trace-id-absent', 'ssp-header/trace-id-absent', 'xml/error'],
  },
  'answers-without-outcome': {
    title: 'answers errors with another resource than OperationOutcome',
    policy: shaping({ resourceType: 'Basic' }),
    caughtBy: [FIRST_TOLD, ...OTHERS_TOLD],
    because: 'every rejection builds its OperationOutcome in one place',
    clouds: everyPart,
  },
  ...outcomeMutants,
  ...writeMutants,
  ...weakMutants,
};

/** A conformant provider that decides otherwise than the reference where the documents leave it open. */
export interface Variant {
  readonly title: string;
  readonly policy: Policy;
  /** The noted cases that come out otherwise than on the reference. (Names only: this folder knows no case.) */
  readonly differs?: readonly string[];
  /** Cases without a verdict on it: a control of theirs is what it decides otherwise about. */
  readonly clouds?: readonly string[];
}

/** Conformant variants: what the documents leave open, or say nothing of. No case fails on them. */
export const variants: Readonly<Record<string, Variant>> = {
  conformant: { title: 'the reference provider', policy: conformant },
  'conformant-closing': {
    title: 'refuses certificates by closing the connection',
    policy: wrong('refusal', 'close'),
  },
  'conformant-strict-token': {
    title: 'rejects every token that the documents leave it free to reject',
    policy: wrong('cautious', new Set(openToChoice)),
    differs: [
      'token/scheme-lower-case',
      'token/authorization-twice',
      'token/alg-capitalised',
      'token/typ-absent',
      'token/header-with-more',
      'token/record-requested',
      'token/audience-as-array',
      'token/audience-twice-last-good',
      'token/issuer-strange',
    ],
  },
  'conformant-strict-headers': {
    title: 'wants a UUID and a number once each of Ssp-TraceID and Ssp-From',
    policy: wrong('cautious', new Set(['header-forms'])),
    differs: [
      'request/trace-id-malformed',
      'request/trace-id-twice',
      'request/from-malformed',
      'request/from-twice',
    ],
  },
  'conformant-tls-1.3': {
    title: 'speaks TLS 1.3 beside 1.2',
    policy: wrong('versions', ['TLSv1.2', 'TLSv1.3']),
    differs: ['tls-version/1.3'],
  },
  ...tlsVariants,
  ...transportVariants,
};
