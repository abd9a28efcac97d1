import { Agent, request as startRequest } from 'node:https';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { pipeline } from 'node:stream';
import { checkServerIdentity, createSecureContext } from 'node:tls';
import type { Credential } from '../../certs/index.ts';
import type { Fault } from './faults.ts';
import type { Endpoint } from './registry.ts';
import { split } from './target.ts';

/** Where an endpoint was found to be, once and for all: no request has a say in it. */
export interface Reached {
  readonly address: string;
  readonly port: number;
}

export interface OutboundOptions {
  /** What the SSP presents to a provider. */
  readonly identity: Credential;
  /** Trust anchors of the providers' certificates, PEM. */
  readonly trust: readonly string[];
  /** Connections kept to one endpoint, and in use at the same time. */
  readonly connections: number;
  /** Milliseconds in which a connection has to stand. */
  readonly connectMs: number;
  /** Milliseconds from the whole request to the head of the answer. */
  readonly answerMs: number;
  /** Milliseconds without a byte after which either side is given up. */
  readonly idleMs: number;
  /** Bytes of one body, in either direction. */
  readonly bodyBytes: number;
}

/** How a request ended that was sent on. */
export type Ending =
  | { readonly kind: 'answered'; readonly status: number; readonly bytes: number }
  /** No head of an answer came; nothing has gone to the consumer yet. */
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'timeout' }
  /** Cut after the head had gone out: by the provider, the consumer, or a fault on demand. */
  | { readonly kind: 'cut'; readonly status?: number; readonly bytes: number };

/** One pool of connections for each endpoint. */
export function createPool(
  endpoint: Endpoint,
  { address, port }: Reached,
  { identity, trust, connections, idleMs }: OutboundOptions,
): Agent {
  const { authority } = split(endpoint.url);
  const name = authority.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return new Agent({
    keepAlive: true,
    maxSockets: connections,
    maxFreeSockets: connections,
    scheduling: 'lifo',
    timeout: idleMs,
    host: address,
    port,
    // An IP address is no server name (RFC 6066 §3), yet the certificate has to carry it.
    servername: isIP(name) ? '' : name,
    checkServerIdentity: (_dialled, certificate) => checkServerIdentity(name, certificate),
    // Made once: an agent joins its PEM options into the name of a connection for every single request.
    secureContext: createSecureContext({
      ca: [...trust],
      cert: [identity.certificate, ...identity.chain].join('\n'),
      key: identity.key,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2', // as the SSP itself
    }),
  });
}

/** Headers that belong to one connection (RFC 9110 §7.6.1); both of its ends write their own. */
const HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'te', 'upgrade']);

/** The headers of a message for its next hop: order, letter case and repetition stay as they were. */
function passOn(raw: readonly string[], lost: readonly string[], host?: string): string[] {
  const out: string[] = [];
  let nominated: Set<string> | undefined;
  for (let at = 0; at < raw.length; at += 2) {
    if (raw[at]?.toLowerCase() !== 'connection') continue;
    nominated ??= new Set();
    for (const name of (raw[at + 1] ?? '').split(',')) nominated.add(name.trim().toLowerCase());
  }
  for (let at = 0; at < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]];
    const key = name.toLowerCase();
    if (HOP.has(key) || nominated?.has(key) || lost.includes(key)) continue;
    out.push(name, host !== undefined && key === 'host' ? host : value);
  }
  return out;
}

const dropped = (faults: readonly Fault[], of: 'request' | 'response'): readonly string[] =>
  faults.flatMap((fault) =>
    fault.kind === 'drop-header' && fault.of === of ? [fault.header.toLowerCase()] : [],
  );

/** Whether a request has a body at all (RFC 9112 §6.3). */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/**
 * Sends a request on and its answer back, as streams that hold each other back; nothing is collected.
 * Calls `done` once.
 */
