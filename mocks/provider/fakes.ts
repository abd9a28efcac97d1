/**
 * ServerHellos that OpenSSL 3 cannot be made to send, written by hand for one kind of ClientHello each; every other
 * connection meets the real server. Synthetic: they show that an offer was taken, not that a session could be held.
 */

/** What decides and what is said of one hand-made answer. */
interface Fake {
  /** Version offered by the hellos that it answers. */
  readonly offered: number;
  /** Suites that a hello has to offer to be answered; the first is the one chosen. */
  readonly wants: readonly [chosen: number, ...others: number[]];
  /** Suites that a hello may not offer. */
  readonly without?: readonly number[];
  /** Whether DEFLATE has to be offered; it is chosen then. */
  readonly compressing?: true;
  /** Version in the ServerHello, where it is not the one offered. */
  readonly version?: number;
  /** Whether `renegotiation_info` is left out of the ServerHello. */
  readonly withoutRenegotiationInfo?: true;
}

const TLS12 = 0x0303;
const TLS11 = 0x0302;
const TLS10 = 0x0301;
/** ECDHE-RSA-AES256-GCM-SHA384: what every client of today offers. */
const USUAL = 0xc030;

export const fakes = {
  /** TLS_ECDHE_RSA_WITH_RC4_128_SHA. */
  RC4: { offered: TLS12, wants: [0xc011] },
  /** TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5. */
  EXPORT: { offered: TLS12, wants: [0x0006] },
  /** TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA. */
  '3DES': { offered: TLS12, wants: [0xc012] },
  /** Falls back for clients that offer no elliptic curve suite, as a server for old clients may. */
  downgrade: { offered: TLS12, wants: [0x009f, 0x0035], without: [USUAL], version: TLS10 },
  compression: { offered: TLS12, wants: [USUAL], compressing: true },
  'no-renegotiation-info': { offered: TLS12, wants: [USUAL, 0x0005], withoutRenegotiationInfo: true },
  /** Takes a fallback to TLS 1.1 that is marked as one (TLS_FALLBACK_SCSV). */
  fallback: { offered: TLS11, wants: [0x002f, 0x5600] },
} satisfies Readonly<Record<string, Fake>>;
export type FakeName = keyof typeof fakes;

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const message = (type: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, 0]), u16(body.length), body]);

/** Version, suites and compression methods of a ClientHello in one record (RFC 5246 §7.4.1.2); `undefined`: it is none. */
function readClientHello(first: Buffer) {
  if (first.length < 44 || first[0] !== 0x16 || first[5] !== 1) return undefined;
  const at = 44 + first.readUInt8(43);
  if (first.length < at + 2) return undefined;
  const length = first.readUInt16BE(at);
  const methods = at + 2 + length;
  if (first.length <= methods || first.length < methods + 1 + first.readUInt8(methods)) return undefined;
  return {
    version: first.readUInt16BE(9),
    suites: new Set(
      Array.from({ length: length >> 1 }, (_, index) => first.readUInt16BE(at + 2 + 2 * index)),
    ),
    compressing: first.subarray(methods + 1, methods + 1 + first.readUInt8(methods)).includes(1),
  };
}

/** The flight by which a fake answers these first bytes of a connection; `undefined`: they are for the real server. */
export function answerFake(first: Buffer, name: FakeName): Buffer | undefined {
  const fake: Fake = fakes[name];
  const hello = readClientHello(first);
  if (!hello || hello.version !== fake.offered) return undefined;
  if (!fake.wants.every((suite) => hello.suites.has(suite))) return undefined;
  if (fake.without?.some((suite) => hello.suites.has(suite))) return undefined;
  if (fake.compressing && !hello.compressing) return undefined;
  const version = fake.version ?? fake.offered;
  const extensions = fake.withoutRenegotiationInfo ? [] : [u16(5), u16(0xff01), u16(1), Buffer.from([0])];
  const chosen = Buffer.concat([
    u16(version),
    Buffer.alloc(32, 1),
    Buffer.from([0]), // no session id
    u16(fake.wants[0]),
    Buffer.from([fake.compressing ? 1 : 0]),
    ...extensions,
  ]);
  const flight = Buffer.concat([message(2, chosen), message(14, Buffer.alloc(0))]);
  return Buffer.concat([Buffer.from([0x16]), u16(version), u16(flight.length), flight]);
}
