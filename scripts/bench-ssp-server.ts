import { Agent, createServer, request as startRequest, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Credential } from '../certs/index.ts';
import { startSsp } from '../mocks/ssp/proxy.ts';
import type { Endpoint } from '../mocks/ssp/registry.ts';

/** What one process of the measurement is to be, sent to it as its first message. */
export interface Role {
  readonly kind: 'provider' | 'ssp' | 'pipe';
  readonly server: Credential;
  readonly client: Credential;
  readonly root: string;
  readonly sub: string;
  readonly crls: readonly string[];
  /** Where the provider is, for the two in front of it. */
  readonly endpoint?: Endpoint & { readonly port: number };
  readonly sender?: { readonly asid: string; readonly fqdn: string };
}

const pem = ({ certificate, chain }: Credential): string => [certificate, ...chain].join('\n');

async function start(role: Role): Promise<number> {
  const { kind, server, client, root, sub, crls, endpoint } = role;
  const tls = {
    cert: pem(server),
    key: server.key,
    ca: [root, sub],
    crl: [...crls],
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    keepAliveTimeout: 60_000,
  } satisfies ServerOptions;
  if (kind === 'ssp' && endpoint && role.sender) {
    const ssp = await startSsp({
      registry: {
        senders: [{ ...role.sender, interactions: endpoint.interactions }],
        endpoints: [endpoint],
      },
      reached: new Map([[endpoint, { address: '127.0.0.1', port: endpoint.port }]]),
      server,
      consumers: { trust: [root, sub], crls },
      provider: { identity: client, trust: [root] },
      onPassage: () => {},
    });
    return ssp.port;
  }
  const listener =
    kind === 'provider'
      ? createServer(tls, (_request, response) => {
          response.writeHead(200, { 'Content-Type': 'application/fhir+json', 'Cache-Control': 'no-store' });
          response.end(BODY);
        })
      : createServer(tls, bare(client, root, endpoint?.port ?? 0));
  await new Promise<void>((ready) => listener.listen(0, '127.0.0.1', ready));
  return (listener.address() as AddressInfo).port;
}

/** A capability statement's worth of bytes. */
const BODY = JSON.stringify({ resourceType: 'CapabilityStatement', text: 'x'.repeat(2_000) });

/** The peer: the least that can be called a proxy in node:https. It checks nothing and changes nothing. */
function bare(client: Credential, root: string, port: number): Parameters<typeof createServer>[1] {
  const agent = new Agent({
    keepAlive: true,
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: root,
    cert: pem(client),
    key: client.key,
    maxVersion: 'TLSv1.2',
  });
  return (request, response) => {
    const path = (request.url ?? '').replace(/^\/https:\/\/[^/]+/, '');
    const outbound = startRequest(
      { agent, method: request.method, path, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(outbound);
  };
}

process.once('message', (role: Role) => {
  void start(role).then((port) => process.send?.(port));
});
process.once('disconnect', () => process.exit());
