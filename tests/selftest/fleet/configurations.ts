import type { Hierarchy } from '../../../certs/index.ts';
import type { OfferedVersion } from '../../model.ts';
import type { Configuration, ServerName } from './configuration.ts';
import {
  absent,
  anyError,
  anything,
  expand,
  name,
  noCa,
  nulInName,
  validTomorrow,
  wildcardName,
  overlooking,
  revocation,
  revocationAbove,
  revocationOfLeaf,
  signature,
  type Facts,
  type Flaw,
} from './facts.ts';
import { apacheKeeping, startApache, type ApacheKnobs } from './servers/apache.ts';
import { DENY, startHaproxy, type HaproxyKnobs } from './servers/haproxy.ts';
import { startJava, type JavaKnobs } from './servers/java.ts';
import { startNginx, type NginxKnobs } from './servers/nginx.ts';
import { readsEveryCrl, startNode, type NodeKnobs } from './servers/node.ts';
import { startNss, type NssKnobs } from './servers/nss.ts';
import { startOpenssl, type OpensslKnobs } from './servers/openssl.ts';
import { aprAsPrinted, jsseKeeping, startTomcat, type TomcatKnobs } from './servers/tomcat.ts';
import { APPROVED } from './site.ts';

/**
 * The fleet. A row is a table of data: the knobs that are turned, and the facts that this makes true. What each case has
 * to find follows from the facts (`predict.ts`). Longer than other files since it is a table.
 */

type Row<Knobs> = readonly [
  title: string,
  change: Partial<Knobs>,
  facts?: Partial<Facts>,
  more?: Pick<Configuration, 'exceptions' | 'quick' | 'whole'>,
];

const rows = <Knobs>(
  server: ServerName,
  start: (pki: Hierarchy, change: Partial<Knobs>) => ReturnType<Configuration['start']>,
  facts: Partial<Facts>,
  table: readonly Row<Knobs>[],
): readonly Configuration[] =>
  table.map(([title, change, own = {}, more = {}]) => ({
    server,
    title,
    start: (pki) => start(pki, change),
    facts: { ...facts, ...own },
    ...more,
  }));

/** With only the CRL of the sub, or of the root, there is none for the other. */
const withoutRootCrl = (pki: Hierarchy): Hierarchy => ({ ...pki, crls: [pki.crls[1], pki.crls[1]] });
const withoutSubCrl = (pki: Hierarchy): Hierarchy => ({ ...pki, crls: [pki.crls[0], pki.crls[0]] });

const OLD: readonly OfferedVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2'];
const BOTH: readonly OfferedVersion[] = ['TLSv1.2', 'TLSv1.3'];
const LAX = `${APPROVED}:@SECLEVEL=0`;
const EVERY = 'ALL:COMPLEMENTOFALL:@SECLEVEL=0';
const every = await expand(EVERY).catch(() => []);
const quick = { quick: true } as const;
const first = { quick: true, whole: true } as const;

