import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { getDiffieHellman } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer as createTlsServer, type TlsOptions, type TLSSocket } from 'node:tls';
import { createHierarchy, type Hierarchy } from '../../certs/index.ts';
import { referenceAt } from '../../mocks/provider/data.ts';
import { compose, FRESH, type Leg } from '../../mocks/ssp/outbound.ts';
import { createDriver } from '../drive/driver.ts';
import { send } from '../drive/http.ts';
import { createRedactor } from '../drive/redact.ts';
import { describe as describeSeen } from '../oracle/response.ts';
import { gpconnect } from '../profiles/gpconnect.ts';

/** The traps of a TLS harness, each met on a real socket. */

let pki: Hierarchy;
const servers: { close: () => void }[] = [];
const sockets = new Set<Socket>();
before(async () => {
  pki = await createHierarchy();
});
after(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const secure = (options: TlsOptions, serve: (socket: TLSSocket) => void): Promise<number> => {
  const { certificate, chain, key } = pki.provider;
  const server = createTlsServer({ cert: [certificate, ...chain].join('\n'), key, ...options }, serve);
  server.on('tlsClientError', () => {});
  return listening(server);
};
/** Answers the first request in the text given, cut into writes as given. */
const answering =
  (...parts: readonly (string | Buffer)[]) =>
  (socket: Socket): void => {
    socket.on('error', () => {});
    socket.once('data', () => {
      for (const part of parts) socket.write(part);
      socket.end();
    });
  };
const leg = (port: number, more: Partial<Leg> = {}): Leg => ({
  address: '127.0.0.1',
  port,
  servername: 'localhost',
  trust: [pki.root],
  identity: pki.clients.valid,
  version: 'TLSv1.2',
  ...more,
});
/** The 1024-bit prime of RFC 2409 §6.2, generator 2, as DH parameters: too short for our own stack. */
const SHORT = [
  '-----BEGIN DH PARAMETERS-----',
  Buffer.concat([
    Buffer.from('30818702818100', 'hex'), // SEQUENCE, INTEGER
    getDiffieHellman('modp2').getPrime(),
    Buffer.from('020102', 'hex'),
  ]).toString('base64'),
  '-----END DH PARAMETERS-----',
].join('\n');
const { bytes } = compose({ method: 'GET', target: '/', host: 'localhost', headers: {} });
const get = (target: Parameters<typeof send>[0], patience = 2_000) =>
  send(target, bytes, 'GET', { patience });

describe('what goes wrong on our side is no observation', () => {
  test('nothing listens', async () => {
    const seen = await get(leg(1));
    assert.equal(seen.kind, 'nothing');
    assert.match(JSON.stringify(seen), /ECONNREFUSED/);
  });
  test('the peer is silent', async () => {
    const port = await listening(createTcpServer(() => {}));
    assert.deepEqual(await get(leg(port), 200), {
      kind: 'nothing',
      reason: 'no end of the TLS handshake within 200 ms',
    });
  });
  test('the peer is silent after the handshake', async () => {
    const port = await secure({ maxVersion: 'TLSv1.2' }, () => {});
    assert.deepEqual(await get(leg(port), 200), { kind: 'nothing', reason: 'no answer within 200 ms' });
  });
  test("the server's certificate hangs from an anchor that we do not know", async () => {
    const port = await secure({}, answering(OK));
    const seen = await get(leg(port, { trust: [(await createHierarchy()).root] }));
    assert.equal(seen.kind, 'nothing');
    assert.match(JSON.stringify(seen), /not trusted/);
  });
  test("the server's certificate has another name", async () => {
    const port = await secure({}, answering(OK));
    const seen = await get(leg(port, { servername: 'elsewhere.test' }));
    assert.equal(seen.kind, 'nothing');
    assert.match(JSON.stringify(seen), /does not carry the name/);
  });
  test('what our own TLS cannot do is ours', async () => {
    const port = await secure({ ciphers: 'DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0', dhparam: SHORT }, () => {});
    const seen = await get(leg(port));
    assert.equal(seen.kind, 'nothing');
    assert.equal(describeSeen(seen), 'ours: our own TLS failed (ERR_SSL_DH_KEY_TOO_SMALL)');
  });
  test('a peer that speaks no TLS is not ours', async () => {
    const seen = await get(
      leg(await listening(createTcpServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))),
    );
    assert.match(describeSeen(seen), /^nothing of the peer: what came is no TLS/);
  });
  test('a version that the server does not speak is its alert, not our failure', async () => {
    const port = await secure({ minVersion: 'TLSv1.3' }, answering(OK));
    assert.deepEqual(await get(leg(port)), { kind: 'alert', alert: 70, name: 'protocol_version' });
  });
});

