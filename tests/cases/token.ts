import type { Case, Change, ErrorAnswer, Exchange, Rule } from '../model.ts';
import type { RequirementId } from '../register/index.ts';
import { badRequest, invalidResource, unauthorised } from './answers.ts';
import { cases } from './define.ts';

/**
 * The bearer token: a row a defect, from which two cases are made. `token/NAME`: the request is refused;
 * `error/token-NAME`: what the refusal says. A table, hence its length.
 */

interface Defect {
  readonly name: string;
  readonly title: string;
  readonly clause: RequirementId;
  readonly stimulus: Change<Exchange>;
  readonly rule?: Rule;
  /** The answers that the sources allow, the preferred one first. */
  readonly answers?: readonly [ErrorAnswer, ...ErrorAnswer[]];
}

const claims = (change: Readonly<Record<string, string | object | null>>): Change<Exchange> => ({
  token: { claims: change },
});
const members = (
  name: string,
  ...list: readonly (readonly [name: string, json: string])[]
): Change<Exchange> => ({ raw: { claims: { name, members: list } } });

/** The claims that stand in every token once, each with JSON of another type than its own. */
const required = [
  ['issuer', 'iss', 'GPC-JWT-ISSUER', '17'],
  ['subject', 'sub', 'GPC-JWT-SUBJECT', '17'],
  ['audience', 'aud', 'GPC-JWT-AUDIENCE', '17'],
  ['expiry', 'exp', 'GPC-JWT-EXPIRY', '"{value}"'],
  ['issued-at', 'iat', 'GPC-JWT-ISSUED-AT', '"{value}"'],
  ['reason', 'reason_for_request', 'GPC-JWT-REASON', '["directcare"]'],
  ['scope', 'requested_scope', 'GPC-JWT-SCOPE-CLAIM', '[{value}]'],
  ['device', 'requesting_device', 'GPC-JWT-DEVICE', '"Device"'],
  ['organization', 'requesting_organization', 'GPC-JWT-ORGANIZATION', '"Organization"'],
  ['practitioner', 'requesting_practitioner', 'GPC-JWT-PRACTITIONER', '"Practitioner"'],
] as const;

const presence = required.flatMap(([word, claim, clause, other]): readonly Defect[] => [
  { name: `${word}-absent`, title: `no ${claim}`, clause, stimulus: members(claim) },
  { name: `${word}-null`, title: `${claim} is null`, clause, stimulus: members(claim, [claim, 'null']) },
  {
    name: `${word}-mistyped`,
    title: `${claim} of another JSON type: ${other.replace('"{value}"', 'its number as a string')}`,
    clause,
    stimulus: members(claim, [claim, other]),
  },
]);

const resources = [
  ['device', 'GPC-JWT-DEVICE'],
  ['organization', 'GPC-JWT-ORGANIZATION'],
  ['practitioner', 'GPC-JWT-PRACTITIONER'],
] as const;
const kinds = resources.flatMap(([word, clause]): readonly Defect[] => [
  {
    name: `${word}-of-another-kind`,
    title: `requesting_${word} is a Patient`,
    clause,
    stimulus: claims({ [`requesting_${word}`]: { resourceType: 'Patient' } }),
  },
  {
    name: `${word}-of-unknown-kind`,
    title: `requesting_${word} has a resourceType that FHIR does not know`,
    clause,
    stimulus: claims({ [`requesting_${word}`]: { resourceType: 'InvalidResourceType' } }),
    // The text is ambiguous; the official tests want 422 in 1.x and wanted 400 in 0.7.
    answers: [invalidResource, badRequest],
  },
  {
    name: `${word}-invalid`,
    title: `requesting_${word} has an element that its StructureDefinition does not know`,
    clause,
    stimulus: claims({ [`requesting_${word}`]: { invalidField: 'INVALID' } }),
    answers: [invalidResource],
  },
]);

