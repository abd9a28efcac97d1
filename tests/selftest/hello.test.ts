import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { createHierarchy, type Hierarchy } from '../../certs/index.ts';
import { answerRelic } from '../../mocks/provider/relic.ts';
import { clientHello, hello, type HelloTarget } from '../drive/hello.ts';
import { enumerateOffer, offer } from '../drive/offer.ts';
import type { OfferedVersion } from '../model.ts';
import { suiteName, suites } from '../oracle/suites.ts';

let pki: Hierarchy;
const sockets = new Set<Socket>();
const servers: Server[] = [];
before(async () => {
  pki = await createHierarchy();
});
after(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

async function at(server: Server): Promise<HelloTarget> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port, servername: 'localhost' };
}
const tls = (options: TlsOptions): Promise<HelloTarget> =>
  at(
    createTlsServer({
      cert: `${pki.provider.certificate}${pki.sub}`,
      key: pki.provider.key,
      ca: pki.root,
      requestCert: true, // ServerHello comes before any certificate matters
      ...options,
    }),
  );
const answer = async (target: HelloTarget, version: OfferedVersion, patience = 2_000) =>
  (await hello(target, { version }, patience)).answer;

describe('a server by its versions', () => {
  const ALL: readonly OfferedVersion[] = ['SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
  const table: readonly (readonly [TlsOptions, readonly OfferedVersion[]])[] = [
    [{ maxVersion: 'TLSv1.2' }, ['TLSv1.2']],
    [{ minVersion: 'TLSv1.3' }, ['TLSv1.3']],
    [{}, ['TLSv1.2', 'TLSv1.3']],
    [
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: 'ALL:@SECLEVEL=0' },
      ['TLSv1', 'TLSv1.1', 'TLSv1.2'],
    ],
    [{ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }, ['TLSv1.1']],
  ];
  for (const [options, spoken] of table) {
    test(`${spoken.join(', ')}`, async () => {
      const target = await tls(options);
      for (const version of ALL) {
        const seen = await offer(target, { version }, 2_000);
        assert.equal(
          seen.kind === 'server-hello',
          spoken.includes(version),
          `${version}: ${JSON.stringify(seen)}`,
        );
        assert.notEqual(seen.kind, 'nothing', version);
      }
    });
  }
});

test('the offer left: what the server got is what was written', async () => {
  for (const version of ['SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.1'] as const) {
    let got = Buffer.alloc(0);
    const target = await at(
      createServer((socket) => {
        socket.on('data', (chunk: Buffer) => {
          got = Buffer.concat([got, chunk]);
          socket.end();
        });
      }),
    );
    const { answer: seen, sent } = await hello(target, { version });
    assert.deepEqual(seen, { kind: 'closed', how: 'fin' });
    assert.equal(sent, got.length);
    const asked = version === 'SSLv2' ? got.readUInt16BE(3) : got.readUInt16BE(9);
    assert.equal(asked, { SSLv2: 2, SSLv3: 0x0300, TLSv1: 0x0301, 'TLSv1.1': 0x0302 }[version]);
  }
});

