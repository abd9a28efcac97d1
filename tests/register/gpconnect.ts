import type { Document } from './requirement.ts';

const CONNECTION = 'Secure connection negotiation';
const PROTOCOLS = 'SSL and TLS protocols';
const CIPHERS = 'Supported ciphers';
const CERTIFICATES = 'Client certificates (TLS/MA)';

/** The security page: what a provider's connections, certificates and requests are held to. */
export const gpconnectSecurity = {
  id: 'gpc-security',
  title: 'GP Connect · Security',
  source:
    'https://digital.nhs.uk/developer/api-catalogue/gp-connect · Security (last edited 20 October 2025)',
  editions: ['2025-10', '1.6', '1.5', '1.2'],
  requirements: [
    {
      id: 'GPC-SEC-ONLY-SSP',
      section: CONNECTION,
      keyword: 'SHALL',
      text: 'only accept connections from the Spine Secure Proxy (SSP)',
    },
    {
      id: 'GPC-SEC-AUTHENTICATE-FIRST',
      section: CONNECTION,
      keyword: 'SHALL',
      text: 'authenticate the SSP prior to responding to any requests using its client certificate',
    },
    {
      id: 'GPC-SEC-ONLY-APPROVED-CIPHERS',
      section: CONNECTION,
      keyword: 'SHALL',
      text: 'only permit approved supported ciphers to be utilised',
    },
    {
      id: 'GPC-SEC-ONLY-ENCRYPTED',
      section: CONNECTION,
      keyword: 'SHALL',
      text: 'only accept encrypted connections and drop connection attempts presented over insecure protocols',
    },
    {
      id: 'GPC-SEC-OWN-ASID',
      section: CONNECTION,
      keyword: 'SHALL',
      text: 'only accept requests for its allocated ASID, as specified by the Ssp-To header on its matching endpoint URL',
    },
    {
      id: 'GPC-SEC-INTERACTION',
      section: CONNECTION,
      keyword: 'SHALL',
      text: 'check that the Ssp-InteractionID value is consistent with the endpoint being requested',
    },
    {
      id: 'GPC-SEC-SSP-HEADERS',
      section: CONNECTION,
      keyword: 'SHALL',
      text: 'check for the presence of all SSP headers',
    },
    {
      id: 'GPC-SEC-TOKEN-PRESENT',
      section: CONNECTION,
      keyword: 'SHALL',
      text: 'check that an authorization bearer token is present',
    },
    {
      id: 'GPC-SEC-TOKEN-FORMED',
      section: CONNECTION,
      keyword: 'SHALL',
      text: 'check that an authorization bearer token is […] correctly formed',
    },
    {
      id: 'GPC-SEC-SCOPE-CHOICE',
      section: CONNECTION,
      keyword: 'MAY',
      text: 'authorise access to API endpoints through examining […] the JWT requested_scope claim',
    },
    {
      id: 'GPC-SEC-SCOPE-APPLIED',
      section: 'Authorisation of access to endpoints',
      keyword: 'SHALL',
      text: 'in this case […] apply authorisation logic to endpoints',
      because: 'binds only a provider that declares options.enforcesScope',
      editions: ['1.6', '1.5', '1.2'],
    },
    {
      id: 'GPC-SEC-RISK-MANAGED',
      section: CONNECTION,
      keyword: 'SHALL',
      text: 'risk-manage the security of the endpoints of the TLS communications',
      decidedBy: 'attestation',
      because: 'a management practice: a dated statement of who assessed what decides it',
    },
    {
      id: 'GPC-SEC-OWASP-TESTED',
      section: 'Security testing',
      keyword: 'SHALL',
      text: 'as a minimum be tested against the OWASP top 10 web application vulnerabilities',
      decidedBy: 'evidence',
      attestable: true,
      because: 'a dated test report decides that a test took place',
    },
    {
      id: 'GPC-SEC-DOS-TESTED',
      section: 'Security testing',
      keyword: 'SHOULD',
      text: 'be tested for vulnerability to Denial of Service (DoS) and hardened against such attacks',
      decidedBy: 'evidence',
      attestable: true,
      because: 'a dated test report decides that a test took place',
    },
    {
      id: 'GPC-SEC-OWASP-SHOWN',
      section: 'Security testing',
      keyword: 'SHALL',
      text: 'be tested against the OWASP top 10 web application vulnerabilities',
      because:
        'read as: what the first requests of such a test would show is not there; driven only with consent',
    },
    {
      id: 'GPC-SEC-DOS-HARDENED',
      section: 'Security testing',
      keyword: 'SHOULD',
      text: 'be […] hardened against such attacks [Denial of Service]',
      because:
        'read as: a few large, deep, slow or idle requests do not bring it down; driven only with consent',
    },
    {
      id: 'GPC-SEC-TLS12',
      section: PROTOCOLS,
      keyword: 'SHALL',
      text: 'use TLS1.2 with mutual authentication enabled for all message interactions',
    },
    { id: 'GPC-SEC-NOT-TLS10', section: PROTOCOLS, keyword: 'SHALL NOT', text: 'use TLS1.0' },
    { id: 'GPC-SEC-NOT-TLS11', section: PROTOCOLS, keyword: 'SHALL NOT', text: 'use […] TLS1.1' },
    { id: 'GPC-SEC-NOT-SSLV2', section: PROTOCOLS, keyword: 'SHALL NOT', text: 'use […] SSLv2' },
    { id: 'GPC-SEC-NOT-SSLV3', section: PROTOCOLS, keyword: 'SHALL NOT', text: 'use […] SSLv3' },
    {
      id: 'GPC-SEC-CIPHERS-SUPPORTED',
      section: CIPHERS,
      keyword: 'SHALL',
      text: 'the following […] SHALL be supported: AESGCM+EECDH, AESGCM+EDH, AES256+EECDH, AES256+EDH',
      because: "read as: of each string at least one suite for the server's key type is accepted",
    },
    {
      id: 'GPC-SEC-CIPHERS-ORDERED',
      section: CIPHERS,
      keyword: 'SHALL',
      text: 'the list of supported ciphers is ordered by preference (the first item being the most preferred)',
      because: 'read as: of the accepted suites none of a lower string is picked before one of a higher',
    },
    {
      id: 'GPC-SEC-CERT-DIR',
      section: CERTIFICATES,
      keyword: 'SHALL',
      text: 'only accept client certificates issued by the NHS Digital Deployment Issue and Resolution (DIR) team',
      decidedBy: 'attestation',
      because:
        'who issued a live certificate cannot be seen from a test hierarchy; the trust store in use has to be attested',
    },
    {
      id: 'GPC-SEC-CERT-CHAIN',
      section: CERTIFICATES,
      keyword: 'SHALL',
      text: 'only accept client certificates with a valid Spine chain of trust (linked to the Spine SubCA and RootCA)',
    },
    {
      id: 'GPC-SEC-CERT-NOT-EXPIRED',
      section: CERTIFICATES,
      keyword: 'SHALL',
      text: 'only accept client certificates which have not expired',
    },
    {
      id: 'GPC-SEC-CERT-NOT-REVOKED',
      section: CERTIFICATES,
      keyword: 'SHALL',
      text: 'only accept client certificates which have not […] been revoked',
    },
    {
      id: 'GPC-SEC-CERT-FQDN',
      section: CERTIFICATES,
      keyword: 'SHALL',
      text: 'check the FQDN presented in the client certificate is that of the Spine Secure Proxy (SSP)',
    },
    {
      id: 'GPC-SEC-NO-STORE',
      section: 'Response headers',
      keyword: 'SHALL',
      text: 'ensure no sensitive data leaks into a browser cache by setting Cache-Control: no-store on all responses',
    },
  ],
} as const satisfies Document;

