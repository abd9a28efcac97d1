import type { SecureVersion } from 'node:tls';
import { disableable } from '../ssp/interactions.ts';
import type { RoundName } from '../ssp/rounds.ts';
import type { Building } from './path.ts';
import type { Presented } from './path-certificate.ts';
import type { Flaw } from './path-flaws.ts';
import type { Trait } from './path-traits.ts';
import { byFile, type RevocationPolicy } from './revocation.ts';
import type { RetrievalPolicy } from './retrieval.ts';
import type { ServerCertificateName } from './server-certificate.ts';
import { READ_BY_ID, requestRejections } from './request-rules.ts';
import type { Weakness } from './weakness.ts';
import type { FakeName } from './fakes.ts';
import type { PlainPolicy } from './plain-port.ts';
import { isInvalidResource, tokenRejections, type Overcaution } from './token-rules.ts';

/** The reasons for which a GP Connect provider rejects a request, in the order in which the reference looks. */
export const rejections = [
  'no-trace-id',
  'no-from',
  'no-to',
  'no-interaction-id',
  'another-asid',
  'interaction-mismatch',
  'no-token',
  'malformed-token',
  'another-audience',
  'expired-token',
  'wrong-scope',
  ...tokenRejections,
  'overcautious',
  ...requestRejections,
  'section-unknown',
  'stale-version',
  'already-registered',
  'unknown-appointment',
  'no-resource',
  'slot-taken',
  'amended-as-cancellation',
  'cancelled-as-amendment',
] as const;
export type Rejection = (typeof rejections)[number];

/** What an OperationOutcome says of one rejection. */
export interface ErrorEntry {
  readonly status: number;
  /** FHIR issue type. */
  readonly issue: string;
  /** Code of Spine-ErrorOrWarningCode-1, with its display. */
  readonly code: string;
  readonly display: string;
  /** What of the outcome's shape is otherwise for this one. */
  readonly shape?: Partial<OutcomeShape>;
}

/** How every OperationOutcome is built (GP Connect error handling guidance). */
export interface OutcomeShape {
  readonly resourceType: string;
  readonly profile: string | undefined;
  readonly severity: string;
  readonly system: string;
  readonly withDisplay: boolean;
  /** Whether `diagnostics` is a text, as FHIR has it, or a list of texts. */
  readonly diagnostics: 'text' | 'list';
  /** What it gives away in its diagnostics beside the reason. */
  readonly betrays: 'nothing' | 'stack' | 'token' | 'path' | 'sql';
}

/** How every answer is made (GP Connect FHIR API guidance). */
export interface AnswerShape {
  /** `Content-Type`; `undefined`: none. The charset is to be stated. */
  readonly contentType: string | undefined;
  readonly errorContentType: string | undefined;
  readonly strictTransportSecurity: string | undefined;
  readonly entityTags: boolean;
  readonly compresses: boolean;
  /** Whether a body in chunks is read. */
  readonly readsChunks: boolean;
  /** Whether a created resource is answered with its `Location`. */
  readonly locates: boolean;
  /** Status of the answer to a booking. */
  readonly created: number;
  /** What comes of a request for XML. */
  readonly xml: 'written' | 'ignored' | 'refused';
  /** How errors in XML are made. */
  readonly xmlErrors: 'sound' | 'unclosed' | 'listed';
}

