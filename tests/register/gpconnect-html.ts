import type { Document } from './requirement.ts';

/**
 * GP Connect 0.7, which is in use for Access Record HTML alone, as its pages of 0.7.4 have it: FHIR DSTU2, keywords
 * MUST. What says the same as the pages of 1.x restates it, save for the cases that speak of 1.x. A table, hence its
 * length.
 */

const CONNECTION = 'Secure connection negotiation';
const CERTIFICATES = 'Client certificates (TLSMA)';
const TESTING = 'Security testing';
const PAYLOAD = 'JWT payload';

/** The security page of 0.7. */
export const gpconnectHtmlSecurity = {
  id: 'gpc-html-security',
  title: 'GP Connect 0.7 · Security guidance',
  source: 'nhsconnect/gpconnect, development_api_security_guidance (0.7.4)',
  editions: ['0.7'],
  requirements: [
    {
      id: 'GPC-HTML-SEC-ONLY-SSP',
      section: CONNECTION,
      keyword: 'MUST',
      text: 'only accept connections from the Spine Security Proxy (SSP)',
      restates: ['GPC-SEC-ONLY-SSP'],
    },
    {
      id: 'GPC-HTML-SEC-AUTHENTICATE-FIRST',
      section: CONNECTION,
      keyword: 'MUST',
      text: 'authenticate the SSP prior to responding to any requests using its client certificate',
      restates: ['GPC-SEC-AUTHENTICATE-FIRST'],
    },
    {
      id: 'GPC-HTML-SEC-ONLY-APPROVED-CIPHERS',
      section: CONNECTION,
      keyword: 'MUST',
      text: 'only permit approved supported ciphers to be utilised',
      restates: ['GPC-SEC-ONLY-APPROVED-CIPHERS'],
    },
    {
      id: 'GPC-HTML-SEC-ONLY-ENCRYPTED',
      section: CONNECTION,
      keyword: 'MUST',
      text: 'only accept encrypted connections and drop connection attempts presented over insecure protocols',
      restates: ['GPC-SEC-ONLY-ENCRYPTED'],
    },
    {
      id: 'GPC-HTML-SEC-OWN-ASID',
      section: CONNECTION,
      keyword: 'MUST',
      text: 'only accept requests for its allocated ASID, as specified by the Ssp-To header, on its matching endpoint URL',
      restates: ['GPC-SEC-OWN-ASID'],
    },
    {
      id: 'GPC-HTML-SEC-INTERACTION',
      section: CONNECTION,
      keyword: 'MUST',
      text: 'check that the Ssp-InteractionID value is consistent with the endpoint being requested',
      because: 'the ids of 0.x have no -1 at their end; those of 1.x do',
      restates: ['GPC-SEC-INTERACTION'],
      save: ['request/interaction-miscased'],
    },
    {
      id: 'GPC-HTML-SEC-SSP-HEADERS',
      section: CONNECTION,
      keyword: 'MUST',
      text: 'check for the presence of all SSP headers',
      restates: ['GPC-SEC-SSP-HEADERS'],
    },
    {
      id: 'GPC-HTML-SEC-TOKEN-PRESENT',
      section: CONNECTION,
      keyword: 'MUST',
      text: 'check that an authorization bearer token [is] present',
      restates: ['GPC-SEC-TOKEN-PRESENT'],
    },
    {
      id: 'GPC-HTML-SEC-TOKEN-FORMED',
      section: CONNECTION,
      keyword: 'MUST',
      text: 'check that an authorization bearer token [is] correctly formed',
      restates: ['GPC-SEC-TOKEN-FORMED'],
    },
    {
      id: 'GPC-HTML-SEC-SCOPE-CHOICE',
      section: CONNECTION,
      keyword: 'MAY',
      text: 'authorise access to API endpoints through examining […] the JWT requested_scope claim',
    },
    {
      id: 'GPC-HTML-SEC-SCOPE-APPLIED',
      section: 'Authorisation of access to endpoints',
      keyword: 'MUST',
      text: 'in this case […] apply authorisation logic to endpoints: /Patient to patient/*, others to organization/*',
      because: 'binds only a provider that declares options.enforcesScope',
    },
    {
      id: 'GPC-HTML-SEC-OWASP-TESTED',
      section: TESTING,
      keyword: 'MUST',
      text: 'as a minimum be tested against the OWASP top 10 web application vulnerabilities',
      decidedBy: 'evidence',
      attestable: true,
      because: 'a dated test report decides that a test took place',
    },
    {
      id: 'GPC-HTML-SEC-DOS-TESTED',
      section: TESTING,
      keyword: 'SHOULD',
      text: 'be tested for vulnerability to Denial of Service (DoS) and hardened against such attacks',
      decidedBy: 'evidence',
      attestable: true,
      because: 'a dated test report decides that a test took place',
    },
    {
      id: 'GPC-HTML-SEC-OWASP-SHOWN',
      section: TESTING,
      keyword: 'MUST',
      text: 'be tested against the OWASP top 10 web application vulnerabilities',
      because:
        'read as: what the first requests of such a test would show is not there; driven only with consent',
      restates: ['GPC-SEC-OWASP-SHOWN'],
    },
    {
      id: 'GPC-HTML-SEC-DOS-HARDENED',
      section: TESTING,
      keyword: 'SHOULD',
      text: 'be […] hardened against such attacks [Denial of Service]',
      because:
        'read as: a few large, deep, slow or idle requests do not bring it down; driven only with consent',
      restates: ['GPC-SEC-DOS-HARDENED'],
    },
    {
      id: 'GPC-HTML-SEC-TLS12',
      section: 'SSL and TLS protocols',
      keyword: 'MUST',
      text: 'be configured to implement TLSv1.2',
      restates: ['GPC-SEC-TLS12'],
    },
    {
      id: 'GPC-HTML-SEC-NOT-OLDER',
      section: 'SSL and TLS protocols',
      keyword: 'MUST NOT',
      text: 'SSLv2, SSLv3, TLSv1.0 and TLSv1.1 […] MUST NOT be used',
      restates: ['GPC-SEC-NOT-SSLV2', 'GPC-SEC-NOT-SSLV3', 'GPC-SEC-NOT-TLS10', 'GPC-SEC-NOT-TLS11'],
    },
    {
      id: 'GPC-HTML-SEC-CIPHERS-SUPPORTED',
      section: 'Supported ciphers',
      keyword: 'MUST',
      text: 'the following […] MUST be supported: AESGCM+EECDH, AESGCM+EDH, AES256+EECDH, AES256+EDH',
      because: "read as: of each string at least one suite for the server's key type is accepted",
      restates: ['GPC-SEC-CIPHERS-SUPPORTED'],
    },
    {
      id: 'GPC-HTML-SEC-CIPHERS-ORDERED',
      section: 'Supported ciphers',
      keyword: 'MUST',
      text: 'the list of supported ciphers is ordered in order of preference (the first item being the most preferred)',
      because: 'read as: of the accepted suites none of a lower string is picked before one of a higher',
      restates: ['GPC-SEC-CIPHERS-ORDERED'],
    },
    {
      id: 'GPC-HTML-SEC-CERT-DIR',
      section: CERTIFICATES,
      keyword: 'MUST',
      text: 'only accept client certificates issued by the NHS Digital Deployment Issue and Resolution (DIR) team',
      decidedBy: 'attestation',
      because:
        'who issued a live certificate cannot be seen from a test hierarchy; the trust store in use has to be attested',
    },
    {
      id: 'GPC-HTML-SEC-CERT-CHAIN',
      section: CERTIFICATES,
      keyword: 'MUST',
      text: 'only accept client certificates with a valid Spine chain of trust (linked to the Spine SubCA and RootCA)',
      restates: ['GPC-SEC-CERT-CHAIN'],
    },
    {
      id: 'GPC-HTML-SEC-CERT-NOT-EXPIRED',
      section: CERTIFICATES,
      keyword: 'MUST',
      text: 'only accept client certificates which have not expired',
      restates: ['GPC-SEC-CERT-NOT-EXPIRED'],
    },
    {
      id: 'GPC-HTML-SEC-CERT-NOT-REVOKED',
      section: CERTIFICATES,
      keyword: 'MUST',
      text: 'only accept client certificates which have not […] been revoked',
      restates: ['GPC-SEC-CERT-NOT-REVOKED'],
    },
    {
      id: 'GPC-HTML-SEC-CERT-FQDN',
      section: CERTIFICATES,
      keyword: 'MUST',
      text: 'check the FQDN presented in the client certificate is that of the Spine Security Proxy (SSP)',
      restates: ['GPC-SEC-CERT-FQDN'],
    },
    {
      id: 'GPC-HTML-SEC-NO-STORE',
      section: 'Response headers',
      keyword: 'MUST',
      text: 'ensure no sensitive data leaks into a browser cache by setting Cache-Control: no-store on all responses',
      restates: ['GPC-SEC-NO-STORE'],
    },
  ],
} as const satisfies Document;

