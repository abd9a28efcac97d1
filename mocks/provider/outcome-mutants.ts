import type { Mutant, Variant } from './mutants.ts';
import {
  conformant,
  wrong,
  type AnswerShape,
  type OutcomeShape,
  type Policy,
  type Rejection,
} from './policy.ts';

/** Providers that make their OperationOutcomes wrong in one part: everywhere, or in one of the places that make them. */

const shaping = (shape: Partial<OutcomeShape>): Policy =>
  wrong('outcome', { ...conformant.outcome, ...shape });
const shapingOne = (rejection: Rejection, shape: Partial<OutcomeShape>): Policy =>
  wrong('errors', { ...conformant.errors, [rejection]: { ...conformant.errors[rejection], shape } });
const answering = (change: Partial<AnswerShape>): Policy =>
  wrong('answer', { ...conformant.answer, ...change });

const LAYERS: readonly (readonly [layer: string, rejection: Rejection])[] = [
  ['header', 'no-trace-id'],
  ['token', 'expired-token'],
  ['resource', 'unknown-patient'],
];
const PARTS: readonly (readonly [part: string, name: string, words: string, shape: Partial<OutcomeShape>])[] =
  [
    ['schema', 'answers-with-listed-diagnostics', 'makes a list of diagnostics', { diagnostics: 'list' }],
    ['profile', 'answers-without-profile', 'leaves out meta.profile', { profile: undefined }],
    ['severity', 'answers-as-warning', 'gives its errors the severity warning', { severity: 'warning' }],
    [
      'system',
      'answers-in-another-code-system',
      'takes its codes from another system',
      { system: 'http://hl7.org/fhir/issue-type' },
    ],
  ];
const nameOf = (part: string, layer: string): string => `outcome/${part}-of-${layer}-error`;

/** In the order of the codes: the rejection that shows each, and the text that the pages of 1.2.x print. */
const DISPLAYS: readonly (readonly [name: string, rejection: Rejection, text: string])[] = [
  ['bad-request', 'no-trace-id', 'BAD_REQUEST'],
  ['invalid-resource', 'token-device-invalid', 'Submitted resource is not valid.'],
  ['invalid-nhs-number', 'bad-check-digit', 'NHS number invalid'],
  ['patient-not-found', 'unknown-patient', 'Patient record not found'],
  ['practitioner-not-found', 'unknown-practitioner', 'Practitioner record not found'],
  ['organisation-not-found', 'unknown-organisation', 'Organisation record not found'],
  ['no-record-found', 'unknown-location', 'NO_RECORD_FOUND'],
];
const DISPLAYED = DISPLAYS.map(([name]) => `outcome/display-of-${name}`);
const [FIRST_DISPLAYED = '', ...OTHERS_DISPLAYED] = DISPLAYED;

/** Cases that look at an outcome, by the rejection that makes it: without the rejection there is none. (Names only.) */
export const looksAt: Readonly<Partial<Record<Rejection, readonly string[]>>> = Object.fromEntries(
  [...new Set([...LAYERS.map(([, each]) => each), ...DISPLAYS.map(([, each]) => each)])].map((rejection) => [
    rejection,
    [
      ...(rejection === 'no-trace-id' ? ['xml/error-form'] : []),
      ...LAYERS.filter(([, each]) => each === rejection).flatMap(([layer]) =>
        PARTS.map(([part]) => nameOf(part, layer)),
      ),
      ...DISPLAYS.filter(([, each]) => each === rejection).map(([name]) => `outcome/display-of-${name}`),
    ],
  ]),
);
/** Every case that looks at a part of an outcome. */
export const everyPart: readonly string[] = [
  ...PARTS.flatMap(([part]) => LAYERS.map(([layer]) => nameOf(part, layer))),
  ...DISPLAYED,
  'xml/error-form',
];

