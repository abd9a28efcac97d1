import type { Mutant } from './mutants.ts';
import { conformant, wrong, type AnswerShape, type Policy } from './policy.ts';
import { looksAt } from './outcome-mutants.ts';
import { requestRejections, type RequestRejection } from './request-rules.ts';
import { readable } from '../ssp/interactions.ts';
import { booking } from './write-mutants.ts';
import { inWords, pairings, scopeCasesOf as scopes } from './scope-table.ts';

/** Providers that get one thing about the request or the form of their answers wrong. */

const answering = (change: Partial<AnswerShape>): Policy =>
  wrong('answer', { ...conformant.answer, ...change });
const betraying = (betrays: Policy['outcome']['betrays']): Policy =>
  wrong('outcome', { ...conformant.outcome, betrays });

/** Of these the sources allow an answer that is no client error: they have no case of their own being made. */
const TOLD_ONLY: ReadonlySet<string> = new Set(['unknown-path', 'miscased-path']);
/** The cases of one rejection: whether it is made, and what it says. */
const casesOf = (rejection: RequestRejection): readonly [string, ...string[]] =>
  TOLD_ONLY.has(rejection)
    ? [`error/request-${rejection}`]
    : [`request/${rejection}`, `error/request-${rejection}`];

/** Hostile requests that the same rule turns away: whoever overlooks it serves them. (Names only.) */
const HOSTILE: Readonly<Partial<Record<RequestRejection, readonly string[]>>> = {
  'unknown-patient': ['hostile/traversal', 'hostile/header-injection'],
  'bad-check-digit': ['hostile/query-injection'],
  'malformed-body': ['hostile/external-entity'],
  'wrong-verb': ['hostile/trace'],
};

const ofRejection = (rejection: RequestRejection): readonly (readonly [string, Mutant])[] => {
  const [own, ...others] = casesOf(rejection);
  const told = `error/request-${rejection}`;
  return [
    [
      `accepts-request-${rejection}`,
      {
        title: `serves a request that it should reject: ${rejection}`,
        policy: wrong('ignores', new Set([rejection])),
        caughtBy: [own, ...others, ...(HOSTILE[rejection] ?? [])],
        clouds: [
          ...(looksAt[rejection] ?? []),
          ...(rejection === 'malformed-body' ? ['response/discreet-of-body-error'] : []),
        ],
      },
    ],
    [
      `mislabels-request-${rejection}`,
      {
        title: `rejects ${rejection} with another code`,
        policy: wrong('errors', {
          ...conformant.errors,
          [rejection]: {
            status: 400,
            issue: 'exception',
            code: 'INVALID_PARAMETER',
            display: 'Invalid parameter',
          },
        }),
        caughtBy: [told],
      },
    ],
  ];
};

const both = (...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => [`request/${name}`, `error/request-${name}`]);

/** The cases that are driven on an interaction have no control where it is not served. (Names only.) */
const DRIVEN_ON: Readonly<Record<string, readonly string[]>> = {
  'sibling-metadata': both('main-asid-on-sibling'),
  'find-patient': [...both('interaction-of-another-verb', 'foundations-disabled'), 'hostile/query-injection'],
  'read-patient': [
    ...both('unknown-patient'),
    ...(looksAt['unknown-patient'] ?? []),
    'hostile/traversal',
    'hostile/header-injection',
    ...scopes('read-patient'),
    'response/entity-tag',
  ],
  'read-practitioner': [
    ...both('unknown-practitioner'),
    ...(looksAt['unknown-practitioner'] ?? []),
    ...scopes('read-practitioner'),
  ],
  'read-organization': [
    ...both('unknown-organisation'),
    ...(looksAt['unknown-organisation'] ?? []),
    ...scopes('read-organization'),
  ],
  'read-location': [
    ...both('unknown-location'),
    ...(looksAt['unknown-location'] ?? []),
    ...scopes('read-location'),
  ],
  'read-appointment': [...both('unknown-appointment'), ...scopes('read-appointment')],
  'search-slots': [...both('appointments-disabled'), ...scopes('search-slots'), ...booking],
  'structured-metadata': both('structured-disabled'),
  'documents-metadata': both('documents-disabled'),
  'search-documents': scopes('search-documents'),
  'retrieve-document': [...both('unknown-document'), ...scopes('retrieve-document')],
  'structured-record': [
    ...both('unsupported-content-type', 'malformed-body', 'bad-check-digit'),
    'response/chunked',
    'response/discreet-of-body-error',
    'hostile/external-entity',
    'hostile/large-body',
    'hostile/deep-json',
    ...(looksAt['bad-check-digit'] ?? []),
  ],
};

function cloudsOf(name: string): readonly string[] {
  return DRIVEN_ON[name] ?? [];
}

export const requestMutants: Readonly<Record<string, Mutant>> = {
  ...Object.fromEntries(requestRejections.flatMap(ofRejection)),
  ...Object.fromEntries(
    readable.map(({ name }): readonly [string, Mutant] => [
      `lacks-${name}`,
      {
        title: `does not serve ${name}`,
        policy: wrong('lacks', new Set([name])),
        caughtBy: [`interaction/${name}`],
        clouds: cloudsOf(name),
      },
    ]),
  ),
  ...Object.fromEntries(
    pairings.map(({ name, on, scope, resource, writes }): readonly [string, Mutant] => [
      `opens-${name.replace('.', '-to-')}`,
      {
        title: `opens ${inWords({ resource, writes })} to ${scope}`,
        policy: wrong('opens', new Set([`${on} ${scope}`])),
        caughtBy: [`scope/${name}`],
        ...(resource === 'registration' && {
          clouds: scopes(on).slice(scopes(on).indexOf(`scope/${name}`) + 1),
        }),
      },
    ]),
  ),
  'hides-metadata-while-disabled': {
    title: 'answers no capability statement of Foundations at a practice that has it disabled',
    policy: wrong('cautious', new Set(['disabled-metadata'])),
    caughtBy: ['interaction/metadata-while-disabled'],
  },
  'states-no-content-type': {
    title: 'answers with no charset in its media type',
    policy: answering({ contentType: 'application/fhir+json' }),
    caughtBy: ['response/content-type'],
  },
  'states-html-on-errors': {
    title: 'says of its errors that they are HTML',
    policy: answering({ errorContentType: 'text/html' }),
    caughtBy: ['response/content-type-of-error'],
  },
  'states-no-transport-security': {
    title: 'sends no Strict-Transport-Security',
    policy: answering({ strictTransportSecurity: undefined }),
    caughtBy: ['response/transport-security'],
  },
  'sends-no-entity-tag': {
    title: 'sends no ETag',
    policy: answering({ entityTags: false }),
    caughtBy: ['response/entity-tag'],
  },
  'never-compresses': {
    title: 'does not compress for a consumer that accepts gzip',
    policy: answering({ compresses: false }),
    caughtBy: ['response/gzip'],
  },
  'reads-no-chunks': {
    title: 'cannot read a body in chunks',
    policy: answering({ readsChunks: false }),
    caughtBy: ['response/chunked'],
  },
  ...Object.fromEntries(
    (['stack', 'token', 'path', 'sql'] as const).map((what): readonly [string, Mutant] => [
      `betrays-${what}`,
      {
        title: `lets ${what} slip into its diagnostics`,
        policy: betraying(what),
        caughtBy: [
          'response/discreet',
          'response/discreet-of-token-error',
          'response/discreet-of-body-error',
        ],
      },
    ]),
  ),
};