// Debian's nginx 1.22. It never sends an alert for a certificate: the refusal is always a page.
const nginx = rows<NginxKnobs>('nginx', startNginx, { refusal: 'page' }, [
  ['keeps every rule', {}, {}, first],
  ['ssl_verify_client off', { verify: 'off', nameRule: '' }, { overlooks: anything }],
  [
    'ssl_verify_client optional, and nobody behind it asks',
    { verify: 'optional', nameRule: '' },
    { overlooks: overlooking(absent, name) },
    quick,
  ],
  ['ssl_verify_client optional, and the name rule asks', { verify: 'optional' }],
  [
    'ssl_verify_client optional_no_ca, no CRL, and nobody behind it asks',
    { verify: 'optional_no_ca', nameRule: '', revocation: '' },
    { overlooks: overlooking(absent, name, noCa, revocation) },
    quick,
  ],
  ['no ssl_crl', { revocation: '' }, { overlooks: revocation }, quick],
  ['no name rule', { nameRule: '' }, { overlooks: name }, quick],
  [
    'ssl_protocols widened and the security level lowered',
    { protocols: 'TLSv1 TLSv1.1 TLSv1.2', ciphers: LAX },
    { versions: OLD },
    quick,
  ],
  ['ssl_protocols widened under security level 2, which hides it', { protocols: 'TLSv1 TLSv1.1 TLSv1.2' }],
  ['every cipher', { ciphers: EVERY }, { suites: every }, quick],
  ['ssl_prefer_server_ciphers off', { serverOrder: 'off' }, { order: 'client' }],
  ['no ssl_dhparam', { dhparam: '' }, { suites: await expand('AESGCM+EECDH:AES256+EECDH').catch(() => []) }],
  [
    'error_page 495 496 =200',
    { more: 'error_page 495 496 =200 @welcome; location @welcome { return 200 "Welcome"; }' },
    { refusal: 'welcome-page' },
    quick,
  ],
  [
    'add_header without always',
    { cacheControl: 'add_header Cache-Control no-store;' },
    { refusal: 'cacheable-page' },
    quick,
  ],
  [
    'a default_server that asks for no certificate, met by whoever names another host',
    {
      beside:
        'server { listen LISTEN ssl default_server; server_name other.assay.test; location / { proxy_pass http://BACKEND; } }',
    },
    { opens: ['other-host', 'other-name', 'by-address'] },
  ],
  ['TLS 1.3 beside 1.2', { protocols: 'TLSv1.2 TLSv1.3' }, { versions: BOTH }, quick],
  ['TLS 1.3 alone', { protocols: 'TLSv1.3' }, { versions: ['TLSv1.3'], suites: [] }, quick],
]);

const ofNginx = (start: Configuration['start'], title: string, facts: Partial<Facts>): Configuration => ({
  server: 'nginx',
  title,
  start,
  facts: { refusal: 'page', ...facts },
  quick: true,
});

const apacheLocation = (verify: string): Partial<ApacheKnobs> => ({
  verify: 'none',
  nameRule: `SSLVerifyClient ${verify}\n    ${apacheKeeping.nameRule}`,
});

const apache = rows<ApacheKnobs>('Apache httpd', startApache, {}, [
  ['keeps every rule', {}, {}, first],
  ['no SSLVerifyClient', { verify: 'none', nameRule: '' }, { overlooks: anything }],
  [
    'SSLVerifyClient optional, and nobody behind it asks',
    { verify: 'optional', nameRule: '' },
    { overlooks: overlooking(absent, name) },
  ],
  [
    'SSLVerifyClient optional_no_ca, no CRL, and nobody behind it asks',
    { verify: 'optional_no_ca', nameRule: '', revocation: '' },
    { overlooks: overlooking(absent, name, noCa, revocation) },
  ],
  [
    'SSLCARevocationFile without SSLCARevocationCheck',
    { revocation: 'SSLCARevocationFile crl.pem' },
    { overlooks: revocation },
    quick,
  ],
  [
    'SSLCARevocationCheck leaf',
    { revocation: 'SSLCARevocationFile crl.pem\nSSLCARevocationCheck leaf' },
    { overlooks: revocationAbove },
  ],
  ['no name rule', { nameRule: '' }, { overlooks: name }],
  [
    'SSLProtocol all -TLSv1.3, and the security level lowered',
    { protocols: 'all -TLSv1.3', ciphers: LAX },
    { versions: OLD },
  ],
  [
    'every cipher that mod_ssl lets through',
    { ciphers: EVERY },
    // It appends `!aNULL:!eNULL:!EXP` to whatever is configured (ssl_cmd_SSLCipherSuite).
    { suites: every.filter((suite) => !/_anon_|_WITH_NULL_/.test(suite)) },
  ],
  ['SSLHonorCipherOrder off', { serverOrder: 'off' }, { order: 'client' }],
  ['SSLVerifyClient require for a Location: renegotiation under TLS 1.2', apacheLocation('require')],
  [
    'SSLVerifyClient require for a Location under TLS 1.3 alone: post-handshake authentication, which the SSP does not do',
    { ...apacheLocation('require'), protocols: '-all +TLSv1.3' },
    { versions: ['TLSv1.3'], suites: [], admits: 'nobody' },
  ],
  ['TLS 1.3 beside 1.2', { protocols: '-all +TLSv1.2 +TLSv1.3' }, { versions: BOTH }],
]);

