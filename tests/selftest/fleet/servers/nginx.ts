import type { Hierarchy } from '../../../../certs/index.ts';
import type { Provider } from '../../../../mocks/provider/server.ts';
import { APPROVED, onSite, programPath, startServer, type Site } from '../site.ts';

/** The decisions of the terminator, a line or two of its configuration each. */
export interface NginxKnobs {
  readonly protocols: string;
  readonly ciphers: string;
  readonly serverOrder: 'on' | 'off';
  readonly dhparam: string;
  readonly verify: string;
  readonly revocation: string;
  readonly nameRule: string;
  readonly cacheControl: string;
  /** Further lines of the server. */
  readonly more: string;
  /** Other servers beside it; `LISTEN` stands for the address, `BACKEND` for the reference. */
  readonly beside: string;
}

export const nginxKeeping: NginxKnobs = {
  protocols: 'TLSv1.2',
  ciphers: APPROVED,
  serverOrder: 'on',
  dhparam: 'ssl_dhparam dh.pem;',
  verify: 'on',
  revocation: 'ssl_crl crl.pem;',
  nameRule: 'if ($ssp = 0) { return 403; }',
  cacheControl: 'add_header Cache-Control no-store always;',
  more: '',
  beside: '',
};

export const configuration = (knobs: NginxKnobs, { port, backend, pki }: Site): string => `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  map $ssl_client_s_dn $ssp { default 0; "~^CN=${pki.ssp.replaceAll('.', '\\.')}(,|$)" 1; }
  ssl_certificate server.pem;
  ssl_certificate_key server.key;
  ssl_protocols ${knobs.protocols};
  ssl_ciphers "${knobs.ciphers}";
  ssl_prefer_server_ciphers ${knobs.serverOrder};
  ${knobs.dhparam}
  ssl_session_tickets off;
  server {
    listen 127.0.0.1:${port} ssl;
    server_name localhost;
    ssl_client_certificate ca.pem;
    ssl_verify_client ${knobs.verify};
    ssl_verify_depth 2;
    ${knobs.revocation}
    ${knobs.cacheControl}
    ${knobs.more}
    location / {
      ${knobs.nameRule}
      proxy_set_header Host $http_host;
      proxy_pass http://127.0.0.1:${backend};
    }
  }
  ${knobs.beside.replaceAll('LISTEN', `127.0.0.1:${port}`).replaceAll('BACKEND', `127.0.0.1:${backend}`)}
}
`;

export const nginxPath = programPath('nginx');

/** nginx in front of the reference provider's plain HTTP. */
export const startNginx = (pki: Hierarchy, change: Partial<NginxKnobs> = {}): Promise<Provider> =>
  onSite(pki, (site) =>
    startServer(site, {
      program: nginxPath ?? 'nginx',
      args: ['-p', site.folder, '-c', 'nginx.conf'],
      files: { 'nginx.conf': configuration({ ...nginxKeeping, ...change }, site) },
    }),
  );
