/**
 * The scenarios on security, tokens and HTTP of the older official suite (nhsconnect/gpconnect-provider-testing, 1.2.7
 * and, for Access Record HTML, 0.7.4), each with the cases that ask the same here, or why there is none. A table.
 */

export interface Scenario {
  readonly feature: 'Security' | 'SSP' | 'JWT' | 'Http' | 'FHIR' | 'caching header';
  readonly scenario: string;
  /** Ids of cases; where there is none `because` says why. */
  readonly cases: readonly string[];
  /** Why there is none, or how they differ. */
  readonly because?: string;
}

const ABOUT_THE_SSP = 'asks the SSP and not the provider; the SSP of this project has tests of its own';

const ONE_VERB = 'one wrong verb stands for all that the interaction is not defined for';
const AS_DIRECTIVE = 'as a directive: a value that merely contains the word is another';
const WHERE_ENFORCED = 'binds only a provider that says that it enforces scope';

/** What both lines of the suite ask. */
const gzip: Scenario = { feature: 'FHIR', scenario: 'gzip', cases: ['response/gzip'] };
/** Asked of a resource type that is none: the lines differ in the status that they want. */
const ofUnknownKind = (status: number): Scenario => ({
  feature: 'JWT',
  scenario: `InvalidResourceType: ${status}`,
  cases: [
    'token/device-of-unknown-kind',
    'token/organization-of-unknown-kind',
    'token/practitioner-of-unknown-kind',
  ],
  because: 'the text is ambiguous: 422 and 400 are both accepted',
});

export const scenarios: readonly Scenario[] = [
  {
    feature: 'Security',
    scenario: 'Non-SSL to SSL: closed, or redirected with HSTS',
    cases: ['connection/in-clear', 'plain-port/request', 'response/transport-security'],
  },
  { feature: 'Security', scenario: 'valid SSP certificate', cases: ['tls-version/1.2'] },
  { feature: 'Security', scenario: 'expired certificate', cases: ['client-certificate/expired'] },
  { feature: 'Security', scenario: 'wrong FQDN', cases: ['client-certificate/wrong-name'] },
  {
    feature: 'Security',
    scenario: 'wrong authority',
    cases: ['client-certificate/wrong-issuer', 'client-certificate/self-signed'],
  },
  {
    feature: 'Security',
    scenario: 'revoked certificate',
    cases: ['client-certificate/revoked', 'ocsp/revoked', 'crldp/revoked'],
  },
  {
    feature: 'Security',
    scenario: 'no certificate: exactly 496',
    cases: ['client-certificate/absent', 'error/refusal-carries-error-status'],
    because:
      'no page asks a provider for 496: any refusal is one, and one that speaks HTTP carries 4xx or 5xx',
  },
  {
    feature: 'Security',
    scenario: 'eight valid ciphers, one by one',
    cases: ['cipher-suite/each-string', 'cipher-suite/older-eight', 'cipher-suite/order'],
    because: 'each string has to have one suite for the key type of the server; all eight are noted',
  },
  {
    feature: 'Security',
    scenario: 'cipher ABC-DEF',
    cases: [],
    because: 'there is no such suite: it tries the client that is to offer it, and nothing leaves it',
  },
  { feature: 'Security', scenario: 'cipher NULL-MD5', cases: ['cipher-suite/null'] },
  {
    feature: 'Security',
    scenario: 'cipher AES128-SHA256',
    cases: ['cipher-suite/static-key', 'cipher-suite/only-approved'],
  },
  {
    feature: 'SSP',
    scenario: 'consumer certificates and ciphers, as in Security',
    cases: [],
    because: ABOUT_THE_SSP,
  },
  {
    feature: 'SSP',
    scenario: 'CORS: 17 OPTIONS requests',
    cases: [],
    because: `${ABOUT_THE_SSP}; it expects a request header of CORS on the response`,
  },
  {
    feature: 'SSP',
    scenario: 'wrong Ssp-To: 400 BAD_REQUEST',
    cases: ['ssp-header/to-another-provider', 'error/to-another-provider'],
    because: 'asked of the provider itself: the real SSP answers 403 on the way',
  },
  {
    feature: 'JWT',
    scenario: 'token that is no base64url',
    cases: ['token/malformed', 'error/token-malformed'],
  },
  ...(
    [
      ['iss', 'issuer'],
      ['exp', 'expiry'],
      ['iat', 'issued-at'],
      ['reason_for_request', 'reason'],
      ['aud', 'audience'],
      ['requesting_device', 'device'],
      ['requesting_practitioner', 'practitioner'],
      ['requested_scope', 'scope'],
    ] as const
  ).map(([claim, word]): Scenario => ({
    feature: 'JWT',
    scenario: `no ${claim}`,
    cases: [`token/${word}-absent`, `error/token-${word}-absent`],
  })),
  {
    feature: 'JWT',
    scenario: 'requested_scope badScope, and of the wrong verb',
    cases: ['token/scope-of-another-verb', 'error/scope-of-another-verb'],
    because: WHERE_ENFORCED,
  },
  {
    feature: 'JWT',
    scenario: 'lifetime of 299 s and of 301 s',
    cases: ['token/lifetime-short', 'token/lifetime-long'],
  },
  {
    feature: 'JWT',
    scenario: 'lifetime of -1 s, and issued 600 s ago',
    cases: ['token/expired', 'error/token-expired'],
    because: 'a token that ends before it begins has ended',
  },
  { feature: 'JWT', scenario: 'issued 200 s in the future: 200', cases: ['token/issued-in-future'] },
  {
    feature: 'JWT',
    scenario: 'invalid device, organization, practitioner: 422',
    cases: ['token/device-invalid', 'token/organization-invalid', 'token/practitioner-invalid'],
  },
  ofUnknownKind(422),
  {
    feature: 'JWT',
    scenario: 'identifiers of older release candidates (rc5)',
    cases: [],
    because: 'both of its constants hold the same URL, so that it tries nothing',
  },
  { feature: 'Http', scenario: 'unknown paths', cases: ['error/request-unknown-path'] },
  { feature: 'Http', scenario: '/Metadata', cases: ['error/request-miscased-path'] },
  {
    feature: 'Http',
    scenario: 'PATCH, DELETE, OPTIONS',
    cases: ['request/wrong-verb', 'error/request-wrong-verb', 'hostile/trace'],
    because: ONE_VERB,
  },
  {
    feature: 'FHIR',
    scenario: 'formats by Accept and _format',
    cases: ['xml/answer', 'xml/type', 'request/unsupported-accept', 'request/unsupported-format'],
  },
  gzip,
  {
    feature: 'FHIR',
    scenario: 'CapabilityStatement',
    cases: ['interaction/structured-metadata', 'interaction/documents-metadata'],
    because:
      'its elements are data of the capability and no matter of this project, which asks whether it is answered',
  },
  {
    feature: 'caching header',
    scenario: 'Cache-Control contains no-store, on answers and errors',
    cases: ['cache-control/answer', 'cache-control/error', 'cache-control/refusal-page'],
    because: AS_DIRECTIVE,
  },
  {
    feature: 'caching header',
    scenario: 'wrong Ssp-InteractionID, six times',
    cases: [
      'ssp-header/interaction-of-another-endpoint',
      'request/interaction-unknown',
      'request/interaction-miscased',
      'request/interaction-of-another-verb',
    ],
  },
];

