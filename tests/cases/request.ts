import type { DataField } from '../../mocks/ssp/interactions.ts';
import { readable, type Disableable } from '../../mocks/ssp/interactions.ts';
import type { Case, Change, ErrorAnswer, Exchange, Rule } from '../model.ts';
import type { RequirementId } from '../register/index.ts';
import {
  accessDenied,
  badRequest,
  invalidResource,
  methodNotAllowed,
  notFound,
  notImplemented,
  unsupportedMedia,
  value,
} from './answers.ts';
import { cases } from './define.ts';

/**
 * The request itself: a row a defect, from which two cases are made. `request/NAME`: it is refused;
 * `error/request-NAME`: what the refusal says. A table, hence its length.
 */

interface Defect {
  readonly name: string;
  readonly title: string;
  readonly clause: RequirementId;
  readonly error: RequirementId;
  readonly stimulus: Change<Exchange>;
  readonly rule: Rule;
  /** The answers that the sources allow, the preferred one first. */
  readonly answers: readonly [ErrorAnswer, ...ErrorAnswer[]];
  readonly on?: readonly [string, ...string[]];
  readonly needs?: readonly DataField[];
  readonly declares?: Case['declares'];
  /** The sources allow an answer that is no client error: what it says is all there is to judge. */
  readonly toldOnly?: true;
  /** The sources leave open whether it is a defect at all. */
  readonly noted?: true;
}

const headers = (change: Readonly<Record<string, string>>): Change<Exchange> => ({
  http: { headers: change },
});

const blanks = (
  [
    ['trace-id', 'Ssp-TraceID'],
    ['from', 'Ssp-From'],
    ['to', 'Ssp-To'],
    ['interaction-id', 'Ssp-InteractionID'],
  ] as const
).map(([word, name]): Defect => ({
  name: `${word}-blank`,
  title: `${name} with nothing in it`,
  clause: 'GPC-SEC-SSP-HEADERS',
  error: 'GPC-ERR-HEADER',
  stimulus: headers({ [name]: '' }),
  rule: name,
  answers: [badRequest],
}));

/** The field twice: the value that is due, and another. */
const twice = (name: string, other: string, order: 'last' | 'first'): Change<Exchange> => {
  const lines = [
    [name, '{value}'],
    [name, other],
  ] as const;
  return { raw: { headers: { name, lines: order === 'last' ? lines : lines.toReversed() } } };
};
const longer = (name: string, tail: string): Change<Exchange> => ({
  raw: { headers: { name, lines: [[name, `{value}${tail}`]] } },
});
const PATIENT_READ = 'urn:nhs:names:services:gpconnect:fhir:rest:read:patient-1';

/** Headers doubled and malformed. Of a trace id and a sender's ASID no page gives a form that a provider has to check. */
const distorted: readonly Defect[] = [
  ...(['last', 'first'] as const).flatMap((order): readonly Defect[] => [
    {
      name: `to-twice-other-${order}`,
      title: `Ssp-To twice, another provider's ASID ${order}`,
      clause: 'GPC-SEC-OWN-ASID',
      error: 'GPC-ERR-HEADER',
      stimulus: twice('Ssp-To', '123456789012', order),
      rule: 'Ssp-To',
      answers: [badRequest],
    },
    {
      name: `interaction-id-twice-other-${order}`,
      title: `Ssp-InteractionID twice, that of another endpoint ${order}`,
      clause: 'GPC-SEC-INTERACTION',
      error: 'GPC-ERR-INTERACTION',
      stimulus: twice('Ssp-InteractionID', PATIENT_READ, order),
      rule: 'Ssp-InteractionID',
      answers: [badRequest],
    },
  ]),
  {
    name: 'to-longer',
    title: 'Ssp-To is the ASID with one digit more',
    clause: 'GPC-SEC-OWN-ASID',
    error: 'GPC-ERR-HEADER',
    stimulus: longer('Ssp-To', '0'),
    rule: 'Ssp-To',
    answers: [badRequest],
  },
  {
    name: 'interaction-id-longer',
    title: 'Ssp-InteractionID with one digit more',
    clause: 'GPC-SEC-INTERACTION',
    error: 'GPC-ERR-INTERACTION',
    stimulus: longer('Ssp-InteractionID', '0'),
    rule: 'Ssp-InteractionID',
    answers: [badRequest],
  },
  ...(
    [
      ['trace-id', 'Ssp-TraceID', 'no UUID', 'not-a-uuid'],
      ['from', 'Ssp-From', 'no number', 'not-an-asid'],
    ] as const
  ).flatMap(([word, name, what, other]): readonly Defect[] => [
    {
      name: `${word}-malformed`,
      title: `${name} is ${what}`,
      clause: 'GPC-SEC-SSP-HEADERS',
      error: 'GPC-ERR-HEADER',
      stimulus: { raw: { headers: { name, lines: [[name, other]] } } },
      rule: name,
      answers: [badRequest],
      noted: true,
    },
    {
      name: `${word}-twice`,
      title: `${name} twice`,
      clause: 'GPC-SEC-SSP-HEADERS',
      error: 'GPC-ERR-HEADER',
      stimulus: twice(name, other, 'last'),
      rule: name,
      answers: [badRequest],
      noted: true,
    },
  ]),
];

