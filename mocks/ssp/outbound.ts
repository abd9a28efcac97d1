import { randomUUID } from 'node:crypto';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { isIP } from 'node:net';
import type { Credential } from '../../certs/index.ts';
import { serialise, type TokenEdit, type UnsecuredToken } from './token.ts';

/** Stands in a header for a UUID that is new for each request, as `Ssp-TraceID` has to be. */
export const FRESH = '{fresh-uuid}';

/** What the SSP forwards to a provider. Plain data; `target` is the request target as it goes out. */
export interface Forwarded {
  readonly method: string;
  readonly target: string;
  /** The `Host` header: authority of the provider's URL. */
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly token?: UnsecuredToken | undefined;
  readonly tokenEdit?: TokenEdit | undefined;
}

/** A request in its wire form, with what was made for it alone. */
export interface Composed {
  readonly bytes: Buffer;
  /** The bearer token in it: a secret of the exchange, to be redacted wherever it is met again. */
  readonly token?: string;
  /** The value of every fresh UUID in it. */
  readonly trace: readonly string[];
}

/** Writes a request in HTTP/1.1 (RFC 9112 §3), header order and spelling as given. One request a connection. */
export function compose(request: Forwarded, now = Date.now()): Composed {
  const trace: string[] = [];
  const fresh = (value: string): string => {
    if (value !== FRESH) return value;
    const uuid = randomUUID();
    trace.push(uuid);
    return uuid;
  };
  const token = request.token && serialise(request.token, now, request.tokenEdit);
  const lines = [
    `${request.method} ${request.target} HTTP/1.1`,
    `Host: ${request.host}`,
    ...Object.entries(request.headers).map(([name, value]) => `${name}: ${fresh(value)}`),
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    'Connection: close',
  ];
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8');
  return { bytes, trace, ...(token === undefined ? {} : { token }) };
}

/** Where the SSP dials, whom it expects there, and as whom it comes. */
export interface Leg {
  readonly address: string;
  readonly port: number;
  /** The provider's registered name: SNI (RFC 6066 §3) and the name checked in its certificate. */
  readonly servername: string;
  /** Trust anchors for the provider's certificate, PEM. */
  readonly trust: readonly string[];
  /** What the SSP presents; without it, no client certificate at all. */
  readonly identity?: Credential | undefined;
  /** The one TLS version offered. */
  readonly version: 'TLSv1.2' | 'TLSv1.3';
}

const contexts = new WeakMap<Credential | readonly string[], Map<string, SecureContext>>();

/** Parsing PEM costs as much as a handshake: one context for each identity, anchor and version. */
function context({ identity, trust, version }: Leg): SecureContext {
  const key = identity ?? trust;
  const known = contexts.get(key) ?? new Map<string, SecureContext>();
  contexts.set(key, known);
  const name = `${version} ${trust.join('')}`;
  const found = known.get(name);
  if (found) return found;
  const made = createSecureContext({
    ca: [...trust],
    minVersion: version,
    maxVersion: version,
    ...(identity && { cert: [identity.certificate, ...identity.chain].join('\n'), key: identity.key }),
  });
  known.set(name, made);
  return made;
}

/**
 * Opens the SSP's outbound leg: a new TCP connection and a new TLS session, never a resumed one.
 * The provider's certificate is verified; the socket emits `error` where that fails.
 */
export function dial(leg: Leg): TLSSocket {
  return connect({
    host: leg.address,
    port: leg.port,
    secureContext: context(leg),
    // An IP address is no server name (RFC 6066 §3), yet the certificate has to carry it.
    ...(isIP(leg.servername) ? {} : { servername: leg.servername }),
    checkServerIdentity: (_dialled, certificate) => checkServerIdentity(leg.servername, certificate),
  });
}
