import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConsumerPki, DEFAULT_CONSUMER, type ConsumerPki } from '../../certs/consumer.ts';
import { createHierarchy, type Credential, type Hierarchy } from '../../certs/index.ts';
import { ASID, SERVICE_PATH } from '../../mocks/provider/data.ts';
import type { Reached } from '../../mocks/ssp/forward.ts';
import { startSsp, type Passage, type Ssp, type SspOptions } from '../../mocks/ssp/proxy.ts';
import type { Endpoint, Registry } from '../../mocks/ssp/registry.ts';
import { serialise } from '../../mocks/ssp/token.ts';
import { gpconnect } from '../profiles/gpconnect.ts';

/** Set-ups for everything that is tested about the listening SSP. */

export const curlPath: string | undefined = (() => {
  try {
    return execFileSync('sh', ['-c', 'command -v curl']).toString().trim();
  } catch {
    return undefined;
  }
})();

/** One hierarchy, with the consumer's side of it, for a whole test file. */
export const worlds = createHierarchy().then(async (pki) => ({
  pki,
  side: await createConsumerPki(pki.authorities, { hosts: ['localhost', '127.0.0.1'], crls: pki.crls }),
}));

export const GPC = 'urn:nhs:names:services:gpconnect:fhir:rest:read:metadata-1';
export const NRL = 'urn:nhs:names:services:nrl:DocumentReference.content.read';
const NRL_REGISTERED = 'urn:nhs:names:services:nrl:DocumentReference.content';

/** A provider that is whatever its handler is, behind the hierarchy's server certificate. */
export async function startBackend(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  hierarchy?: Hierarchy,
) {
  const pki = hierarchy ?? (await worlds).pki;
  const sockets = new Set<Socket>();
  const server = createServer(
    {
      cert: [pki.provider.certificate, ...pki.provider.chain].join('\n'),
      key: pki.provider.key,
      ca: [pki.root, pki.sub],
      requestCert: true,
      rejectUnauthorized: true,
    },
    handler,
  );
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `https://localhost:${port}${SERVICE_PATH}`,
    asid: ASID.provider,
    connections: () => sockets.size,
    close: () =>
      new Promise<void>((done) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => done());
      }),
  };
}

export interface Stage extends Ssp {
  readonly url: string;
  readonly passages: Passage[];
  readonly side: ConsumerPki;
  /** The root of every certificate in play. */
  readonly anchor: string;
}

/** An SSP in front of one provider, for one consumer that may send both kinds of request. */
export async function startStage(
  provider: { readonly url: string; readonly port: number; readonly asid: string },
  change: Partial<SspOptions> & { readonly rules?: Partial<Registry> } = {},
): Promise<Stage> {
  const { pki, side } = await worlds;
  const endpoint: Endpoint = {
    asid: provider.asid,
    url: provider.url,
    cpaId: 'S00000A000001',
    interactions: [GPC, NRL_REGISTERED],
  };
  const registry: Registry = {
    senders: [{ asid: ASID.consumer, fqdn: DEFAULT_CONSUMER, interactions: [GPC, NRL_REGISTERED] }],
    endpoints: [endpoint],
    ...change.rules,
  };
  const reached = new Map<Endpoint, Reached>(
    registry.endpoints.map((each) => [each, { address: '127.0.0.1', port: provider.port }]),
  );
  const passages: Passage[] = [];
  const ssp = await startSsp({
    registry,
    reached,
    server: side.ssp.good,
    consumers: { trust: [pki.root, pki.sub], crls: side.crls },
    provider: { identity: pki.clients.valid, trust: [pki.root] },
    onPassage: (passage) => passages.push(passage),
    ...change,
  });
  return { ...ssp, url: `https://localhost:${ssp.port}`, passages, side, anchor: pki.root };
}

/** The headers of a valid GP Connect request by the fictional consumer, in order. */
export function headersFor(audience: string, interaction = GPC): readonly (readonly [string, string])[] {
  const { http, token } = gpconnect.valid({ url: audience, asid: ASID });
  return [
    ['Accept', 'application/fhir+json'],
    ['Ssp-TraceID', crypto.randomUUID()],
    ['Ssp-From', http.headers['Ssp-From'] ?? ''],
    ['Ssp-To', http.headers['Ssp-To'] ?? ''],
    ['Ssp-InteractionID', interaction],
    ['Authorization', `Bearer ${token ? serialise(token, Date.now()) : ''}`],
  ];
}

export interface CurlAnswer {
  readonly code: number;
  readonly status: number;
  readonly body: string;
  readonly head: string;
}

export interface Folder {
  readonly path: string;
  readonly close: () => Promise<void>;
}

/** The consumer's files, as `assay serve --ssp` lays them out. */
export async function consumerFolder(side: ConsumerPki, anchor: string, as: Credential = side.consumer) {
  const path = await mkdtemp(join(tmpdir(), 'assay-consumer-'));
  await writeFile(join(path, 'ca.pem'), anchor);
  await writeFile(join(path, 'crl.pem'), side.crls.join(''));
  await writeFile(join(path, 'consumer.pem'), [as.certificate, ...as.chain].join(''));
  await writeFile(join(path, 'consumer.key'), as.key, { mode: 0o600 });
  return { path, close: () => rm(path, { recursive: true, force: true }) };
}

/** Runs curl with the consumer's certificate. */
export function curl(folder: string, ...args: readonly string[]): Promise<CurlAnswer> {
  const identity = ['--cert', join(folder, 'consumer.pem'), '--key', join(folder, 'consumer.key')];
  const trust = ['--cacert', join(folder, 'ca.pem')];
  return bareCurl(...identity, ...trust, ...args);
}

/** Runs curl; the head of the answer stands before its body. */
const bareCurl = (...args: readonly string[]): Promise<CurlAnswer> =>
  new Promise((resolve) => {
    execFile(
      curlPath ?? 'curl',
      ['-sS', '-i', '--max-time', '20', ...args],
      { maxBuffer: 64_000_000 },
      (error, stdout) => {
        const [head = '', ...rest] = stdout.replace(/^HTTP\/1\.1 100 [^]*?\r\n\r\n/, '').split('\r\n\r\n');
        resolve({
          code: error === null ? 0 : Number(error.code),
          status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0),
          head,
          body: rest.join('\r\n\r\n'),
        });
      },
    );
  });

/** Header arguments for curl. */
export const asFlags = (headers: readonly (readonly [string, string])[]): readonly string[] =>
  headers.flatMap(([name, value]) => ['-H', `${name}: ${value}`]);

/** Waits until something holds; what the SSP reports comes a moment after the client has its answer. */
export async function until(holds: () => boolean | Promise<boolean>, within = 5_000): Promise<void> {
  const end = performance.now() + within;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${within} ms`);
    await new Promise((done) => setTimeout(done, 10));
  }
}
