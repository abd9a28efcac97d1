import { careRecordOf, type DataField } from '../../mocks/ssp/interactions.ts';
import type { Case, Change, ErrorAnswer, Exchange, Rule } from '../model.ts';
import type { RequirementId } from '../register/index.ts';
import {
  badRequest,
  insufficientScope,
  invalidResource,
  notFound,
  notImplemented,
  unauthorised,
  unsupportedMedia,
  value,
} from './answers.ts';
import { cases } from './define.ts';

/**
 * What 0.7 (Access Record HTML) asks otherwise than 1.x: a row a defect, from which two cases are made. `html/NAME`: it
 * is refused; `error/html-NAME`: what the refusal says. All else it shares with 1.x. A table, hence its length.
 */

interface Defect {
  readonly name: string;
  readonly title: string;
  readonly clause: RequirementId;
  readonly error?: RequirementId;
  readonly stimulus: Change<Exchange>;
  readonly rule?: Rule;
  /** The answers that the sources allow, the preferred one first; absent: none is named, or another row tells. */
  readonly answers?: readonly [ErrorAnswer, ...ErrorAnswer[]];
  readonly on?: 'html-record' | 'html-sibling-metadata';
  readonly needs?: readonly DataField[];
  /** The sources allow an answer that is no client error: what it says is all there is to judge. */
  readonly toldOnly?: true;
  readonly onlyIf?: 'enforcesScope';
}

const NHS_NUMBER = 'http://fhir.nhs.net/Id/nhs-number';
const ofToken = [badRequest, unauthorised] as const;
const claims = (change: Readonly<Record<string, string | object | null>>): Change<Exchange> => ({
  token: { claims: change },
});

