import { suiteName } from '../oracle/suites.ts';
import { alertName } from './alerts.ts';

/** The key exchange of a suite up to TLS 1.2, as ServerKeyExchange shows it. */
export type KeyExchange =
  /** Finite field Diffie-Hellman: size of the prime (RFC 5246 §7.4.3). */
  | { readonly kind: 'DHE'; readonly bits: number }
  /** Elliptic curve Diffie-Hellman: number of the named group (RFC 8422 §5.4). */
  | { readonly kind: 'ECDHE'; readonly group: number };

/** A ServerHello and what of its flight was sent in clear. */
export interface ServerHello {
  readonly kind: 'server-hello';
  readonly version: number;
  readonly suite: number;
  /** A HelloRetryRequest (RFC 8446 §4.1.4): version and suite are chosen all the same. */
  readonly retry: boolean;
  /** Compression method; 0 is none. */
  readonly compression: number;
  /** Extension types in the order sent: 0xff01 renegotiation_info, 35 session_ticket, 23 extended_master_secret. */
  readonly extensions: readonly number[];
  /** The certificates as they came, DER; TLS 1.3 sends its own encrypted. */
  readonly chain: readonly Buffer[];
  readonly keyExchange?: KeyExchange;
  /** Whether the client's certificate is asked for (TLS 1.2 and below). */
  readonly asksForCertificate: boolean;
}

/** What a server's first flight says, as far as it has arrived. */
export type Flight =
  /** More bytes may change the answer. */
  | { readonly kind: 'incomplete' }
  | ServerHello
  | { readonly kind: 'alert'; readonly alert: number; readonly name: string }
  /** The peer says that it sends no more: close_notify in place of a flight (RFC 5246 §7.2.1; s2n-tls). */
  | { readonly kind: 'closed'; readonly how: 'fin' }
  /** Bytes that are no flight of the protocol asked for. */
  | { readonly kind: 'other'; readonly head: string };

/** Reads one flight as its bytes come. Never throws. */
export interface FlightReader {
  /** Takes the next bytes and says what the flight is so far; once it is not `incomplete`, it stays. */
  readonly push: (chunk: Buffer) => Flight;
  /** What the flight is when no more comes: a ServerHello that stands alone counts. */
  readonly end: () => Flight;
}

const INCOMPLETE: Flight = { kind: 'incomplete' };
const RECORD = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;
const MESSAGE = {
  serverHello: 2,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
} as const;
const FATAL = 2;
const CLOSE_NOTIFY = 0;
const SUPPORTED_VERSIONS = 43;
const NAMED_CURVE = 3;
/** The random by which a ServerHello is a HelloRetryRequest (RFC 8446 §4.1.3). */
const RETRY = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');
/** RFC 5246 §6.2.3: no record is longer, and so no fragment of a handshake. */
const LONGEST_RECORD = 16_384 + 2_048;
/** A first flight is a certificate chain and little more. */
const LONGEST_FLIGHT = 262_144;
/** How much of what is no flight is kept to be shown. */
const HEAD = 16;

/** Bytes that grow; appending costs what is appended. */
function createStore() {
  let held = Buffer.alloc(4_096);
  let length = 0;
  return {
    bytes: (): Buffer => held.subarray(0, length),
    append: (chunk: Buffer): void => {
      if (length + chunk.length > held.length) {
        const grown = Buffer.alloc(Math.max(held.length * 2, length + chunk.length));
        held.copy(grown, 0, 0, length);
        held = grown;
      }
      chunk.copy(held, length);
      length += chunk.length;
    },
  };
}

/**
 * A reader of a server's first flight (RFC 5246 §7.3, RFC 8446 §2): records split and joined as they come, warning
 * alerts passed over, but for close_notify, after which nothing comes. A ServerHello counts only once its flight has gone on to its end, or for TLS 1.3 to the next
 * record: OpenSSL writes one and then a fatal alert where its security level forbids what its versions allow.
 * A malformed ServerHello, a length that lies and a flight without end are `other`; only whole records are read.
 */
