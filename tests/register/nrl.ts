import type { Document } from './requirement.ts';

const PROTOCOLS = 'SSL and TLS protocols';
const CIPHERS = 'Supported ciphers';
const CERTIFICATES = 'Client certificates (TLSMA)';

/** The security guidance of the NRL: connections and certificates. */
export const nrlSecurity = {
  id: 'nrl-security',
  title: 'NRL · Security guidance',
  source: 'nhsconnect/nrls, development_api_security_guidance',
  requirements: [
    {
      id: 'NRL-SEC-TLSMA',
      section: CERTIFICATES,
      keyword: 'MUST',
      text: 'maintain a secure connection to the […] SSP: client certificates (TLSMA)',
      restates: ['GPC-SEC-AUTHENTICATE-FIRST'],
      because: 'the section heads its rules "TLSMA": without a certificate there is no mutual authentication',
    },
    {
      id: 'NRL-SEC-TLS12',
      section: PROTOCOLS,
      keyword: 'MUST',
      text: 'be configured to implement the protocol version TLSv1.2',
      restates: ['GPC-SEC-TLS12'],
    },
    {
      id: 'NRL-SEC-NOT-SSLV2',
      section: PROTOCOLS,
      keyword: 'MUST NOT',
      text: 'SSLv2 […] MUST NOT be used',
      restates: ['GPC-SEC-NOT-SSLV2'],
    },
    {
      id: 'NRL-SEC-NOT-SSLV3',
      section: PROTOCOLS,
      keyword: 'MUST NOT',
      text: 'SSLv3 […] MUST NOT be used',
      restates: ['GPC-SEC-NOT-SSLV3'],
    },
    {
      id: 'NRL-SEC-NOT-TLS10',
      section: PROTOCOLS,
      keyword: 'MUST NOT',
      text: 'TLSv1.0 […] MUST NOT be used',
      restates: ['GPC-SEC-NOT-TLS10'],
    },
    {
      id: 'NRL-SEC-NOT-TLS11',
      section: PROTOCOLS,
      keyword: 'MUST NOT',
      text: 'TLSv1.1 […] MUST NOT be used',
      restates: ['GPC-SEC-NOT-TLS11'],
    },
    {
      id: 'NRL-SEC-CIPHERS-SUPPORTED',
      section: CIPHERS,
      keyword: 'MUST',
      text: 'the following ciphers MUST be supported: the eight RSA suites of AESGCM and AES256 with EECDH and EDH',
      because: 'read as for GP Connect: of each string at least one suite; all eight are RSA-authenticated',
    },
    {
      id: 'NRL-SEC-CIPHERS-ORDERED',
      section: CIPHERS,
      keyword: 'MUST',
      text: 'the supported ciphers are listed in order of preference, from most to least preferred',
      because:
        'excluded from the verdict: the list puts no duty on the server to prefer, and its last line (ECDHE below DHE) disagrees with the strings of GP Connect',
      decidedBy: 'excluded',
    },
    {
      id: 'NRL-SEC-CERT-DIR',
      section: CERTIFICATES,
      keyword: 'MUST',
      text: 'only accept client certificates issued by the NHS Digital Deployment Issue and Resolution (DIR) team',
      decidedBy: 'attestation',
      restates: ['GPC-SEC-CERT-DIR'],
      because:
        'who issued a live certificate cannot be seen from a test hierarchy; the trust store in use has to be attested',
    },
    {
      id: 'NRL-SEC-CERT-CHAIN',
      section: CERTIFICATES,
      keyword: 'MUST',
      text: 'only accept client certificates with a valid Spine chain of trust (linked to the Spine SubCA and RootCA)',
      restates: ['GPC-SEC-CERT-CHAIN'],
    },
    {
      id: 'NRL-SEC-CERT-NOT-EXPIRED',
      section: CERTIFICATES,
      keyword: 'MUST',
      text: 'only accept client certificates that have not expired',
      restates: ['GPC-SEC-CERT-NOT-EXPIRED'],
    },
    {
      id: 'NRL-SEC-CERT-NOT-REVOKED',
      section: CERTIFICATES,
      keyword: 'MUST',
      text: 'only accept client certificates that have not […] been revoked',
      restates: ['GPC-SEC-CERT-NOT-REVOKED'],
    },
    {
      id: 'NRL-SEC-CERT-FQDN',
      section: CERTIFICATES,
      keyword: 'MUST',
      text: 'verify that the FQDN presented in the client certificate is that of the Spine Secure Proxy (SSP)',
      restates: ['GPC-SEC-CERT-FQDN'],
    },
  ],
} as const satisfies Document;

/** The pages on retrieval through the SSP and on what is retrieved. */
export const nrlRetrieval = {
  id: 'nrl-retrieval',
  title: 'NRL · Retrieval through the SSP, unstructured documents',
  source: 'nhsconnect/nrls, retrieval_ssp, retrieval_unstructured_document',
  requirements: [
    {
      id: 'NRL-RET-UNWRAPPED',
      section: 'Unstructured document',
      keyword: 'MUST NOT',
      text: 'a PDF MUST NOT be wrapped in a FHIR Binary resource',
    },
    {
      id: 'NRL-RET-GET-ONLY',
      section: 'Retrieval through the SSP',
      keyword: 'MUST',
      text: 'only HTTPS GET is supported for retrieval',
    },
    {
      id: 'NRL-RET-FAILURE',
      section: 'Retrieval responses',
      keyword: 'MUST',
      text: 'a failure to retrieve is answered with a 4xx or 5xx status',
      because: 'no OperationOutcome is demanded',
    },
    {
      id: 'NRL-RET-HEADERS',
      section: 'Retrieval through the SSP',
      keyword: 'MUST',
      text: 'support the headers Authorization, Ssp-TraceID, Ssp-From, Ssp-To, Ssp-InteractionID',
      because: 'nothing says that a request without one is to be refused: what is done is noted',
    },
    {
      id: 'NRL-RET-AUDIT',
      section: 'Auditing',
      keyword: 'MUST',
      text: 'audit each request: ASID, URL, status, ODS code, record version, time, trace id, user',
      decidedBy: 'evidence',
      because: 'an extract of the audit log decides it: the record lists every trace id that was sent',
    },
  ],
} as const satisfies Document;
