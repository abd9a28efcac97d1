import { stu3, type Dialect, type ResourceWord } from './dialect.ts';

/**
 * What a GP Connect provider checks of the bearer token (cross-organisation audit and provenance page): one rule
 * a rejection, so that a mutant can overlook exactly one. A table of rules, hence its length.
 */

/** The claims that stand in every token once, with their JSON types. */
const CLAIMS = [
  ['issuer', 'iss', 'string'],
  ['subject', 'sub', 'string'],
  ['audience', 'aud', 'string'],
  ['expiry', 'exp', 'number'],
  ['issued-at', 'iat', 'number'],
  ['reason', 'reason_for_request', 'string'],
  ['scope', 'requested_scope', 'string'],
  ['device', 'requesting_device', 'object'],
  ['organization', 'requesting_organization', 'object'],
  ['practitioner', 'requesting_practitioner', 'object'],
] as const;
type ClaimWord = (typeof CLAIMS)[number][0];

const RESOURCES: readonly ResourceWord[] = ['device', 'organization', 'practitioner'];

/** The rejections of a token beyond its absence, an expired one and a wrong scope. */
export type TokenRejection = `token-${
  | 'in-query'
  | 'of-another-scheme'
  | 'without-last-dot'
  | 'padded'
  | 'in-plain-base64'
  | 'cut'
  | 'with-signature'
  | 'of-another-alg'
  | 'of-another-typ'
  | `${ClaimWord}-${'absent' | 'null' | 'mistyped'}`
  | `${ResourceWord}-${'of-another-kind' | 'of-unknown-kind' | 'invalid'}`
  | 'audience-miscased'
  | 'audience-twice'
  | 'audience-longer'
  | 'reason-unknown'
  | 'subject-of-another'
  | 'lifetime-short'
  | 'expired-just-now'
  | 'lifetime-long'
  | 'practitioner-nameless'
  | 'practitioner-without-sds-id'
  | 'organization-without-ods-code'
  | 'device-without-version'
  | 'record-absent'
  | 'record-of-another-kind'
  | 'record-of-another-patient'}`;

/** What a provider may also turn away: the documents do not say so, or say that it must not. */
export type Overcaution =
  /** A token issued in the future: it must not be refused for that. */
  | 'future-issue'
  /** A practitioner with no role profile and no local identifier: allowed. */
  | 'bare-practitioner'
  | 'lower-case-scheme'
  | 'two-authorizations'
  | 'capitalised-none'
  | 'absent-typ'
  | 'more-header'
  | 'requested-record'
  | 'audience-as-array'
  | 'strange-issuer'
  | 'audience-twice-last-good'
  /** A trace id that is no UUID, a sender that is no number, either of them twice. */
  | 'header-forms'
  /** The capability statement of Foundations at a practice that has the capability disabled. */
  | 'disabled-metadata';

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objects = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** The credentials of a request as they came, and what a lenient reader makes of them. */
interface Presented {
  /** Values of every Authorization field, in order. */
  readonly lines: readonly string[];
  readonly scheme: string;
  /** The token as it stood there, whole. */
  readonly text: string;
  readonly inQuery: boolean;
  readonly header: Json | undefined;
  /** The JSON text of the claims. */
  readonly claimsText: string;
  readonly claims: Json | undefined;
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Reads what it can: a mutant that overlooks a wrong form still sees the claims. */
function read(lines: readonly string[], target: string): Presented | undefined {
  const fromQuery = new URL(target, 'https://provider.invalid').searchParams.get('access_token');
  const [line = fromQuery === null ? '' : `Bearer ${fromQuery}`] = lines.filter((each) => each.trim() !== '');
  if (line.trim() === '') return undefined;
  const [, scheme = '', text = ''] = /^\s*(\S+)\s*(.*)$/.exec(line) ?? [];
  const isJson = text.startsWith('{');
  const [head = '', body = ''] = isJson ? [] : text.split('.');
  const decoded = (part: string): string => Buffer.from(part, 'base64').toString('utf8');
  const claimsText = isJson ? text : decoded(body);
  return {
    lines,
    scheme,
    text,
    inQuery: lines.length === 0,
    header: isJson ? undefined : parse(decoded(head)),
    claimsText,
    claims: parse(claimsText),
  };
}

/** Values of a claim that stands there more than once, in order (RFC 7519 §4 allows a reader to take the last). */
function audiences(text: string): readonly string[] {
  return [...text.matchAll(/"aud"\s*:\s*("(?:[^"\\]|\\.)*")/g)].flatMap(([, value = '""']) => {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'string' ? [parsed] : [];
  });
}