describe('closing without a word', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`Node drops a rogue certificate without an alert (${version})`, async () => {
      const options: TlsOptions = {
        requestCert: true,
        rejectUnauthorized: true,
        ca: pki.root,
        maxVersion: version,
        minVersion: version,
      };
      const port = await secure(options, answering(OK));
      const seen = await get(leg(port, { version, identity: pki.clients['wrong-issuer'] }));
      assert.equal(seen.kind, 'closed', JSON.stringify(seen));
      const accepted = await get(leg(port, { version }));
      assert.equal(accepted.kind, 'response', JSON.stringify(accepted));
    });
    test(`no certificate at all draws an alert, read before anything is written (${version})`, async () => {
      const options: TlsOptions = {
        requestCert: true,
        rejectUnauthorized: true,
        ca: pki.root,
        maxVersion: version,
        minVersion: version,
      };
      const port = await secure(options, answering(OK));
      const alert = version === 'TLSv1.2' ? 40 : 116;
      for (let round = 0; round < 20; round += 1) {
        const seen = await get(leg(port, { version, identity: undefined }));
        assert.equal(seen.kind === 'alert' ? seen.alert : JSON.stringify(seen), alert);
      }
    });
  }
  test('an alert that comes later than we listen is heard all the same (TLS 1.3)', async () => {
    const options: TlsOptions = {
      requestCert: true,
      rejectUnauthorized: true,
      ca: pki.root,
      minVersion: 'TLSv1.3',
    };
    const behind = await secure(options, answering(OK));
    // Whoever has refused and closed answers what is written after by a reset, which overtakes the alert.
    const slow = createTcpServer((socket) => {
      const upstream = connect({ port: behind, host: '127.0.0.1' }).on('error', () => {});
      let presented = false;
      let refused = false;
      upstream.on('data', (flight: Buffer) => {
        refused = presented;
        if (refused) setTimeout(() => socket.destroyed || socket.end(flight), 150);
        else socket.write(flight);
      });
      socket.on('data', (chunk: Buffer) => {
        presented = socket.bytesWritten > 0;
        if (refused) socket.resetAndDestroy();
        else upstream.write(chunk);
      });
      socket.on('close', () => upstream.destroy());
    });
    const seen = await get(leg(await listening(slow), { version: 'TLSv1.3', identity: undefined }));
    assert.deepEqual(seen, { kind: 'alert', alert: 116, name: 'certificate_required' });
  });
  test('a certificate that our TLS keeps back is a fault of ours, not a refusal', async () => {
    const port = await secure(
      { requestCert: true, rejectUnauthorized: true, ca: [pki.root, pki.sub], sigalgs: 'RSA-PSS+SHA256' },
      answering(OK),
    );
    const drive = createDriver(
      { ...leg(port), host: 'localhost', basePath: '', clients: pki.clients },
      createRedactor(),
    );
    const exchange = gpconnect.valid(referenceAt('https://localhost/'));
    const with13 = (certificate: 'valid' | 'p-256') =>
      drive({ ...exchange, tls: { certificate, version: 'TLSv1.3' } }, 'TLSv1.3');
    const { observation } = await with13('p-256');
    assert.ok(
      observation.kind === 'nothing' && observation.reason.startsWith('ours: '),
      JSON.stringify(observation),
    );
    assert.equal((await with13('valid')).observation.kind, 'response');
  });
  test('FIN and RST are told apart', async () => {
    const fin = await listening(createTcpServer((socket) => socket.once('data', () => socket.end())));
    assert.deepEqual(await get(leg(fin)), { kind: 'closed', how: 'fin', during: 'handshake' });
    const reset = await listening(
      createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
    );
    assert.deepEqual(await get(leg(reset)), { kind: 'closed', how: 'reset', during: 'handshake' });
  });
});

