import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { connect, isIP } from 'node:net';
import type { Offer, OfferedVersion } from '../model.ts';
import { createFlightReader, createSslV2Reader, type Flight } from './flight.ts';
import type { Pace } from './pace.ts';

/** What came of one ClientHello. Only the peer's doing is an answer. */
export type HelloAnswer =
  | Exclude<Flight, { kind: 'incomplete' }>
  | { readonly kind: 'closed'; readonly how: 'fin' | 'reset' }
  | { readonly kind: 'nothing'; readonly reason: string };

/** What came of one ClientHello, and the bytes of it that left. */
export interface HelloResult {
  readonly answer: HelloAnswer;
  /** Bytes that the kernel took from us: the proof that the offer was made. */
  readonly sent: number;
}

/** Where to dial, and the name to ask for (SNI). */
export interface HelloTarget {
  readonly address: string;
  readonly port: number;
  readonly servername: string;
  /** Waits for the turn of the next connection; absent: at once. */
  readonly pace?: Pace;
  /** Told of each connection that is dialled. */
  readonly onDial?: () => void;
  /** Told of each flight once it is over: what left, and what came back. */
  readonly onFlight?: (sent: Buffer, received: Buffer) => void;
}

const NUMBER: Readonly<Record<Exclude<OfferedVersion, 'SSLv2'>, number>> = {
  SSLv3: 0x0300,
  TLSv1: 0x0301,
  'TLSv1.1': 0x0302,
  'TLSv1.2': 0x0303,
  'TLSv1.3': 0x0304,
};

/** The name of a protocol version on the wire. */
export const versionName = (number: number): string =>
  number === 2
    ? 'SSLv2'
    : (Object.entries(NUMBER).find(([, value]) => value === number)?.[0] ??
      `0x${number.toString(16).padStart(4, '0')}`);

/** What a broad-minded client offers up to TLS 1.2, best first; older versions pass over what they cannot use. */
// prettier-ignore
const BROAD = [
  0xc02c, 0xc030, 0xc02b, 0xc02f, 0x009f, 0x009e, 0xcca9, 0xcca8, 0xccaa, 0xc024, 0xc028, 0xc023, 0xc027, 0x006b, 0x0067,
  0xc00a, 0xc014, 0x0039, 0xc009, 0xc013, 0x0033, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0xc008, 0xc012, 0x0016,
  0x000a, 0x0005, 0x0004, 0xc011, 0xc007,
];
const MODERN = [0x1302, 0x1301, 0x1303];
/** CipherKinds of SSLv2 (RFC 6101 appendix E.2). */
const ANCIENT = [0x0700c0, 0x050080, 0x030080, 0x010080, 0x060040, 0x040080, 0x020080];
/** The last two are too small for anybody; a server that takes one shows itself. */
const GROUPS = [29, 23, 24, 25, 256, 257, 258, 21, 19];
// prettier-ignore
const SIGNATURES = [0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0809, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201, 0x0402, 0x0202];

const uint = (value: number, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
};
const vector = (lengthBytes: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([uint(body.length, lengthBytes), body]);
};
const numbers = (values: readonly number[], bytes = 2): Buffer =>
  Buffer.concat(values.map((value) => uint(value, bytes)));
const extension = (type: number, ...body: readonly Buffer[]): Buffer =>
  Buffer.concat([uint(type, 2), vector(2, ...body)]);

/** A key share that no server can object to: a real X25519 key (RFC 8446 §4.2.8), never used, so one will do. */
let share: Buffer | undefined;
const keyShare = (): Buffer =>
  (share ??= generateKeyPairSync('x25519').publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));

/** The suites of an offer, its own or what a broad-minded client offers in that version. */
export const suitesOf = ({ version, suites }: Offer): readonly number[] =>
  suites ?? (version === 'TLSv1.3' ? MODERN : BROAD);