/** `resourceType` of a claim, and the type that is due there. */
const KIND: Readonly<Record<ResourceWord, string>> = {
  device: 'Device',
  organization: 'Organization',
  practitioner: 'Practitioner',
};
/** Kinds that FHIR STU3 knows, as far as a consumer might send them by mistake. */
const KNOWN_KINDS = new Set([
  'Device',
  'Organization',
  'Practitioner',
  'Patient',
  'PractitionerRole',
  'Location',
]);
const EVERY_RESOURCE = new Set([
  'resourceType',
  'id',
  'meta',
  'implicitRules',
  'language',
  'text',
  'extension',
]);

const identifies = (resource: Json, system: string): boolean =>
  objects(resource['identifier']).some(
    (each) => each['system'] === system && typeof each['value'] === 'string' && each['value'] !== '',
  );

/** Seconds after which a token has not just expired any more. */
const JUST_NOW = 300;

/** What a rule looks at beside the token. */
export interface Self {
  /** The provider's service root URL; the audience of every token, where the dialect names no other. */
  readonly url: string;
  /** Absent: that of 1.x. */
  readonly dialect?: Dialect;
  /** The NHS number that the request itself speaks of. */
  readonly patient?: string | undefined;
}

/** The same, filled in: `url` is the audience that is due. */
interface Due extends Self {
  readonly dialect: Dialect;
}

interface TokenRule {
  readonly rejection: TokenRejection | 'malformed-token' | 'another-audience' | 'expired-token';
  readonly diagnostics: string;
  readonly breaks: (token: Presented, due: Due) => boolean;
}

const form: readonly TokenRule[] = [
  {
    rejection: 'token-in-query',
    diagnostics: 'the bearer token belongs in the Authorization header, not in the query',
    breaks: ({ inQuery }) => inQuery,
  },
  {
    rejection: 'token-of-another-scheme',
    diagnostics: 'Authorization: the scheme is not Bearer',
    breaks: ({ scheme }) => scheme.toLowerCase() !== 'bearer',
  },
  {
    rejection: 'malformed-token',
    diagnostics: 'the bearer token is not an unsecured JWT',
    breaks: ({ text }) => text.startsWith('{') || !text.includes('.'),
  },
  {
    rejection: 'token-without-last-dot',
    diagnostics: 'the bearer token has two parts, not three',
    breaks: ({ text }) => !text.startsWith('{') && text.split('.').length === 2,
  },
  {
    rejection: 'token-padded',
    diagnostics: 'the bearer token is padded; base64url in a JWT has no padding',
    breaks: ({ text }) => !text.startsWith('{') && text.includes('='),
  },
  {
    rejection: 'token-in-plain-base64',
    diagnostics: 'the bearer token is in base64, not base64url',
    breaks: ({ text }) => !text.startsWith('{') && /[+/]/.test(text),
  },
  {
    rejection: 'token-cut',
    diagnostics: 'the claims of the bearer token are no JSON',
    breaks: ({ claims }) => claims === undefined,
  },
  {
    rejection: 'token-with-signature',
    diagnostics: 'the bearer token is signed; its third part has to be empty',
    breaks: ({ text }) => !text.startsWith('{') && (text.split('.')[2] ?? '') !== '',
  },
  {
    rejection: 'token-of-another-alg',
    diagnostics: 'JWT header: alg is not none',
    breaks: ({ header }) => header !== undefined && String(header['alg']).toLowerCase() !== 'none',
  },
  {
    rejection: 'token-of-another-typ',
    diagnostics: 'JWT header: typ is not JWT',
    breaks: ({ header }) => header !== undefined && header['typ'] !== undefined && header['typ'] !== 'JWT',
  },
];

const typed = (value: unknown, type: 'string' | 'number' | 'object'): boolean =>
  type === 'object' ? isObject(value) : typeof value === type;

