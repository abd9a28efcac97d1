import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Agent } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureVersion, TLSSocket } from 'node:tls';
import type { Credential } from '../../certs/index.ts';
import { closer, listen } from '../listen.ts';
import { createFaults, type Faults } from './faults.ts';
import { createPool, forward, hasBody, type Ending, type OutboundOptions, type Reached } from './forward.ts';
import {
  busy,
  certificateRefused,
  denied,
  methodNotAllowed,
  tooLarge,
  unreachable,
  unsupportedMediaType,
  type OwnAnswer,
} from './outcome.ts';
import { ask, type Endpoint, type Registry } from './registry.ts';
import { readTarget } from './target.ts';

/** Bounds on what a consumer or a provider can make the SSP wait for or carry. */
export interface SspBounds {
  /** Connections from consumers at the same time, and to one endpoint. */
  readonly connections: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  /** Milliseconds. */
  readonly headersMs: number;
  readonly requestMs: number;
  readonly idleMs: number;
  readonly connectMs: number;
  readonly answerMs: number;
}

/** Sizes in bytes and times in milliseconds that the SSP keeps to where nothing else is said. */
export const DEFAULT_SSP_BOUNDS: SspBounds = {
  connections: 256,
  headerBytes: 32_768,
  bodyBytes: 1_000_000_000,
  headersMs: 10_000,
  requestMs: 300_000,
  idleMs: 60_000,
  connectMs: 5_000,
  answerMs: 60_000,
};

/** How the SSP speaks TLS to consumers. */
export interface ConsumerTls {
  readonly versions: readonly [oldest: SecureVersion, newest: SecureVersion];
  /** OpenSSL cipher string for TLS 1.2 and below. */
  readonly ciphers: string;
}

/** TLS towards consumers as the SSP speaks it. */
export const GOOD_TLS: ConsumerTls = {
  versions: ['TLSv1.2', 'TLSv1.2'],
  ciphers: 'AESGCM+EECDH:AESGCM+EDH:AES256+EECDH:AES256+EDH',
};

/** What an SSP is started with. */
export interface SspOptions {
  readonly registry: Registry;
  /** Where each endpoint is dialled; an endpoint that is not in it cannot be reached. */
  readonly reached: ReadonlyMap<Endpoint, Reached>;
  /** The SSP's server certificate. */
  readonly server: Credential;
  /** Trust anchors of consumers' certificates and the CRLs of each, PEM. */
  readonly consumers: { readonly trust: readonly string[]; readonly crls: readonly string[] };
  /** What the SSP presents to providers, and whom it trusts there. */
  readonly provider: Pick<OutboundOptions, 'identity' | 'trust'>;
  /** Address and port to listen on; loopback and any port where they are left out. */
  readonly listen?: { readonly address?: string; readonly port?: number };
  readonly tls?: ConsumerTls;
  readonly bounds?: Partial<SspBounds>;
  /** Told of every TCP connection. */
  readonly onConnection?: () => void;
  /** Told of every request when it is over. Not redacted. */
  readonly onPassage?: (passage: Passage) => void;
}

/** Whom a consumer's certificate names, and what is wrong with it. */
export interface Peer {
  readonly address: string;
  /** Absent: no certificate was sent. */
  readonly certificate?: {
    readonly commonName: string;
    /** RFC 4514, as OpenSSL prints it. */
    readonly subject: string;
    readonly serial: string;
    /** OpenSSL's code; absent: the certificate is sound. */
    readonly flaw?: string;
  };
  readonly protocol: string;
  readonly cipher: string;
}

/** One request as the SSP met it, and what became of it. Not redacted: see `auditLine`. */
export interface Passage {
  readonly at: Date;
  readonly ms: number;
  readonly peer: Peer;
  /** The connection that it came on: identity only. */
  readonly connection: object;
  readonly method: string;
  /** The request target as received. */
  readonly target: string;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  readonly answered: 'provider' | 'ssp' | 'fault' | 'nobody';
  readonly status?: number;
  /** Bytes of the answer's body. */
  readonly bytes: number;
}

