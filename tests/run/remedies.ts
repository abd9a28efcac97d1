import type { Finding } from './finding.ts';
import type { ServerName } from './recognise.ts';

/** What to change, in one sentence, and the lines of configuration that do it where it is a matter of them. */
export interface Remedy {
  readonly say: string;
  readonly change?: string;
}

/** A row: what it is for, and what to change on each server. `any` stands for those that are not named. */
interface Row {
  /** Cases by the beginning of their id; a row of cases goes before a row of clauses. */
  readonly cases?: readonly string[];
  /** Clauses by the beginning of their id. */
  readonly clauses?: readonly string[];
  readonly say: string;
  /** `{ssp}` stands for the name that the SSP presents, `{ssp\}` for it in a regular expression. */
  readonly any?: string;
  readonly on?: Readonly<Partial<Record<ServerName, string>>>;
}

const APPROVED = 'AESGCM+EECDH:AESGCM+EDH:AES256+EECDH:AES256+EDH';

const DH_PARAMETERS = 'openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out ffdhe2048.pem';

/**
 * The remedies, clause by clause and server by server, in the words of each server's own manual. A table, hence its
 * length. The first row that fits is the one.
 */
const TABLE: readonly Row[] = [
  {
    cases: [
      'client-certificate/wrong-name',
      'client-certificate/name-',
      'mutual-tls/wrong-name',
      'mutual-tls/name-',
    ],
    clauses: ['GPC-SEC-CERT-FQDN', 'GPC-SEC-ONLY-SSP', 'NRL-SEC-CERT-FQDN'],
    say: 'Let in the one name that the SSP presents, and no other certificate of the same CA.',
    any: "compare the CN (or SAN) of the client certificate with the SSP's FQDN, {ssp}; refuse the rest with 403",
    on: {
      nginx:
        'map $ssl_client_s_dn $is_ssp { default 0; "~^CN={ssp\\}(,|$)" 1; }   # http level\nif ($is_ssp = 0) { return 403; }   # location level',
      apache: 'Require expr "%{SSL_CLIENT_S_DN_CN} == \'{ssp}\'"',
      // `ssl_c_s_dn(cn)` would end at a NUL: a name behind one would be overlooked.
      haproxy:
        "http-request deny deny_status 403 hdr Cache-Control no-store unless { ssl_c_s_dn(,0,rfc2253) -m reg '^CN={ssp\\}(,|$)' }",
      tomcat:
        "a Filter (or Valve): compare the CN of jakarta.servlet.request.X509Certificate[0] with '{ssp}'",
      node: "if (request.socket.getPeerCertificate().subject.CN !== '{ssp}') return response.writeHead(403).end();",
      'api-gateway': 'an authorizer that compares requestContext.identity.clientCert.subjectDN with CN={ssp}',
    },
  },
  {
    cases: [
      'client-certificate/revoked',
      'mutual-tls/revoked',
      'client-certificate/sub-revoked',
      'mutual-tls/sub-revoked',
      'crl/',
      'ocsp/',
      'crldp/',
      'mutual-tls/ocsp-',
      'mutual-tls/crldp-',
    ],
    clauses: ['GPC-SEC-CERT-NOT-REVOKED', 'NRL-SEC-CERT-NOT-REVOKED'],
    say: 'Check revocation of client certificates, for the sub CA as well as the leaf, and refuse what is revoked.',
    any: 'give it the CRLs of both CAs (provider/crl.pem of the pack), and switch the check on',
    on: {
      nginx: 'ssl_crl crl.pem;             # both CRLs in one file; or: ssl_ocsp on; ssl_ocsp_responder …;',
      apache:
        'SSLCARevocationFile  crl.pem\nSSLCARevocationCheck chain   # without this line the file is not looked at',
      haproxy: 'bind … ca-file ca.pem crl-file crl.pem verify required',
      tomcat: '<SSLHostConfig … certificateRevocationListFile="crl.pem">',
      node: 'crl: [crlOfRoot, crlOfSub]   // an array: of one PEM with two only the first is read',
      'api-gateway':
        'API Gateway looks at no CRL: check the serial number in an authorizer, or put the CRL on an ALB trust store',
    },
  },
  {
    cases: ['client-certificate/valid-next', 'mutual-tls/valid-next'],
    say: 'Take every certificate that verifies and carries the name of the SSP: it is renewed while the old one is still good, so no single certificate can be pinned.',
    any: 'compare the name and the chain, not a fingerprint or a serial number',
  },
  {
    cases: [
      'client-certificate/server-auth-only',
      'client-certificate/email-protection-only',
      'client-certificate/no-digital-signature',
      'mutual-tls/server-auth-only',
      'mutual-tls/email-protection-only',
      'mutual-tls/no-digital-signature',
    ],
    say: 'Look at what the client certificate is for: clientAuth among its extended key usages, digitalSignature among its key usages, where it names any.',
    any: 'a library that checks the chain may leave the purpose to its caller: check both extensions of the leaf after it',
    on: {
      nginx: 'ssl_verify_client on;   # OpenSSL then checks the purpose; optional_no_ca leaves it to nobody',
      haproxy: 'bind … verify required   # no crt-ignore-err',
      node: 'rejectUnauthorized: true   // OpenSSL then checks the purpose',
    },
  },
  {
    cases: [
      'client-certificate/rsa-1024',
      'client-certificate/sha-1',
      'client-certificate/md5',
      'mutual-tls/rsa-1024',
      'mutual-tls/sha-1',
      'mutual-tls/md5',
    ],
    say: 'Refuse client certificates with RSA keys under 2048 bits, or signed over MD5 or SHA-1.',
    any: "raise the TLS library's security level to 2",
    on: {
      nginx: 'ssl_ciphers <the approved ones>:@SECLEVEL=2;',
      apache: 'SSLCipherSuite <the approved ones>:@SECLEVEL=2',
      haproxy: 'ssl-default-bind-ciphers <the approved ones>:@SECLEVEL=2',
      tomcat:
        'jdk.certpath.disabledAlgorithms=MD2, MD5, SHA1, RSA keySize < 2048   # java.security; with APR: ciphers="…:@SECLEVEL=2"',
      node: "ciphers: '<the approved ones>:@SECLEVEL=2'",
    },
  },
  {
    cases: ['way-round/', 'mutual-tls/way-round-'],
    say: 'Believe no header field about a client certificate that came from outside, and let no other name or default server lead around the check.',
    any: 'overwrite, at the terminator, every header field by which it tells the application of the certificate; require the certificate on every virtual host of the port',
    on: {
      nginx:
        'proxy_set_header X-SSL-Client-Verify $ssl_client_verify;   # each field that the application believes: set here, always\nserver { listen 443 ssl default_server; ssl_reject_handshake on; }   # no name, or another: no handshake',
      apache:
        'RequestHeader set X-SSL-Client-Verify "%{SSL_CLIENT_VERIFY}s"   # each field that the application believes\nSSLStrictSNIVHostCheck on',
      haproxy:
        'http-request set-header X-SSL-Client-Verify %[ssl_c_verify]   # each field that the application believes\nbind … strict-sni',
    },
  },
  {
    cases: ['client-certificate/', 'mutual-tls/'],
    clauses: [
      'GPC-SEC-AUTHENTICATE-FIRST',
      'GPC-SEC-CERT-',
      'NRL-SEC-TLSMA',
      'NRL-SEC-CERT-',
      'SEC-014',
      'SEC-020',
      'SEC-025',
    ],
    say: 'Ask for a client certificate, require it, and verify it against the CA of the SSP before any request is served.',
    any: 'require and verify a client certificate against ca.pem, at the level of the whole server',
    on: {
      nginx:
        'ssl_verify_client      on;        # not optional, not optional_no_ca\nssl_client_certificate ca.pem;\nssl_verify_depth       2;',
      apache:
        'SSLVerifyClient      require     # not optional_no_ca; for the whole host, not in <Location>\nSSLVerifyDepth       2\nSSLCACertificateFile ca.pem',
      haproxy:
        'bind … ssl crt server.pem ca-file ca.pem verify required   # no crt-ignore-err, no ca-ignore-err',
      tomcat:
        '<SSLHostConfig certificateVerification="required" certificateVerificationDepth="3" truststoreFile="trust.p12" …>',
      node: 'requestCert: true, rejectUnauthorized: true, ca: readFileSync("ca.pem")',
      'api-gateway':
        'mutual TLS on the custom domain, its trust store ca.pem alone; switch the default execute-api endpoint off (disableExecuteApiEndpoint)',
    },
  },
  {
    cases: ['own-certificate/', 'server-certificate/'],
    say: 'Show a certificate of the expected CA, for the name in the URL, renewed 30 days before it ends, with a key of 2048 bits (RSA) or a curve of 224, signed over SHA-2. If it is another CA that is expected, name it in `trust`.',
    any: 'the certificate with its intermediates, and its key, at whatever ends TLS',
    on: {
      nginx:
        'ssl_certificate     server.pem;   # the leaf first, then its intermediates\nssl_certificate_key server.key;',
      apache:
        'SSLCertificateFile    server.pem   # the leaf first, then its intermediates\nSSLCertificateKeyFile server.key',
      haproxy: 'bind … ssl crt server.pem   # leaf, intermediates and key',
      tomcat:
        '<Certificate certificateFile="leaf.pem" certificateChainFile="chain.pem" certificateKeyFile="server.key" />',
      node: "cert: readFileSync('server.pem'), key: readFileSync('server.key')   // the leaf first",
      'api-gateway': 'the certificate of the custom domain, in ACM',
    },
  },
  {
    cases: ['connection/in-clear', 'transport/in-clear'],
    clauses: ['GPC-SEC-ONLY-ENCRYPTED'],
    say: 'Serve nothing in clear on this port.',
    any: 'speak TLS alone on the port of the service root',
    on: {
      nginx:
        'listen 443 ssl;              # on every listen of the server, and no error_page 497 that serves it',
      apache: 'SSLEngine on                 # not optional',
      haproxy: 'bind :443 ssl crt server.pem # no second bind of the same port without ssl',
      tomcat: '<Connector SSLEnabled="true" scheme="https" secure="true" …>',
      node: 'https.createServer(…)        // no HTTP upgrade on the same port',
    },
  },
  {
    cases: ['cipher-suite/each-string', 'retrieval/each-string'],
    clauses: ['GPC-SEC-CIPHERS-SUPPORTED', 'NRL-SEC-CIPHERS-SUPPORTED'],
    say: 'Take at least one suite of each of the approved strings. The EDH strings need Diffie-Hellman parameters.',
    any: `cipher list ${APPROVED}, and Diffie-Hellman parameters of 2048 bits or more`,
    on: {
      nginx: `ssl_ciphers ${APPROVED};\nssl_dhparam ffdhe2048.pem;   # without it nginx takes no EDH suite\n# made by: ${DH_PARAMETERS}`,
      apache: `SSLCipherSuite ${APPROVED}\nSSLOpenSSLConfCmd DHParameters ffdhe2048.pem\n# made by: ${DH_PARAMETERS}`,
      haproxy: `bind … ciphers ${APPROVED}\ntune.ssl.default-dh-param 2048   # global section`,
      tomcat: `<SSLHostConfig ciphers="${APPROVED.replaceAll(':', ',')}" …>   # -Djdk.tls.ephemeralDHKeySize=2048`,
      node: `ciphers: '${APPROVED}', dhparam: 'auto'`,
      'api-gateway':
        'a security policy with (EC)DHE and AES-GCM; EDH suites need a terminator of your own in front',
    },
  },
  {
    cases: ['cipher-suite/order', 'cipher-suite/server-preference'],
    clauses: ['GPC-SEC-CIPHERS-ORDERED'],
    say: "Prefer suites in the server's order, and that of the approved strings.",
    any: `cipher list ${APPROVED} in this order, the server's preference on`,
    on: {
      nginx: `ssl_prefer_server_ciphers on;\nssl_ciphers ${APPROVED};`,
      apache: `SSLHonorCipherOrder on\nSSLCipherSuite ${APPROVED}`,
      haproxy: `bind … ciphers ${APPROVED}   # and no prefer-client-ciphers`,
      tomcat: `<SSLHostConfig honorCipherOrder="true" ciphers="${APPROVED.replaceAll(':', ',')}" …>`,
      node: `honorCipherOrder: true, ciphers: '${APPROVED}'`,
    },
  },
  {
    cases: ['cipher-suite/prime', 'cipher-suite/curve', 'transport/prime', 'transport/curve'],
    say: 'Agree on keys in a Diffie-Hellman group of at least 2048 bits, or on a curve of at least 224.',
    any: 'a group of RFC 7919 (ffdhe2048 and larger); X25519, P-256 or P-384',
    on: {
      nginx: 'ssl_dhparam ffdhe2048.pem;\nssl_ecdh_curve X25519:prime256v1:secp384r1;',
      apache:
        'SSLOpenSSLConfCmd DHParameters ffdhe2048.pem\nSSLOpenSSLConfCmd Curves X25519:prime256v1:secp384r1',
      haproxy: 'tune.ssl.default-dh-param 2048\nssl-default-bind-curves X25519:P-256:P-384',
      tomcat: '-Djdk.tls.ephemeralDHKeySize=2048',
      node: "dhparam: 'auto', ecdhCurve: 'X25519:prime256v1:secp384r1'",
    },
  },
  {
    cases: ['cipher-suite/', 'transport/weak-ciphers'],
    clauses: ['GPC-SEC-ONLY-APPROVED-CIPHERS', 'SEC-001'],
    say: 'Take no cipher suite that is not approved.',
    any: `cipher list ${APPROVED} and nothing else`,
    on: {
      nginx: `ssl_ciphers ${APPROVED};`,
      apache: `SSLCipherSuite ${APPROVED}`,
      haproxy: `bind … ciphers ${APPROVED}`,
      tomcat: `<SSLHostConfig ciphers="${APPROVED.replaceAll(':', ',')}" …>`,
      node: `ciphers: '${APPROVED}'`,
      'api-gateway': 'the strictest security policy that there is (TLS_1_2 or later)',
    },
  },
  {
    cases: ['tls-version/1.2', 'transport/1.2', 'transport/1.3'],
    say: 'Speak TLS 1.2.',
    any: 'switch TLS 1.2 on',
    on: {
      nginx: 'ssl_protocols TLSv1.2 TLSv1.3;',
      apache: 'SSLProtocol -all +TLSv1.2 +TLSv1.3',
      haproxy: 'bind … ssl-min-ver TLSv1.2',
      tomcat: '<SSLHostConfig protocols="TLSv1.2+TLSv1.3" …>',
      node: "minVersion: 'TLSv1.2'",
      'api-gateway': 'security policy TLS_1_2',
    },
  },
  {
    cases: ['tls/renegotiation'],
    say: 'Refuse a renegotiation that the client begins.',
    any: 'SSL_OP_NO_RENEGOTIATION, or a TLS library that knows none',
    on: {
      tomcat: '-Djdk.tls.rejectClientInitiatedRenegotiation=true',
      node: "socket.disableRenegotiation()   // on 'secureConnection'",
    },
  },
  {
    cases: ['tls-version/', 'transport/', 'tls/'],
    clauses: ['GPC-SEC-NOT-', 'GPC-SEC-TLS12', 'NRL-SEC-NOT-', 'NRL-SEC-TLS12', 'SEC-003'],
    say: 'Switch every protocol older than TLS 1.2 off.',
    any: 'TLS 1.2 as the least version',
    on: {
      nginx: 'ssl_protocols TLSv1.2;       # in the default_server of the port too: it settles the handshake',
      apache: 'SSLProtocol -all +TLSv1.2',
      haproxy: 'bind … ssl-min-ver TLSv1.2',
      tomcat: '<SSLHostConfig protocols="TLSv1.2" …>',
      node: "minVersion: 'TLSv1.2'",
      'api-gateway': 'security policy TLS_1_2',
    },
  },
  {
    cases: ['error/refusal-carries-error-status'],
    clauses: ['GPC-ERR-STATUS'],
    say: 'Answer a refusal with an error status, not with 200.',
    any: 'keep the status of the refusal',
    on: {
      nginx: 'error_page 495 496 /refused;   # not error_page 495 =200 /refused',
      apache: 'ErrorDocument 403 /refused.html # a local path: a full URL makes it a redirect',
      haproxy: 'http-request deny deny_status 403',
    },
  },
  {
    cases: ['cache-control/refusal-page'],
    say: 'Send Cache-Control: no-store on the pages that refuse a certificate too.',
    any: 'Cache-Control: no-store on every response of the terminator, errors included',
    on: {
      nginx:
        'add_header Cache-Control no-store always;   # at server level; "always" is what makes it stand on errors',
      apache: 'Header always set Cache-Control no-store',
      haproxy: 'http-request deny deny_status 403 hdr Cache-Control no-store …',
      'api-gateway': 'gateway responses (DEFAULT_4XX, DEFAULT_5XX) with the header Cache-Control',
    },
  },
  {
    cases: ['cache-control/'],
    clauses: ['GPC-SEC-NO-STORE'],
    say: 'Send Cache-Control: no-store on every response, errors included.',
    any: 'Cache-Control: no-store, in a filter that every response passes',
    on: {
      nginx:
        'add_header Cache-Control no-store always;   # repeated in each location that has an add_header of its own',
      apache: 'Header always set Cache-Control no-store',
      haproxy:
        'http-response set-header Cache-Control no-store\nhttp-after-response set-header Cache-Control no-store',
      tomcat: 'a Filter that sets Cache-Control: no-store, mapped to /* with dispatchers REQUEST and ERROR',
      node: "response.setHeader('Cache-Control', 'no-store') before anything is routed",
      'api-gateway': 'integration responses and gateway responses with the header Cache-Control',
    },
  },
  {
    clauses: ['GPC-API-HSTS'],
    say: 'Send Strict-Transport-Security.',
    any: 'Strict-Transport-Security: max-age=31536000',
    on: {
      nginx: 'add_header Strict-Transport-Security "max-age=31536000" always;',
      apache: 'Header always set Strict-Transport-Security "max-age=31536000"',
      haproxy: 'http-response set-header Strict-Transport-Security max-age=31536000',
    },
  },
  {
    clauses: ['GPC-API-GZIP', 'GPC-API-CHUNKED', 'GPC-API-ETAG'],
    say: 'Support what FHIR clients may ask of HTTP: gzip, chunked bodies, entity tags.',
    any: 'in the application, or in the server in front',
    on: {
      nginx:
        'gzip on; gzip_types application/fhir+json;\nproxy_http_version 1.1;      # chunked bodies reach the application as they come with proxy_request_buffering off',
      apache: 'AddOutputFilterByType DEFLATE application/fhir+json',
    },
  },
  {
    clauses: ['GPC-API-CONTENT-TYPE', 'GPC-API-MEDIA', 'GPC-API-FORMATS', 'GPC-API-XML', 'GPC-ERR-XML'],
    say: 'Answer with the media type that was asked for, application/fhir+json or application/fhir+xml, with charset utf-8; what cannot be served is 415.',
    any: 'content negotiation of the FHIR server',
  },
  {
    clauses: ['GPC-SEC-TOKEN-', 'GPC-SEC-SCOPE-', 'GPC-JWT-', 'SEC-029', 'SEC-0'],
    cases: ['token/', 'cis2-token/', 'isolation/', 'error/token', 'scope/'],
    say: 'Check the bearer token in the application, each claim of it, before the request is served.',
    any: 'a filter in front of every resource: form, header, then aud, exp, iat, reason, scope, requesting resources; the first that fails is told in an OperationOutcome',
  },
  {
    clauses: ['GPC-SEC-SSP-HEADERS', 'GPC-SEC-OWN-ASID', 'GPC-SEC-INTERACTION', 'NRL-RET-HEADERS'],
    say: 'Check the Ssp- headers in the application: all four there, Ssp-To the ASID of this endpoint, Ssp-InteractionID that of the path and verb.',
    any: 'a filter in front of every resource; the terminator passes the headers on as they came',
    on: {
      nginx:
        'underscores_in_headers and proxy_pass_request_headers as they are by default: nothing removes Ssp-…',
    },
  },
  {
    clauses: ['GPC-ERR-DISCREET'],
    say: 'Give nothing away in errors: no stack trace, path, SQL, token or key.',
    any: 'one handler for every exception, that logs the detail and answers in general terms',
    on: {
      tomcat:
        '<Valve className="org.apache.catalina.valves.ErrorReportValve" showReport="false" showServerInfo="false"/>',
      nginx: "server_tokens off;           # the page itself; the trace is the application's",
      apache: 'ServerTokens Prod\nServerSignature Off',
      node: 'NODE_ENV=production          // Express shows stack traces otherwise',
    },
  },
  {
    clauses: ['GPC-ERR-ACCESS-DENIED', 'GPC-API-METADATA-ALWAYS'],
    say: 'Where a practice has a capability disabled, answer every request for it with 403, issue forbidden, code "ACCESS DENIED"; the capability statement of Foundations is answered all the same.',
    any: 'the switch of each capability and practice, looked at before the request is served',
  },
  {
    clauses: ['GPC-ERR-', 'GPC-API-PATH'],
    say: 'Answer the error as the guidance has it: status, OperationOutcome with its profile, issue type, Spine code with display.',
    any: 'the error handler of the application; what stands in front passes its answer on',
    on: { nginx: 'proxy_intercept_errors off;  # else its own page takes the place of the OperationOutcome' },
  },
  {
    cases: ['hostile/external-entity'],
    say: 'Resolve no external entity and no document type of an XML body.',
    any: 'switch DOCTYPE off in the XML parser (in Java: disallow-doctype-decl), FHIR XML has none',
  },
  {
    cases: ['hostile/trace'],
    say: 'Answer TRACE with 405.',
    any: 'switch TRACE off',
    on: {
      apache: 'TraceEnable off',
      tomcat: '<Connector allowTrace="false" …>',
      nginx: 'if ($request_method = TRACE) { return 405; }',
      haproxy: 'http-request deny deny_status 405 if METH_TRACE',
    },
  },
  {
    cases: ['hostile/idle', 'hostile/slow-', 'hostile/large-', 'hostile/deep-'],
    say: 'Bound what one client can hold: time for header and body, their size, the depth of a document; refuse with 4xx and go on serving.',
    any: 'a timeout for each phase of a request, limits on header, body and depth',
    on: {
      nginx:
        'client_header_timeout 10s; client_body_timeout 10s;\nlarge_client_header_buffers 4 8k; client_max_body_size 5m;',
      apache:
        'RequestReadTimeout header=10-20,MinRate=500 body=10,MinRate=500\nLimitRequestFieldSize 8190\nLimitRequestBody 5242880',
      haproxy: 'timeout http-request 10s\ntimeout client 30s\ntune.http.maxhdr 101',
      tomcat:
        '<Connector connectionTimeout="10000" maxHttpHeaderSize="8192" maxPostSize="5242880" maxSwallowSize="5242880" …>',
      node: 'server.headersTimeout = 10_000; server.requestTimeout = 30_000;   // and --max-http-header-size',
    },
  },
  {
    cases: ['hostile/'],
    say: 'Take what a request holds as data: never as a path, a line of a header, or a part of a query.',
    any: 'parameters bound, paths looked up and not built, header values without line ends',
  },
  {
    cases: ['write/', 'error/write-'],
    say: 'Do what is written as its page has it: 201 with a Location for what is made, the version looked at where If-Match says one.',
    any: 'the resource of the application that takes the write, and its check of If-Match against ETag',
  },
  {
    clauses: ['GPC-API-INTERACTIONS', 'GPC-API-RECORD', 'GPC-API-SECTION', 'NRL-RET-'],
    say: 'Serve the interaction as its page has it.',
    any: 'the application; the answer that came is in the report',
  },
  {
    cases: ['evidence/', 'attestation/'],
    say: 'Mend what the evidence shows, export it again, and name the new file in the subject file.',
    any: 'the reason names the rule that is not met',
  },
];

