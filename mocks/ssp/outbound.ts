import { randomUUID, X509Certificate } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  DEFAULT_CIPHERS,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import { isIP } from 'node:net';
import type { Credential } from '../../certs/index.ts';
import { editHeaders, type RawEdits } from './edits.ts';
import { serialise, type UnsecuredToken } from './token.ts';

/** Stands in a header for a UUID that is new for each request, as `Ssp-TraceID` has to be. */
export const FRESH = '{fresh-uuid}';

/** What the SSP forwards to a provider. Plain data; `target` is the request target as it goes out. */
export interface Forwarded {
  readonly method: string;
  /** `{name}` stands for a value of `data`, percent-encoded. */
  readonly target: string;
  /** The `Host` header: authority of the provider's URL. */
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Text; `"{name}"` stands for a value of `data`. Its length is added. */
  readonly body?: string | undefined;
  /** Values for the names in `target`, `headers`, `body` and the claims of `token`. */
  readonly data?: Readonly<Record<string, string>> | undefined;
  readonly token?: UnsecuredToken | undefined;
  /** A bearer token that somebody else made; it stands in place of `token`. */
  readonly bearer?: string | undefined;
  readonly raw?: RawEdits | undefined;
  /** Whether the connection is kept open for another request (RFC 9112 §9.3); it is not, unless asked. */
  readonly keepAlive?: boolean | undefined;
  /** Makes each fresh UUID; absent: chance does. */
  readonly fresh?: (() => string) | undefined;
}

/** A request in its wire form, with what was made for it alone. */
export interface Composed {
  readonly bytes: Buffer;
  /** The bearer token in it: a secret of the exchange, to be redacted wherever it is met again. */
  readonly token?: string;
  /** The value of every fresh UUID in it. */
  readonly trace: readonly string[];
}

/** The authentication scheme that an edit writes in place of `Bearer` (RFC 6750 §2.1). */
const SCHEMES: Readonly<Record<string, string>> = {
  'scheme-lower-case': 'bearer',
  'scheme-basic': 'Basic',
  'scheme-absent': '',
};

/** The path of a service root; one that is `{name}` is that of the URL in this field of `data`. */
export function rootPath(
  root: string | undefined,
  data: Readonly<Record<string, string>> = {},
): string | undefined {
  const url = data[/^\{(\w+)\}$/.exec(root ?? '')?.[1] ?? ''];
  return url === undefined ? root : new URL(url).pathname;
}

type Encode = (value: string) => string;

/**
 * Puts values in the place of their names.
 * @throws RangeError when a name has no value: a request with a hole in it must not go out
 */
function expand(text: string, data: Readonly<Record<string, string>>, encode: Encode): string {
  return text.replace(/\{([a-zA-Z]+)\}/g, (_whole, name: string) => {
    const value = data[name];
    if (value === undefined) throw new RangeError(`no value for {${name}}`);
    return encode(value);
  });
}
const inJson: Encode = (value) => JSON.stringify(value).slice(1, -1);

/** A token whose claims speak of test data by name: `{patient}`. */
function withData(token: UnsecuredToken, data: Readonly<Record<string, string>>): UnsecuredToken {
  const claims = JSON.stringify(token.claims);
  return /\{[a-zA-Z]+\}/.test(claims)
    ? { ...token, claims: JSON.parse(expand(claims, data, inJson)) as UnsecuredToken['claims'] }
    : token;
}

/** Methods whose requests are expected to say that they have no content (RFC 9110 §8.6): without it lighttpd is right to answer 411. */
const ANTICIPATES_CONTENT = /^(?:POST|PUT|PATCH)$/;

/** The body in its wire form and the fields that describe it. */
function framed(method: string, text: string | undefined, edit: RawEdits['body']) {
  if (text === undefined) {
    const fields = ANTICIPATES_CONTENT.test(method) ? [['Content-Length', '0'] as const] : [];
    return { content: Buffer.alloc(0), fields };
  }
  const whole = Buffer.from(text);
  const length = (content: Buffer) => ['Content-Length', String(content.length)] as const;
  switch (edit) {
    case 'cut': {
      const content = whole.subarray(0, whole.length / 2);
      return { content, fields: [length(content)] };
    }
    case 'gzip': {
      const content = gzipSync(whole);
      return { content, fields: [['Content-Encoding', 'gzip'] as const, length(content)] };
    }
    case 'chunked': {
      const parts = [whole.subarray(0, whole.length / 2), whole.subarray(whole.length / 2), Buffer.alloc(0)];
      const chunks = parts.map((part) =>
        Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]),
      );
      return { content: Buffer.concat(chunks), fields: [['Transfer-Encoding', 'chunked'] as const] };
    }
    default:
      return { content: whole, fields: [length(whole)] };
  }
}

