import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { answerRelic } from '../../mocks/provider/relic.ts';
import { createFlightReader, readFlight, readSslV2Flight, type Flight } from '../drive/flight.ts';

/** The flight reader as a function of bytes: how they are cut, what is wrong with them, and what they say. */

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const u24 = (value: number): Buffer => Buffer.from([value >> 16, (value >> 8) & 255, value & 255]);
const message = (type: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type]), u24(body.length), body]);
const record = (type: number, body: Buffer, version = 0x0303): Buffer =>
  Buffer.concat([Buffer.from([type]), u16(version), u16(body.length), body]);
const extension = (type: number, body: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([u16(type), u16(body.length), body]);

interface Said {
  readonly version?: number;
  readonly random?: Buffer;
  readonly suite: number;
  readonly compression?: number;
  readonly extensions?: readonly Buffer[];
}
function serverHello({ version = 0x0303, random, suite, compression = 0, extensions = [] }: Said): Buffer {
  const listed = Buffer.concat(extensions);
  return message(
    2,
    Buffer.concat([
      u16(version),
      random ?? Buffer.alloc(32, 7),
      Buffer.from([4, 1, 2, 3, 4]),
      u16(suite),
      Buffer.from([compression]),
      ...(listed.length > 0 ? [u16(listed.length), listed] : []),
    ]),
  );
}
const chain = [Buffer.alloc(700, 1), Buffer.alloc(900, 2)];
const certificates = message(
  11,
  Buffer.concat([
    u24(chain.reduce((sum, each) => sum + each.length + 3, 0)),
    ...chain.flatMap((each) => [u24(each.length), each]),
  ]),
);
const prime = (bits: number): Buffer => {
  const bytes = Buffer.alloc(Math.ceil(bits / 8), 0xff);
  bytes.writeUInt8(0xff >> (bytes.length * 8 - bits), 0);
  return bytes;
};
const finite = (bits: number): Buffer =>
  message(12, Buffer.concat([u16(prime(bits).length), prime(bits), u16(1), Buffer.from([2])]));
const asked = message(13, Buffer.from([1, 1, 0, 2, 4, 1, 0, 0]));
const done = message(14, Buffer.alloc(0));

/** A whole TLS 1.2 flight: what nginx sends that asks for a client certificate. */
const whole = Buffer.concat([
  serverHello({
    suite: 0x009f,
    extensions: [extension(0xff01, Buffer.from([0])), extension(35), extension(23)],
  }),
  certificates,
  finite(2048),
  asked,
  done,
]);
const expected: Flight = {
  kind: 'server-hello',
  version: 0x0303,
  suite: 0x009f,
  retry: false,
  compression: 0,
  extensions: [0xff01, 35, 23],
  chain,
  keyExchange: { kind: 'DHE', bits: 2048 },
  asksForCertificate: true,
};

/** Cuts bytes at these places. */
const cut = (bytes: Buffer, places: readonly number[]): readonly Buffer[] => {
  const edges = [0, ...new Set([...places].sort((a, b) => a - b)), bytes.length];
  return edges
    .slice(1)
    .map((end, at) => bytes.subarray(edges[at], end))
    .filter((part) => part.length > 0);
};
const places = (length: number) => fc.array(fc.integer({ min: 1, max: length - 1 }), { maxLength: 12 });
const warning = record(21, Buffer.from([1, 112]));

describe('one answer, however the flight comes', () => {
  const arriving = (chunks: readonly Buffer[]): Flight => {
    const reader = createFlightReader();
    return chunks.reduce<Flight>((_, chunk) => reader.push(chunk), { kind: 'incomplete' });
  };
  test('messages split over records and joined in one, at any byte', () => {
    fc.assert(
      fc.property(places(whole.length), (cuts) => {
        const flight = Buffer.concat(cut(whole, cuts).map((part) => record(22, part)));
        assert.deepEqual(readFlight(flight, false), expected);
      }),
    );
  });
  test('chunks of TCP cut at any byte, warning alerts before and between', () => {
    fc.assert(
      fc.property(places(whole.length), places(whole.length), fc.nat(3), (records, chunks, warnings) => {
        const parts = cut(whole, records).map((part) => record(22, part));
        const flight = Buffer.concat([...Array.from({ length: warnings }, () => warning), ...parts]);
        assert.deepEqual(
          arriving(
            cut(
              flight,
              chunks.filter((at) => at < flight.length),
            ),
          ),
          expected,
        );
      }),
    );
  });
  test('a byte at a time: incomplete until the last', () => {
    const flight = record(22, whole);
    const reader = createFlightReader();
    for (const [at, byte] of [...flight].entries()) {
      const seen = reader.push(Buffer.from([byte]));
      assert.equal(seen.kind, at === flight.length - 1 ? 'server-hello' : 'incomplete', String(at));
    }
  });
  test('what is decided stays decided', () => {
    const reader = createFlightReader();
    reader.push(record(21, Buffer.from([2, 40])));
    assert.equal(reader.push(record(22, whole)).kind, 'alert');
    assert.equal(reader.end().kind, 'alert');
  });
});

describe('an end of the connection in place of a flight', () => {
  const notice = record(21, Buffer.from([1, 0]));
  test('close_notify is the peer’s end, whether or not the connection is closed after it', () => {
    for (const ended of [true, false]) {
      for (const before of [[], [warning], [record(22, serverHello({ suite: 0x009f }))]])
        assert.deepEqual(readFlight(Buffer.concat([...before, notice]), ended), {
          kind: 'closed',
          how: 'fin',
        });
    }
  });
  test('warnings alone are no answer, and no other protocol', () => {
    assert.equal(readFlight(warning, true).kind, 'incomplete');
    assert.equal(readFlight(Buffer.concat([warning, warning]), true).kind, 'incomplete');
    assert.equal(readFlight(Buffer.concat([warning, warning.subarray(0, 4)]), true).kind, 'other');
    assert.equal(readSslV2Flight(warning, true).kind, 'incomplete');
    assert.deepEqual(readSslV2Flight(notice, false), { kind: 'closed', how: 'fin' });
  });
});

describe('what a flight says', () => {
  const seen = (...messages: readonly Buffer[]): Flight =>
    readFlight(record(22, Buffer.concat(messages)), true);
  const of = (flight: Flight): Extract<Flight, { kind: 'server-hello' }> => {
    assert.equal(flight.kind, 'server-hello');
    return flight as Extract<Flight, { kind: 'server-hello' }>;
  };
  test('size of the prime, to the bit', () => {
    for (const bits of [512, 768, 1023, 1024, 2047, 2048, 3072, 4096]) {
      const { keyExchange } = of(seen(serverHello({ suite: 0x009e }), finite(bits), done));
      assert.deepEqual(keyExchange, { kind: 'DHE', bits });
    }
  });
  test('the curve, of elliptic suites alone', () => {
    const curve = message(12, Buffer.from([3, 0, 29, 32, ...Array<number>(32).fill(9)]));
    const keyExchange = (suite: number) => of(seen(serverHello({ suite }), curve, done)).keyExchange;
    assert.deepEqual(keyExchange(0xc030), { kind: 'ECDHE', group: 29 });
    assert.deepEqual(keyExchange(0xcca8), { kind: 'ECDHE', group: 29 });
    // A pre-shared key's hint stands before the parameters: not read as if it were they.
    for (const suite of [0xc035, 0x0090, 0x002f]) assert.equal(keyExchange(suite), undefined);
  });
  test('compression, and no renegotiation_info', () => {
    const { compression, extensions } = of(seen(serverHello({ suite: 0x002f, compression: 1 }), done));
    assert.deepEqual([compression, extensions], [1, []]);
  });
  test('TLS 1.3 in an extension; it counts once something follows', () => {
    const hello = serverHello({ suite: 0x1302, extensions: [extension(43, u16(0x0304))] });
    const first = record(22, hello);
    assert.equal(readFlight(first, false).kind, 'incomplete');
    const after = of(
      readFlight(Buffer.concat([first, record(20, Buffer.from([1])), record(23, Buffer.alloc(64))]), false),
    );
    assert.deepEqual([after.version, after.suite, after.retry], [0x0304, 0x1302, false]);
    const refused = readFlight(Buffer.concat([first, record(21, Buffer.from([2, 80]))]), false);
    assert.deepEqual(refused, { kind: 'alert', alert: 80, name: 'internal_error' });
  });
  test('a HelloRetryRequest chooses at once', () => {
    const random = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');
    const retry = serverHello({ suite: 0x1301, random, extensions: [extension(43, u16(0x0304))] });
    const read = of(readFlight(record(22, retry), false));
    assert.deepEqual([read.retry, read.version, read.suite], [true, 0x0304, 0x1301]);
  });
  test('an alert behind a ServerHello is the answer', () => {
    const flight = Buffer.concat([
      record(22, serverHello({ suite: 0x009f })),
      record(21, Buffer.from([2, 80])),
    ]);
    assert.deepEqual(readFlight(flight, false), { kind: 'alert', alert: 80, name: 'internal_error' });
  });
});

describe('lengths that lie, peers that mean harm', () => {
  const hello = serverHello({ suite: 0x009f, extensions: [extension(35)] });
  const other = (bytes: Buffer, ended = true): void =>
    assert.equal(readFlight(bytes, ended).kind, 'other', bytes.subarray(0, 48).toString('hex'));
  test('of a record', () => {
    for (const length of [0, 18_433, 0xffff]) {
      const bytes = record(22, whole);
      bytes.writeUInt16BE(length, 3);
      other(bytes, false);
    }
  });
  test('of a message: longer than any flight, or than what came', () => {
    for (const length of [0xffffff, 262_145]) {
      const bytes = Buffer.from(hello);
      bytes.writeUIntBE(length, 1, 3);
      other(record(22, bytes), false);
    }
    const short = Buffer.from(hello);
    short.writeUIntBE(hello.length, 1, 3);
    other(record(22, short));
  });
  test('of session id and extensions, each byte of the ServerHello off by any amount', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 38, max: hello.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        (at, value) => {
          const bytes = Buffer.from(hello);
          bytes.writeUInt8(value, at);
          const seen = readFlight(record(22, Buffer.concat([bytes, done])), true);
          assert.ok(seen.kind === 'server-hello' || seen.kind === 'other');
        },
      ),
    );
  });
  test('a certificate and a prime cut short are not read', () => {
    const lying = message(11, Buffer.concat([u24(100_000), u24(90_000), Buffer.alloc(40)]));
    const parameters = message(12, Buffer.from([0xff, 0xff, 1]));
    const seen = readFlight(
      record(22, Buffer.concat([serverHello({ suite: 0x009f }), lying, parameters, done])),
      true,
    );
    assert.ok(seen.kind === 'server-hello' && seen.chain.length === 0 && seen.keyExchange === undefined);
  });
  test('a flight without end, and a second ServerHello', () => {
    const endless = Buffer.concat(
      Array.from({ length: 40 }, () => record(22, message(22, Buffer.alloc(10_000)))),
    );
    other(Buffer.concat([record(22, hello), endless]), false);
    other(Buffer.alloc(300_000, 22), false);
  });
  test('40,000 records of one byte each', () => {
    const reader = createFlightReader();
    for (const byte of Buffer.alloc(40_000, 0)) reader.push(record(22, Buffer.from([byte])));
    assert.equal(reader.end().kind, 'other');
  });
});