const defects: readonly Defect[] = [
  {
    name: 'of-another-scheme',
    title: 'behind the scheme Basic',
    clause: 'GPC-SEC-TOKEN-PRESENT',
    stimulus: { raw: { token: 'scheme-basic' } },
  },
  {
    name: 'in-query',
    title: 'in the query as access_token, and no Authorization header',
    clause: 'GPC-SEC-TOKEN-PRESENT',
    stimulus: { raw: { token: 'in-query' } },
  },
  {
    name: 'without-last-dot',
    title: 'without the dot at its end: two parts where a JWT has three',
    clause: 'GPC-JWT-ENCODING',
    stimulus: { raw: { token: 'dot-dropped' } },
  },
  {
    name: 'padded',
    title: 'both parts padded with =',
    clause: 'GPC-JWT-ENCODING',
    stimulus: { raw: { token: 'padded' } },
  },
  {
    name: 'in-plain-base64',
    title: 'in the alphabet of plain base64, with + and /',
    clause: 'GPC-JWT-ENCODING',
    stimulus: { raw: { token: 'plain-base64' } },
  },
  {
    name: 'cut',
    title: 'the second half of the claims cut off',
    clause: 'GPC-SEC-TOKEN-FORMED',
    stimulus: { raw: { token: 'cut' } },
  },
  {
    name: 'with-signature',
    title: 'alg none, and a signature all the same',
    clause: 'GPC-JWT-ENCODING',
    stimulus: { raw: { token: 'with-signature' } },
  },
  {
    name: 'of-another-alg',
    title: 'a header that says alg HS256',
    clause: 'GPC-JWT-HEADER',
    stimulus: { token: { header: { alg: 'HS256' } } },
  },
  {
    name: 'of-another-typ',
    title: 'a header that says typ JOSE',
    clause: 'GPC-JWT-HEADER',
    stimulus: { token: { header: { typ: 'JOSE' } } },
  },
  ...presence,
  {
    name: 'audience-miscased',
    title: 'the claim is called Aud',
    clause: 'GPC-JWT-AUDIENCE',
    stimulus: members('aud', ['Aud', '{value}']),
  },
  {
    name: 'audience-twice',
    title: 'aud stands there twice, the second time for another (a JSON parser keeps that one)',
    clause: 'GPC-JWT-AUDIENCE',
    stimulus: members('aud', ['aud', '{value}'], ['aud', '"https://another.assay.test"']),
    rule: 'token.aud',
  },
  {
    name: 'audience-longer',
    title: 'aud is the service root URL and something behind it',
    clause: 'GPC-JWT-AUDIENCE',
    stimulus: members('aud', ['aud', '"{inner}/another"']),
    rule: 'token.aud',
  },
  {
    name: 'lifetime-short',
    title: 'exp is 299 s after iat',
    clause: 'GPC-JWT-EXPIRY',
    stimulus: { token: { times: { exp: 299 } } },
    rule: 'token.exp',
  },
  {
    name: 'lifetime-long',
    title: 'exp is 301 s after iat',
    clause: 'GPC-JWT-EXPIRY',
    stimulus: { token: { times: { exp: 301 } } },
    rule: 'token.exp',
  },
  {
    name: 'expired-just-now',
    title: 'expired just longer ago than clocks may differ',
    clause: 'GPC-JWT-EXPIRED',
    stimulus: { token: { edge: 'exp-past' } },
    rule: 'token.exp',
  },
  {
    name: 'reason-unknown',
    title: 'reason_for_request is curiosity',
    clause: 'GPC-JWT-REASON',
    stimulus: claims({ reason_for_request: 'curiosity' }),
  },
  {
    name: 'subject-of-another',
    title: 'sub is not the id of requesting_practitioner',
    clause: 'GPC-JWT-SUBJECT',
    stimulus: claims({ sub: 'assay-2' }),
  },
  ...kinds,
  {
    name: 'practitioner-nameless',
    title: 'requesting_practitioner has no family name',
    clause: 'GPC-JWT-PRACTITIONER',
    stimulus: claims({ requesting_practitioner: { name: [{ given: ['Assay'] }] } }),
    // 400 by the rules on JWT values; a provider that validates the resource says 422.
    answers: [badRequest, invalidResource],
  },
  {
    name: 'practitioner-without-sds-id',
    title: 'requesting_practitioner has a local identifier and no SDS user id',
    clause: 'GPC-JWT-PRACTITIONER',
    stimulus: claims({
      requesting_practitioner: { identifier: [{ system: 'https://assay.test/Id/user', value: 'assay-1' }] },
    }),
    answers: [badRequest, invalidResource],
  },
  {
    name: 'organization-without-ods-code',
    title: 'requesting_organization has no ODS code',
    clause: 'GPC-JWT-ORGANIZATION',
    stimulus: claims({
      requesting_organization: { identifier: [{ system: 'https://assay.test/Id/org', value: 'A' }] },
    }),
    answers: [badRequest, invalidResource],
  },
  {
    name: 'device-without-version',
    title: 'requesting_device has no version',
    clause: 'GPC-JWT-DEVICE',
    stimulus: claims({ requesting_device: { version: null } }),
    answers: [badRequest, invalidResource],
  },
];

