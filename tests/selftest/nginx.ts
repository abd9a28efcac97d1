import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Hierarchy } from '../../certs/index.ts';
import { ASID, SERVICE_PATH, startProvider, type Provider } from '../../mocks/provider/server.ts';
import { conformant } from '../../mocks/provider/policy.ts';

/** nginx's program, where it is installed; Debian puts it outside the path of other users than root. */
export const nginxPath = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  .map((folder) => join(folder, 'nginx'))
  .find((file) => existsSync(file));

/** RFC 7919 §A.1: nginx offers no DHE suite without parameters. */
const FFDHE2048 = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`;

/** The decisions of the terminator, a line or two of its configuration each. */
export interface NginxDecisions {
  readonly protocols: string;
  readonly ciphers: string;
  readonly verify: string;
  readonly revocation: string;
  readonly nameRule: string;
  readonly cacheControl: string;
  readonly more: string;
}

export const keeping: NginxDecisions = {
  protocols: 'TLSv1.2',
  ciphers: 'AESGCM+EECDH:AESGCM+EDH:AES256+EECDH:AES256+EDH',
  verify: 'on',
  revocation: 'ssl_crl crl.pem;',
  nameRule: 'if ($ssp = 0) { return 403; }',
  cacheControl: 'add_header Cache-Control no-store always;',
  more: '',
};

const configuration = (decisions: NginxDecisions, port: number, backend: number, ssp: string): string => `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  map $ssl_client_s_dn $ssp { default 0; "~(^|,)CN=${ssp.replaceAll('.', '\\.')}(,|$)" 1; }
  server {
    listen 127.0.0.1:${port} ssl;
    server_name localhost;
    ssl_certificate server.pem;
    ssl_certificate_key server.key;
    ssl_protocols ${decisions.protocols};
    ssl_ciphers "${decisions.ciphers}";
    ssl_prefer_server_ciphers on;
    ssl_dhparam dh.pem;
    ssl_session_tickets off;
    ssl_client_certificate ca.pem;
    ssl_verify_client ${decisions.verify};
    ssl_verify_depth 2;
    ${decisions.revocation}
    ${decisions.cacheControl}
    ${decisions.more}
    location / {
      ${decisions.nameRule}
      proxy_set_header Host $http_host;
      proxy_pass http://127.0.0.1:${backend};
    }
  }
}
`;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

const opens = (port: number): Promise<boolean> =>
  new Promise((answer) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => answer(true)).on('error', () => answer(false));
    socket.on('connect', () => socket.destroy());
  });

/** nginx in front of the reference provider's plain HTTP: a provider whose TLS nobody here wrote. */
export async function startNginx(pki: Hierarchy, change: Partial<NginxDecisions> = {}): Promise<Provider> {
  if (nginxPath === undefined) throw new Error('nginx is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'assay-nginx-'));
  const port = await freePort();
  const url = `https://localhost:${port}${SERVICE_PATH}`;
  const backend = await startProvider({ policy: conformant, hierarchy: pki, behind: url });
  const files = {
    'nginx.conf': configuration({ ...keeping, ...change }, port, backend.port, pki.ssp),
    'server.pem': [pki.provider.certificate, ...pki.provider.chain].join('\n'),
    'server.key': pki.provider.key,
    'ca.pem': [pki.root, pki.sub].join('\n'),
    'crl.pem': pki.crls.join('\n'),
    'dh.pem': FFDHE2048,
  };
  for (const [name, text] of Object.entries(files))
    await writeFile(join(folder, name), text, { mode: 0o600 });
  await chmod(folder, 0o755); // its worker gives up root and still has to reach its temporary folders
  const log: string[] = [];
  const child = spawn(nginxPath, ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.on('data', (text: Buffer) => log.push(text.toString()));
  const stop = async (): Promise<void> => {
    await ended(child);
    await backend.close();
    await rm(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 250; tries += 1) {
    if (child.exitCode !== null) break;
    if (await opens(port)) return { url, asid: ASID.provider, port, close: stop };
    await new Promise((wake) => setTimeout(wake, 20));
  }
  const conf = await readFile(join(folder, 'nginx.conf'), 'utf8');
  await stop();
  throw new Error(`nginx did not start: ${log.join('')}\n${conf}`);
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    child.once('exit', () => done());
    child.kill('SIGTERM');
  });
}