const defects: readonly Defect[] = [
  {
    name: 'record-absent',
    title: 'no requested_record, as in 1.x',
    clause: 'GPC-HTML-JWT-RECORD',
    stimulus: { raw: { claims: { name: 'requested_record', members: [] } } },
    answers: ofToken,
  },
  {
    name: 'record-of-another-kind',
    title: 'requested_record is a Device',
    clause: 'GPC-HTML-JWT-RECORD',
    stimulus: claims({ requested_record: { resourceType: 'Device' } }),
    answers: ofToken,
  },
  {
    name: 'record-of-another-patient',
    title: 'requested_record is another patient than the one asked for',
    clause: 'GPC-HTML-JWT-RECORD',
    stimulus: claims({ requested_record: { identifier: [{ system: NHS_NUMBER, value: '9990000026' }] } }),
    answers: ofToken,
    on: 'html-record',
  },
  {
    name: 'audience-of-1x',
    title: 'aud is a service root URL, as in 1.x, not the constant',
    clause: 'GPC-HTML-JWT-AUDIENCE',
    stimulus: claims({ aud: 'https://provider.assay.test/A11111/STU3/1/gpconnect' }),
    rule: 'token.aud',
    answers: ofToken,
  },
  {
    name: 'practitioner-nameless',
    title: 'requesting_practitioner has no family name',
    clause: 'GPC-HTML-JWT-PRACTITIONER',
    stimulus: claims({ requesting_practitioner: { name: { family: null } } }),
    answers: [badRequest, invalidResource],
  },
  {
    name: 'sibling-asid',
    title: "Ssp-To is the ASID of another endpoint of the same system, on this one's URL",
    clause: 'GPC-HTML-SEC-OWN-ASID',
    stimulus: { http: { headers: { 'Ssp-To': '{siblingAsid}' } } },
    rule: 'Ssp-To',
    answers: [badRequest],
    needs: ['siblingAsid'],
  },
  {
    name: 'main-asid-on-sibling',
    title: "Ssp-To is this endpoint's ASID, on the URL of another endpoint of the same system",
    clause: 'GPC-HTML-SEC-OWN-ASID',
    stimulus: { http: { headers: { 'Ssp-To': '{asid}' } } },
    rule: 'Ssp-To',
    answers: [badRequest],
    on: 'html-sibling-metadata',
    needs: ['asid'],
  },
  {
    name: 'interaction-miscased',
    title: 'Ssp-InteractionID in capitals: ids are compared as they are written',
    clause: 'GPC-HTML-SEC-INTERACTION',
    stimulus: {
      http: {
        headers: { 'Ssp-InteractionID': 'URN:NHS:NAMES:SERVICES:GPCONNECT:FHIR:REST:READ:METADATA' },
      },
    },
    rule: 'Ssp-InteractionID',
    answers: [badRequest],
  },
  {
    name: 'interaction-of-1x',
    title: 'Ssp-InteractionID with the -1 that ids have in 1.x',
    clause: 'GPC-HTML-SEC-INTERACTION',
    stimulus: {
      raw: { headers: { name: 'Ssp-InteractionID', lines: [['Ssp-InteractionID', '{value}-1']] } },
    },
    rule: 'Ssp-InteractionID',
    answers: [badRequest],
  },
  {
    name: 'operation-miscased',
    title: 'the operation in another case: $gpc.getCareRecord',
    clause: 'GPC-HTML-API-PATH',
    error: 'GPC-HTML-API-PATH',
    stimulus: { http: { path: '/Patient/$gpc.getCareRecord' } },
    rule: 'request',
    answers: [notImplemented, notFound('NO_RECORD_FOUND', 'REFERENCE_NOT_FOUND'), badRequest],
    on: 'html-record',
    toldOnly: true,
  },
  {
    name: 'unsupported-content-type',
    title: 'Content-Type: application/pdf',
    clause: 'GPC-HTML-API-MEDIA',
    error: 'GPC-HTML-API-MEDIA',
    stimulus: { http: { headers: { 'Content-Type': 'application/pdf' } } },
    rule: 'request',
    answers: [unsupportedMedia],
    on: 'html-record',
  },
  {
    name: 'malformed-body',
    title: 'a body cut in two: no JSON any more',
    clause: 'GPC-HTML-ERR-MALFORMED',
    stimulus: { raw: { body: 'cut' } },
    rule: 'request',
    answers: [badRequest, invalidResource],
    on: 'html-record',
  },
  {
    name: 'bad-check-digit',
    title: 'an NHS number whose check digit is wrong, in body and token',
    clause: 'GPC-HTML-ERR-NHS-NUMBER',
    error: 'GPC-HTML-ERR-NHS-NUMBER',
    stimulus: { data: { patient: '9990000019' } },
    rule: 'request',
    answers: [value('INVALID_NHS_NUMBER')],
    on: 'html-record',
  },
  {
    name: 'section-unknown',
    title: 'a record section that is in no value set',
    clause: 'GPC-HTML-API-SECTION',
    stimulus: { http: { body: careRecordOf('ZZZ') } },
    rule: 'request',
    on: 'html-record',
  },
  {
    name: 'record-to-organization-scope',
    title: 'organization/*.read does not open the care record',
    clause: 'GPC-HTML-SEC-SCOPE-APPLIED',
    stimulus: claims({ requested_scope: 'organization/*.read' }),
    rule: 'token.scope',
    answers: [badRequest, insufficientScope],
    on: 'html-record',
    onlyIf: 'enforcesScope',
  },
  {
    name: 'metadata-to-patient-scope',
    title: 'patient/*.read does not open the conformance statement',
    clause: 'GPC-HTML-SEC-SCOPE-APPLIED',
    stimulus: claims({ requested_scope: 'patient/*.read' }),
    rule: 'token.scope',
    onlyIf: 'enforcesScope',
  },
];

/** Without an interaction it is driven on the edition's own exchange, which needs no data. */
const bound = ({ on, onlyIf, needs }: Pick<Defect, 'onlyIf' | 'needs'> & { readonly on?: string }) => ({
  ...(on !== undefined && { on: [on] as const }),
  ...(needs && { needs }),
  ...(onlyIf && { onlyIf }),
});

const made = cases(
  'html',
  Object.fromEntries(
    defects
      .filter(({ toldOnly }) => !toldOnly)
      .map((defect) => [
        defect.name,
        {
          title: defect.title,
          requirements: [
            defect.clause,
            ...(defect.onlyIf ? (['GPC-HTML-SEC-SCOPE-CHOICE'] as const) : []),
          ] as const,
          stimulus: defect.stimulus,
          expect: { kind: 'refused-request', rule: defect.rule ?? 'token' },
          ...bound(defect),
        },
      ]),
  ),
);