const GENERAL: Row = {
  say: 'Compare what is expected with what came; the clause says what is due.',
  any: 'the answer that came is in the report',
};

/**
 * What to change for a case that failed, in the words of the server.
 * @param ssp the name in the credential that has to be let in
 */
export function remedyFor(
  finding: Pick<Finding, 'case' | 'requirements'>,
  server: ServerName,
  ssp = 'NAME-OF-THE-SSP',
): Remedy {
  const { case: id } = finding;
  // A clause of the edition 0.7 is mended as its successor in 1.x is.
  const requirements = finding.requirements.map((each) => each.replace(/^GPC-HTML-/, 'GPC-'));
  const row =
    TABLE.find(({ cases = [] }) => cases.some((each) => id.startsWith(each))) ??
    TABLE.find(({ clauses = [] }) =>
      clauses.some((each) => requirements.some((requirement) => requirement.startsWith(each))),
    ) ??
    GENERAL;
  const change = (row.on?.[server] ?? row.any)
    ?.replaceAll('{ssp}', ssp)
    .replaceAll('{ssp\\}', ssp.replaceAll('.', '\\.'));
  return { say: row.say, ...(change !== undefined && { change }) };
}

/** Whether a remedy is more than general words. */
export const isKnown = (finding: Pick<Finding, 'case' | 'requirements'>): boolean =>
  remedyFor(finding, 'unknown').say !== GENERAL.say;