const presence: readonly TokenRule[] = CLAIMS.flatMap(([word, name, type]): readonly TokenRule[] => [
  {
    rejection: `token-${word}-absent`,
    diagnostics: `JWT: ${name} is missing`,
    breaks: ({ claims, claimsText }) =>
      claims !== undefined &&
      claims[name] === undefined &&
      !(word === 'audience' && /"aud"/i.test(claimsText)),
  },
  {
    rejection: `token-${word}-null`,
    diagnostics: `JWT: ${name} is null`,
    breaks: ({ claims }) => claims?.[name] === null,
  },
  {
    rejection: `token-${word}-mistyped`,
    diagnostics: `JWT: ${name} is no ${type}`,
    breaks: ({ claims }) => {
      const value = claims?.[name];
      const asArray = word === 'audience' && Array.isArray(value);
      return value !== undefined && value !== null && !asArray && !typed(value, type);
    },
  },
]);

const text = (claims: Json | undefined, name: string): string | undefined => {
  const value = claims?.[name];
  return typeof value === 'string' ? value : undefined;
};
const seconds = (claims: Json | undefined, name: string): number => {
  const value = claims?.[name];
  return typeof value === 'number' ? value : Number.NaN;
};
const resource = (claims: Json | undefined, word: ResourceWord): Json | undefined => {
  const value = claims?.[`requesting_${word}`];
  return isObject(value) ? value : undefined;
};
/** A resource of its own kind, for the rules on what stands in it. */
const own = (claims: Json | undefined, word: ResourceWord): Json | undefined => {
  const found = resource(claims, word);
  return found?.['resourceType'] === KIND[word] ? found : undefined;
};
/** The audience that is judged: of an array its first. */
const audience = (claims: Json | undefined): string | undefined => {
  const value: unknown = claims?.['aud'];
  const [first]: readonly unknown[] = Array.isArray(value) ? value : [value];
  return typeof first === 'string' ? first : undefined;
};

