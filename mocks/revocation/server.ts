import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCrl, crlIssuerOf } from '../../certs/crl.ts';
import {
  crlBehaviours,
  ocspBehaviours,
  type Book,
  type CrlBehaviour,
  type Entry,
  type OcspBehaviour,
} from './book.ts';
import { closer } from '../listen.ts';
import { createResponder } from './ocsp.ts';

/** What an OCSP responder and its CRLs are served with. */
export interface RevocationOptions {
  readonly book: Book;
  /** Address of OCSP and CRLs; loopback unless told. */
  readonly host?: string;
  /** Where the management interface listens: loopback and any port unless told. */
  readonly steering?: { readonly host?: string; readonly port?: number };
  /** Port of OCSP and CRLs; without it the system picks one. */
  readonly port?: number;
  /** Seconds from `thisUpdate` to `nextUpdate` of answers and CRLs: under the five minutes of a poll. */
  readonly life?: number;
  /** Milliseconds by which the behaviour `slow` holds an answer back. */
  readonly slow?: number;
}

/** OCSP and CRLs over plain HTTP, and the way to change what they say. */
export interface Revocation {
  /** Base URL: `ocsp` and the CRLs stand below it. */
  readonly url: URL;
  readonly book: Book;
  /** The management interface; requests carry `Authorization: Bearer TOKEN`. */
  readonly management: { readonly url: URL; readonly token: string };
  readonly close: () => Promise<void>;
}

const LIFE = 240;
const SLOW = 6_000;
/** The largest request taken, in bytes: an OCSP request about 16 certificates is about 2 kB. */
const LARGEST = 16_384;
/** Milliseconds that a client may take over its request. */
const PATIENCE = 10_000;

/** Starts an OCSP responder (RFC 6960, with GET and POST as in its appendix A) and a CRL distribution point. */
export async function startRevocation(options: RevocationOptions): Promise<Revocation> {
  const { book, host = '127.0.0.1', port = 0, life = LIFE, slow = SLOW, steering = {} } = options;
  const responder = createResponder(book, { life, slow });
  const token = randomBytes(24).toString('base64url');
  const front = open((request, response) => serve(request, response));
  const management = open((request, response) => manage(request, response, book, token));
  const later = new Set<NodeJS.Timeout>();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').replace(/^https?:\/\/[^/]*/i, '').replace(/^\/+/, '');
    if (/^ocsp(?:\/|$)/.test(path)) return serveOcsp(request, response, path.slice('ocsp'.length + 1));
    return serveCrl(request, response, path.replace(/\?.*$/, ''));
  }

  async function serveOcsp(request: IncomingMessage, response: ServerResponse, rest: string): Promise<void> {
    const { method } = request;
    if (method !== 'GET' && method !== 'POST') return refuse(response, 405, { Allow: 'GET, POST' });
    const body = method === 'POST' ? await read(request) : decoded(rest);
    if (!body) return refuse(response, method === 'POST' ? 413 : 400);
    const { der, delay, fresh } = await responder.answer(body);
    if (!der) return void request.socket.destroy();
    hold(delay, () =>
      send(request, response, 'application/ocsp-response', der, method === 'GET' ? fresh : undefined),
    );
  }

  async function serveCrl(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const [, variant, name] = /^(?:([a-z-]+)\/)?([a-z0-9-]+)\.crl$/.exec(path) ?? [];
    const issuer = book.issuers.find((each) => each.name === name);
    const behaviour = book.behaviourAt(path) ?? crlBehaviours.find((each) => each === (variant ?? 'fresh'));
    if (!issuer || !behaviour) return refuse(response, 404);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(response, 405, { Allow: 'GET, HEAD' });
    book.count(path);
    if (behaviour === 'unreachable') return void request.socket.destroy();
    // The wrong issuer is another CA of the same book: a sound CRL, of somebody else.
    const signer = behaviour === 'wrong-issuer' ? book.issuers.find((each) => each !== issuer) : issuer;
    if (!signer) return refuse(response, 404);
    const age = behaviour === 'stale' ? 3_600_000 + life * 1000 : 0;
    const from = new Date(Math.floor((Date.now() - age) / 1000) * 1000);
    const until = new Date(from.getTime() + life * 1000);
    // What was revoked after a stale CRL was made is not on it.
    const entries = book.published(signer.name).filter(({ at }) => behaviour !== 'stale' || at < from);
    const pem = await createCrl(
      crlIssuerOf(signer.authority),
      entries.map(({ serial, at }) => ({ serialNumber: serial, at })),
      { notBefore: from, notAfter: until },
    );
    const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const fresh = behaviour === 'stale' ? undefined : { from, until };
    hold(behaviour === 'slow' ? slow : 0, () => send(request, response, 'application/pkix-crl', der, fresh));
  }

  function hold(delay: number, work: () => void): void {
    if (delay === 0) return work();
    const timer = setTimeout(() => {
      later.delete(timer);
      work();
    }, delay);
    later.add(timer);
  }

  const url = await listen(front.server, host, port);
  const managed = await listen(management.server, steering.host ?? '127.0.0.1', steering.port ?? 0).catch(
    async (error: unknown) => {
      await front.close();
      throw error;
    },
  );
  return {
    url,
    book,
    management: { url: managed, token },
    close: async () => {
      for (const timer of later) clearTimeout(timer);
      await Promise.all([front.close(), management.close()]);
    },
  };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A server of ours; closing it waits for nobody. */