const told = cases(
  'error',
  Object.fromEntries(
    defects.flatMap(({ answers, ...defect }) =>
      answers
        ? [
            [
              `html-${defect.name}`,
              {
                title: `the answer to: ${defect.title}`,
                requirements: [defect.error ?? 'GPC-HTML-ERR-MALFORMED'] as const,
                stimulus: defect.stimulus,
                expect: { kind: 'outcome', rule: defect.rule ?? 'token', answers } as const,
                ...bound(defect),
              },
            ] as const,
          ]
        : [],
    ),
  ),
);

const LAYERS = [
  ['header', 'a missing header', { http: { headers: { 'Ssp-TraceID': null } } }],
  ['token', 'an expired token', { token: { times: { iat: -900, exp: -600 } } }],
] as const;
const parts = cases(
  'html',
  Object.fromEntries(
    LAYERS.flatMap(([layer, words, stimulus]) => [
      [
        `profile-of-${layer}-error`,
        {
          title: `the outcome that tells of ${words} names the profile of 0.x`,
          requirements: ['GPC-HTML-ERR-PROFILE'] as const,
          stimulus,
          expect: {
            kind: 'outcome-part',
            part: 'profile',
            anyOf: ['http://fhir.nhs.net/StructureDefinition/gpconnect-operationoutcome-1'],
          } as const,
        },
      ],
      [
        `system-of-${layer}-error`,
        {
          title: `the outcome that tells of ${words} takes its code from the value set of 0.x`,
          requirements: ['GPC-HTML-ERR-SYSTEM'] as const,
          stimulus,
          expect: {
            kind: 'outcome-part',
            part: 'system',
            anyOf: ['http://fhir.nhs.net/ValueSet/gpconnect-error-or-warning-code-1'],
          } as const,
        },
      ],
    ]),
  ),
);

const UTF8_JSON = '^application/json\\+fhir\\s*;\\s*charset=utf-8';
const forms = cases('html', {
  record: {
    title: 'POST /Patient/$gpc.getcarerecord is answered',
    requirements: ['GPC-HTML-API-RECORD'],
    stimulus: {},
    expect: { kind: 'accepted' },
    ...bound({ on: 'html-record' }),
  },
  chunked: {
    title: 'a body in chunks is read',
    requirements: ['GPC-HTML-API-CHUNKED'],
    stimulus: { raw: { body: 'chunked' } },
    expect: { kind: 'accepted' },
    ...bound({ on: 'html-record' }),
  },
  'bare-practitioner': {
    title: 'requesting_practitioner with an SDS user id of UNK and no local identifier',
    requirements: ['GPC-HTML-JWT-BARE-PRACTITIONER'],
    stimulus: claims({
      requesting_practitioner: { identifier: [{ system: 'http://fhir.nhs.net/sds-user-id', value: 'UNK' }] },
    }),
    expect: { kind: 'accepted' },
  },
  'content-type': {
    title: 'the type of the answer to a valid request',
    requirements: ['GPC-HTML-API-FORMATS'],
    stimulus: {},
    expect: { kind: 'header', name: 'Content-Type', pattern: UTF8_JSON, of: 'answer' },
  },
  'content-type-of-error': {
    title: 'the type of an error',
    requirements: ['GPC-HTML-API-FORMATS'],
    stimulus: { http: { headers: { 'Ssp-TraceID': null } } },
    expect: { kind: 'header', name: 'Content-Type', pattern: UTF8_JSON, of: 'error' },
  },
  'xml-answer': {
    title: 'a request that accepts application/xml+fhir is answered',
    requirements: ['GPC-HTML-API-FORMATS'],
    stimulus: {},
    expect: { kind: 'accepted' },
    ...bound({ on: 'html-metadata-xml' }),
  },
  'xml-type': {
    title: 'and it is answered in XML',
    requirements: ['GPC-HTML-API-FORMATS'],
    stimulus: {},
    expect: { kind: 'header', name: 'Content-Type', pattern: '^application/xml\\+fhir\\b', of: 'answer' },
    ...bound({ on: 'html-metadata-xml' }),
  },
});

export default [...forms, ...made, ...told, ...parts] satisfies readonly Case[];