describe('100,000 mutated flights', () => {
  const thirteen = Buffer.concat([
    record(22, serverHello({ suite: 0x1302, extensions: [extension(43, u16(0x0304))] })),
    record(20, Buffer.from([1])),
    record(23, Buffer.alloc(40)),
  ]);
  const sources = {
    'TLS 1.2': record(22, whole),
    'TLS 1.3': thirteen,
    SSLv3: answerRelic('SSLv3'),
    'fatal alert': record(21, Buffer.from([2, 70])),
    'warning, then fatal': Buffer.concat([warning, record(21, Buffer.from([2, 40]))]),
    'aborted ServerHello': Buffer.concat([
      record(22, serverHello({ suite: 0x009f })),
      record(21, Buffer.from([2, 80])),
    ]),
    'plain HTTP': Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
  };
  /** xorshift32: the same flights on every machine. */
  function randomFrom(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % below;
    };
  }
  /** The bytes that a ServerHello cannot be without: record, message and, for a reader, a legacy version. */
  const holdsServerHello = (bytes: Buffer): boolean => {
    for (let at = bytes.indexOf(22); at >= 0; at = bytes.indexOf(22, at + 1)) {
      if (bytes[at + 1] === 3 && bytes[at + 5] === 2 && bytes[at + 6] === 0 && bytes[at + 9] === 3)
        return true;
    }
    return false;
  };
  test('no throw, no hang; a refusal is never made an acceptance', (t) => {
    const random = randomFrom(20_261_124);
    const names = Object.keys(sources) as (keyof typeof sources)[];
    const refusals = new Set<string>(['fatal alert', 'warning, then fatal', 'plain HTTP']);
    const counts: Record<string, number> = {};
    for (let round = 0; round < 100_000; round += 1) {
      const name = names[random(names.length)] ?? 'TLS 1.2';
      const bytes = Buffer.from(sources[name]);
      for (let change = random(5); change >= 0; change -= 1)
        bytes.writeUInt8(random(256), random(Math.min(bytes.length, 120)));
      const mutated = bytes.subarray(0, random(4) === 0 ? random(bytes.length + 1) : bytes.length);
      const ended = random(2) === 0;
      const seen = readFlight(mutated, ended);
      readSslV2Flight(mutated, ended);
      counts[seen.kind] = (counts[seen.kind] ?? 0) + 1;
      if (seen.kind !== 'server-hello') continue;
      assert.ok(!refusals.has(name), `round ${round}: a mutated ${name} was taken for an acceptance`);
      assert.ok(holdsServerHello(mutated), `round ${round}: ${mutated.subarray(0, 80).toString('hex')}`);
    }
    t.diagnostic(`100000 mutated flights: ${JSON.stringify(counts)}`);
    assert.ok(Object.keys(counts).length === 5, 'the mutations reach every kind of answer');
  });
});