const values: readonly TokenRule[] = [
  {
    rejection: 'token-audience-miscased',
    diagnostics: 'JWT: aud is missing (claim names are case-sensitive)',
    breaks: ({ claims, claimsText }) =>
      claims !== undefined && claims['aud'] === undefined && /"aud"/i.test(claimsText),
  },
  {
    rejection: 'token-audience-twice',
    diagnostics: 'JWT: aud is not this service root URL',
    breaks: ({ claimsText }, { url }) => {
      const all = audiences(claimsText);
      return all.length > 1 && all.at(-1) !== url;
    },
  },
  {
    rejection: 'token-audience-longer',
    diagnostics: 'JWT: aud is not this service root URL, though it starts with it',
    breaks: ({ claims }, { url }) => {
      const aud = audience(claims);
      return aud !== undefined && aud !== url && aud.startsWith(url);
    },
  },
  {
    rejection: 'another-audience',
    diagnostics: 'JWT: aud is not this service root URL',
    breaks: ({ claims, claimsText }, { url }) => {
      const aud = audience(claims);
      return aud !== undefined && !aud.startsWith(url) && audiences(claimsText).length < 2;
    },
  },
  {
    rejection: 'expired-token',
    diagnostics: 'JWT: exp has passed',
    breaks: ({ claims }) => seconds(claims, 'exp') <= Date.now() / 1000 - JUST_NOW,
  },
  {
    rejection: 'token-expired-just-now',
    diagnostics: 'JWT: exp has just passed',
    breaks: ({ claims }) => {
      const ago = Date.now() / 1000 - seconds(claims, 'exp');
      return ago >= 0 && ago < JUST_NOW;
    },
  },
  {
    rejection: 'token-lifetime-short',
    diagnostics: 'JWT: exp is less than 300 s after iat',
    breaks: ({ claims }) => seconds(claims, 'exp') - seconds(claims, 'iat') < 300,
  },
  {
    rejection: 'token-lifetime-long',
    diagnostics: 'JWT: exp is more than 300 s after iat',
    breaks: ({ claims }) => seconds(claims, 'exp') - seconds(claims, 'iat') > 300,
  },
  {
    rejection: 'token-reason-unknown',
    diagnostics: 'JWT: reason_for_request is not directcare',
    breaks: ({ claims }) =>
      !['directcare', 'migration', undefined].includes(text(claims, 'reason_for_request')),
  },
  {
    rejection: 'token-subject-of-another',
    diagnostics: 'JWT: sub is not the id of requesting_practitioner',
    breaks: ({ claims }) => {
      const id = own(claims, 'practitioner')?.['id'];
      const sub = text(claims, 'sub');
      return sub !== undefined && typeof id === 'string' && sub !== id;
    },
  },
  ...RESOURCES.flatMap((word): readonly TokenRule[] => [
    {
      rejection: `token-${word}-of-another-kind`,
      diagnostics: `JWT: requesting_${word} is a resource of another kind`,
      breaks: ({ claims }) => {
        const kind = resource(claims, word)?.['resourceType'];
        return typeof kind === 'string' && kind !== KIND[word] && KNOWN_KINDS.has(kind);
      },
    },
    {
      rejection: `token-${word}-of-unknown-kind`,
      diagnostics: `JWT: requesting_${word} is no FHIR resource`,
      breaks: ({ claims }) => {
        const found = resource(claims, word);
        const kind = found?.['resourceType'];
        return found !== undefined && !(typeof kind === 'string' && KNOWN_KINDS.has(kind));
      },
    },
    {
      rejection: `token-${word}-invalid`,
      diagnostics: `JWT: requesting_${word} has an element that its StructureDefinition does not know`,
      breaks: ({ claims }, { dialect }) =>
        Object.keys(own(claims, word) ?? {}).some(
          (name) => !EVERY_RESOURCE.has(name) && !dialect.elements[word].has(name),
        ),
    },
  ]),
  {
    rejection: 'token-practitioner-nameless',
    diagnostics: 'JWT: requesting_practitioner has no family name',
    breaks: ({ claims }, { dialect }) => {
      const found = own(claims, 'practitioner');
      return found !== undefined && !dialect.families(found).some((family) => typeof family === 'string');
    },
  },
  {
    rejection: 'token-practitioner-without-sds-id',
    diagnostics: 'JWT: requesting_practitioner has no SDS user id',
    breaks: ({ claims }, { dialect }) => {
      const found = own(claims, 'practitioner');
      return found !== undefined && !identifies(found, dialect.sdsUser);
    },
  },
  {
    rejection: 'token-organization-without-ods-code',
    diagnostics: 'JWT: requesting_organization has no ODS code',
    breaks: ({ claims }, { dialect }) => {
      const found = own(claims, 'organization');
      return found !== undefined && !identifies(found, dialect.ods);
    },
  },
  {
    rejection: 'token-device-without-version',
    diagnostics: 'JWT: requesting_device has no version',
    breaks: ({ claims }) => {
      const found = own(claims, 'device');
      return found !== undefined && typeof found['version'] !== 'string';
    },
  },
];

/** What 0.x says in its tokens, and 1.x no more: whose record is asked for. */
const records: readonly TokenRule[] = [
  {
    rejection: 'token-record-absent',
    diagnostics: 'JWT: requested_record is missing',
    breaks: ({ claims }, { dialect }) =>
      dialect.namesRecord && claims !== undefined && claims['requested_record'] === undefined,
  },
  {
    rejection: 'token-record-of-another-kind',
    diagnostics: 'JWT: requested_record is neither a Patient nor an Organization',
    breaks: ({ claims }, { dialect }) => {
      const record = claims?.['requested_record'];
      return (
        dialect.namesRecord &&
        isObject(record) &&
        !['Patient', 'Organization'].includes(String(record['resourceType']))
      );
    },
  },
  {
    rejection: 'token-record-of-another-patient',
    diagnostics: 'JWT: requested_record is not the patient of the request',
    breaks: ({ claims }, { dialect, patient }) => {
      const record = claims?.['requested_record'];
      if (!dialect.namesRecord || patient === undefined || !isObject(record)) return false;
      const numbers = objects(record['identifier']).map(({ value }) => value);
      return record['resourceType'] === 'Patient' && !numbers.includes(patient);
    },
  },
];

const rules: readonly TokenRule[] = [...form, ...presence, ...values, ...records];