const IGNORING = 'ca-file ca.pem verify optional crt-ignore-err all ca-ignore-err all';
/**
 * Of what is to be ignored HAProxy tests one bit of 64 in an `int` (`cert_ignerr_bitfield_get`, include/haproxy/ssl_sock.h):
 * for OpenSSL's errors 32 to 63 the answer is always no.
 */
const haproxyIgnores = (flaw: Flaw): boolean => flaw.kind === 'error' && flaw.error % 64 < 32;
const haproxy = rows<HaproxyKnobs>('HAProxy', startHaproxy, {}, [
  ['keeps every rule', {}, {}, first],
  ['no verify', { verify: '', revocation: '', rules: '' }, { overlooks: anything }],
  [
    'verify optional, and no rule asks',
    { verify: 'ca-file ca.pem verify optional', rules: '' },
    { overlooks: overlooking(absent, name) },
  ],
  ['verify optional, and the name rule asks', { verify: 'ca-file ca.pem verify optional' }],
  [
    'crt-ignore-err all ca-ignore-err all, and the name rule alone asks',
    { verify: IGNORING },
    { overlooks: haproxyIgnores },
  ],
  ['no crl-file', { revocation: '' }, { overlooks: revocation }],
  ['no name rule', { rules: '' }, { overlooks: name }],
  [
    'a name rule on ssl_c_s_dn(cn), which ends at a NUL',
    { rules: `${DENY} unless { ssl_c_s_dn(cn) -m str SSP }` },
    // The samples of a name are strings of C there (`ssl_sock_get_dn_entry`, src/ssl_utils.c).
    { overlooks: nulInName },
    quick,
  ],
  [
    'ssl-min-ver TLSv1.0, and the security level lowered',
    { versions: 'ssl-min-ver TLSv1.0 ssl-max-ver TLSv1.2', ciphers: `ciphers ${LAX}` },
    { versions: OLD },
  ],
  ['every cipher', { ciphers: `ciphers ${EVERY}` }, { suites: every }],
  ['prefer-client-ciphers', { ciphers: `ciphers ${APPROVED} prefer-client-ciphers` }, { order: 'client' }],
  [
    'a rule that says ssl_c_verify ne 0, read as the patterns “ne” and 0: good is denied and bad let in',
    { verify: IGNORING, rules: 'http-request deny deny_status 403 if { ssl_c_verify ne 0 }' },
    { admits: 'nobody' },
    quick,
  ],
  ['TLS 1.3 beside 1.2', { versions: 'ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.3' }, { versions: BOTH }],
]);

const tomcat = (server: ServerName, table: readonly Row<TomcatKnobs & { readonly base: TomcatKnobs }>[]) =>
  table.map(([title, { base = jsseKeeping, ...change }, facts = {}, more = {}]): Configuration => ({
    server,
    title,
    start: (pki) => startTomcat(pki, { ...base, ...change }),
    facts,
    ...more,
  }));