const READ = 'urn:nhs:names:services:gpconnect:fhir:rest:read:metadata-1';
const endpoints: readonly Defect[] = [
  {
    name: 'sibling-asid',
    title: "Ssp-To is the ASID of another endpoint of the same system, on this one's URL",
    clause: 'GPC-SEC-OWN-ASID',
    error: 'GPC-ERR-HEADER',
    stimulus: headers({ 'Ssp-To': '{siblingAsid}' }),
    rule: 'Ssp-To',
    answers: [badRequest],
    on: ['metadata'],
    needs: ['siblingAsid'],
  },
  {
    name: 'main-asid-on-sibling',
    title: "Ssp-To is this endpoint's ASID, on the URL of another endpoint of the same system",
    clause: 'GPC-SEC-OWN-ASID',
    error: 'GPC-ERR-HEADER',
    stimulus: headers({ 'Ssp-To': '{asid}' }),
    rule: 'Ssp-To',
    answers: [badRequest],
    on: ['sibling-metadata'],
    needs: ['asid'],
  },
  {
    name: 'interaction-unknown',
    title: 'Ssp-InteractionID is one that nobody has',
    clause: 'GPC-SEC-INTERACTION',
    error: 'GPC-ERR-INTERACTION',
    stimulus: headers({ 'Ssp-InteractionID': 'urn:nhs:names:services:gpconnect:fhir:rest:read:nothing-1' }),
    rule: 'Ssp-InteractionID',
    answers: [badRequest],
  },
  {
    name: 'interaction-miscased',
    title: 'Ssp-InteractionID in capitals: ids are compared as they are written',
    clause: 'GPC-SEC-INTERACTION',
    error: 'GPC-ERR-INTERACTION',
    stimulus: headers({ 'Ssp-InteractionID': READ.toUpperCase() }),
    rule: 'Ssp-InteractionID',
    answers: [badRequest],
  },
  {
    name: 'interaction-of-another-verb',
    title: 'Ssp-InteractionID to read a patient, and a patient is searched',
    clause: 'GPC-SEC-INTERACTION',
    error: 'GPC-ERR-INTERACTION',
    stimulus: headers({ 'Ssp-InteractionID': PATIENT_READ }),
    rule: 'Ssp-InteractionID',
    answers: [badRequest],
    on: ['find-patient'],
  },
  {
    name: 'wrong-verb',
    title: 'POST where GET is due',
    clause: 'GPC-ERR-VERB',
    error: 'GPC-ERR-VERB',
    stimulus: { http: { method: 'POST' } },
    rule: 'request',
    answers: [badRequest, methodNotAllowed],
  },
  {
    name: 'unknown-path',
    title: 'a path that is none: /metadatas',
    clause: 'GPC-API-PATH',
    error: 'GPC-API-PATH',
    stimulus: { http: { path: '/metadatas' } },
    rule: 'request',
    answers: [notImplemented, notFound('NO_RECORD_FOUND', 'REFERENCE_NOT_FOUND'), badRequest],
    toldOnly: true,
  },
  {
    name: 'miscased-path',
    title: 'a path in another case: /Metadata',
    clause: 'GPC-API-PATH',
    error: 'GPC-API-PATH',
    stimulus: { http: { path: '/Metadata' } },
    rule: 'request',
    answers: [notImplemented, notFound('NO_RECORD_FOUND', 'REFERENCE_NOT_FOUND'), badRequest],
    toldOnly: true,
  },
];

const contents: readonly Defect[] = [
  {
    name: 'unsupported-accept',
    title: 'Accept: application/pdf',
    clause: 'GPC-API-MEDIA',
    error: 'GPC-API-MEDIA',
    stimulus: headers({ Accept: 'application/pdf' }),
    rule: 'request',
    answers: [unsupportedMedia],
  },
  {
    name: 'unsupported-format',
    title: '_format=application/pdf',
    clause: 'GPC-API-MEDIA',
    error: 'GPC-API-MEDIA',
    stimulus: { http: { path: '/metadata?_format=application%2Fpdf' } },
    rule: 'request',
    answers: [unsupportedMedia],
  },
  {
    name: 'unsupported-content-type',
    title: 'Content-Type: application/pdf',
    clause: 'GPC-API-MEDIA',
    error: 'GPC-API-MEDIA',
    stimulus: headers({ 'Content-Type': 'application/pdf' }),
    rule: 'request',
    answers: [unsupportedMedia],
    on: ['structured-record'],
  },
  {
    name: 'malformed-body',
    title: 'a body cut in two: no JSON any more',
    clause: 'GPC-ERR-BODY',
    error: 'GPC-ERR-BODY',
    stimulus: { raw: { body: 'cut' } },
    rule: 'request',
    // The error page says 400; the demonstrator validates first and says 422.
    answers: [badRequest, invalidResource],
    on: ['structured-record'],
  },
  {
    name: 'bad-check-digit',
    title: 'an NHS number whose check digit is wrong',
    clause: 'GPC-ERR-NHS-NUMBER',
    error: 'GPC-ERR-NHS-NUMBER',
    stimulus: { data: { patient: '9990000019' } },
    rule: 'request',
    answers: [value('INVALID_NHS_NUMBER')],
    on: ['structured-record', 'find-patient'],
  },
];

