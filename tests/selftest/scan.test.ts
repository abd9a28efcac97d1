import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import type { Provider } from '../../mocks/provider/server.ts';
import { nginxPath, startNginx } from './fleet/servers/nginx.ts';
import { assay } from './program.ts';
import { hierarchy } from './stand.ts';

/** `assay scan` as a user meets it: a process, its exit code, what it prints. */

let folder: string;
let provider: Provider;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-scan-'));
  provider = await startStandIn('conformant-tls-1.3', await hierarchy);
});
after(async () => {
  await provider.close();
  await rm(folder, { recursive: true, force: true });
});

const scan = (...args: readonly string[]) => assay(folder, 'scan', ...args);
interface Printed {
  readonly target: string;
  readonly protocols: readonly {
    readonly name: string;
    readonly accepted: boolean;
    readonly order: string;
    readonly suites: readonly { readonly id: string; readonly openssl: string; readonly iana: string }[];
  }[];
  readonly connections: number;
  readonly ms: number;
}

/** The ten suites of the four strings that nginx's OpenSSL takes with an RSA key, most preferred first. */
const TEN = [
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-GCM-SHA384',
  'DHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-RSA-AES256-SHA',
  'DHE-RSA-AES256-CCM8',
  'DHE-RSA-AES256-CCM',
  'DHE-RSA-AES256-SHA256',
  'DHE-RSA-AES256-SHA',
];

test('a server that asks for client certificates, as JSON', async () => {
  const { code, out } = await scan(`localhost:${provider.port}`, '--json');
  assert.equal(code, 0);
  const printed = JSON.parse(out) as Printed;
  assert.deepEqual(Object.keys(printed), ['target', 'protocols', 'connections', 'ms']);
  assert.equal(printed.target, `localhost:${provider.port}`);
  assert.deepEqual(
    printed.protocols.map(({ name, accepted, order }) => [name, accepted, order]),
    [
      ['SSLv2', false, 'single'],
      ['SSLv3', false, 'single'],
      ['TLSv1', false, 'single'],
      ['TLSv1.1', false, 'single'],
      ['TLSv1.2', true, 'server'],
      ['TLSv1.3', true, 'single'],
    ],
  );
  assert.deepEqual(printed.protocols[4]?.suites[0], {
    id: '0xc030',
    openssl: 'ECDHE-RSA-AES256-GCM-SHA384',
    iana: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  });
  assert.deepEqual(printed.protocols[5]?.suites, [
    { id: '0x1302', openssl: 'TLS_AES_256_GCM_SHA384', iana: 'TLS_AES_256_GCM_SHA384' },
  ]);
});

test('the same as a table', async () => {
  const { code, out } = await scan(`127.0.0.1:${provider.port}`);
  assert.equal(code, 0);
  assert.match(out, /^ {2}TLSv1 +refused \(fatal alert 70 protocol_version\)$/m);
  assert.match(out, /^ {2}TLSv1\.2 +accepted, in the server's order$/m);
  assert.match(out, /^ {4}0xc02f {2}ECDHE-RSA-AES128-GCM-SHA256 {2}TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256$/m);
});

describe('nginx', { skip: nginxPath === undefined ? 'nginx is not installed' : false }, () => {
  const suitesIn = async (ciphers?: string) => {
    const nginx = await startNginx(await hierarchy, ciphers === undefined ? {} : { ciphers });
    try {
      const { out } = await scan(`127.0.0.1:${nginx.port}`, '--json');
      const printed = JSON.parse(out) as Printed;
      const { suites = [], order } = printed.protocols.find(({ name }) => name === 'TLSv1.2') ?? {};
      return { names: suites.map(({ openssl }) => openssl), order, printed };
    } finally {
      await nginx.close();
    }
  };
  test('the ten suites of the four strings, in their order, in no more connections than that takes', async () => {
    const { names, order, printed } = await suitesIn();
    assert.deepEqual([names, order], [TEN, 'server']);
    // One a suite, one refused, one in reverse, one for each further part of the table; the versions one or three.
    assert.ok(printed.connections <= 10 + 1 + 1 + 2 + 8, String(printed.connections));
  });
  test('any order that is configured is the order shown, ChaCha20 among it', async () => {
    const wanted = [
      'DHE-RSA-AES128-GCM-SHA256',
      'ECDHE-RSA-CHACHA20-POLY1305',
      'AES128-SHA',
      'ECDHE-RSA-AES256-GCM-SHA384',
    ];
    const { names, order } = await suitesIn(wanted.join(':'));
    assert.deepEqual([names, order], [wanted, 'server']);
  });
});

test('what does not speak TLS: exit 2', async () => {
  const http = createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  try {
    for (const target of ['127.0.0.1:1', `127.0.0.1:${(http.address() as AddressInfo).port}`]) {
      const { code, out } = await scan(target, '--json');
      assert.equal(code, 2, target);
      assert.ok((JSON.parse(out) as Printed).protocols.every(({ accepted }) => !accepted));
    }
  } finally {
    http.close();
  }
});

describe('the guard', () => {
  const consent = (change: object) => ({
    environment: 'INT',
    host: 'provider.thirdparty.nhs.uk',
    by: 'someone',
    until: '2099-01-01',
    allow: ['wire'],
    ...change,
  });
  const refused = async (change: object | undefined, ...words: readonly RegExp[]) => {
    const file = join(folder, 'consent.json');
    if (change) await writeFile(file, JSON.stringify(consent(change)));
    const flags = change ? ['--consent', file] : [];
    const { code, err } = await scan('provider.thirdparty.nhs.uk:443', ...flags);
    assert.equal(code, 4, err);
    for (const word of words) assert.match(err, word);
  };
  test('a host of the health service wants consent', () => refused(undefined, /--consent/, /needs consent/));
  test('for that host', () => refused({ host: 'other.nhs.uk' }, /consent\.json#\/host/));
  test('that has not ended', () => refused({ until: '2020-01-01' }, /consent\.json#\/until/));
  test('of no live environment', () => refused({ environment: 'Live' }, /consent\.json#\/environment/));
  test('well formed', () => refused({ allow: 'wire' }, /consent\.json#\/allow/));
  test('the Spine itself is never scanned', async () => {
    const { code, err } = await scan('msg.int.spine2.ncrs.nhs.uk:443');
    assert.equal(code, 4);
    assert.match(err, /never talks to it/);
  });
  test('an address that is none', async () => {
    for (const target of ['localhost', 'localhost:0', 'https://localhost:1']) {
      const { code, err } = await scan(target);
      assert.equal(code, 4, target);
      assert.match(err, /HOST:PORT/);
    }
  });
});