/** The decisions that a provider takes about one exchange. A mutant gets exactly one of them wrong. */
export interface Policy {
  /** Protocol versions, oldest and newest. */
  readonly versions: readonly [oldest: SecureVersion, newest: SecureVersion];
  /** A protocol too old for OpenSSL, answered by hand-made bytes beside the real server. */
  readonly relic: 'SSLv2' | 'SSLv3' | undefined;
  /** A kind of hello that is answered by hand-made bytes, since OpenSSL cannot be that wrong. */
  readonly fake: FakeName | undefined;
  /** Whether plain HTTP is served on the TLS port. */
  readonly servesClear: boolean;
  /** The certificate that it shows. */
  readonly serverCertificate: ServerCertificateName;
  /** What it does on a plain-HTTP port beside. */
  readonly plain: PlainPolicy;
  /** Whether a client may start a renegotiation. */
  readonly renegotiates: boolean;
  /** Whether sessions are resumed. */
  readonly resumes: boolean;
  /** OpenSSL cipher string for TLS 1.2 and below. */
  readonly ciphers: string;
  /** Ephemeral groups: a prime by its name (RFC 2409, RFC 3526), a curve by OpenSSL's; `auto`: OpenSSL's choice. */
  readonly groups: { readonly prime: 'auto' | 'modp2'; readonly curve: string };
  /** Whose order of cipher suites rules. */
  readonly cipherOrder: 'server' | 'client';
  /** Protocol versions in which it looks at certificates; `all` by whoever keeps the rule. */
  readonly examinesIn: 'all' | readonly SecureVersion[];
  /** Paths on which a refused certificate is turned away, as a pattern; `all` by whoever keeps the rule. */
  readonly guards: 'all' | RegExp;
  /** Whether a client must present a certificate at all. */
  readonly requiresCertificate: boolean;
  /** What it overlooks in the certification path presented. */
  readonly overlooks: ReadonlySet<Flaw>;
  /** What it turns away though no document says so. */
  readonly turnsAway: ReadonlySet<Trait>;
  /** How it puts a certification path together. */
  readonly building: Building;
  /** How it learns of revocation. */
  readonly revocation: RevocationPolicy;
  /** Ways round the certificate that it leaves open. */
  readonly weaknesses: ReadonlySet<RoundName>;
  /** Whether a sound certificate with these names is let in. */
  readonly admits: (presented: Presented, ssp: string) => boolean;
  /** Whether it knows the client by its public key: the next certificate has another. */
  readonly pinsKey: boolean;
  /** How a refused certificate is told: by a page with this status, or by closing the connection. */
  readonly refusal: number | 'close';
  /** Interaction and scope, `read-patient patient/*.write`, that it opens although the table does not. */
  readonly opens: ReadonlySet<string>;
  /** Interactions, by name, that it does not serve. */
  readonly lacks: ReadonlySet<string>;
  /** Rejections that it does not make. */
  readonly ignores: ReadonlySet<Rejection>;
  /** What it also turns away, though no document says so. */
  readonly cautious: ReadonlySet<Overcaution>;
  /** What each rejection is answered with. */
  readonly errors: Readonly<Record<Rejection, ErrorEntry>>;
  readonly outcome: OutcomeShape;
  /** What it does to the answer of a valid request. */
  readonly answer: AnswerShape;
  /** What it decides about a retrieval for the NRL. */
  readonly retrieval: RetrievalPolicy;
  /** The hostile request to which it gives way. */
  readonly weakness: Weakness | undefined;
  /** `Cache-Control` on answers, on its own errors and on the page that refuses a certificate. */
  readonly cacheAnswer: string | undefined;
  readonly cacheError: string | undefined;
  readonly cacheRefusal: string | undefined;
}

/** What a policy decides about TLS, whatever is served over it. */
export type TlsPolicy = Pick<Policy, 'versions' | 'serverCertificate' | 'ciphers' | 'groups'>;

/** What of it is about the client's certificate: providers of other profiles decide the same things. */
export type CertificatePolicy = Pick<
  Policy,
  | 'plain'
  | 'examinesIn'
  | 'guards'
  | 'requiresCertificate'
  | 'overlooks'
  | 'turnsAway'
  | 'building'
  | 'weaknesses'
  | 'admits'
  | 'pinsKey'
>;

const badRequest: ErrorEntry = { status: 400, issue: 'invalid', code: 'BAD_REQUEST', display: 'Bad request' };

const invalidResource: ErrorEntry = {
  status: 422,
  issue: 'invalid',
  code: 'INVALID_RESOURCE',
  display: 'Invalid validation of resource',
};

const notFound = (code: string, display: string): ErrorEntry => ({
  status: 404,
  issue: 'not-found',
  code,
  display,
});
const DISPLAYS: Readonly<Record<string, string>> = {
  PATIENT_NOT_FOUND: 'Patient not found',
  PRACTITIONER_NOT_FOUND: 'Practitioner not found',
  ORGANISATION_NOT_FOUND: 'Organisation not found',
  NO_RECORD_FOUND: 'No record found',
};
const notImplemented: ErrorEntry = {
  status: 501,
  issue: 'not-supported',
  code: 'NOT_IMPLEMENTED',
  display: 'Not implemented',
};
const accessDenied: ErrorEntry = {
  status: 403,
  issue: 'forbidden',
  code: 'ACCESS DENIED', // with a space
  display: 'Access denied',
};
const unsupported: ErrorEntry = { ...badRequest, status: 415 };