/** The error handling guidance: which status, which OperationOutcome. */
export const gpconnectErrors = {
  id: 'gpc-errors',
  title: 'GP Connect · Error handling guidance',
  source:
    'nhsconnect/gpconnect, development_fhir_error_handling_guidance (1.6.2; 1.5 and 1.2.9 where they differ)',
  editions: ['2025-10', '1.6', '1.5', '1.2'],
  requirements: [
    {
      id: 'GPC-ERR-STATUS',
      section: 'HTTP status',
      keyword: 'SHALL',
      text: 'an error is answered with a 4xx or 5xx status',
    },
    {
      id: 'GPC-ERR-DISCREET',
      section: 'Diagnostics',
      keyword: 'SHALL',
      text: 'diagnostics give no sensitive data away',
      because: 'read as: no stack trace, token, key, file path or SQL (OWASP Improper Error Handling)',
    },
    {
      id: 'GPC-ERR-SCHEMA',
      section: 'OperationOutcome',
      keyword: 'SHALL',
      text: 'an error is told with a valid OperationOutcome of FHIR STU3',
      because: 'read as: it fits the JSON Schema that HL7 publishes',
    },
    {
      id: 'GPC-ERR-PROFILE',
      section: 'OperationOutcome · meta.profile',
      keyword: 'SHALL',
      text: 'meta.profile names GPConnect-OperationOutcome-1',
    },
    {
      id: 'GPC-ERR-SEVERITY',
      section: 'OperationOutcome · issue.severity',
      keyword: 'SHALL',
      text: 'issue.severity is error',
    },
    {
      id: 'GPC-ERR-SYSTEM',
      section: 'OperationOutcome · issue.details.coding.system',
      keyword: 'SHALL',
      text: 'issue.details.coding is of the code system Spine-ErrorOrWarningCode-1',
      because: 'since June 2022 the page prints the CodeSystem, until then a ValueSet of the same name',
      editions: ['2025-10', '1.6'],
    },
    {
      id: 'GPC-ERR-SYSTEM-PRINTED',
      section: 'OperationOutcome · issue.details.coding.system',
      keyword: 'SHALL',
      text: 'issue.details.coding is of Spine-ErrorOrWarningCode-1',
      because:
        'these editions print a ValueSet where the code system is meant: both are met in conformant providers',
      editions: ['1.5', '1.2'],
    },
    {
      id: 'GPC-ERR-DISPLAY',
      section: 'OperationOutcome · issue.details.coding.display',
      keyword: 'SHALL',
      text: 'issue.details.coding.display is the text of the code in Spine-ErrorOrWarningCode-1',
      because:
        'read as: any text that table, example or code system give; case and a closing full stop do not count',
      editions: ['2025-10', '1.6', '1.5'],
    },
    {
      id: 'GPC-ERR-DISPLAY-PRINTED',
      section: 'OperationOutcome · issue.details.coding.display',
      keyword: 'SHALL',
      text: 'issue.details.coding.display is the text that the table prints for the code',
      because: 'the 1.2.x pages keep texts that 1.5 replaced by those of the code system: either will do',
      editions: ['1.2'],
    },
    {
      id: 'GPC-ERR-XML',
      section: 'OperationOutcome',
      keyword: 'SHOULD',
      text: 'to a consumer that asks for XML an error is told in XML or JSON as well as in JSON alone',
      because: 'XML is a SHOULD of the FHIR API page, and so is what follows from it',
    },
    {
      id: 'GPC-ERR-HEADER',
      section: '400 · BAD_REQUEST',
      keyword: 'SHALL',
      text: 'an expected header missing or invalid: 400, issue invalid, code BAD_REQUEST',
    },
    {
      id: 'GPC-ERR-INTERACTION',
      section: '400 · BAD_REQUEST',
      keyword: 'SHALL',
      text: 'an InteractionID that does not match the request: 400, issue invalid, code BAD_REQUEST',
    },
    {
      id: 'GPC-ERR-TOKEN',
      section: '400 · BAD_REQUEST',
      keyword: 'SHALL',
      text: 'a JWT that is absent, not JSON or has a bad value: 400, issue invalid, code BAD_REQUEST',
    },
    {
      id: 'GPC-ERR-VERB',
      section: '400 · BAD_REQUEST',
      keyword: 'SHALL',
      text: 'a wrong verb: 400, issue invalid, code BAD_REQUEST',
      because: 'the list of statuses of the FHIR API page has 405 too',
    },
    {
      id: 'GPC-ERR-BODY',
      section: '400 · BAD_REQUEST',
      keyword: 'SHALL',
      text: 'a malformed body: 400, issue invalid, code BAD_REQUEST',
    },
    {
      id: 'GPC-ERR-NHS-NUMBER',
      section: '400 · INVALID_NHS_NUMBER',
      keyword: 'SHALL',
      text: 'an NHS number of wrong form or check digit: 400, issue value, code INVALID_NHS_NUMBER',
    },
    {
      id: 'GPC-ERR-NOT-FOUND',
      section: '404',
      keyword: 'SHALL',
      text: 'a resource that is not there: 404, issue not-found, the code of its kind or NO_RECORD_FOUND',
    },
    {
      id: 'GPC-ERR-ACCESS-DENIED',
      section: '403 · ACCESS DENIED',
      keyword: 'SHALL',
      text: 'a capability, or GP Connect, that is disabled at the practice: 403, issue forbidden, code ACCESS DENIED',
      because:
        'pages of 1.2.8 and earlier, and that of Documents, write ACCESS_DENIED: either will do; driven only with a practice in `disabled`',
    },
    {
      id: 'GPC-ERR-DUPLICATE',
      section: '409 · DUPLICATE_REJECTED',
      keyword: 'SHALL',
      text: 'what would lead to a duplicate (a slot no longer free, a patient already registered) is rejected with 409 DUPLICATE_REJECTED',
      because: 'driven with consent to write alone; a second registration only after the one of the run',
    },
    {
      id: 'GPC-ERR-INVALID-RESOURCE',
      section: '422 · INVALID_RESOURCE',
      keyword: 'SHALL',
      text: 'a resource that is not valid, also in a JWT: 422, issue invalid, code INVALID_RESOURCE',
    },
  ],
} as const satisfies Document;