/** Every rejection that the rules make, in the order in which they look. */
export const tokenRejections: readonly TokenRejection[] = rules.flatMap(({ rejection }) =>
  rejection.startsWith('token-') ? [rejection as TokenRejection] : [],
);

/** Those that are answered with 422 INVALID_RESOURCE: the resource is of its kind and breaks its definition. */
export const isInvalidResource = (rejection: string): boolean =>
  /^token-(device|organization|practitioner)-(invalid|of-unknown-kind)$/.test(rejection);

const overcautions: readonly (readonly [
  Overcaution,
  string,
  (token: Presented, due: Due, now: number) => boolean,
])[] = [
  [
    'future-issue',
    'JWT: iat is in the future',
    ({ claims }, _self, now) => seconds(claims, 'iat') > now + 60,
  ],
  [
    'bare-practitioner',
    'JWT: requesting_practitioner lacks an identifier',
    ({ claims }) => objects(own(claims, 'practitioner')?.['identifier']).length === 1,
  ],
  ['lower-case-scheme', 'Authorization: the scheme is not Bearer', ({ scheme }) => scheme === 'bearer'],
  ['two-authorizations', 'Authorization stands there twice', ({ lines }) => lines.length > 1],
  ['capitalised-none', 'JWT header: alg is not none', ({ header }) => header?.['alg'] === 'None'],
  [
    'absent-typ',
    'JWT header: typ is missing',
    ({ header }) => header !== undefined && header['typ'] === undefined,
  ],
  [
    'more-header',
    'JWT header: more than alg and typ',
    ({ header }) => Object.keys(header ?? {}).some((name) => name !== 'alg' && name !== 'typ'),
  ],
  [
    'requested-record',
    'JWT: requested_record is no claim of this version',
    ({ claims }) => claims?.['requested_record'] !== undefined,
  ],
  ['audience-as-array', 'JWT: aud is no string', ({ claims }) => Array.isArray(claims?.['aud'])],
  [
    'strange-issuer',
    'JWT: iss is no known consumer',
    ({ claims }) => text(claims, 'iss') === 'urn:example:nobody',
  ],
  [
    'audience-twice-last-good',
    'JWT: aud stands there twice',
    ({ claimsText }, { url }) => {
      const all = audiences(claimsText);
      return all.length > 1 && all.at(-1) === url;
    },
  ],
];

/** A fault of the token and what to tell of it. */
export interface TokenFault {
  readonly rejection: TokenRule['rejection'] | 'no-token' | 'overcautious';
  readonly diagnostics: string;
}

/** The outcome of reading a token: its faults in order, and its claims for the rules on scope. */
export interface TokenReading {
  readonly faults: readonly TokenFault[];
  readonly claims: Json | undefined;
}

/**
 * Reads the bearer token of a request and lists what is wrong with it.
 * @param lines values of the Authorization fields as they came, in order
 * @param target the request target
 * @param cautious what is also turned away
 */
export function readToken(
  lines: readonly string[],
  target: string,
  self: Self,
  cautious: ReadonlySet<Overcaution>,
): TokenReading {
  const token = read(lines, target);
  if (!token) {
    return {
      faults: [{ rejection: 'no-token', diagnostics: 'Authorization: no bearer token' }],
      claims: undefined,
    };
  }
  const now = Date.now() / 1000;
  const { dialect = stu3 } = self;
  const due: Due = { ...self, dialect, url: dialect.audience ?? self.url };
  const broken = rules.filter((rule) => rule.breaks(token, due));
  const feared = overcautions.filter(([name, , meets]) => cautious.has(name) && meets(token, due, now));
  return {
    faults: [
      ...broken.map(({ rejection, diagnostics }) => ({ rejection, diagnostics })),
      ...feared.map(([, diagnostics]) => ({ rejection: 'overcautious' as const, diagnostics })),
    ],
    claims: token.claims,
  };
}

/** Every overcaution, for a variant that is strict wherever the documents leave it open. */
export const openToChoice: readonly Overcaution[] = [
  'lower-case-scheme',
  'two-authorizations',
  'capitalised-none',
  'absent-typ',
  'more-header',
  'requested-record',
  'audience-as-array',
  'strange-issuer',
  'audience-twice-last-good',
];