const jsse = (change: Readonly<Record<string, string>>): Partial<TomcatKnobs> => ({
  sslHostConfig: Object.fromEntries(
    Object.entries<string>({ ...jsseKeeping.sslHostConfig, ...change }).filter(([, value]) => value !== ''),
  ),
});
const tomcat10 = tomcat('Tomcat 10.1 (JSSE)', [
  ['keeps every rule', {}, {}, first],
  [
    'certificateVerification none',
    { ...jsse({ certificateVerification: 'none' }), checksName: false },
    { overlooks: anything },
  ],
  [
    'certificateVerification optional, and the application does not ask',
    { ...jsse({ certificateVerification: 'optional' }), checksName: false },
    { overlooks: overlooking(absent, name) },
  ],
  [
    'no certificateRevocationListFile',
    jsse({ certificateRevocationListFile: '' }),
    { overlooks: revocation },
  ],
  ['the application checks no name', { checksName: false }, { overlooks: name }],
  [
    'old protocols, and jdk.tls.disabledAlgorithms cleared',
    { ...jsse({ protocols: 'TLSv1+TLSv1.1+TLSv1.2' }), security: 'jdk.tls.disabledAlgorithms=\n' },
    { versions: OLD },
  ],
  ['honorCipherOrder false', jsse({ honorCipherOrder: 'false' }), { order: 'client' }],
  ['TLS 1.3 beside 1.2', jsse({ protocols: 'TLSv1.2+TLSv1.3' }), { versions: BOTH }],
]);
const apr = (change: Readonly<Record<string, string>>): Partial<TomcatKnobs & { base: TomcatKnobs }> => ({
  base: aprAsPrinted,
  connector: { ...aprAsPrinted.connector, SSLCARevocationFile: 'crl.pem', ...change },
});
const tomcat9 = tomcat('Tomcat 9 (APR)', [
  [
    'the four lines of the GP Connect page as printed, behind an application that checks the name',
    { base: aprAsPrinted },
    { overlooks: revocation },
    first,
  ],
  [
    'the four lines of the GP Connect page as printed, and nothing else',
    { base: aprAsPrinted, checksName: false },
    { overlooks: overlooking(revocation, name) },
  ],
  ['the four lines and SSLCARevocationFile', apr({})],
  [
    'SSLVerifyClient optional, and the application does not ask',
    { ...apr({ SSLVerifyClient: 'optional' }), checksName: false },
    { overlooks: overlooking(absent, name) },
  ],
  [
    'SSLVerifyClient optionalNoCA, no CRL, and the application asks for the name alone',
    { base: aprAsPrinted, connector: { ...aprAsPrinted.connector, SSLVerifyClient: 'optionalNoCA' } },
    // tcnative lets nobody in whose issuer it would overlook: it cannot ask that issuer's OCSP (src/sslutils.c).
    { overlooks: revocation },
  ],
  [
    'SSLProtocol TLSv1+TLSv1.1+TLSv1.2, and the security level lowered',
    apr({
      SSLProtocol: 'TLSv1+TLSv1.1+TLSv1.2',
      SSLCipherSuite: 'AESGCM+EECDH,AESGCM+EDH,AES256+EECDH,AES256+EDH,@SECLEVEL=0',
    }),
    { versions: OLD },
  ],
  ['SSLHonorCipherOrder false', apr({ SSLHonorCipherOrder: 'false' }), { order: 'client' }],
]);

/**
 * Measured on Node 24: the failed RSA check of a signature stays in OpenSSL's queue of errors, the next read of the socket
 * finds it there, and the HTTP server closes the connection (`clientError`) although `rejectUnauthorized` is false.
 */
const nodeOverlooks = (flaw: Flaw): boolean => anyError(flaw) && !signature(flaw);
const node = rows<NodeKnobs>('Node https', startNode, {}, [
  ['keeps every rule', {}, {}, first],
  ['no requestCert', { tls: { requestCert: false }, checksName: false }, { overlooks: anything }],
  [
    'rejectUnauthorized false, and the application asks whether the client is authorised',
    { tls: { rejectUnauthorized: false }, asks: true },
    {},
    quick,
  ],
  [
    'rejectUnauthorized false, and the application asks for the name alone',
    { tls: { rejectUnauthorized: false } },
    { overlooks: nodeOverlooks },
  ],
  [
    'rejectUnauthorized false, and the application asks nothing',
    { tls: { rejectUnauthorized: false }, checksName: false },
    { overlooks: overlooking(absent, name, nodeOverlooks) },
    quick,
  ],
  ['no crl', { crl: () => undefined }, { overlooks: revocation }],
  [
    'both CRLs in one PEM, of which older Nodes read the first alone and refuse everybody',
    { crl: ({ crls }) => crls.join('\n') },
    readsEveryCrl ? {} : { admits: 'nobody' },
  ],
  ['the application checks no name', { checksName: false }, { overlooks: name }],
  [
    'minVersion TLSv1, and the security level lowered',
    { tls: { minVersion: 'TLSv1', ciphers: LAX } },
    { versions: OLD },
  ],
  ['honorCipherOrder false', { tls: { honorCipherOrder: false } }, { order: 'client' }],
  ['TLS 1.3 beside 1.2', { tls: { maxVersion: 'TLSv1.3' } }, { versions: BOTH }],
]);