/** The page on the FHIR API: interactions, paths, media types, header fields of answers. */
export const gpconnectApi = {
  id: 'gpc-api',
  title: 'GP Connect · FHIR API guidance',
  source: 'nhsconnect/gpconnect, development_fhir_api_guidance and integration_interaction_ids (1.6.2)',
  requirements: [
    {
      id: 'GPC-API-INTERACTIONS',
      section: 'Interaction ids',
      keyword: 'SHALL',
      text: 'each interaction of a capability that is enabled is served under its interaction id',
      because: 'binds for the capabilities that the subject file says are on',
    },
    {
      id: 'GPC-API-METADATA-ALWAYS',
      section: 'Foundations · get the capability statement',
      keyword: 'SHALL',
      text: 'the capability statement of Foundations is always answered',
      because: 'read as: also at a practice that has the capability disabled, which `disabled` has to name',
    },
    {
      id: 'GPC-API-APPOINTMENTS',
      section: 'Interaction ids · Appointment Management',
      keyword: 'SHALL',
      text: 'an appointment is booked, amended and cancelled, each under its interaction id',
      because: 'binds where appointments are on; driven with consent to write alone',
    },
    {
      id: 'GPC-API-LOCATION',
      section: 'Create resource',
      keyword: 'SHALL',
      text: 'a created resource is answered with Location: [base]/[type]/[id]/_history/[vid]',
    },
    {
      id: 'GPC-API-CREATED',
      section: 'Create resource',
      keyword: 'SHALL',
      text: 'a created resource is answered with 201 Created',
    },
    {
      id: 'GPC-API-VERSION-CONFLICT',
      section: 'Managing resource contention',
      keyword: 'SHALL',
      text: 'an update whose If-Match does not match the current version is answered with 409',
    },
    {
      id: 'GPC-API-REGISTER',
      section: 'Interaction ids · Foundations',
      keyword: 'SHALL',
      text: 'a patient is registered under its interaction id',
      because: 'cannot be undone: driven once a run, with consent to write and a number that may be used up',
    },
    {
      id: 'GPC-API-PATH',
      section: 'URLs',
      keyword: 'SHALL',
      text: 'everything in a URL is case-sensitive; what is not served is told by an error status',
    },
    {
      id: 'GPC-API-MEDIA',
      section: 'Media types',
      keyword: 'SHALL',
      text: 'a media type that is not supported is answered with 415',
    },
    {
      id: 'GPC-API-XML',
      section: 'Media types',
      keyword: 'SHOULD',
      text: 'XML (application/fhir+xml) is supported beside JSON',
    },
    {
      id: 'GPC-API-CONTENT-TYPE',
      section: 'Media types',
      keyword: 'SHALL',
      text: 'answers in JSON are of type application/fhir+json with the charset UTF-8 stated',
    },
    {
      id: 'GPC-API-ETAG',
      section: 'Versions',
      keyword: 'SHALL',
      text: 'a resource is answered with ETag W/"versionId"',
    },
    {
      id: 'GPC-API-HSTS',
      section: 'Transport',
      keyword: 'SHALL',
      text: 'HTTP Strict Transport Security is supported',
    },
    {
      id: 'GPC-API-CHUNKED',
      section: 'Transport',
      keyword: 'SHALL',
      text: 'Transfer-Encoding: chunked is supported',
    },
    {
      id: 'GPC-API-GZIP',
      section: 'Transport',
      keyword: 'SHALL',
      text: 'gzip is supported where the consumer accepts it',
    },
  ],
} as const satisfies Document;