export function forward(
  consumer: { readonly request: IncomingMessage; readonly response: ServerResponse },
  leg: { readonly url: string; readonly agent: Agent; readonly expects: boolean },
  faults: readonly Fault[],
  options: OutboundOptions,
  done: (ending: Ending) => void,
): void {
  const { request, response } = consumer;
  const { authority, path } = split(leg.url);
  const headers = passOn(request.rawHeaders, dropped(faults, 'request'), authority);
  const body = hasBody(request);
  if (!body && request.method !== 'GET' && request.headers['content-length'] === undefined)
    headers.push('Content-Length', '0'); // else Node would announce chunks that never come
  const cutAfter = faults.find((fault) => fault.kind === 'cut')?.after;
  let attempts = 0;
  let settled = false;
  let current: ClientRequest | undefined;
  const settle = (ending: Ending): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    if (ending.kind !== 'answered') current?.destroy();
    done(ending);
  };
  let timer: NodeJS.Timeout | undefined;
  const awaitAnswer = (): void => {
    clearTimeout(timer);
    if (!settled) timer = setTimeout(() => settle({ kind: 'timeout' }), options.answerMs);
  };

  const attempt = (): void => {
    attempts += 1;
    timer = setTimeout(() => settle({ kind: 'unreachable' }), options.connectMs);
    const outbound = startRequest({ agent: leg.agent, method: request.method, path, headers });
    current = outbound;
    outbound.on('socket', (socket) => {
      if (!socket.connecting && outbound.reusedSocket) clearTimeout(timer);
      else socket.once('secureConnect', () => clearTimeout(timer));
    });
    outbound.on('finish', awaitAnswer);
    outbound.on('timeout', () => outbound.destroy(new Error('idle')));
    outbound.on('continue', () => {
      if (leg.expects) response.writeContinue();
    });
    outbound.on('error', (error: NodeJS.ErrnoException) => {
      if (response.headersSent) return; // the relay below tells it
      // A provider may close an idle connection just as it is taken up again (RFC 9110 §9.2.2, RFC 9112 §9.3.1).
      const stale = outbound.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      if (stale && !body && request.method === 'GET' && attempts <= options.connections && !settled)
        attempt();
      else settle({ kind: 'unreachable' });
    });
    outbound.on('response', (answer) => {
      clearTimeout(timer);
      if (settled) return void answer.destroy();
      relay(answer, response, dropped(faults, 'response'), cutAfter, options.bodyBytes, settle);
    });
    if (body) {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > options.bodyBytes) request.destroy();
      });
      request.on('end', () => {
        const trailers = pairs(request.rawTrailers);
        if (trailers.length > 0) outbound.addTrailers(trailers);
      });
      pipeline(request, outbound, () => {});
    } else outbound.end();
  };
  response.on('close', () => {
    if (response.writableFinished) return;
    settle({ kind: 'cut', bytes: 0, ...(response.headersSent && { status: response.statusCode }) });
  });
  attempt();
}

const pairs = (raw: readonly string[]): [string, string][] =>
  raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as [string, string]] : []));

/** The answer, back to the consumer. */
function relay(
  answer: IncomingMessage,
  response: ServerResponse,
  lost: readonly string[],
  cutAfter: number | undefined,
  limit: number,
  settle: (ending: Ending) => void,
): void {
  const status = answer.statusCode ?? 502;
  response.sendDate = false;
  try {
    response.writeHead(status, answer.statusMessage, passOn(answer.rawHeaders, lost));
  } catch {
    // A status or a reason phrase that is none (RFC 9112 §4): Node reads it, and does not write it.
    answer.destroy();
    response.statusMessage = ''; // what was refused would stay
    return settle({ kind: 'unreachable' });
  }
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limit || (cutAfter !== undefined && bytes >= cutAfter)) response.destroy();
  });
  if (cutAfter === 0) {
    response.flushHeaders();
    setImmediate(() => response.destroy());
  }
  answer.on('end', () => {
    const trailers = pairs(answer.rawTrailers);
    if (trailers.length > 0) response.addTrailers(trailers);
  });
  // `pipe` holds back as `pipeline` does, at less cost; how it ends is told here.
  answer.on('close', () => {
    if (answer.complete) return;
    response.destroy();
    settle({ kind: 'cut', status, bytes });
  });
  answer.on('error', () => {});
  response.on('finish', () => settle({ kind: 'answered', status, bytes }));
  answer.pipe(response);
}