test('a downgrade is no acceptance of what was offered', async () => {
  const target = await tls({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
  assert.equal((await answer(target, 'TLSv1.2')).kind, 'server-hello');
  const seen = await offer(target, { version: 'TLSv1.2' });
  assert.ok(
    seen.kind === 'downgrade' && seen.offered === 'TLSv1.2' && seen.version === 'TLSv1.1',
    JSON.stringify(seen),
  );
});

describe('peers that do not answer as they should', () => {
  test('nothing listens', async () => {
    const seen = await answer({ address: '127.0.0.1', port: 1, servername: '' }, 'TLSv1.2');
    assert.equal(seen.kind, 'nothing');
  });
  test('silence', async () => {
    const target = await at(createServer(() => {}));
    assert.deepEqual(await answer(target, 'TLSv1', 150), {
      kind: 'nothing',
      reason: 'no answer within 150 ms',
    });
  });
  test('reset', async () => {
    const target = await at(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    assert.deepEqual(await answer(target, 'TLSv1'), { kind: 'closed', how: 'reset' });
  });
  test('close_notify, and the connection held open (as s2n-tls does for up to 30 s)', async () => {
    const target = await at(createServer((socket) => socket.write(Buffer.from('15030300020100', 'hex'))));
    assert.deepEqual(await answer(target, 'TLSv1.2'), { kind: 'closed', how: 'fin' });
    assert.equal((await offer(target, { version: 'TLSv1.2' })).kind, 'closed');
  });
  test('plain HTTP', async () => {
    const target = await at(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    assert.equal((await answer(target, 'TLSv1')).kind, 'other');
  });
  test('a byte at a time', async () => {
    const flight = answerRelic('SSLv3');
    const target = await at(
      createServer((socket) => {
        const bytes = [...flight];
        const timer = setInterval(() => {
          const next = bytes.shift();
          if (next === undefined || socket.destroyed) clearInterval(timer);
          else socket.write(Buffer.from([next]));
        }, 1);
      }),
    );
    assert.equal((await answer(target, 'SSLv3')).kind, 'server-hello');
  });
  test('a drip that never ends is bounded in time', async () => {
    const target = await at(
      createServer((socket) => {
        const timer = setInterval(
          () => (socket.destroyed ? clearInterval(timer) : socket.write(Buffer.from([22]))),
          20,
        );
      }),
    );
    const started = performance.now();
    const seen = await answer(target, 'TLSv1', 300);
    assert.notEqual(seen.kind, 'server-hello');
    assert.ok(performance.now() - started < 2_000);
  });
});

describe('OpenSSL at its own security level', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-hello-'));
  after(() => rmSync(folder, { recursive: true }));
  for (const [ciphers, accepted] of [
    ['DEFAULT', false],
    ['ALL:@SECLEVEL=0', true],
  ] as const) {
    test(`TLS 1.0 switched on with ${ciphers}: ${accepted ? 'accepted' : 'listening, yet refused'}`, async (t) => {
      for (const [name, text] of Object.entries({ cert: pki.provider.certificate, key: pki.provider.key })) {
        writeFileSync(join(folder, name), text, { mode: 0o600 });
      }
      const free = createServer();
      const { port } = await at(free);
      free.close();
      await once(free, 'close');
      // prettier-ignore
      const child = spawn('openssl', ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', 'cert', '-key', 'key', '-tls1', '-cipher', ciphers, '-quiet'],
        { cwd: folder, stdio: 'ignore' });
      t.after(() => child.kill());
      const target = { address: '127.0.0.1', port, servername: 'localhost' };
      let seen = await offer(target, { version: 'TLSv1' });
      for (let tries = 0; tries < 100 && seen.kind === 'nothing'; tries += 1) {
        await new Promise((wake) => setTimeout(wake, 20));
        seen = await offer(target, { version: 'TLSv1' });
      }
      assert.equal(seen.kind === 'server-hello', accepted, JSON.stringify(seen));
    });
  }
});

describe('which suites, in whose order', () => {
  const CIPHERS = 'AESGCM+EECDH:AESGCM+EDH:AES256+EECDH:AES256+EDH';
  const all = {
    version: 'TLSv1.2',
    suites: suites.filter(({ code }) => code >> 8 !== 0x13).map(({ code }) => code),
  } as const;
  const options = { ciphers: CIPHERS, dhparam: 'auto', maxVersion: 'TLSv1.2' } as const;
  test('in the order of the server', async () => {
    const seen = await enumerateOffer(await tls({ ...options, honorCipherOrder: true }), all);
    assert.ok(seen.kind === 'suites' && seen.order === 'server', JSON.stringify(seen));
    assert.deepEqual(seen.accepted.slice(0, 4), [
      'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
      'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384',
      'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
    ]);
    assert.ok(seen.accepted.length >= 8, seen.accepted.join());
  });
  test('in the order of the client', async () => {
    const seen = await enumerateOffer(await tls({ ...options, honorCipherOrder: false }), all);
    assert.equal(seen.kind === 'suites' && seen.order, 'client');
  });
  test('a single one', async () => {
    const target = await tls({ ...options, ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' });
    assert.deepEqual(await enumerateOffer(target, all), {
      kind: 'suites',
      accepted: ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
      order: 'single',
      keyExchanges: [{ suite: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', kind: 'ECDHE', group: 'x25519' }],
    });
  });
  test('a dead server accepts nothing that counts', async () => {
    assert.equal(
      (await enumerateOffer({ address: '127.0.0.1', port: 1, servername: '' }, all)).kind,
      'nothing',
    );
  });
  test('the table names what OpenSSL names', () => {
    assert.equal(suiteName(0xc030), 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384');
    assert.equal(suiteName(0xfafa), '0xfafa');
    assert.equal(new Set(suites.map(({ code }) => code)).size, suites.length);
  });
});

test('a hello is small enough for old servers', () => {
  for (const version of ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const) {
    assert.ok(clientHello({ version }, 'provider.example').length < 512, version);
  }
});