const refused = (rule: Rule) => ({ kind: 'refused-request', rule }) as const;

const made = cases(
  'token',
  Object.fromEntries(
    defects.map(({ name, title, clause, stimulus, rule = 'token' }) => [
      name,
      { title, requirements: [clause], stimulus, expect: refused(rule) },
    ]),
  ),
);

/** What the refusals of the table above say. */
export const told: readonly Case[] = cases(
  'error',
  Object.fromEntries(
    defects.map(({ name, title, stimulus, rule = 'token', answers = [badRequest, unauthorised] }) => [
      `token-${name}`,
      {
        title: `the answer to a token: ${title}`,
        requirements: [answers[0] === invalidResource ? 'GPC-ERR-INVALID-RESOURCE' : 'GPC-ERR-TOKEN'],
        stimulus,
        expect: { kind: 'outcome', rule, answers },
      },
    ]),
  ),
);

const accepted = { kind: 'accepted' } as const;

/** The positive twins: what a careful provider is tempted to turn away and must not. */
const twins = cases('token', {
  'issued-in-future': {
    title: 'iat is 200 s in the future, exp 300 s after it',
    requirements: ['GPC-JWT-FUTURE'],
    stimulus: { token: { times: { iat: 200, exp: 500 } } },
    expect: accepted,
  },
  'bare-practitioner': {
    title: 'requesting_practitioner with an SDS user id of UNK, no role profile, no local identifier',
    requirements: ['GPC-JWT-BARE-PRACTITIONER'],
    stimulus: claims({
      requesting_practitioner: {
        identifier: [{ system: 'https://fhir.nhs.uk/Id/sds-user-id', value: 'UNK' }],
      },
    }),
    expect: accepted,
  },
});