export const outcomeMutants: Readonly<Record<string, Mutant>> = {
  ...Object.fromEntries(
    PARTS.flatMap(([part, mutant, words, shape]): readonly (readonly [string, Mutant])[] => [
      [
        mutant,
        {
          title: `${words} in every OperationOutcome`,
          policy: shaping(shape),
          caughtBy: [nameOf(part, 'header'), nameOf(part, 'token'), nameOf(part, 'resource')],
        },
      ],
      ...LAYERS.map(([layer, rejection]): readonly [string, Mutant] => [
        `${mutant}-at-${layer}`,
        {
          title: `${words} in the outcomes that it makes at the ${layer}`,
          policy: shapingOne(rejection, shape),
          caughtBy: [nameOf(part, layer)],
        },
      ]),
    ]),
  ),
  'answers-in-the-value-set': {
    title: 'names the ValueSet where the code system is due',
    policy: shaping({ system: 'https://fhir.nhs.uk/STU3/ValueSet/Spine-ErrorOrWarningCode-1' }),
    caughtBy: [nameOf('system', 'header'), nameOf('system', 'token'), nameOf('system', 'resource')],
  },
  'answers-without-display': {
    title: 'leaves out the display of the code',
    policy: shaping({ withDisplay: false }),
    caughtBy: [FIRST_DISPLAYED, ...OTHERS_DISPLAYED],
    because: 'every code has a text of its own',
  },
  ...Object.fromEntries(
    DISPLAYS.map(([name, rejection, display]): readonly [string, Mutant] => [
      `displays-${name}-otherwise`,
      {
        title: `shows ${JSON.stringify(display)} as the text of its code`,
        policy: wrong('errors', {
          ...conformant.errors,
          [rejection]: { ...conformant.errors[rejection], display },
        }),
        caughtBy: [`outcome/display-of-${name}`],
      },
    ]),
  ),
  'betrays-stack-at-token': {
    title: 'lets a stack trace slip into its errors about malformed tokens',
    policy: shapingOne('malformed-token', { betrays: 'stack' }),
    caughtBy: ['response/discreet-of-token-error'],
  },
  'betrays-path-at-body': {
    title: 'lets a file path slip into its errors about malformed bodies',
    policy: shapingOne('malformed-body', { betrays: 'path' }),
    caughtBy: ['response/discreet-of-body-error'],
  },
  'refuses-xml': {
    title: 'refuses to write XML',
    policy: answering({ xml: 'refused' }),
    caughtBy: ['xml/answer'],
    clouds: ['xml/type', 'xml/error', 'xml/error-form'],
  },
  'ignores-xml': {
    title: 'answers in JSON whatever is asked for',
    policy: answering({ xml: 'ignored' }),
    caughtBy: ['xml/type'],
  },
  'leaves-xml-errors-open': {
    title: 'does not close the root element of its errors in XML',
    policy: answering({ xmlErrors: 'unclosed' }),
    caughtBy: ['xml/error'],
    clouds: ['xml/error-form'],
  },
  'repeats-in-xml-errors': {
    title: 'writes an element twice in its errors in XML that FHIR has once',
    policy: answering({ xmlErrors: 'listed' }),
    caughtBy: ['xml/error-form'],
  },
};

const VALUE_SET = 'https://fhir.nhs.uk/STU3/ValueSet/Spine-ErrorOrWarningCode-1';
/** What fails them where they are held to the newest edition. */
export const newerOnly: readonly string[] = [
  ...LAYERS.map(([layer]) => nameOf('system', layer)),
  ...DISPLAYS.filter(([, , text]) => / /.test(text)).map(([name]) => `outcome/display-of-${name}`),
];

/** A provider that keeps to the pages of 1.2.x as they are printed. */
export const editionVariants: Readonly<Record<string, Variant>> = {
  'conformant-1.2': {
    title: 'takes codes from the ValueSet, and texts as the pages of 1.2.x print them',
    policy: {
      ...shaping({ system: VALUE_SET }),
      errors: {
        ...conformant.errors,
        ...Object.fromEntries(
          DISPLAYS.filter(([, , text]) => / /.test(text)).map(([, rejection, display]) => [
            rejection,
            { ...conformant.errors[rejection], display },
          ]),
        ),
      },
    },
  },
};

/** What gets wrong even that which the older pages leave open. They are held to the edition 1.2. */
export const editionMutants: Readonly<Record<string, Mutant>> = {
  ...Object.fromEntries(
    LAYERS.map(([layer, rejection]): readonly [string, Mutant] => [
      `older-system-otherwise-at-${layer}`,
      {
        title: `takes its codes from neither, in the outcomes that it makes at the ${layer}`,
        policy: shapingOne(rejection, { system: 'http://hl7.org/fhir/issue-type' }),
        caughtBy: [`outcome/printed-system-of-${layer}-error`],
      },
    ]),
  ),
  ...Object.fromEntries(
    DISPLAYS.map(([name, rejection]): readonly [string, Mutant] => [
      `older-display-of-${name}-otherwise`,
      {
        title: `shows the code itself as the text of ${conformant.errors[rejection].code}`,
        policy: wrong('errors', {
          ...conformant.errors,
          [rejection]: { ...conformant.errors[rejection], display: conformant.errors[rejection].code },
        }),
        caughtBy: [`outcome/printed-display-of-${name}`],
      },
    ]),
  ),
};
