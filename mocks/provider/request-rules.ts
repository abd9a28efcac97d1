import type { IncomingMessage } from 'node:http';
import {
  disableable,
  interactions as table,
  type Disableable,
  type Interaction,
} from '../ssp/interactions.ts';
import { DATA } from './data.ts';

/**
 * What a GP Connect provider checks of a request beside its token: one rule a rejection, so that a mutant can overlook
 * exactly one.
 */

const HEADERS = [
  ['trace-id', 'Ssp-TraceID'],
  ['from', 'Ssp-From'],
  ['to', 'Ssp-To'],
  ['interaction-id', 'Ssp-InteractionID'],
] as const;

/** Resources that are read by a logical id, with the code by which one that is not there is told. */
export const READ_BY_ID = [
  ['patient', 'read-patient', 'patientId', 'PATIENT_NOT_FOUND'],
  ['practitioner', 'read-practitioner', 'practitionerId', 'PRACTITIONER_NOT_FOUND'],
  ['organisation', 'read-organization', 'organisationId', 'ORGANISATION_NOT_FOUND'],
  ['location', 'read-location', 'location', 'NO_RECORD_FOUND'],
  ['appointment', 'read-appointment', 'appointment', 'NO_RECORD_FOUND'],
  ['document', 'retrieve-document', 'document', 'NO_RECORD_FOUND'],
] as const satisfies readonly (readonly [
  thing: string,
  interaction: string,
  keyof typeof DATA,
  code: string,
])[];

type Thing = (typeof READ_BY_ID)[number][0];

export const requestRejections = [
  'trace-id-blank',
  'from-blank',
  'to-blank',
  'interaction-id-blank',
  'to-twice-other-last',
  'to-twice-other-first',
  'to-longer',
  'interaction-id-twice-other-last',
  'interaction-id-twice-other-first',
  'interaction-id-longer',
  'sibling-asid',
  'main-asid-on-sibling',
  'wrong-verb',
  'unknown-path',
  'miscased-path',
  'interaction-unknown',
  'interaction-miscased',
  'interaction-of-another-verb',
  'unsupported-accept',
  'unsupported-format',
  'unsupported-content-type',
  'malformed-body',
  'bad-check-digit',
  ...READ_BY_ID.map(([thing]) => `unknown-${thing}` as const),
  ...disableable.map((name) => `${name}-disabled` as const),
] as const;
export type RequestRejection =
  | 'trace-id-blank'
  | 'from-blank'
  | 'to-blank'
  | 'interaction-id-blank'
  | `${'to' | 'interaction-id'}-${'twice-other-last' | 'twice-other-first' | 'longer'}`
  | 'sibling-asid'
  | 'main-asid-on-sibling'
  | 'wrong-verb'
  | 'unknown-path'
  | 'miscased-path'
  | 'interaction-unknown'
  | 'interaction-miscased'
  | 'interaction-of-another-verb'
  | 'unsupported-accept'
  | 'unsupported-format'
  | 'unsupported-content-type'
  | 'malformed-body'
  | 'bad-check-digit'
  | `unknown-${Thing}`
  | `${Disableable}-disabled`;

/** The rejections of this file and those of the older table that it also makes. */
type Made = RequestRejection | 'no-trace-id' | 'no-from' | 'no-to' | 'no-interaction-id';
export interface Fault {
  readonly rejection: Made | 'another-asid' | 'interaction-mismatch' | 'no-resource' | 'section-unknown';
  readonly diagnostics: string;
}

/** A request as the rules see it. */
export interface Asked {
  /** The interaction that verb and path belong to, as far as one can tell. */
  readonly interaction: Interaction | undefined;
  readonly faults: readonly Fault[];
}

/** A service root of the reference, with the ASID that belongs to it. */
export interface Root {
  readonly url: string;
  readonly asid: string;
  readonly capabilities: readonly Interaction['capability'][];
  readonly sibling: boolean;
  /** Its practice has them disabled: nothing but the capability statement of Foundations is answered. */
  readonly disabled?: boolean;
}

const header = ({ headers }: IncomingMessage, name: string): string | undefined => {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(', ') : value;
};