function open(handle: Handler): { readonly server: Server; readonly close: () => Promise<void> } {
  const server = createServer((request, response) => {
    handle(request, response).catch(() => refuse(response, 500));
  });
  server.requestTimeout = PATIENCE;
  server.headersTimeout = PATIENCE;
  return { server, close: closer(server) };
}

/** @returns the URL: an address of either family may be told */
const listen = (server: Server, host: string, port: number): Promise<URL> =>
  new Promise((ready, failed) => {
    server.once('error', failed);
    server.listen(port, host, () => {
      const { address, port: taken, family } = server.address() as AddressInfo;
      ready(new URL(`http://${family === 'IPv6' ? `[${address}]` : address}:${taken}/`));
    });
  });

function refuse(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent) return;
  response.writeHead(status, {
    ...headers,
    'Content-Length': 0,
    'Cache-Control': 'no-store',
    Connection: 'close',
  });
  response.end();
}

/** The whole body; `undefined` where it is too large. */
async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The request in a GET: base64, then URL-encoded, though not every client encodes its slashes (RFC 6960 §A.1). */
function decoded(rest: string): Buffer | undefined {
  try {
    const text = decodeURIComponent(rest);
    return text.length > 0 && /^[\w+/-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  } catch {
    return undefined;
  }
}

/**
 * An answer that says for how long it holds (RFC 9111; for OCSP as RFC 5019 §6.2 asks), unless it holds for nobody
 * else: answers to POST, with a nonce, and errors are not to be stored.
 */
function send(
  request: IncomingMessage,
  response: ServerResponse,
  type: string,
  der: Buffer,
  fresh?: { readonly from: Date; readonly until: Date },
): void {
  if (response.destroyed) return;
  const tag = `"${createHash('sha256').update(der).digest('hex')}"`;
  const seconds = fresh ? Math.max(0, Math.floor((fresh.until.getTime() - Date.now()) / 1000)) : 0;
  const cache = fresh
    ? {
        'Cache-Control': `max-age=${seconds}, public, no-transform, must-revalidate`,
        'Last-Modified': fresh.from.toUTCString(),
        Expires: fresh.until.toUTCString(),
        ETag: tag,
      }
    : { 'Cache-Control': 'no-store' };
  if (fresh && request.headers['if-none-match'] === tag) {
    response.writeHead(304, cache);
    response.end();
    return;
  }
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': der.length, ...cache });
  response.end(request.method === 'HEAD' ? undefined : der);
}

/** What the management interface takes, each a POST of one JSON object; `GET /` says how things stand. */
async function manage(
  request: IncomingMessage,
  response: ServerResponse,
  book: Book,
  token: string,
): Promise<void> {
  const reply = (status: number, value: object): void => {
    const text = `${JSON.stringify(value)}\n`;
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
      ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
      ...(status >= 400 && { Connection: 'close' }),
    });
    response.end(text);
  };
  if (!isToken(request.headers.authorization, token))
    return reply(401, { error: 'a bearer token is needed' });
  const state = () => ({
    fetches: book.fetches,
    revoked: book.revoked.map(({ issuer, serial, at }) => ({ issuer, serial, at })),
  });
  const { method, url: path = '/' } = request;
  if (method === 'GET' && path === '/') return reply(200, state());
  if (method !== 'POST') return reply(405, { error: 'GET / or POST' });
  const body = await read(request);
  const value = body && objectOf(body);
  if (!value) return reply(400, { error: 'the body has to be one JSON object of at most 16 kB' });
  const entry: Entry = { issuer: String(value['issuer'] ?? 'sub'), serial: String(value['serial'] ?? '') };
  const fault = {
    '/publish': () => (book.publish(), undefined),
    '/revoke': () => faultOf(book, entry) ?? (book.revoke(entry), undefined),
    '/ocsp': () => {
      const behaviour = ocspBehaviours.find((each) => each === value['behaviour']);
      if (!behaviour) return `behaviour: one of ${ocspBehaviours.join(', ')}`;
      return faultOf(book, entry) ?? (book.behave(entry, behaviour satisfies OcspBehaviour), undefined);
    },
    '/crl': () => {
      const behaviour = crlBehaviours.find((each) => each === value['behaviour']);
      if (!behaviour) return `behaviour: one of ${crlBehaviours.join(', ')}`;
      const at = String(value['path'] ?? '');
      if (!book.issuers.some(({ name }) => at === `${name}.crl`))
        return `path: one of ${book.issuers.map(({ name }) => `${name}.crl`).join(', ')}`;
      return (book.behaveAt(at, behaviour satisfies CrlBehaviour), undefined);
    },
  }[path];
  if (!fault) return reply(404, { error: 'POST /revoke, /publish, /ocsp or /crl' });
  const error = fault();
  return error === undefined ? reply(200, state()) : reply(400, { error });
}

/** A behaviour may be set for any serial number; its issuer has to be one of the book's. */
function faultOf(book: Book, { issuer, serial }: Entry): string | undefined {
  if (!book.issuers.some(({ name }) => name === issuer))
    return `issuer: one of ${book.issuers.map(({ name }) => name).join(', ')}`;
  return /^[0-9a-f]{1,40}$/i.test(serial) ? undefined : 'serial: up to 20 octets in hex';
}

function isToken(header: string | undefined, token: string): boolean {
  const [given, due] = [header ?? '', `Bearer ${token}`].map((text) =>
    createHash('sha256').update(text).digest(),
  );
  return given !== undefined && due !== undefined && timingSafeEqual(given, due);
}

function objectOf(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.length === 0 ? '{}' : body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