/** It checks the client's name as a client does a server's: a wildcard matches (`X509_check_host` without flags). */
const openssl = rows<OpensslKnobs>('openssl s_server', startOpenssl, { overlooks: wildcardName }, [
  ['keeps every rule that it has an option for: -verify_hostname lets a wildcard be a name', {}, {}, first],
  ['no -verify', { verify: [], revocation: [], name: [] }, { overlooks: anything }],
  ['-verify, which asks and does not demand', { verify: ['-verify', '2'] }, { overlooks: anything }],
  [
    '-Verify without -verify_return_error, which demands a certificate and takes any',
    { verify: ['-Verify', '2'] },
    { overlooks: overlooking(anyError, name) },
    quick,
  ],
  ['no -crl_check', { revocation: [] }, { overlooks: overlooking(revocation, wildcardName) }],
  [
    '-crl_check, for the leaf alone',
    { revocation: ['-crl_check'] },
    { overlooks: overlooking(revocationAbove, wildcardName) },
  ],
  ['no -verify_hostname', { name: [] }, { overlooks: name }],
  [
    'TLS 1.0 to 1.2, and the security level lowered',
    { versions: ['-no_tls1_3'], ciphers: LAX },
    { versions: OLD },
  ],
  ['every cipher', { ciphers: EVERY }, { suites: every }],
  ['no -serverpref', { more: [] }, { order: 'client' }],
  ['TLS 1.3 beside 1.2', { versions: [] }, { versions: BOTH }],
]);

/** In JSSE's order: suites with SHA-2 stand before those with SHA-1, whatever their key exchange. */
const JSSE_SHA1 = ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA', 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA'];
const JSSE_APPROVED = [
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384',
  'TLS_DHE_RSA_WITH_AES_256_CBC_SHA256',
];
/**
 * Of every family that TLS 1.2 has left in Java once nothing is disabled. No anonymous one: a server without a
 * certificate may ask for none (RFC 5246 §7.4.4), and JSSE takes none of them where client certificates are needed.
 */
const JSSE_FORBIDDEN = [
  'TLS_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_RSA_WITH_AES_128_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
  'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA',
  'TLS_RSA_WITH_RC4_128_SHA',
  'TLS_RSA_WITH_RC4_128_MD5',
  'TLS_RSA_WITH_NULL_SHA256',
  'TLS_ECDHE_RSA_WITH_NULL_SHA',
];
/** Two signature algorithms in one certificate it refuses to parse (`X509CertImpl.parse`), before any trust manager is asked. */
const parsed = (flaw: Flaw): boolean => flaw.kind === 'error' && !flaw.mismatched;
const java = rows<JavaKnobs>('Java (JSSE)', startJava, { suites: JSSE_APPROVED }, [
  ['keeps every rule', {}, {}, first],
  [
    'jdk.tls.disabledAlgorithms cleared, every protocol and every suite: real SSLv3, EXPORT, NULL',
    { legacy: true, protocols: 'SSLv3,TLSv1,TLSv1.1,TLSv1.2', suites: 'ALL' },
    {
      versions: ['SSLv3', ...OLD],
      suites: [...JSSE_APPROVED, ...JSSE_SHA1, ...JSSE_FORBIDDEN],
      ignoresFallback: true,
    },
    quick,
  ],
  ['no client authentication', { clientAuth: 'none', checksName: false }, { overlooks: anything }],
  [
    'setWantClientAuth, and the application does not ask',
    { clientAuth: 'want', checksName: false },
    { overlooks: overlooking(absent, name) },
  ],
  ['a trust manager that trusts all, behind a name check', { trustsAll: true }, { overlooks: parsed }],
  ['no revocation checking', { revocation: false }, { overlooks: revocation }],
  ['setUseCipherSuitesOrder(false)', { serverOrder: false }, { order: 'client' }],
  [
    'TLS 1.3 beside 1.2',
    { protocols: 'TLSv1.2,TLSv1.3', suites: ['TLS_AES_256_GCM_SHA384', ...JSSE_APPROVED].join(',') },
    { versions: BOTH },
  ],
]);

