/**
 * Answers to hellos that no OpenSSL in use still speaks, made by hand: a ServerHello and nothing behind it.
 * Synthetic: they show that a hello was accepted, not that a session could be held.
 */
type Relic = 'SSLv2' | 'SSLv3';

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);

/** Whether these first bytes of a connection open a handshake of that protocol. */
export function isRelicHello(first: Buffer, relic: Relic): boolean {
  if (relic === 'SSLv3') {
    // Record of handshake type in version 3.0, whose ClientHello asks for 3.0 (RFC 6101 §5.2, §5.6.1.2).
    return first[0] === 0x16 && first[9] === 3 && first[10] === 0;
  }
  // Two-byte header with its high bit set, CLIENT-HELLO, version 0.2 (RFC 6101 appendix E).
  return (
    first.length > 4 &&
    (first.readUInt8(0) & 0x80) !== 0 &&
    first[2] === 1 &&
    first[3] === 0 &&
    first[4] === 2
  );
}

/** The server's flight that accepts such a hello. */
export function answerRelic(relic: Relic): Buffer {
  if (relic === 'SSLv2') {
    const body = Buffer.concat([
      Buffer.from([4, 0, 1, 0, 2]), // SERVER-HELLO, no session id hit, X.509, version 0.2
      u16(0), // no certificate
      u16(3), // one cipher kind: SSL_CK_DES_192_EDE3_CBC_WITH_MD5
      u16(16),
      Buffer.from([7, 0, 0xc0]),
      Buffer.alloc(16, 1),
    ]);
    return Buffer.concat([u16(0x8000 | body.length), body]);
  }
  const hello = Buffer.concat([
    Buffer.from([3, 0]),
    Buffer.alloc(32, 1),
    Buffer.from([0]), // no session id
    u16(0x000a), // TLS_RSA_WITH_3DES_EDE_CBC_SHA
    Buffer.from([0]), // no compression
  ]);
  const message = (type: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([type, 0]), u16(content.length), content]);
  const flight = Buffer.concat([message(2, hello), message(14, Buffer.alloc(0))]);
  return Buffer.concat([Buffer.from([0x16, 3, 0]), u16(flight.length), flight]);
}