/** What the 0.7.4 line of that suite asks beside, or otherwise. Its Security feature is that of 1.2.7. */
export const htmlScenarios: readonly Scenario[] = [
  ...(
    [
      ['Ssp-TraceID', 'trace-id-absent'],
      ['Ssp-From', 'from-absent'],
      ['Ssp-To', 'to-absent'],
      ['Ssp-InteractionID', 'interaction-id-absent'],
    ] as const
  ).map(([header, name]): Scenario => ({
    feature: 'Http',
    scenario: `no ${header}: not 200, and an OperationOutcome`,
    cases: [`ssp-header/${name}`, `error/${name}`],
  })),
  {
    feature: 'Http',
    scenario: 'no Authorization: not 200, and an OperationOutcome',
    cases: ['token/absent', 'error/token-absent'],
  },
  {
    feature: 'Http',
    scenario: '$gpc.getCareRecord and /Metadata in another case',
    cases: ['error/html-operation-miscased', 'error/request-miscased-path'],
  },
  {
    feature: 'Http',
    scenario: 'unknown paths; PATCH, DELETE, OPTIONS',
    cases: ['error/request-unknown-path', 'request/wrong-verb', 'error/request-wrong-verb'],
    because: ONE_VERB,
  },
  {
    feature: 'JWT',
    scenario: 'requested_record of another patient than the body: 400',
    cases: ['html/record-of-another-patient', 'error/html-record-of-another-patient'],
  },
  {
    feature: 'JWT',
    scenario: 'no requested_record',
    cases: ['html/record-absent', 'error/html-record-absent'],
  },
  {
    feature: 'JWT',
    scenario:
      'requested_scope of another resource: patient/*.read on the conformance statement, and the reverse',
    cases: ['html/metadata-to-patient-scope', 'html/record-to-organization-scope'],
    because: WHERE_ENFORCED,
  },
  ofUnknownKind(400),
  {
    feature: 'JWT',
    scenario: 'claims missing, lifetime, expiry',
    cases: [
      'token/issuer-absent',
      'token/audience-absent',
      'token/lifetime-short',
      'token/lifetime-long',
      'token/expired',
    ],
  },
  {
    feature: 'FHIR',
    scenario: 'unsupported formats by Accept, _format and Content-Type: 415',
    cases: ['request/unsupported-accept', 'request/unsupported-format', 'html/unsupported-content-type'],
  },
  { feature: 'FHIR', scenario: 'JSON and XML, both required', cases: ['html/xml-answer', 'html/xml-type'] },
  gzip,
  {
    feature: 'FHIR',
    scenario: 'the care record, section by section, and its HTML',
    cases: ['html/record', 'html/section-unknown'],
    because:
      'one section stands for all: what a section holds is data of the record and no matter of this project, which asks whether it is answered',
  },
  {
    feature: 'caching header',
    scenario: 'Cache-Control contains no-store, on answers and errors',
    cases: ['cache-control/answer', 'cache-control/error'],
    because: AS_DIRECTIVE,
  },
];