const unknown = (
  [
    ['patient', 'read-patient', 'patientId', 'PATIENT_NOT_FOUND'],
    ['practitioner', 'read-practitioner', 'practitionerId', 'PRACTITIONER_NOT_FOUND'],
    ['organisation', 'read-organization', 'organisationId', 'ORGANISATION_NOT_FOUND'],
    ['location', 'read-location', 'location', 'NO_RECORD_FOUND'],
    ['appointment', 'read-appointment', 'appointment', 'NO_RECORD_FOUND'],
    ['document', 'retrieve-document', 'document', 'NO_RECORD_FOUND'],
  ] as const
).map(([thing, on, field, code]): Defect => ({
  name: `unknown-${thing}`,
  title: `the id of ${/^[ao]/.test(thing) ? 'an' : 'a'} ${thing} that is not there`,
  clause: 'GPC-ERR-NOT-FOUND',
  error: 'GPC-ERR-NOT-FOUND',
  stimulus: { data: { [field]: 'assay-0' } },
  rule: 'request',
  answers: [notFound(code, 'NO_RECORD_FOUND')],
  on: [on],
}));

/** The service root of a practice that has a capability disabled: its path, its ASID, its audience. */
const atDisabled = (capability: Disableable): Change<Exchange> => ({
  http: {
    root: `{${capability}OffUrl}`,
    headers: { 'Ssp-To': `{${capability}OffAsid}` },
  },
  token: { claims: { aud: `{${capability}OffUrl}` } },
});
const atDisabledOf = (capability: Disableable) => ({
  stimulus: atDisabled(capability),
  needs: [`${capability}OffUrl`, `${capability}OffAsid`] as const,
  declares: `disabled.${capability}` as const,
});

const disabled = (
  [
    ['structured', 'Structured', ['structured-metadata', 'structured-record']],
    ['documents', 'Documents', ['documents-metadata', 'documents-patient']],
    ['appointments', 'Appointments', ['search-slots']],
    // Its capability statement is answered all the same.
    ['foundations', 'Foundations', ['find-patient']],
  ] as const
).map(([capability, word, on]): Defect => ({
  name: `${capability}-disabled`,
  title: `a request for ${word} at a practice that has it disabled`,
  clause: 'GPC-ERR-ACCESS-DENIED',
  error: 'GPC-ERR-ACCESS-DENIED',
  rule: 'request',
  answers: [accessDenied],
  on,
  ...atDisabledOf(capability),
}));

const defects: readonly Defect[] = [
  ...blanks,
  ...distorted,
  ...endpoints,
  ...contents,
  ...unknown,
  ...disabled,
];

const bound = ({ on, needs, noted, declares }: Defect) => ({
  ...(declares && { declares }),
  ...(on && { on }),
  ...(needs && { needs }),
  ...(noted && { bearing: 'noted' as const }),
});

const made = cases(
  'request',
  Object.fromEntries(
    defects
      .filter(({ toldOnly }) => !toldOnly)
      .map((defect) => [
        defect.name,
        {
          title: defect.title,
          requirements: [defect.clause],
          stimulus: defect.stimulus,
          expect: { kind: 'refused-request', rule: defect.rule },
          ...bound(defect),
        },
      ]),
  ),
);

/** What the refusals of the table above say. */
export const toldOfRequests: readonly Case[] = cases(
  'error',
  Object.fromEntries(
    defects
      .filter(({ noted }) => !noted)
      .map((defect) => [
        `request-${defect.name}`,
        {
          title: `the answer to: ${defect.title}`,
          requirements: [defect.error],
          stimulus: defect.stimulus,
          expect: { kind: 'outcome', rule: defect.rule, answers: defect.answers },
          ...bound(defect),
        },
      ]),
  ),
);

/** Every interaction once: what a consumer may ask of the capabilities that are on is answered. */
const answered = cases(
  'interaction',
  Object.fromEntries(
    readable.map(({ name, method, path }) => [
      name,
      {
        title: `${method} ${path.replace(/\?.*/, '?…')} is answered`,
        requirements: ['GPC-API-INTERACTIONS'],
        stimulus: {},
        expect: { kind: 'accepted' },
        on: [name],
      },
    ]),
  ),
);

const stated = cases('interaction', {
  'metadata-while-disabled': {
    title: 'GET /metadata of Foundations is answered at a practice that has it disabled',
    requirements: ['GPC-API-METADATA-ALWAYS'],
    expect: { kind: 'accepted' },
    on: ['metadata'],
    ...atDisabledOf('foundations'),
  },
});

export default [...answered, ...stated, ...made] satisfies readonly Case[];