/** Values of every field of a name, in order. */
const lines = ({ rawHeaders }: IncomingMessage, name: string): readonly string[] =>
  rawHeaders.flatMap((given, at) =>
    at % 2 === 0 && given.toLowerCase() === name.toLowerCase() ? [(rawHeaders[at + 1] ?? '').trim()] : [],
  );
/** The value that a provider goes by which overlooks that there are two: the one that suits. */
const suiting = (values: readonly string[], due: string): string | undefined =>
  values.find((value) => value === due) ?? values[0];

const pattern = ({ path }: Interaction): RegExp => {
  const [bare = ''] = path.split('?');
  const escaped = bare.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\{\w+\}/g, '([^/]+)')}$`);
};
const MATCHERS = new Map(table.map((each) => [each, pattern(each)]));
/** The same in any case of letters. */
const LOOSE = new Map(table.map((each) => [each, new RegExp(pattern(each), 'i')]));
const matches = (interaction: Interaction, path: string): boolean =>
  MATCHERS.get(interaction)?.test(path) === true;

/** Media types that the reference writes and reads. */
const MEDIA = /^(application\/(fhir\+json|fhir\+xml|json\+fhir|xml\+fhir)|\*\/\*|application\/\*)$/;
const supported = (value: string | undefined | null): boolean =>
  value === undefined ||
  value === null ||
  value.split(',').some((each) => MEDIA.test((each.split(';')[0] ?? '').trim().toLowerCase()));

const checkDigit = (digits: string): boolean => {
  const numbers = [...digits].map(Number);
  const sum = numbers.slice(0, 9).reduce((total, digit, at) => total + digit * (10 - at), 0);
  return digits.length === 10 && (11 - (sum % 11)) % 11 === numbers[9];
};

const parsed = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/**
 * Every rule that a request breaks, in the order in which the reference looks.
 * @param roots every service root of this provider; the one that is asked stands first
 */
export function readRequest(
  request: IncomingMessage,
  body: string,
  root: Root,
  roots: readonly Root[],
): Asked {
  const faults: Fault[] = [];
  const fault = (rejection: Fault['rejection'], diagnostics: string): void =>
    void faults.push({ rejection, diagnostics });
  for (const [word, name] of HEADERS) {
    const value = header(request, name);
    if (value === undefined) fault(`no-${word}`, `${name} is missing`);
    else if (value.trim() === '') fault(`${word}-blank`, `${name} is blank`);
  }
  const recipients = lines(request, 'Ssp-To');
  if (recipients.length > 1)
    fault(
      recipients[0] === root.asid ? 'to-twice-other-last' : 'to-twice-other-first',
      'Ssp-To stands there twice',
    );
  const to = suiting(recipients, root.asid);
  if (to !== undefined && to !== '' && to !== root.asid) {
    if (to.startsWith(root.asid)) fault('to-longer', 'Ssp-To is not the ASID of this provider');
    else if (!roots.some(({ asid }) => asid === to))
      fault('another-asid', 'Ssp-To is not the ASID of this provider');
    else if (root.sibling) fault('main-asid-on-sibling', 'Ssp-To is the ASID of another endpoint');
    else fault('sibling-asid', 'Ssp-To is the ASID of another endpoint');
  }
  const url = new URL(request.url ?? '/', root.url);
  const path = url.pathname.slice(new URL(root.url).pathname.length);
  const own = table.filter(
    ({ capability, atSibling }) => root.capabilities.includes(capability) && !atSibling,
  );
  const ids = lines(request, 'Ssp-InteractionID');
  const placed = own.filter((each) => matches(each, path));
  const fitting = placed.filter(({ method }) => method === request.method);
  const asked = fitting.find(({ id }) => ids.includes(id)) ?? fitting[0];
  if (asked && ids.length > 1)
    fault(
      ids[0] === asked.id ? 'interaction-id-twice-other-last' : 'interaction-id-twice-other-first',
      'Ssp-InteractionID stands there twice',
    );
  const given = suiting(ids, asked?.id ?? '');
  const loose = own.find((each) => LOOSE.get(each)?.test(path));
  if (placed.length === 0) {
    if (loose && path !== path.toLowerCase()) fault('miscased-path', 'the path is case-sensitive');
    else fault('unknown-path', 'there is no such endpoint');
  } else if (!asked) fault('wrong-verb', `${request.method} is not served here`);
  if (asked && given !== undefined && given !== '' && given !== asked.id)
    interactionFault(given, asked, fault);
  const interaction = asked ?? placed[0] ?? own.find(({ id }) => id === given) ?? own[0];
  if (root.disabled && asked && asked.name !== 'metadata' && isDisableable(asked.capability))
    fault(`${asked.capability}-disabled`, 'the practice has this capability disabled');
  if (interaction) contentFaults(request, url, body, interaction, fault);
  if (asked) dataFaults(path, url, body, asked, fault);
  return { interaction, faults };
}

const isDisableable = (name: string): name is Disableable => disableable.some((each) => each === name);

/** What the pages give no form for that a provider has to check; `undefined`: it is as one would expect. */
export function oddHeader(request: IncomingMessage): string | undefined {
  const forms = [
    ['Ssp-TraceID', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i],
    ['Ssp-From', /^\d+$/],
  ] as const;
  const odd = forms.find(([name, form]) => {
    const [value, ...others] = lines(request, name);
    return value !== undefined && value !== '' && (others.length > 0 || !form.test(value));
  });
  return odd && `${odd[0]} is not of its form`;
}

type Tell = (rejection: Fault['rejection'], diagnostics: string) => void;

function interactionFault(given: string, asked: Interaction, fault: Tell): void {
  const said = 'Ssp-InteractionID does not fit the endpoint';
  const known = table.find(({ id }) => id === given);
  const resource = (id: string): string | undefined => id.split(':').at(-1);
  if (given.startsWith(asked.id)) fault('interaction-id-longer', said);
  else if (given.toLowerCase() === asked.id.toLowerCase()) fault('interaction-miscased', said);
  else if (!known) fault('interaction-unknown', said);
  else if (resource(given) === resource(asked.id)) fault('interaction-of-another-verb', said);
  else fault('interaction-mismatch', said);
}

function contentFaults(
  request: IncomingMessage,
  url: URL,
  body: string,
  { body: due }: Interaction,
  fault: Tell,
): void {
  const format = url.searchParams.get('_format');
  if (!supported(format)) fault('unsupported-format', 'the media type is not supported');
  else if (format === null && !supported(header(request, 'Accept')))
    fault('unsupported-accept', 'the media type is not supported');
  if (due === undefined) return;
  if (!supported(header(request, 'Content-Type')))
    fault('unsupported-content-type', 'the media type is not supported');
  if (!parsed(body)) fault('malformed-body', 'the body is not JSON');
  else if (!/^\s*\{/.test(body)) fault('no-resource', 'the body is no resource');
}

/** Sections of the care record in HTML (value set gpconnect-record-section-1). */
const SECTIONS = new Set('SUM PRB ENC ALL CLI MED REF OBS IMM ADM'.split(' '));

/** The NHS number that a request speaks of, in its query or its body. */
export const numberIn = (url: URL, body: string): string | undefined =>
  url.searchParams.get('identifier')?.match(/nhs-number\|(.*)$/)?.[1] ??
  /nhs-number","value":"([^"]*)"/.exec(body)?.[1];

function dataFaults(path: string, url: URL, body: string, asked: Interaction, fault: Tell): void {
  const number = numberIn(url, body);
  if (number !== undefined && !checkDigit(number)) fault('bad-check-digit', 'not an NHS number');
  const section = /gpconnect-record-section-1","code":"([^"]*)"/.exec(body)?.[1];
  if (section !== undefined && !SECTIONS.has(section))
    fault('section-unknown', 'there is no such record section');
  for (const [thing, name, field] of READ_BY_ID) {
    const id = asked.name === name ? MATCHERS.get(asked)?.exec(path)?.[1] : undefined;
    if (id !== undefined && decodeURIComponent(id) !== DATA[field])
      fault(`unknown-${thing}`, `there is no such ${thing}`);
  }
}
