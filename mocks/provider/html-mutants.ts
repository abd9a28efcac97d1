import type { Mutant } from './mutants.ts';
import {
  conformant,
  wrong,
  type AnswerShape,
  type OutcomeShape,
  type Policy,
  type Rejection,
} from './policy.ts';

/** Providers of Access Record HTML (0.7) with one known defect. They are held to that edition. */

const answering = (change: Partial<AnswerShape>): Policy =>
  wrong('answer', { ...conformant.answer, ...change });
const shapingOne = (rejection: Rejection, shape: Partial<OutcomeShape>): Policy =>
  wrong('errors', { ...conformant.errors, [rejection]: { ...conformant.errors[rejection], shape } });

/** The rejections by the cases of 0.7 that look at them, and the cases of both lines that the same rule decides. */
const REJECTIONS: readonly (readonly [name: string, rejection: Rejection, more?: readonly string[]])[] = [
  ['record-absent', 'token-record-absent'],
  ['record-of-another-kind', 'token-record-of-another-kind'],
  ['record-of-another-patient', 'token-record-of-another-patient'],
  ['audience-of-1x', 'another-audience'],
  ['practitioner-nameless', 'token-practitioner-nameless'],
  ['sibling-asid', 'sibling-asid'],
  ['main-asid-on-sibling', 'main-asid-on-sibling'],
  ['interaction-miscased', 'interaction-miscased'],
  ['interaction-of-1x', 'interaction-id-longer', ['interaction-id-longer']],
  ['unsupported-content-type', 'unsupported-content-type'],
  ['malformed-body', 'malformed-body'],
  ['bad-check-digit', 'bad-check-digit'],
];

const LAYERS = [
  ['header', 'no-trace-id'],
  ['token', 'expired-token'],
] as const;

/** What is driven on the care record has no control where that is not served. (Names only.) */
const both = (name: string): readonly string[] => [`html/${name}`, `error/html-${name}`];
const ON_RECORD = [
  ...both('record-of-another-patient'),
  ...both('unsupported-content-type'),
  ...both('malformed-body'),
  ...both('bad-check-digit'),
  ...both('record-to-organization-scope'),
  'error/html-operation-miscased',
  'html/section-unknown',
  'html/chunked',
];

export const htmlMutants: Readonly<Record<string, Mutant>> = {
  ...Object.fromEntries(
    REJECTIONS.flatMap(([name, rejection, more = []]): readonly (readonly [string, Mutant])[] => [
      [
        `older-accepts-${name}`,
        {
          title: `serves a request of 0.x that it should reject: ${name}`,
          policy: wrong('ignores', new Set([rejection])),
          caughtBy: [
            `html/${name}`,
            `error/html-${name}`,
            ...more.flatMap((each) => [`request/${each}`, `error/request-${each}`]),
          ],
        },
      ],
      [
        `older-mislabels-${name}`,
        {
          title: `rejects ${name} in 0.x with another code`,
          policy: wrong('errors', {
            ...conformant.errors,
            [rejection]: { ...conformant.errors[rejection], issue: 'exception', code: 'INVALID_PARAMETER' },
          }),
          caughtBy: [`error/html-${name}`, ...more.map((each) => `error/request-${each}`)],
        },
      ],
    ]),
  ),
  'older-serves-operation-in-any-case': {
    title: 'serves $gpc.getCareRecord and /Metadata',
    policy: wrong('ignores', new Set(['miscased-path'])),
    caughtBy: ['error/html-operation-miscased', 'error/request-miscased-path'],
  },
  'older-serves-any-section': {
    title: 'answers for a record section that is none',
    policy: wrong('ignores', new Set(['section-unknown'])),
    caughtBy: ['html/section-unknown'],
  },
  'older-opens-record-to-organization': {
    title: 'opens the care record to organization/*.read',
    policy: wrong('opens', new Set(['html-record organization/*.read'])),
    caughtBy: both('record-to-organization-scope') as [string, string],
  },
  'older-opens-metadata-to-patient': {
    title: 'opens the conformance statement to patient/*.read',
    policy: wrong('opens', new Set(['html-metadata patient/*.read'])),
    caughtBy: ['html/metadata-to-patient-scope'],
  },
  'older-mislabels-scope': {
    title: 'rejects a wrong scope in 0.x with another code',
    policy: wrong('errors', {
      ...conformant.errors,
      'wrong-scope': { ...conformant.errors['wrong-scope'], code: 'INVALID_PARAMETER' },
    }),
    caughtBy: ['error/html-record-to-organization-scope', 'error/scope-of-another-verb'],
  },
  ...Object.fromEntries(
    LAYERS.flatMap(([layer, rejection]): readonly (readonly [string, Mutant])[] => [
      [
        `older-answers-without-profile-at-${layer}`,
        {
          title: `leaves out meta.profile in 0.x, in the outcomes that it makes at the ${layer}`,
          policy: shapingOne(rejection, { profile: undefined }),
          caughtBy: [`html/profile-of-${layer}-error`],
        },
      ],
      [
        `older-answers-in-another-system-at-${layer}`,
        {
          title: `takes its codes from another system in 0.x, in the outcomes that it makes at the ${layer}`,
          policy: shapingOne(rejection, { system: 'http://hl7.org/fhir/issue-type' }),
          caughtBy: [`html/system-of-${layer}-error`],
        },
      ],
    ]),
  ),
  'older-lacks-record': {
    title: 'does not serve the care record',
    policy: wrong('lacks', new Set(['html-record'])),
    caughtBy: ['html/record'],
    clouds: ON_RECORD,
  },
  'older-reads-no-chunks': {
    title: 'cannot read a body in chunks in 0.x',
    policy: answering({ readsChunks: false }),
    caughtBy: ['html/chunked'],
  },
  'older-rejects-bare-practitioner': {
    title: 'wants a local identifier of every practitioner in 0.x',
    policy: wrong('cautious', new Set(['bare-practitioner'])),
    caughtBy: ['html/bare-practitioner'],
  },
  'older-states-json': {
    title: 'says of its answers in 0.x that they are plain JSON',
    policy: answering({ contentType: 'application/json;charset=utf-8' }),
    caughtBy: ['html/content-type', 'html/xml-type'],
  },
  'older-states-html-on-errors': {
    title: 'says of its errors in 0.x that they are HTML',
    policy: answering({ errorContentType: 'text/html' }),
    caughtBy: ['html/content-type-of-error'],
  },
  'older-refuses-xml': {
    title: 'refuses to write XML in 0.x',
    policy: answering({ xml: 'refused' }),
    caughtBy: ['html/xml-answer'],
    clouds: ['html/xml-type'],
  },
  'older-ignores-xml': {
    title: 'answers in JSON in 0.x whatever is asked for',
    policy: answering({ xml: 'ignored' }),
    caughtBy: ['html/xml-type'],
  },
};
