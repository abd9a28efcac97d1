import type { Case, Change, Exchange, OutcomePart } from '../model.ts';
import type { RequirementId } from '../register/index.ts';
import { badRequest } from './answers.ts';
import { cases } from './define.ts';
import { displays, olderDisplays } from './displays.ts';

/**
 * How an OperationOutcome is made, a part a case. Whether the request is refused, with which status, issue type and
 * code, `error` says: here an outcome of whatever status is looked at.
 */

type Stimulus = { readonly stimulus: Change<Exchange>; readonly on?: readonly [string] };

/** Errors of the three places in which providers make them: in front of the token, at the token, at the resource. */
const LAYERS: readonly (readonly [layer: string, words: string, stimulus: Stimulus])[] = [
  ['header', 'a missing header', { stimulus: { http: { headers: { 'Ssp-TraceID': null } } } }],
  ['token', 'an expired token', { stimulus: { token: { times: { iat: -900, exp: -600 } } } }],
  [
    'resource',
    'a resource that is not there',
    { stimulus: { data: { patientId: 'assay-0' } }, on: ['read-patient'] },
  ],
];

const PARTS: readonly (readonly [clause: RequirementId, title: string, expected: OutcomePart])[] = [
  ['GPC-ERR-SCHEMA', 'fits the JSON Schema of FHIR STU3', { part: 'schema', release: 'STU3' }],
  [
    'GPC-ERR-PROFILE',
    'names its profile',
    {
      part: 'profile',
      anyOf: ['https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-OperationOutcome-1'],
    },
  ],
  ['GPC-ERR-SEVERITY', 'is of severity error', { part: 'severity', anyOf: ['error'] }],
  [
    'GPC-ERR-SYSTEM',
    'takes its code from the code system of the guidance',
    { part: 'system', anyOf: ['https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1'] },
  ],
];

/** What editions until 1.5 are held to in place of the code system alone. */
const PRINTED: (typeof PARTS)[number] = [
  'GPC-ERR-SYSTEM-PRINTED',
  'takes its code from the code system of the guidance or the ValueSet that it prints',
  {
    part: 'system',
    anyOf: [
      'https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1',
      'https://fhir.nhs.uk/STU3/ValueSet/Spine-ErrorOrWarningCode-1',
    ],
  },
];

const parts = [...PARTS, PRINTED].flatMap((row) =>
  LAYERS.map(([layer, words, stimulus]) => {
    const [clause, title, expected] = row;
    return [
      `${row === PRINTED ? 'printed-' : ''}${expected.part}-of-${layer}-error`,
      {
        title: `the outcome that tells of ${words} ${title}`,
        requirements: [clause] as const,
        expect: { kind: 'outcome-part', ...expected } as const,
        ...stimulus,
      },
    ] as const;
  }),
);

/** A stimulus for each code that one can be made to show without writing anything. */
const CODES: readonly (readonly [name: string, code: string, stimulus: Stimulus])[] = [
  ['bad-request', 'BAD_REQUEST', { stimulus: { http: { headers: { 'Ssp-TraceID': null } } } }],
  [
    'invalid-resource',
    'INVALID_RESOURCE',
    { stimulus: { token: { claims: { requesting_device: { invalidField: 'INVALID' } } } } },
  ],
  [
    'invalid-nhs-number',
    'INVALID_NHS_NUMBER',
    { stimulus: { data: { patient: '9990000019' } }, on: ['structured-record'] },
  ],
  [
    'patient-not-found',
    'PATIENT_NOT_FOUND',
    { stimulus: { data: { patientId: 'assay-0' } }, on: ['read-patient'] },
  ],
  [
    'practitioner-not-found',
    'PRACTITIONER_NOT_FOUND',
    { stimulus: { data: { practitionerId: 'assay-0' } }, on: ['read-practitioner'] },
  ],
  [
    'organisation-not-found',
    'ORGANISATION_NOT_FOUND',
    { stimulus: { data: { organisationId: 'assay-0' } }, on: ['read-organization'] },
  ],
  [
    'no-record-found',
    'NO_RECORD_FOUND',
    { stimulus: { data: { location: 'assay-0' } }, on: ['read-location'] },
  ],
];

const texts = CODES.flatMap(([name, code, stimulus]) =>
  (
    [
      ['display', 'GPC-ERR-DISPLAY', displays],
      ['printed-display', 'GPC-ERR-DISPLAY-PRINTED', olderDisplays],
    ] as const
  ).map(
    ([part, clause, known]) =>
      [
        `${part}-of-${name}`,
        {
          title: `the display of the code where ${code} is due`,
          requirements: [clause] as const,
          expect: { kind: 'outcome-part', part: 'display', texts: known } as const,
          ...stimulus,
        },
      ] as const,
  ),
);

/** FHIR in XML, which a consumer may ask for. */
const xml = cases('xml', {
  answer: {
    title: 'a request that accepts application/fhir+xml is answered',
    requirements: ['GPC-API-XML'],
    stimulus: {},
    expect: { kind: 'accepted' },
    on: ['metadata-xml'],
  },
  type: {
    title: 'and it is answered in XML',
    requirements: ['GPC-API-XML'],
    stimulus: {},
    expect: {
      kind: 'header',
      name: 'Content-Type',
      pattern: '^application/fhir\\+xml\\b',
      of: 'answer',
    },
    on: ['metadata-xml'],
  },
  error: {
    title: 'the answer to a request for XML with no Ssp-TraceID',
    requirements: ['GPC-ERR-XML'],
    stimulus: { http: { headers: { 'Ssp-TraceID': null } } },
    expect: { kind: 'outcome', rule: 'Ssp-TraceID', answers: [badRequest] },
    on: ['metadata-xml'],
  },
  'error-form': {
    title: 'and its outcome, also in XML, has every element where the schema has it',
    requirements: ['GPC-ERR-XML'],
    stimulus: { http: { headers: { 'Ssp-TraceID': null } } },
    expect: { kind: 'outcome-part', part: 'schema', release: 'STU3' },
    on: ['metadata-xml'],
  },
});

export default [
  ...cases('outcome', Object.fromEntries([...parts, ...texts])),
  ...xml,
] satisfies readonly Case[];