/** The bytes of a ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2, RFC 6101), in one record. */
export function clientHello(offer: Offer, servername: string): Buffer {
  const { version, compression } = offer;
  if (version === 'SSLv2') {
    const challenge = randomBytes(16);
    const kinds = numbers(ANCIENT, 3);
    const body = [
      uint(1, 1),
      uint(2, 2),
      uint(kinds.length, 2),
      uint(0, 2),
      uint(challenge.length, 2),
      kinds,
      challenge,
    ];
    const length = body.reduce((sum, part) => sum + part.length, 0);
    return Buffer.concat([uint(0x8000 | length, 2), ...body]);
  }
  const number = NUMBER[version];
  const thirteen = version === 'TLSv1.3';
  const extensions =
    version === 'SSLv3'
      ? []
      : [
          ...(isIP(servername) || servername === ''
            ? []
            : [extension(0, vector(2, uint(0, 1), vector(2, Buffer.from(servername))))]),
          extension(0xff01, uint(0, 1)), // renegotiation_info, empty (RFC 5746 §3.4)
          extension(10, vector(2, numbers(GROUPS))),
          extension(11, vector(1, uint(0, 1))),
          extension(13, vector(2, numbers(SIGNATURES))),
          extension(23), // extended_master_secret (RFC 7627)
          extension(35), // session_ticket, none held (RFC 5077)
          ...(thirteen
            ? [
                extension(43, vector(1, uint(0x0304, 2))),
                extension(45, vector(1, uint(1, 1))),
                extension(51, vector(2, uint(29, 2), vector(2, keyShare()))),
              ]
            : []),
        ];
  const body = Buffer.concat([
    uint(Math.min(number, 0x0303), 2),
    randomBytes(32),
    vector(1, thirteen ? randomBytes(32) : Buffer.alloc(0)),
    vector(2, numbers(suitesOf(offer))),
    vector(1, ...(compression ? [uint(1, 1)] : []), uint(0, 1)), // DEFLATE (RFC 3749) if asked for, and none
    ...(extensions.length > 0 ? [vector(2, ...extensions)] : []),
  ]);
  const handshake = Buffer.concat([uint(1, 1), vector(3, body)]);
  // RFC 8446 §5.1: the first record of a client wears 3.1; SSLv3 knows only its own.
  return Buffer.concat([uint(22, 1), uint(version === 'SSLv3' ? 0x0300 : 0x0301, 2), vector(2, handshake)]);
}

/** How long a flight may pause after a ServerHello before it counts as over. */
const SETTLE_MS = 300;

/**
 * Sends one ClientHello over a connection of its own and reads one flight. No cryptography: nothing is finished.
 * @param patience milliseconds for the whole of it, however slowly the peer drips
 */
export async function hello(target: HelloTarget, offer: Offer, patience = 5_000): Promise<HelloResult> {
  await target.pace?.();
  return ask(target, offer, patience);
}

function ask(target: HelloTarget, offer: Offer, patience: number): Promise<HelloResult> {
  const bytes = clientHello(offer, target.servername);
  return new Promise((resolve) => {
    target.onDial?.();
    const socket = connect({ host: target.address, port: target.port, noDelay: true });
    const reader = offer.version === 'SSLv2' ? createSslV2Reader() : createFlightReader();
    let connected = false;
    let pause: NodeJS.Timeout | undefined;
    let settled = false;
    const received: Buffer[] = [];
    const settle = (answer: HelloAnswer): void => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      clearTimeout(pause);
      const sent = socket.bytesWritten;
      socket.destroy();
      target.onFlight?.(bytes.subarray(0, sent), Buffer.concat(received));
      const left = answer.kind !== 'nothing' && sent < bytes.length;
      resolve({
        answer: left ? { kind: 'nothing', reason: 'ours: the hello did not leave whole' } : answer,
        sent,
      });
    };
    /** The answer as it stands when no more comes. */
    const conclude = (fallback: HelloAnswer): void => {
      const flight = reader.end();
      settle(flight.kind === 'incomplete' ? fallback : flight);
    };
    const deadline = setTimeout(() => {
      const reason = connected
        ? `no answer within ${patience} ms`
        : `no TCP connection within ${patience} ms`;
      conclude({ kind: 'nothing', reason });
    }, patience);
    socket.on('connect', () => {
      connected = true;
      socket.write(bytes);
    });
    socket.on('data', (chunk: Buffer) => {
      if (target.onFlight) received.push(chunk);
      const flight = reader.push(chunk);
      if (flight.kind !== 'incomplete') settle(flight);
      else {
        clearTimeout(pause);
        if (reader.end().kind === 'server-hello') {
          pause = setTimeout(() => conclude({ kind: 'closed', how: 'fin' }), SETTLE_MS);
        }
      }
    });
    socket.on('end', () => conclude({ kind: 'closed', how: 'fin' }));
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (connected && (code === 'ECONNRESET' || code === 'EPIPE'))
        conclude({ kind: 'closed', how: 'reset' });
      else settle({ kind: 'nothing', reason: `${code ?? message}: no connection` });
    });
    socket.on('close', () => conclude({ kind: 'closed', how: 'fin' }));
  });
}