/** The token of 0.7: an audience that is fixed, and a claim more. */
export const gpconnectHtmlToken = {
  id: 'gpc-html-token',
  title: 'GP Connect 0.7 · Cross organisation audit and provenance',
  source: 'nhsconnect/gpconnect, integration_cross_organisation_audit_and_provenance (0.7.4)',
  editions: ['0.7'],
  requirements: [
    {
      id: 'GPC-HTML-JWT-ENCODING',
      section: 'JWT generation',
      keyword: 'MUST',
      text: 'an unsecured JWT: three base64url parts, the signature empty, its last dot kept',
      restates: ['GPC-JWT-ENCODING', 'GPC-JWT-HEADER'],
    },
    {
      id: 'GPC-HTML-JWT-AUDIENCE',
      section: `${PAYLOAD} · aud`,
      keyword: 'MUST',
      text: 'aud: fixed to https://authorize.fhir.nhs.net/token',
      because: 'in 1.x it is the service root URL',
      restates: ['GPC-JWT-AUDIENCE'],
      save: ['token/audience-of-another'],
    },
    {
      id: 'GPC-HTML-JWT-ISSUER',
      section: `${PAYLOAD} · iss`,
      keyword: 'MUST',
      text: 'iss: the URL of the Spine endpoint of the consumer system',
      restates: ['GPC-JWT-ISSUER'],
    },
    {
      id: 'GPC-HTML-JWT-SUBJECT',
      section: `${PAYLOAD} · sub`,
      keyword: 'MUST',
      text: 'sub: matches requesting_practitioner.id',
      restates: ['GPC-JWT-SUBJECT'],
    },
    {
      id: 'GPC-HTML-JWT-TIMES',
      section: `${PAYLOAD} · exp, iat`,
      keyword: 'MUST',
      text: 'exp and iat: seconds since the epoch, exp five minutes after iat',
      restates: ['GPC-JWT-EXPIRY', 'GPC-JWT-ISSUED-AT'],
    },
    {
      id: 'GPC-HTML-JWT-EXPIRED',
      section: `${PAYLOAD} · exp`,
      keyword: 'MUST',
      text: 'reject requests with expired tokens',
      restates: ['GPC-JWT-EXPIRED'],
    },
    {
      id: 'GPC-HTML-JWT-REASON',
      section: `${PAYLOAD} · reason_for_request`,
      keyword: 'MUST',
      text: 'reason_for_request: directcare',
      restates: ['GPC-JWT-REASON'],
    },
    {
      id: 'GPC-HTML-JWT-RECORD',
      section: `${PAYLOAD} · requested_record`,
      keyword: 'MUST',
      text: 'requested_record: the Patient or the Organization whose record is requested, with its identifier',
      because: 'the examples of the page call it requesting_record; the claim is requested_record',
    },
    {
      id: 'GPC-HTML-JWT-SCOPE',
      section: `${PAYLOAD} · requested_scope`,
      keyword: 'MUST',
      text: 'requested_scope: patient/*.read for the record, organization/*.read for the conformance statement',
      restates: ['GPC-JWT-SCOPE-CLAIM'],
    },
    {
      id: 'GPC-HTML-JWT-DEVICE',
      section: `${PAYLOAD} · requesting_device`,
      keyword: 'MUST',
      text: 'requesting_device: a Device with id, identifier, model and version',
      restates: ['GPC-JWT-DEVICE'],
    },
    {
      id: 'GPC-HTML-JWT-ORGANIZATION',
      section: `${PAYLOAD} · requesting_organization`,
      keyword: 'MUST',
      text: 'requesting_organization: an Organization with id, name and ODS code',
      restates: ['GPC-JWT-ORGANIZATION'],
    },
    {
      id: 'GPC-HTML-JWT-PRACTITIONER',
      section: `${PAYLOAD} · requesting_practitioner`,
      keyword: 'MUST',
      text: 'requesting_practitioner: a Practitioner with id, one name, and the identifier http://fhir.nhs.net/sds-user-id',
      restates: ['GPC-JWT-PRACTITIONER'],
      save: ['token/practitioner-nameless'],
    },
    {
      id: 'GPC-HTML-JWT-BARE-PRACTITIONER',
      section: `${PAYLOAD} · requesting_practitioner`,
      keyword: 'SHOULD',
      text: 'be aware that the local identifier and practitionerRole are not always present',
      because: 'read as: a token without them is not turned away for that',
    },
  ],
} as const satisfies Document;