/**
 * Writes a request in HTTP/1.1 (RFC 9112 §3), header order and spelling as given. One request a connection.
 * @throws RangeError when an edit finds nothing to change, or data are missing
 */
export function compose(request: Forwarded, now = Date.now()): Composed {
  const { data = {}, raw = {} } = request;
  const trace: string[] = [];
  const fresh = (value: string): string => {
    if (value !== FRESH) return expand(value, data, (each) => each);
    const uuid = request.fresh?.() ?? randomUUID();
    trace.push(uuid);
    return uuid;
  };
  const token =
    request.bearer ?? (request.token && serialise(withData(request.token, data), now, raw.token, raw.claims));
  const scheme = SCHEMES[raw.token ?? ''] ?? 'Bearer';
  const inQuery = raw.token === 'in-query' && token !== undefined;
  const target = expand(request.target, data, encodeURIComponent);
  const { content, fields } = framed(
    request.method,
    request.body === undefined ? undefined : expand(request.body, data, inJson),
    raw.body,
  );
  const headers = Object.entries(request.headers).map(([name, value]) => [name, fresh(value)] as const);
  const lines = editHeaders(
    [
      ['Host', request.host],
      ...headers,
      ...(token === undefined || inQuery ? [] : [['Authorization', `${scheme} ${token}`.trim()] as const]),
      ...fields,
      ['Connection', request.keepAlive ? 'keep-alive' : 'close'],
    ],
    raw.headers,
  );
  const query = inQuery ? `${target.includes('?') ? '&' : '?'}access_token=${token}` : '';
  const head = [
    `${request.method} ${target}${query} HTTP/1.1`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
  ];
  const bytes = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'utf8'), content]);
  return { bytes, trace, ...(token === undefined ? {} : { token }) };
}

/** Where the SSP dials, whom it expects there, and as whom it comes. */
export interface Leg {
  readonly address: string;
  readonly port: number;
  /** The provider's registered name: SNI (RFC 6066 §3) and the name checked in its certificate. */
  readonly servername: string;
  /** What is sent in SNI instead of that name; `null`: nothing. */
  readonly sni?: string | null;
  /** Trust anchors for the provider's certificate, PEM. */
  readonly trust: readonly string[];
  /** What the SSP presents; without it, no client certificate at all. */
  readonly identity?: Credential | undefined;
  /** The provider's certificate is taken whatever it is: it is what is looked at. */
  readonly unverified?: true | undefined;
  /** A session to resume (RFC 5246 §7.3, RFC 8446 §2.2); absent: a new one. */
  readonly session?: Buffer;
  /** The one TLS version offered. */
  readonly version: 'TLSv1.2' | 'TLSv1.3';
}

const contexts = new WeakMap<Credential | readonly string[], Map<string, SecureContext>>();

/** Parsing PEM costs as much as a handshake: one context for each identity, anchor and version. */
function context({ identity, trust, version, unverified }: Leg): SecureContext {
  const key = identity ?? trust;
  const known = contexts.get(key) ?? new Map<string, SecureContext>();
  contexts.set(key, known);
  const name = `${version} ${unverified ? 'any' : ''} ${trust.join('')}`;
  const found = known.get(name);
  if (found) return found;
  const options: SecureContextOptions = {
    ca: [...trust],
    minVersion: version,
    maxVersion: version,
    // OpenSSL calls short keys and weak digests errors of the path otherwise.
    ...(unverified && { ciphers: 'DEFAULT:@SECLEVEL=0' }),
    ...(identity && { cert: [identity.certificate, ...identity.chain].join('\n'), key: identity.key }),
  };
  const made = identity && isShort(identity) ? withShortKey(options) : createSecureContext(options);
  known.set(name, made);
  return made;
}

/** OpenSSL presents no key of under 2048 bits but at a lower level of security. */
const isShort = ({ certificate }: Credential): boolean =>
  (new X509Certificate(certificate).publicKey.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048;
const withShortKey = (options: SecureContextOptions): SecureContext =>
  createSecureContext({ ...options, ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=0` });

/**
 * Opens the SSP's outbound leg: a new TCP connection and a new TLS session, never a resumed one unless told.
 * The provider's certificate is verified; the socket emits `error` where that fails.
 */
export function dial(leg: Leg): TLSSocket {
  const sni = leg.sni === undefined ? leg.servername : leg.sni;
  return connect({
    host: leg.address,
    port: leg.port,
    secureContext: context(leg),
    ...(leg.session && { session: leg.session }),
    ...(leg.unverified && { rejectUnauthorized: false }),
    // An IP address is no server name (RFC 6066 §3), yet the certificate has to carry it.
    ...(sni === null || isIP(sni) ? {} : { servername: sni }),
    checkServerIdentity: (_dialled, certificate) => checkServerIdentity(leg.servername, certificate),
  });
}