/** What is not answered 400 BAD_REQUEST (error handling guidance; the spreadsheet for 415 and 501). */
const OTHER_ERRORS: Readonly<Partial<Record<Rejection, ErrorEntry>>> = {
  ...Object.fromEntries(
    READ_BY_ID.map(([thing, , , code]) => [`unknown-${thing}`, notFound(code, DISPLAYS[code] ?? '')]),
  ),
  ...Object.fromEntries(disableable.map((name) => [`${name}-disabled`, accessDenied])),
  'no-resource': invalidResource,
  'unknown-path': notImplemented,
  'miscased-path': notImplemented,
  'unsupported-accept': unsupported,
  'unsupported-format': unsupported,
  'unsupported-content-type': unsupported,
  'bad-check-digit': {
    status: 400,
    issue: 'value',
    code: 'INVALID_NHS_NUMBER',
    display: 'Invalid NHS number',
  },
  'section-unknown': {
    status: 422,
    issue: 'invalid',
    code: 'INVALID_PARAMETER',
    display: 'Invalid parameter',
  },
  'stale-version': {
    status: 409,
    issue: 'conflict',
    code: 'FHIR_CONSTRAINT_VIOLATION',
    display: 'FHIR constraint violation',
  },
  'slot-taken': {
    status: 409,
    issue: 'duplicate',
    code: 'DUPLICATE_REJECTED',
    display: 'Create would lead to creation of a duplicate resource',
  },
  'already-registered': {
    status: 409,
    issue: 'duplicate',
    code: 'DUPLICATE_REJECTED',
    display: 'Create would lead to creation of a duplicate resource',
  },
};

/** A provider that keeps the rules of GP Connect. */
export const conformant: Policy = {
  versions: ['TLSv1.2', 'TLSv1.2'],
  relic: undefined,
  fake: undefined,
  servesClear: false,
  serverCertificate: 'own',
  plain: 'nothing',
  renegotiates: false,
  resumes: true,
  ciphers: 'AESGCM+EECDH:AESGCM+EDH:AES256+EECDH:AES256+EDH',
  groups: { prime: 'auto', curve: 'auto' },
  cipherOrder: 'server',
  examinesIn: 'all',
  guards: 'all',
  requiresCertificate: true,
  overlooks: new Set(),
  turnsAway: new Set(),
  building: 'any-way',
  revocation: byFile,
  weaknesses: new Set(),
  admits: ({ commonName }, ssp) => commonName === ssp,
  pinsKey: false,
  refusal: 403,
  opens: new Set(),
  lacks: new Set(),
  ignores: new Set(),
  cautious: new Set(),
  errors: Object.fromEntries(
    rejections.map((name) => [
      name,
      OTHER_ERRORS[name] ?? (isInvalidResource(name) ? invalidResource : badRequest),
    ]),
  ) as Record<Rejection, ErrorEntry>,
  outcome: {
    resourceType: 'OperationOutcome',
    profile: 'https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-OperationOutcome-1',
    severity: 'error',
    system: 'https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1',
    withDisplay: true,
    diagnostics: 'text',
    betrays: 'nothing',
  },
  answer: {
    contentType: 'application/fhir+json;charset=utf-8',
    errorContentType: 'application/fhir+json;charset=utf-8',
    strictTransportSecurity: 'max-age=31536000',
    entityTags: true,
    compresses: true,
    readsChunks: true,
    locates: true,
    created: 201,
    xml: 'written',
    xmlErrors: 'sound',
  },
  retrieval: { wraps: false, unknown: 404, wantsHeaders: true, methods: ['GET'] },
  weakness: undefined,
  cacheAnswer: 'no-store',
  cacheError: 'no-store',
  cacheRefusal: 'no-store',
};

/** One wrong decision, all others right: the type admits no second change. */
export const wrong = <Decision extends keyof Policy>(
  decision: Decision,
  taken: Policy[Decision],
): Policy => ({
  ...conformant,
  [decision]: taken,
});