/** The error page of 0.7: another profile, another system, no display. */
export const gpconnectHtmlErrors = {
  id: 'gpc-html-errors',
  title: 'GP Connect 0.7 · Error handling guidance',
  source: 'nhsconnect/gpconnect, development_fhir_error_handling_guidance (0.7.4)',
  editions: ['0.7'],
  requirements: [
    {
      id: 'GPC-HTML-ERR-OUTCOME',
      section: 'Operation outcome usage',
      keyword: 'MUST',
      text: 'an error is told with an OperationOutcome of FHIR DSTU2, of severity error, by an error status',
      because:
        "read as: it fits HL7's JSON Schema of STU3, from which an OperationOutcome of DSTU2 differs in one optional element that it has not",
      restates: ['GPC-ERR-SCHEMA', 'GPC-ERR-SEVERITY', 'GPC-ERR-STATUS'],
    },
    {
      id: 'GPC-HTML-ERR-PROFILE',
      section: 'Operation outcome usage',
      keyword: 'MUST',
      text: 'meta.profile names http://fhir.nhs.net/StructureDefinition/gpconnect-operationoutcome-1',
    },
    {
      id: 'GPC-HTML-ERR-SYSTEM',
      section: 'Operation outcome usage',
      keyword: 'MUST',
      text: 'the code is of http://fhir.nhs.net/ValueSet/gpconnect-error-or-warning-code-1',
    },
    {
      id: 'GPC-HTML-ERR-MALFORMED',
      section: 'Malformed request errors',
      keyword: 'MUST',
      text: 'an apparent client error: 400 BAD_REQUEST',
      because: 'headers, interaction ids and tokens by the spreadsheet of expected error codes',
      restates: ['GPC-ERR-HEADER', 'GPC-ERR-INTERACTION', 'GPC-ERR-TOKEN', 'GPC-ERR-VERB', 'GPC-ERR-BODY'],
      save: [
        'error/request-interaction-miscased',
        'error/audience-of-another',
        'error/token-practitioner-nameless',
      ],
    },
    {
      id: 'GPC-HTML-ERR-NHS-NUMBER',
      section: 'Identity validation errors',
      keyword: 'MUST',
      text: 'an NHS number that is invalid: 400 INVALID_NHS_NUMBER',
    },
    {
      id: 'GPC-HTML-ERR-INVALID-RESOURCE',
      section: 'Resource validation errors',
      keyword: 'MUST',
      text: 'a resource that is not valid, also in a JWT: 422 INVALID_RESOURCE',
      restates: ['GPC-ERR-INVALID-RESOURCE'],
    },
    {
      id: 'GPC-HTML-ERR-DISCREET',
      section: 'Internal server errors',
      keyword: 'MUST',
      text: 'diagnostics give no sensitive data away',
      because: 'read as: no stack trace, token, key, file path or SQL (OWASP Improper Error Handling)',
      restates: ['GPC-ERR-DISCREET'],
    },
  ],
} as const satisfies Document;