describe('an answer', () => {
  const answered = async (...parts: readonly (string | Buffer)[]) =>
    get(leg(await secure({}, answering(...parts))));
  test('with its handshake, never a resumed session', async () => {
    const port = await secure({ maxVersion: 'TLSv1.2' }, answering(OK));
    for (let round = 0; round < 3; round += 1) {
      const seen = await get(leg(port));
      assert.equal(seen.kind === 'response' && seen.handshake?.version, 'TLSv1.2');
      assert.equal(seen.kind === 'response' && seen.handshake?.resumed, false);
    }
  });
  test('chunked, in single bytes', async () => {
    const text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';
    const seen = await answered(...text);
    assert.equal(seen.kind === 'response' && seen.body, 'ok');
  });
  test('with doubled headers, kept in order and spelling', async () => {
    const seen = await answered('HTTP/1.1 200 OK\r\nX-a: 1\r\nx-A: 2\r\nContent-Length: 0\r\n\r\n');
    assert.deepEqual(seen.kind === 'response' && seen.headers.slice(0, 2), [
      ['X-a', '1'],
      ['x-A', '2'],
    ]);
  });
  test('cut short is broken, not a refusal', async () => {
    const seen = await answered('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok');
    assert.equal(seen.kind, 'broken');
  });
  describe('that a reset follows', () => {
    const reset = async (text: string) => {
      const port = await listening(
        createTcpServer((socket) => {
          socket.once('readable', () => {
            socket.read(1); // the rest stays unread: closing then is a reset
            socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), 20));
          });
        }),
      );
      return get({ address: '127.0.0.1', port, clear: true });
    };
    test('is one where it is a refusal that lasts until the connection ends', async () => {
      const seen = await reset('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request.\n');
      assert.equal(seen.kind === 'response' && seen.status, 400);
      assert.equal(seen.kind === 'response' && seen.body, 'Client sent an HTTP request.\n');
    });
    for (const [what, text] of [
      ['a page', 'HTTP/1.0 200 OK\r\n\r\nhalf of'],
      ['a body of known length', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 20\r\n\r\nhalf of'],
      ['a body in chunks', 'HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
      ['a head', 'HTTP/1.0 400 Bad'],
    ] as const)
      test(`is broken where it cuts ${what}`, async () => assert.equal((await reset(text)).kind, 'broken'));
  });
  test('cut inside its head is broken', async () => {
    assert.equal((await answered('HTTP/1.1 200')).kind, 'broken');
  });
  test('that is no HTTP is broken', async () => {
    assert.equal((await answered('SSH-2.0-OpenSSH_9.2\r\n')).kind, 'broken');
  });
  test('with a body without end is cut off at the bound', async () => {
    const endless = await secure({}, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const pour = (): void => {
          while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 97)));
        };
        socket.on('drain', pour);
        pour();
      });
    });
    const seen = await send(leg(endless), bytes, 'GET', { patience: 5_000, bodyBytes: 200_000 });
    assert.ok(seen.kind === 'response' && seen.bytes < 400_000, JSON.stringify(seen).slice(0, 200));
  });
  test('with a head without end is broken', async () => {
    const seen = await answered(
      'HTTP/1.1 200 OK\r\n',
      ...Array.from({ length: 3_000 }, () => `X-Filler: ${'a'.repeat(60)}\r\n`),
    );
    assert.equal(seen.kind, 'broken');
  });
});

describe('in clear', () => {
  test('a stack that waits for the whole of what it takes for a record refuses, and is heard', async () => {
    const port = await listening(
      createTcpServer((socket) => {
        let heard = 0;
        socket.on('data', (chunk: Buffer) => {
          heard += chunk.length;
          if (heard >= 5 + 0x202f) socket.write(Buffer.from('15030300020100', 'hex'));
        });
      }),
    );
    const seen = await get({ address: '127.0.0.1', port, clear: true }, 500);
    assert.deepEqual(seen, { kind: 'closed', how: 'fin', during: 'exchange' });
  });
  test('a server that is slow to answer in clear is heard too', async () => {
    const port = await listening(
      createTcpServer((socket) => {
        socket.resume();
        setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'), 250);
      }),
    );
    assert.equal((await get({ address: '127.0.0.1', port, clear: true }, 500)).kind, 'response');
  });
  test('a plain answer is seen', async () => {
    const port = await listening(createTcpServer(answering(OK)));
    const seen = await get({ address: '127.0.0.1', port, clear: true });
    assert.equal(seen.kind === 'response' && seen.status, 200);
  });
  test('a TLS port answers with no HTTP', async () => {
    const port = await secure({}, answering(OK));
    const seen = await get({ address: '127.0.0.1', port, clear: true });
    assert.notEqual(seen.kind, 'response');
  });
  test('a TLS port that answers by an alert record, as Java does, has refused', async () => {
    const record = Buffer.from([21, 3, 3, 0, 2, 2, 80]);
    const port = await listening(createTcpServer(answering(record)));
    const seen = await get({ address: '127.0.0.1', port, clear: true });
    assert.deepEqual(seen, { kind: 'alert', alert: 80, name: 'internal_error' });
  });
  test('a warning alert is no refusal', async () => {
    const port = await listening(createTcpServer(answering(Buffer.from([21, 3, 3, 0, 2, 1, 90]))));
    const seen = await get({ address: '127.0.0.1', port, clear: true });
    assert.equal(seen.kind, 'broken');
  });
});

