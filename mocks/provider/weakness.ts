import { get } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { AttackName } from '../ssp/attacks.ts';

/** The ways in which a provider gives way to a hostile request. The reference has none. */
export type Weakness = AttackName | 'idle' | 'slow-headers' | 'slow-body';

/** How many of a kind have to be under way for a weak provider to be full. */
const FULL = { idle: 24, 'slow-headers': 6, 'slow-body': 6 } as const;
const LONG = 8_192;

/** How many are under way, by what they keep busy. */
const busy = new WeakMap<object, { readonly open: Set<object> }>();
const openOn = (server: object): Set<object> => {
  const known = busy.get(server) ?? { open: new Set<object>() };
  busy.set(server, known);
  return known.open;
};

/** Counts connections, or those that have begun to say something, on a server that gives each a worker of its own. */
export function watch(server: Server, weakness: Weakness | undefined): void {
  if (weakness !== 'idle' && weakness !== 'slow-headers') return;
  const open = openOn(server);
  const heard = new WeakSet<object>();
  server.on('secureConnection', (socket: TLSSocket) => {
    if (weakness === 'idle') open.add(socket);
    // Whose header is whole has a request by now: it came while the same bytes were read.
    else socket.once('data', () => void (heard.has(socket) || open.add(socket)));
    socket.on('close', () => open.delete(socket));
  });
  server.on('request', (request: IncomingMessage) => {
    if (weakness !== 'slow-headers') return;
    heard.add(request.socket);
    open.delete(request.socket);
  });
}

/** Whether every worker of a weak provider is taken by somebody else: then it says nothing. */
export const isFull = (server: object, socket: object, weakness: Weakness | undefined): boolean => {
  if (weakness !== 'idle' && weakness !== 'slow-headers') return false;
  const open = openOn(server);
  return open.size - (open.has(socket) ? 1 : 0) >= FULL[weakness];
};

const reading = new WeakMap<object, number>();
/** Reads a body with one of few workers. @returns `false`: there is none free */
export async function withReader<Result>(
  server: object,
  weakness: Weakness | undefined,
  read: () => Promise<Result>,
): Promise<Result | false> {
  if (weakness !== 'slow-body') return read();
  const now = reading.get(server) ?? 0;
  if (now >= FULL[weakness]) return false;
  reading.set(server, now + 1);
  try {
    return await read();
  } finally {
    reading.set(server, (reading.get(server) ?? 1) - 1);
  }
}

const fetched = (url: string): Promise<void> =>
  new Promise((done) => {
    get(url, (response) => response.resume().on('end', () => done())).on('error', () => done());
  });

const depthOf = (text: string): number => /^\[*/.exec(text)?.[0].length ?? 0;

/** Gives way where the request is the one that it is weak for; `true`: it has answered. */
export async function giveWay(
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
  weakness: Weakness | undefined,
): Promise<boolean> {
  const url = request.url ?? '/';
  const broken = (): true => {
    response.writeHead(500, { 'Content-Type': 'text/plain' }).end('internal error');
    return true;
  };
  switch (weakness) {
    case 'external-entity': {
      const entity = /<!ENTITY \w+ SYSTEM "(http:[^"]+)">/.exec(body)?.[1];
      if (entity !== undefined) await fetched(entity);
      return false;
    }
    case 'traversal':
      if (!/\.\.%2F/i.test(url)) return false;
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end('root:x:0:0:root:/root:/bin/sh\n');
      return true;
    case 'header-injection': {
      const injected = /%0D%0A(.*)$/i.exec(url)?.[1];
      if (injected === undefined) return false;
      // Node refuses to write such a field: these are the bytes of a server that does not.
      const fields = ['HTTP/1.1 404 Not Found', decodeURIComponent(injected), 'Cache-Control: no-store'];
      request.socket.end(`${fields.join('\r\n')}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return true;
    }
    case 'query-injection':
      if (!/%27|'/.test(url)) return false;
      response
        .writeHead(500, { 'Content-Type': 'text/plain' })
        .end('ORA-00933: SQL command not properly ended');
      return true;
    case 'large-token':
      return String(request.headers.authorization ?? '').length > LONG && broken();
    case 'large-body':
      return body.length > 1_000_000 && broken();
    case 'deep-json':
      return depthOf(body) > 1_000 && broken();
    case 'trace':
      if (request.method !== 'TRACE') return false;
      response.writeHead(200, { 'Content-Type': 'message/http' });
      response.end(`TRACE ${url} HTTP/1.1\r\nAuthorization: ${String(request.headers.authorization)}\r\n`);
      return true;
    default:
      return false;
  }
}