/** The API page of 0.7 and the page on the care record. */
export const gpconnectHtmlApi = {
  id: 'gpc-html-api',
  title: 'GP Connect 0.7 · FHIR API guidance, retrieve a care record section',
  source:
    'nhsconnect/gpconnect, development_fhir_api_guidance, accessrecord_use_case_retrieve_a_care_record_section, integration_interaction_ids (0.7.4)',
  editions: ['0.7'],
  requirements: [
    {
      id: 'GPC-HTML-API-RECORD',
      section: 'Retrieve a care record section',
      keyword: 'MUST',
      text: 'POST /Patient/$gpc.getcarerecord under its interaction id is answered with a Bundle',
    },
    {
      id: 'GPC-HTML-API-SECTION',
      section: 'Retrieve a care record section · errors',
      keyword: 'MUST',
      text: 'return an error if the recordSection is not from the correct value set',
    },
    {
      id: 'GPC-HTML-API-PATH',
      section: 'URLs',
      keyword: 'MUST',
      text: 'what is not served is told by an error status; names of operations are case-sensitive',
      restates: ['GPC-API-PATH'],
    },
    {
      id: 'GPC-HTML-API-MEDIA',
      section: 'Content types',
      keyword: 'MUST',
      text: 'a format that is not supported is answered with 415',
      restates: ['GPC-API-MEDIA'],
    },
    {
      id: 'GPC-HTML-API-FORMATS',
      section: 'Content types',
      keyword: 'MUST',
      text: 'both formal MIME types are supported: application/xml+fhir and application/json+fhir, the charset stated',
    },
    {
      id: 'GPC-HTML-API-HSTS',
      section: 'Transport',
      keyword: 'MUST',
      text: 'HTTP Strict Transport Security is employed',
      restates: ['GPC-API-HSTS'],
    },
    {
      id: 'GPC-HTML-API-CHUNKED',
      section: 'Transfer encoding',
      keyword: 'MUST',
      text: 'Transfer-Encoding: chunked is supported',
    },
    {
      id: 'GPC-HTML-API-GZIP',
      section: 'Content compression',
      keyword: 'MUST',
      text: 'GZIP compression is supported',
      restates: ['GPC-API-GZIP'],
    },
    {
      id: 'GPC-HTML-API-ETAG',
      section: 'Resource contention',
      keyword: 'MUST',
      text: "an ETag header with the resource's versionId",
      decidedBy: 'excluded',
      because: 'no resource with a version is read by itself in this edition',
    },
  ],
} as const satisfies Document;
