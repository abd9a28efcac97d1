import { request as parseResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import type { Handshake, Observation } from '../model.ts';
import { resourceTypeOf } from '../oracle/resource.ts';

/** What was agreed in the handshake of a connection; `undefined` in clear. */
export const handshakeOf = (socket: Socket | TLSSocket): Handshake | undefined =>
  socket instanceof TLSSocket && socket.getProtocol() !== null
    ? {
        version: socket.getProtocol() ?? '',
        suite: socket.getCipher().standardName ?? socket.getCipher().name,
        resumed: socket.isSessionReused(),
        ...serverOf(socket),
      }
    : undefined;

function serverOf(socket: TLSSocket): Pick<Handshake, 'server'> {
  const server = socket.getPeerX509Certificate()?.fingerprint256;
  return server === undefined ? {} : { server };
}

/** Where the bytes of an answer go while they come. */
export interface Answer {
  push(chunk: Buffer): void;
  /** The peer has closed its side. */
  end(): void;
  /**
   * The peer has reset the connection. Whoever refuses a request without reading it to its end does so after the
   * whole of the refusal (Go's net/http, to a request in clear on a TLS port): a status of an error whose body lasts
   * until the connection ends (RFC 9112 §6.3) is an answer. Anything else broke off, for the reason given.
   */
  reset(what: string): void;
  /** Nothing more is wanted: without it Node would hold on to a parser that was not read to its end. */
  close(): void;
}

/**
 * Node's own HTTP parser over bytes that we read ourselves: it never sees the request, which is ours to the byte.
 */
export function openParser(
  method: string,
  limit: number,
  settle: (observation: Observation) => void,
  handshake: () => Handshake | undefined,
): Answer {
  let isRefusalToTheEnd = false;
  let isClosed = false;
  const tell = (observation: Observation): void => {
    if (!isClosed) settle(observation);
  };
  /** Whoever is refused in TLS needs none. */
  const open = () => {
    const wire = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
    const parser = parseResponse({ method, createConnection: () => wire, setHost: false, headers: {} });
    parser.on('response', (response) => {
      const { statusCode = 0, headers } = response;
      isRefusalToTheEnd =
        statusCode >= 400 && !('content-length' in headers) && !('transfer-encoding' in headers);
      const chunks: Buffer[] = [];
      let bytes = 0;
      const done = (): void =>
        tell(responseOf(response.statusCode ?? 0, response.rawHeaders, chunks, bytes, handshake()));
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > limit) done();
      });
      response.on('end', done);
      response.on('aborted', () =>
        tell({ kind: 'broken', what: `the answer was cut short after ${bytes} bytes of body` }),
      );
      response.on('error', () => {});
    });
    parser.on('error', (error: NodeJS.ErrnoException) =>
      tell({ kind: 'broken', what: `no HTTP answer: ${error.code ?? 'unreadable'}` }),
    );
    parser.end();
    return { wire, parser };
  };
  let opened: ReturnType<typeof open> | undefined;
  const wireOf = (): Duplex => (opened ??= open()).wire;
  return {
    push: (chunk) => void wireOf().push(chunk),
    end: () => void wireOf().push(null),
    // What was pushed is parsed first, and with it the status is known.
    reset: (what) =>
      setImmediate(() => (isRefusalToTheEnd ? wireOf().push(null) : tell({ kind: 'broken', what }))),
    close: () => {
      isClosed = true;
      opened?.parser.destroy();
      opened?.wire.destroy();
    },
  };
}

/** Bytes of a compressed body that are unpacked: a small answer must not become a large one. */
const UNPACKED = 10_000_000;

/** A body as it was before `Content-Encoding: gzip`; as it came, where it is none or would grow beyond bounds. */
function decoded(body: Buffer, rawHeaders: readonly string[]): Buffer {
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && /^content-encoding$/i.test(name));
  if (at < 0 || !/^\s*gzip\s*$/i.test(rawHeaders[at + 1] ?? '')) return body;
  try {
    return gunzipSync(body, { maxOutputLength: UNPACKED });
  } catch {
    return body;
  }
}

function responseOf(
  status: number,
  rawHeaders: readonly string[],
  chunks: readonly Buffer[],
  bytes: number,
  handshake: Handshake | undefined,
): Observation {
  const text = decoded(Buffer.concat(chunks), rawHeaders).toString('utf8');
  const resourceType = resourceTypeOf(text);
  const headers = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : [],
  );
  return {
    kind: 'response',
    status,
    headers,
    body: text,
    bytes,
    ...(resourceType !== undefined && { resourceType }),
    ...(handshake && { handshake }),
  };
}