export function createFlightReader(): FlightReader {
  const raw = createStore();
  const messages = createStore();
  let at = 0;
  let read = 0;
  let hello: ServerHello | undefined;
  let decided: Flight | undefined;

  const other = (): Flight => ({ kind: 'other', head: raw.bytes().subarray(0, HEAD).toString('hex') });

  /** One record; what it decides, if anything. */
  const record = (type: number, body: Buffer): Flight | undefined => {
    if (type === RECORD.alert && body.length === 2) {
      const alert = body.readUInt8(1);
      if (body.readUInt8(0) === FATAL) return { kind: 'alert', alert, name: alertName(alert) };
      if (alert === CLOSE_NOTIFY) return { kind: 'closed', how: 'fin' };
    }
    // TLS 1.3 is encrypted from here on; that something follows is what counts.
    if (hello && hello.version >= 0x0304) return hello;
    if (type === RECORD.alert) return undefined;
    if (type !== RECORD.handshake) return hello && type === RECORD.changeCipherSpec ? hello : other();
    messages.append(body);
    for (;;) {
      const left = messages.bytes().subarray(read);
      if (left.length < 4) return undefined;
      const length = left.readUIntBE(1, 3);
      if (length > LONGEST_FLIGHT) return other();
      if (left.length < 4 + length) return undefined;
      read += 4 + length;
      const decides = message(left.readUInt8(0), left.subarray(4, 4 + length));
      if (decides) return decides;
    }
  };
  const message = (type: number, body: Buffer): Flight | undefined => {
    if (!hello) {
      hello = type === MESSAGE.serverHello ? readServerHello(body) : undefined;
      return hello ? (hello.retry ? hello : undefined) : other();
    }
    if (type === MESSAGE.serverHelloDone) return hello;
    if (type === MESSAGE.certificate) hello = { ...hello, chain: readChain(body) };
    if (type === MESSAGE.serverKeyExchange) hello = { ...hello, ...keyExchange(hello, body) };
    if (type === MESSAGE.certificateRequest) hello = { ...hello, asksForCertificate: true };
    return undefined;
  };
  const mayFollow = (type: number): boolean =>
    type === RECORD.handshake ||
    type === RECORD.alert ||
    (hello !== undefined && type === RECORD.changeCipherSpec) ||
    (hello !== undefined && hello.version >= 0x0304 && type === RECORD.applicationData);
  const advance = (): Flight | undefined => {
    const bytes = raw.bytes();
    if (bytes.length > LONGEST_FLIGHT) return other();
    while (at < bytes.length) {
      const type = bytes.readUInt8(at);
      if (!mayFollow(type)) return other();
      if (bytes.length > at + 1 && bytes.readUInt8(at + 1) !== 3) return other();
      if (bytes.length < at + 5) return undefined;
      const length = bytes.readUInt16BE(at + 3);
      if (length === 0 || length > LONGEST_RECORD) return other();
      if (bytes.length < at + 5 + length) return undefined;
      const decides = record(type, bytes.subarray(at + 5, at + 5 + length));
      if (decides) return decides;
      at += 5 + length;
    }
    return undefined;
  };
  return {
    push: (chunk) => {
      if (decided) return decided;
      raw.append(chunk);
      decided = advance();
      return decided ?? INCOMPLETE;
    },
    // Whole warnings and nothing else are no flight of another protocol, but none at all.
    end: () =>
      decided ?? hello ?? (raw.bytes().length > at || messages.bytes().length > 0 ? other() : INCOMPLETE),
  };
}

/** The whole of a flight at once. */
export function readFlight(bytes: Buffer, ended: boolean): Flight {
  const reader = createFlightReader();
  const seen = reader.push(bytes);
  return ended ? reader.end() : seen;
}