/** What the documents leave open: noted, whichever way a provider decides. */
const open = cases('token', {
  'scheme-lower-case': {
    title: 'the scheme is written bearer (RFC 9110 §11.1: case-insensitive)',
    requirements: ['GPC-SEC-TOKEN-FORMED'],
    stimulus: { raw: { token: 'scheme-lower-case' } },
    expect: accepted,
    bearing: 'noted',
  },
  'authorization-twice': {
    title: 'the Authorization header stands there twice (RFC 6750 §3.1 calls that an invalid request)',
    requirements: ['GPC-SEC-TOKEN-FORMED'],
    stimulus: {
      raw: {
        headers: {
          name: 'Authorization',
          lines: [
            ['Authorization', '{value}'],
            ['Authorization', '{value}'],
          ],
        },
      },
    },
    expect: refused('token'),
    bearing: 'noted',
  },
  'alg-capitalised': {
    title: 'the header says alg None (RFC 7515 §4.1.1: case-sensitive)',
    requirements: ['GPC-JWT-HEADER'],
    stimulus: { token: { header: { alg: 'None' } } },
    expect: refused('token'),
    bearing: 'noted',
  },
  'typ-absent': {
    title: 'the header says no typ (RFC 7519 §5.1: optional)',
    requirements: ['GPC-JWT-HEADER'],
    stimulus: { token: { header: { typ: null } } },
    expect: refused('token'),
    bearing: 'noted',
  },
  'header-with-more': {
    title: 'the header says more than alg and typ (RFC 7515 §4: ignored where not understood)',
    requirements: ['GPC-JWT-HEADER'],
    stimulus: { token: { header: { kid: 'assay' } } },
    expect: refused('token'),
    bearing: 'noted',
  },
  'record-requested': {
    title: 'with requested_record, a claim of 0.x',
    requirements: ['GPC-JWT-NO-RECORD'],
    stimulus: claims({
      requested_record: {
        resourceType: 'Organization',
        identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'A11111' }],
      },
    }),
    expect: refused('token'),
    bearing: 'noted',
  },
  'audience-as-array': {
    title: 'aud is an array of the one URL (RFC 7519 §4.1.3 allows it, the page says string)',
    requirements: ['GPC-JWT-AUDIENCE'],
    stimulus: members('aud', ['aud', '[{value}]']),
    expect: refused('token.aud'),
    bearing: 'noted',
  },
  'audience-twice-last-good': {
    title: 'aud stands there twice, the first time for another (RFC 7519 §4 allows to take the last)',
    requirements: ['GPC-JWT-AUDIENCE'],
    stimulus: members('aud', ['aud', '"https://another.assay.test"'], ['aud', '{value}']),
    expect: refused('token.aud'),
    bearing: 'noted',
  },
  'issuer-strange': {
    title: 'iss is a URN that no consumer has: nothing says what a provider knows of consumers',
    requirements: ['GPC-JWT-ISSUER'],
    stimulus: claims({ iss: 'urn:example:nobody' }),
    expect: refused('token'),
    bearing: 'noted',
  },
});

const first = cases('token', {
  absent: {
    title: 'no Authorization header',
    requirements: ['GPC-SEC-TOKEN-PRESENT'],
    stimulus: { token: null },
    expect: refused('token'),
  },
  malformed: {
    title: 'the claims as raw JSON, not a JWT',
    requirements: ['GPC-SEC-TOKEN-FORMED'],
    stimulus: { raw: { token: 'not-base64url' } },
    expect: refused('token'),
  },
  'audience-of-another': {
    title: 'aud is the 0.x constant, not the service root URL',
    requirements: ['GPC-JWT-AUDIENCE'],
    stimulus: { token: { claims: { aud: 'https://authorize.fhir.nhs.net/token' } } },
    expect: refused('token.aud'),
  },
  expired: {
    title: 'issued 15 minutes ago, expired 10 minutes ago',
    requirements: ['GPC-JWT-EXPIRED'],
    stimulus: { token: { times: { iat: -900, exp: -600 } } },
    edge: -600,
    expect: refused('token.exp'),
  },
  'scope-of-another-verb': {
    title: 'requested_scope is organization/*.write, asked for a read',
    requirements: ['GPC-JWT-SCOPE', 'GPC-SEC-SCOPE-APPLIED', 'GPC-SEC-SCOPE-CHOICE'],
    stimulus: { token: { claims: { requested_scope: 'organization/*.write' } } },
    expect: refused('token.scope'),
    onlyIf: 'enforcesScope',
  },
});

/** The bearer token: present, well formed, complete, for this provider, in time, of a fitting scope. */
export default [...first, ...made, ...twins, ...open] satisfies readonly Case[];
