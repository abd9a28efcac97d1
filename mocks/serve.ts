import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Credential } from '../certs/index.ts';
import { closer, listen } from './listen.ts';

/** A server of ours that is up. */
export interface Served {
  readonly port: number;
  readonly close: () => Promise<void>;
}

export interface ServeOptions {
  /** What every URL starts with, whatever `Host` a request carries: handlers match on it. */
  readonly origin: () => string;
  /** Answers a request; `undefined`: there is nothing there. */
  readonly answer: (request: Request) => Promise<Response | undefined>;
  /** Without it, plain HTTP. */
  readonly identity?: Credential;
  /** 0: any. */
  readonly port?: number;
  /** Address to listen on; loopback unless told otherwise. */
  readonly host?: string;
}

const LARGEST_BODY = 1_000_000;
const PATIENCE_MS = 10_000;
const MOST_CONNECTIONS = 512;

/**
 * Puts a function from request to response on a real socket: TLS 1.2 and 1.3 with AEAD suites alone, as CIS2 offers
 * them, or plain HTTP. Bodies, times and connections are bounded.
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const { identity } = options;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    respond(request, response, options).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'Cache-Control': 'no-store' }).end();
    });
  };
  const server = identity
    ? createSecureServer(
        {
          cert: [identity.certificate, ...identity.chain].join('\n'),
          key: identity.key,
          minVersion: 'TLSv1.2',
          ciphers:
            'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256',
        },
        handle,
      )
    : createPlainServer(handle);
  server.requestTimeout = PATIENCE_MS;
  server.headersTimeout = PATIENCE_MS;
  server.maxConnections = MOST_CONNECTIONS;
  const close = closer(server);
  return { port: await listen(server, options.port, options.host), close };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { origin, answer }: ServeOptions,
): Promise<void> {
  const body = await bodyOf(request);
  if (body === 'too large') {
    response.writeHead(413, { Connection: 'close', 'Cache-Control': 'no-store' }).end();
    return;
  }
  const { method = 'GET', url = '/' } = request;
  const target = `${origin()}${url.startsWith('/') ? url : '/'}`;
  if (!URL.canParse(target)) {
    response.writeHead(400, { 'Cache-Control': 'no-store' }).end();
    return;
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === 'string' && !name.startsWith(':')) headers.set(name, value);
  const plain = method === 'GET' || method === 'HEAD' || body.length === 0;
  const answered = await answer(
    new Request(target, { method, headers, ...(plain ? {} : { body: new Uint8Array(body) }) }),
  );
  if (!answered) {
    response.writeHead(404, { 'Cache-Control': 'no-store' }).end();
    return;
  }
  if (answered.type === 'error') {
    request.socket.destroy();
    return;
  }
  const content = Buffer.from(await answered.arrayBuffer());
  response.writeHead(answered.status, Object.fromEntries(answered.headers));
  response.end(method === 'HEAD' ? undefined : content);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | 'too large'> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) return 'too large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