/** RFC 5246 §7.4.1.3; the version of TLS 1.3 stands in an extension (RFC 8446 §4.2.1). */
function readServerHello(body: Buffer): ServerHello | undefined {
  if (body.length < 38) return undefined;
  const legacy = body.readUInt16BE(0);
  const at = 35 + body.readUInt8(34);
  if (legacy >> 8 !== 3 || at > 67 || body.length < at + 3) return undefined;
  const extensions: number[] = [];
  let version = legacy;
  if (body.length > at + 3) {
    if (body.length < at + 5 || body.readUInt16BE(at + 3) !== body.length - at - 5) return undefined;
    for (let next = at + 5; next < body.length;) {
      if (body.length < next + 4) return undefined;
      const type = body.readUInt16BE(next);
      const length = body.readUInt16BE(next + 2);
      if (body.length < next + 4 + length) return undefined;
      if (type === SUPPORTED_VERSIONS && length === 2) version = body.readUInt16BE(next + 4);
      extensions.push(type);
      next += 4 + length;
    }
  }
  return {
    kind: 'server-hello',
    version,
    suite: body.readUInt16BE(at),
    retry: body.subarray(2, 34).equals(RETRY),
    compression: body.readUInt8(at + 2),
    extensions,
    chain: [],
    asksForCertificate: false,
  };
}

/** RFC 5246 §7.4.2; as many certificates as are whole. */
function readChain(body: Buffer): readonly Buffer[] {
  const chain: Buffer[] = [];
  for (let at = 3; at + 3 <= body.length;) {
    const length = body.readUIntBE(at, 3);
    if (length === 0 || body.length < at + 3 + length) break;
    chain.push(Buffer.from(body.subarray(at + 3, at + 3 + length)));
    at += 3 + length;
  }
  return chain;
}

/** RFC 8422 §5.4 for a named curve, RFC 5246 §7.4.3 for a prime; which of the two, the suite says. */
function keyExchange({ suite }: ServerHello, body: Buffer): Pick<ServerHello, 'keyExchange'> {
  const name = suiteName(suite);
  if (ELLIPTIC.test(name)) {
    return body.length >= 3 && body.readUInt8(0) === NAMED_CURVE
      ? { keyExchange: { kind: 'ECDHE', group: body.readUInt16BE(1) } }
      : {};
  }
  if (!FINITE.test(name) || body.length < 2) return {};
  const length = body.readUInt16BE(0);
  if (length === 0 || length > 2_048 || body.length < 2 + length) return {};
  const prime = body.subarray(2, 2 + length);
  const first = prime.findIndex((byte) => byte !== 0);
  if (first < 0) return {};
  return {
    keyExchange: { kind: 'DHE', bits: (length - first) * 8 - Math.clz32(prime.readUInt8(first)) + 24 },
  };
}

/** Suites whose ServerKeyExchange starts with the parameters; those with a pre-shared key put a hint before them. */
const ELLIPTIC = /^TLS_ECDHE?_(?:ECDSA|RSA|anon)_/;
const FINITE = /^TLS_DHE?_(?:RSA|DSS|anon)_/;

/** A reader of SSLv2's SERVER-HELLO (RFC 6101 appendix E): one record with a header of its own. */
export function createSslV2Reader(): FlightReader {
  const raw = createStore();
  const modern = createFlightReader();
  const read = (ended: boolean): Flight => {
    const bytes = raw.bytes();
    if (
      bytes.length >= 7 &&
      (bytes.readUInt8(0) & 0x80) !== 0 &&
      bytes.readUInt8(2) === 4 &&
      bytes.readUInt16BE(5) === 2
    ) {
      return {
        kind: 'server-hello',
        version: 2,
        suite: 0,
        retry: false,
        compression: 0,
        extensions: [],
        chain: [],
        asksForCertificate: false,
      };
    }
    if (bytes.length > 0 && bytes.readUInt8(0) === RECORD.alert)
      return ended ? modern.end() : modern.push(Buffer.alloc(0));
    if (bytes.length === 0 || (!ended && bytes.length < 7)) return INCOMPLETE;
    return { kind: 'other', head: bytes.subarray(0, HEAD).toString('hex') };
  };
  return {
    push: (chunk) => {
      if (raw.bytes().length <= LONGEST_RECORD) raw.append(chunk);
      modern.push(chunk);
      return read(false);
    },
    end: () => read(true),
  };
}

/** The whole of an SSLv2 flight at once. */
export function readSslV2Flight(bytes: Buffer, ended: boolean): Flight {
  const reader = createSslV2Reader();
  const seen = reader.push(bytes);
  return ended ? reader.end() : seen;
}