describe('OpenSSL as the server', () => {
  test('an alert after our own handshake is done (TLS 1.3) is read as that alert', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'assay-s_server-'));
    try {
      const files = { cert: pki.provider.certificate, key: pki.provider.key, ca: pki.root, sub: pki.sub };
      for (const [name, text] of Object.entries(files))
        await writeFile(join(folder, name), text, { mode: 0o600 });
      const port = await freePort();
      const server = spawn(
        'openssl',
        // prettier-ignore
        ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', 'cert', '-key', 'key', '-cert_chain', 'sub', '-CAfile', 'ca',
          '-Verify', '3', '-verify_return_error', '-www', '-quiet'],
        { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] },
      );
      t.after(() => server.kill());
      await untilOpen(port);
      const expired = leg(port, { version: 'TLSv1.3', identity: pki.clients.expired });
      for (let round = 0; round < 10; round += 1) {
        assert.deepEqual(await get(expired), { kind: 'alert', alert: 45, name: 'certificate_expired' });
      }
      const good = await get(leg(port, { version: 'TLSv1.3' }));
      assert.equal(good.kind === 'response' && good.status, 200, JSON.stringify(good));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test('a server that names no CA in its request is sent the certificate all the same', async () => {
  let name: unknown;
  const port = await secure(
    { requestCert: true, rejectUnauthorized: false, maxVersion: 'TLSv1.2' },
    (socket) => {
      name = socket.getPeerCertificate().subject?.CN;
      answering(OK)(socket);
    },
  );
  await get(leg(port, { identity: pki.clients['wrong-issuer'] }));
  assert.equal(name, pki.ssp);
});

describe('the driver', () => {
  test('sends what the exchange says, with a fresh trace id and token each time', async () => {
    const heard: string[] = [];
    const port = await secure({ requestCert: true, rejectUnauthorized: false }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', (data: Buffer) => {
        heard.push(data.toString());
        socket.end(OK);
      });
    });
    const target = {
      ...leg(port),
      host: `localhost:${port}`,
      basePath: '/A/STU3/1/gpconnect',
      clients: pki.clients,
    };
    const drive = createDriver(target, createRedactor());
    const valid = gpconnect.valid({ url: 'https://x', asid: { provider: '1', consumer: '2' } });
    const first = await drive(valid, 'TLSv1.2');
    const second = await drive(valid, 'TLSv1.2');
    assert.notDeepEqual(first.trace, second.trace);
    const [request = ''] = heard;
    assert.match(request, /^GET \/A\/STU3\/1\/gpconnect\/metadata HTTP\/1\.1\r\nHost: localhost:\d+\r\n/);
    assert.match(request, new RegExp(`Ssp-TraceID: ${first.trace[0]}\r\n`));
    assert.ok(!request.includes(FRESH));
    assert.match(request, /\r\nAuthorization: Bearer [\w-]+\.[\w-]+\.\r\n/);
  });
});

async function freePort(): Promise<number> {
  const server = createTcpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilOpen(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const seen = await send({ address: '127.0.0.1', port, clear: true }, Buffer.from('\n'), 'GET', {
      patience: 100,
    });
    if (!(seen.kind === 'nothing' && seen.reason.includes('ECONNREFUSED'))) return;
    await new Promise((wake) => setTimeout(wake, 20));
  }
  throw new Error(`nothing opened port ${port}`);
}