/** A Spine Secure Proxy that listens. */
export interface Ssp {
  readonly port: number;
  readonly faults: Faults;
  readonly close: () => Promise<void>;
}

const METHODS = new Set(['GET', 'POST', 'PUT']);

/** What a request says of itself in one header; doubled headers are joined, and so name nobody. */
const header = ({ headers }: IncomingMessage, name: string): string => String(headers[name] ?? '').trim();

/**
 * Starts a Spine Secure Proxy: mutual TLS on both legs, a registry instead of SDS, everything passed on as it came.
 * It dials the endpoints of its registry and nothing else.
 * Sources: GP Connect, Integrate with SSP; Spine Core, SSP implementation guide; GP Connect, Error handling guidance.
 */
export async function startSsp(options: SspOptions): Promise<Ssp> {
  const {
    registry,
    reached,
    server: identity,
    consumers,
    provider,
    listen: where = {},
    tls = GOOD_TLS,
  } = options;
  const bounds: SspBounds = { ...DEFAULT_SSP_BOUNDS, ...options.bounds };
  const outbound: OutboundOptions = { ...provider, ...bounds };
  const faults = createFaults();
  const peers = new WeakMap<Socket, Peer>();
  const pools = new Map<Endpoint, Agent>();
  for (const [endpoint, place] of reached) pools.set(endpoint, createPool(endpoint, place, outbound));

  const handle = (request: IncomingMessage, response: ServerResponse, expects: boolean): void => {
    const at = new Date();
    const started = performance.now();
    const socket = request.socket as TLSSocket;
    const peer = peers.get(socket) ?? peerOf(socket);
    const { method = '', url: raw = '' } = request;
    const report = (answered: Passage['answered'], status: number | undefined, bytes: number): void =>
      options.onPassage?.({
        at,
        ms: Math.round((performance.now() - started) * 10) / 10,
        peer,
        connection: socket,
        method,
        target: raw,
        rawHeaders: request.rawHeaders,
        answered,
        ...(status !== undefined && { status }),
        bytes,
      });
    const own = (answer: OwnAnswer, by: 'ssp' | 'fault' = 'ssp'): void => {
      if (!response.headersSent && !response.destroyed) {
        const body = Buffer.from(answer.body);
        const length = ['Content-Length', String(body.length)];
        const unread = expects || hasBody(request);
        const close = unread ? ['Connection', 'close'] : [];
        response.writeHead(answer.status, [...answer.headers.flat(), ...length, ...close]);
        response.end(body);
        // What is still on its way is read and thrown away, within the bounds on a request's time.
        if (!expects) request.resume();
      } else response.destroy();
      report(by, answer.status, Buffer.byteLength(answer.body));
    };

    const flaw = peer.certificate ? peer.certificate.flaw : undefined;
    if (!peer.certificate || flaw !== undefined) return own(certificateRefused(flaw));
    if (!METHODS.has(method)) return own(methodNotAllowed());
    const interaction = header(request, 'ssp-interactionid');
    const target = readTarget(raw);
    const asked = ask(registry, {
      from: header(request, 'ssp-from'),
      to: header(request, 'ssp-to'),
      interaction,
      fqdn: peer.certificate.commonName,
      url: target?.url,
      raw,
    });
    if ('denial' in asked) return own(denied(asked.denial));
    if (hasBody(request) && !mediaTypeAllowed(request, registry)) return own(unsupportedMediaType());
    if (Number(request.headers['content-length'] ?? 0) > bounds.bodyBytes)
      return own(tooLarge(bounds.bodyBytes));

    const met = faults.take(interaction);
    const status = met.find((fault) => fault.kind === 'status');
    if (status?.kind === 'status') return own(busy(status.status), 'fault');
    const agent = pools.get(asked.endpoint);
    if (!agent) return own(unreachable(502, asked.url));
    const go = (): void => {
      if (response.destroyed) return report('nobody', undefined, 0);
      forward({ request, response }, { url: asked.url, agent, expects }, met, outbound, (ending: Ending) => {
        if (ending.kind === 'unreachable') own(unreachable(502, asked.url));
        else if (ending.kind === 'timeout') own(unreachable(504, asked.url));
        else {
          if (ending.kind === 'cut') response.destroy();
          const cutByUs = met.some(({ kind }) => kind === 'cut');
          const by = ending.status === undefined ? 'nobody' : cutByUs ? 'fault' : 'provider';
          report(by, ending.status, ending.bytes);
        }
      });
    };
    const delay = met.find((fault) => fault.kind === 'delay');
    if (delay?.kind === 'delay') setTimeout(go, delay.ms);
    else go();
  };

  const [oldest, newest] = tls.versions;
  // OpenSSL keeps TLS 1.0 and 1.1 behind security level 0, whatever the versions say.
  const lax = oldest === 'TLSv1' || oldest === 'TLSv1.1' ? ':@SECLEVEL=0' : '';
  const server = createServer(
    {
      cert: [identity.certificate, ...identity.chain].join('\n'),
      key: identity.key,
      ca: [...consumers.trust],
      crl: [...consumers.crls],
      requestCert: true,
      rejectUnauthorized: false, // answered with 495 and 496, above
      minVersion: oldest,
      maxVersion: newest,
      ciphers: `${tls.ciphers}${lax}`,
      honorCipherOrder: true,
      dhparam: 'auto',
      maxHeaderSize: bounds.headerBytes,
      keepAliveTimeout: bounds.idleMs,
      noDelay: true,
    },
    (request, response) => handle(request, response, false),
  );
  server.headersTimeout = bounds.headersMs;
  server.requestTimeout = bounds.requestMs;
  server.timeout = bounds.idleMs + bounds.answerMs;
  server.maxConnections = bounds.connections;
  // The provider says whether it wants the body (RFC 9110 §10.1.1): its 100 is passed on.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
    handle(request, response, true),
  );
  server.on('connect', (_request: IncomingMessage, socket: Socket) => refuseConnect(socket));
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {});
    peers.set(socket, peerOf(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const status = CLIENT_ERRORS[error.code ?? ''] ?? '400 Bad Request';
    if (socket.writable)
      socket.end(
        `HTTP/1.1 ${status}\r\nCache-Control: no-store\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
  });
  const close = closer(server);
  server.on('connection', () => options.onConnection?.());
  return {
    port: await listen(server, where.port, where.address),
    faults,
    close: () => {
      for (const agent of pools.values()) agent.destroy();
      return close();
    },
  };
}

const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** A tunnel is no request that the SSP knows: CONNECT is a method like any other that it does not allow. */
function refuseConnect(socket: Socket): void {
  const { status, headers, body } = methodNotAllowed();
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(
    `HTTP/1.1 ${status} Method Not Allowed\r\n${lines}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function peerOf(socket: TLSSocket): Peer {
  const { subject, serialNumber } = socket.getPeerCertificate();
  // Node types this as Error; at run time it is OpenSSL's code, or null.
  const flaw = socket.authorizationError as unknown as string | null;
  const common = { address: socket.remoteAddress ?? '', protocol: socket.getProtocol() ?? '' };
  const cipher = socket.getCipher().name;
  if (!(subject as unknown)) return { ...common, cipher };
  return {
    ...common,
    cipher,
    certificate: {
      commonName: String(subject.CN ?? ''),
      subject: Object.entries(subject)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(', '),
      serial: serialNumber.toLowerCase(),
      ...(flaw !== null && { flaw }),
    },
  };
}

/** RFC 9110 §8.3.1: type, subtype, parameters. */
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+\s*(?:;|$)/;

function mediaTypeAllowed({ headers }: IncomingMessage, { mediaTypes }: Registry): boolean {
  const type = headers['content-type'];
  if (type === undefined) return mediaTypes === undefined;
  if (!MEDIA_TYPE.test(type)) return false;
  const [essence = ''] = type.split(';');
  return mediaTypes?.includes(essence.trim().toLowerCase()) ?? true;
}
