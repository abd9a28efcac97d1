import { userInfo } from 'node:os';
import type { Hierarchy } from '../../../../certs/index.ts';
import type { Provider } from '../../../../mocks/provider/server.ts';
import { APPROVED, onSite, programPath, startServer, type Site } from '../site.ts';

/** The decisions of the terminator, a line or two of its configuration each. */
export interface ApacheKnobs {
  readonly protocols: string;
  readonly ciphers: string;
  readonly serverOrder: 'on' | 'off';
  readonly verify: string;
  readonly revocation: string;
  readonly nameRule: string;
  /** Further lines of the host; `NAME_RULE` stands for the name rule. */
  readonly more: string;
}

export const apacheKeeping: ApacheKnobs = {
  protocols: '-all +TLSv1.2',
  ciphers: APPROVED,
  serverOrder: 'on',
  verify: 'require',
  revocation: 'SSLCARevocationFile crl.pem\nSSLCARevocationCheck chain',
  nameRule: `Require expr "%{SSL_CLIENT_S_DN_CN} == 'SSP'"`,
  more: '',
};

const MODULES = ['mpm_event', 'authz_core', 'ssl', 'headers', 'proxy', 'proxy_http'];

export const configuration = (knobs: ApacheKnobs, { folder, port, backend }: Site): string => `
ServerRoot "${folder}"
DefaultRuntimeDir "${folder}"
PidFile httpd.pid
ErrorLog error.log
LogLevel warn
ServerName localhost
${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${userInfo().uid === 0 ? 'User nobody\nGroup nogroup' : ''}
StartServers 1
ServerLimit 1
ThreadsPerChild 25
MaxRequestWorkers 25
Listen 127.0.0.1:${port}
<VirtualHost 127.0.0.1:${port}>
  SSLEngine               on
  SSLProtocol             ${knobs.protocols}
  SSLCipherSuite          ${knobs.ciphers}
  SSLHonorCipherOrder     ${knobs.serverOrder}
  SSLCertificateFile      server.pem
  SSLCertificateKeyFile   server.key
  SSLCACertificateFile    ca.pem
  SSLVerifyClient         ${knobs.verify}
  SSLVerifyDepth          2
  ${knobs.revocation}
  Header always set Cache-Control no-store
  ProxyPreserveHost on
  ProxyPass "/" "http://127.0.0.1:${backend}/"
  <Location "/">
    ${knobs.nameRule}
  </Location>
  ${knobs.more}
</VirtualHost>
`;

export const apachePath = programPath('apache2') ?? programPath('httpd');

/** Apache httpd in front of the reference provider's plain HTTP. */
export const startApache = (pki: Hierarchy, change: Partial<ApacheKnobs> = {}): Promise<Provider> =>
  onSite(pki, (site) =>
    startServer(site, {
      program: apachePath ?? 'apache2',
      args: ['-d', site.folder, '-f', `${site.folder}/httpd.conf`, '-DFOREGROUND'],
      files: {
        'httpd.conf': configuration({ ...apacheKeeping, ...change }, site).replaceAll(
          "'SSP'",
          `'${pki.ssp}'`,
        ),
      },
    }),
  );
