import { alertName } from './alerts.ts';

/** What a server's first flight says, as far as it has arrived. */
export type Flight =
  /** More bytes may change the answer. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'server-hello'; readonly version: number; readonly suite: number }
  | { readonly kind: 'alert'; readonly alert: number; readonly name: string }
  /** Bytes that are no flight of the protocol asked for. */
  | { readonly kind: 'other'; readonly head: string };

const INCOMPLETE: Flight = { kind: 'incomplete' };
const HANDSHAKE = 22;
const ALERT = 21;
const SERVER_HELLO = 2;
const SERVER_HELLO_DONE = 14;
const FATAL = 2;
const SUPPORTED_VERSIONS = 43;
/** RFC 8446 §5.2: no record of any version is longer. */
const LONGEST_RECORD = 16_384 + 2_048;
/** A first flight is a certificate chain and little more. */
const LONGEST_FLIGHT = 262_144;

/**
 * Reads a server's first flight (RFC 5246 §7.3, RFC 8446 §2): records split and joined as they come, warning alerts
 * passed over. A ServerHello counts only once its flight has gone on to its end, or for TLS 1.3 to the next record:
 * OpenSSL writes one and then a fatal alert where its security level forbids what its versions allow.
 * Never throws; a malformed ServerHello is `other`.
 * @param ended whether the peer has closed its side or fallen silent
 */
export function readFlight(bytes: Buffer, ended: boolean): Flight {
  const other: Flight = { kind: 'other', head: bytes.subarray(0, 16).toString('hex') };
  if (bytes.length > LONGEST_FLIGHT) return other;
  let handshake = Buffer.alloc(0);
  let hello: Extract<Flight, { kind: 'server-hello' }> | undefined;
  for (let at = 0; at < bytes.length;) {
    const type = bytes.readUInt8(at);
    const follows = hello !== undefined && hello.version >= 0x0304;
    if (follows) return hello ?? other; // encrypted from here on; its being there is what counts
    if (type !== HANDSHAKE && type !== ALERT) return hello && type === 20 ? hello : other;
    if (bytes.length > at + 1 && bytes.readUInt8(at + 1) !== 3) return other;
    if (bytes.length < at + 5) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > LONGEST_RECORD) return other;
    const record = bytes.subarray(at + 5, at + 5 + length);
    if (type === ALERT && record.length >= 2 && record.readUInt8(0) === FATAL) {
      const alert = record.readUInt8(1);
      return { kind: 'alert', alert, name: alertName(alert) };
    }
    if (type === HANDSHAKE) handshake = Buffer.concat([handshake, record]);
    if (record.length < length) break;
    at += 5 + length;

    for (let message = readMessage(handshake); message !== undefined; message = readMessage(handshake)) {
      handshake = handshake.subarray(4 + message.body.length);
      if (hello === undefined) {
        if (message.type !== SERVER_HELLO) return other;
        hello = readServerHello(message.body);
        if (hello === undefined) return other;
      } else if (message.type === SERVER_HELLO_DONE) return hello;
    }
  }
  if (!ended) return INCOMPLETE;
  return hello ?? (bytes.length > 0 ? other : INCOMPLETE);
}

function readMessage(bytes: Buffer): { readonly type: number; readonly body: Buffer } | undefined {
  if (bytes.length < 4) return undefined;
  const length = bytes.readUIntBE(1, 3);
  return bytes.length < 4 + length
    ? undefined
    : { type: bytes.readUInt8(0), body: bytes.subarray(4, 4 + length) };
}

/** RFC 5246 §7.4.1.3; the version of TLS 1.3 stands in an extension (RFC 8446 §4.2.1). */
function readServerHello(body: Buffer): Extract<Flight, { kind: 'server-hello' }> | undefined {
  if (body.length < 38) return undefined;
  const legacy = body.readUInt16BE(0);
  const session = body.readUInt8(34);
  const at = 35 + session;
  if (legacy >> 8 !== 3 || session > 32 || body.length < at + 3) return undefined;
  const suite = body.readUInt16BE(at);
  if (body.length === at + 3) return { kind: 'server-hello', version: legacy, suite };
  if (body.length < at + 5 || body.readUInt16BE(at + 3) !== body.length - at - 5) return undefined;
  let version = legacy;
  for (let next = at + 5; next < body.length;) {
    if (body.length < next + 4) return undefined;
    const length = body.readUInt16BE(next + 2);
    if (body.length < next + 4 + length) return undefined;
    if (body.readUInt16BE(next) === SUPPORTED_VERSIONS && length === 2) version = body.readUInt16BE(next + 4);
    next += 4 + length;
  }
  return { kind: 'server-hello', version, suite };
}

/** SSLv2's SERVER-HELLO (RFC 6101 appendix E): one record with a header of its own. */
export function readSslV2Flight(bytes: Buffer, ended: boolean): Flight {
  if (
    bytes.length >= 7 &&
    (bytes.readUInt8(0) & 0x80) !== 0 &&
    bytes.readUInt8(2) === 4 &&
    bytes.readUInt16BE(5) === 2
  ) {
    return { kind: 'server-hello', version: 2, suite: 0 };
  }
  if (bytes.length >= 7 && bytes.readUInt8(0) === ALERT) return readFlight(bytes, ended);
  if (!ended && bytes.length < 7) return INCOMPLETE;
  return bytes.length > 0 ? { kind: 'other', head: bytes.subarray(0, 16).toString('hex') } : INCOMPLETE;
}