/** NSS keeps an order of its own, in which a suite's key exchange weighs more than its mode. */
const NSS_SUITES = [
  'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
  'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384',
  'TLS_DHE_RSA_WITH_AES_256_CBC_SHA',
  'TLS_DHE_RSA_WITH_AES_256_CBC_SHA256',
];
/** One of each further family that NSS takes by default. */
const NSS_DEFAULT = [
  ...NSS_SUITES,
  'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
  'TLS_RSA_WITH_AES_128_GCM_SHA256',
  'TLS_RSA_WITH_3DES_EDE_CBC_SHA',
  'TLS_RSA_WITH_RC4_128_SHA',
];
// It has no application, only a file: what an application decides is not examined on it.
/** NSS lets a validity begin a day late (`PENDING_SLOP`, lib/certdb/certdb.c); `selfserv` checks no name. */
const nssOverlooks = [validTomorrow, name];
const nss = rows<NssKnobs>(
  'NSS selfserv',
  startNss,
  {
    overlooks: overlooking(...nssOverlooks),
    suites: NSS_SUITES,
    application: 'one-file',
  },
  [
    ['TLS 1.2 alone with approved suites, in NSS’s own order', {}, {}, quick],
    [
      'SSLv3 to TLS 1.2, and NSS’s own suites: real SSLv3',
      { versions: 'ssl3:tls1.2', suites: undefined as never },
      { versions: ['SSLv3', ...OLD], suites: NSS_DEFAULT },
    ],
    [
      'a certificate asked for and not demanded',
      { verify: '-r' },
      { overlooks: overlooking(...nssOverlooks, absent) },
    ],
    ['no CRL imported', { revocation: false }, { overlooks: overlooking(...nssOverlooks, revocation) }],
  ],
);

export const configurations: readonly Configuration[] = [
  ...nginx,
  ofNginx(
    (pki) => startNginx(withoutRootCrl(pki)),
    'ssl_crl without the CRL of the root: everybody is refused',
    {
      admits: 'nobody',
    },
  ),
  ...apache,
  {
    server: 'Apache httpd',
    title: 'SSLCARevocationCheck chain without the CRL of the root: everybody is refused',
    start: (pki) => startApache(withoutRootCrl(pki)),
    facts: { admits: 'nobody' },
  },
  {
    server: 'Apache httpd',
    title: 'no_crl_for_cert_ok, and the CRL of the sub is missing: open where it should be shut',
    start: (pki) =>
      startApache(withoutSubCrl(pki), {
        revocation: 'SSLCARevocationFile crl.pem\nSSLCARevocationCheck chain no_crl_for_cert_ok',
      }),
    facts: { overlooks: revocationOfLeaf },
  },
  ...haproxy,
  ...tomcat10,
  ...tomcat9,
  ...node,
  ...openssl,
  {
    server: 'openssl s_server',
    title: 'a file of both CRLs of which the first alone is read: everybody is refused',
    start: (pki) => startOpenssl({ ...pki, crls: [pki.crls[0], pki.crls[0]] }),
    facts: { admits: 'nobody' },
  },
  ...java,
  ...nss,
];
