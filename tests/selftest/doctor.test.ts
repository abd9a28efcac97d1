import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createClearServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createHierarchy, type Hierarchy } from '../../certs/index.ts';
import { readPack } from '../../certs/pack-read.ts';
import { writePack } from '../../certs/pack.ts';
import { conformant, type Policy } from '../../mocks/provider/policy.ts';
import { startProvider } from '../../mocks/provider/server.ts';
import { attribute, type Culprit } from '../run/attribution.ts';
import type { Check } from '../run/doctor-checks.ts';
import { nginxPath, startNginx, type NginxKnobs } from './fleet/servers/nginx.ts';
import { assay, type Ended } from './program.ts';

/** Each kind of trouble for real, as a user meets it: whose matter it is, and what to try next. */

let folder: string;
let pack: Hierarchy;
let stranger: Hierarchy;
const closing: (() => Promise<void>)[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-doctor-'));
  await writePack(join(folder, 'pki'), { hosts: ['localhost'] });
  [pack, stranger] = await Promise.all([readPack(join(folder, 'pki')), createHierarchy()]);
});
after(async () => {
  for (const close of closing) await close();
  await rm(folder, { recursive: true, force: true });
});

const PATH = '/A11111/STU3/1/gpconnect';

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.close();
    (server as unknown as { closeAllConnections?: () => void }).closeAllConnections?.();
  });
  return `https://localhost:${(server.address() as AddressInfo).port}${PATH}`;
}

/** A TLS server with the pack's certificate, that asks for no client certificate unless told. */
const answering = (listener: RequestListener, options: ServerOptions = {}): Promise<string> =>
  listening(
    createServer(
      {
        cert: [pack.provider.certificate, ...pack.provider.chain].join('\n'),
        key: pack.provider.key,
        ...options,
      },
      listener,
    ),
  );
const page = (status: number, body = '', headers: Readonly<Record<string, string>> = {}): Promise<string> =>
  answering((_request, response) => response.writeHead(status, headers).end(body));

async function provider(change: Partial<Policy> = {}, hierarchy = pack): Promise<string> {
  const started = await startProvider({ policy: { ...conformant, ...change }, hierarchy });
  closing.push(started.close);
  return started.url;
}
async function nginx(change: Partial<NginxKnobs>, hierarchy = pack): Promise<string> {
  const started = await startNginx(hierarchy, change);
  closing.push(started.close);
  return started.url;
}

const subject = (url: string, change: Readonly<Record<string, unknown>> = {}) => ({
  profile: 'gpconnect',
  url,
  pki: 'pki',
  asid: { provider: '999999990001', consumer: '999999990002' },
  options: { enforcesScope: true },
  ...change,
});

async function asked(described: unknown): Promise<Ended & { readonly checks: readonly Check[] }> {
  const name = `subject-${Math.random().toString(36).slice(2)}.json`;
  await writeFile(join(folder, name), JSON.stringify(described));
  const ended = await assay(folder, 'doctor', name, '--json');
  const { checks } = JSON.parse(ended.out) as { checks: readonly Check[] };
  return { ...ended, checks };
}
const failed = (checks: readonly Check[]): Check | undefined =>
  checks.find(({ state }) => state === 'failed');

describe('assay doctor', { concurrency: 3 }, () => {
  test('all is well: exit 0, every check is made', async () => {
    const { code, checks } = await asked(subject(await provider()));
    assert.equal(code, 0, JSON.stringify(checks));
    assert.deepEqual([...new Set(checks.map(({ state }) => state))], ['ok'], JSON.stringify(checks));
    assert.equal(checks.length, 11);
  });

  type Row = readonly [
    title: string,
    subject: () => Promise<object>,
    id: Check['id'],
    culprit: Culprit,
    said: RegExp,
    next: RegExp,
  ];
  const rows: readonly Row[] = [
    [
      'a name that leads nowhere',
      async () => subject(`https://nowhere.invalid.test${PATH}`),
      'name',
      'network',
      /has no address/,
      /VPN|spelt/,
    ],
    [
      'nothing listens',
      async () => subject(`https://localhost:1${PATH}`),
      'connection',
      'network',
      /ECONNREFUSED/,
      /nothing listens at localhost:1/,
    ],
    [
      'plain HTTP on the port',
      async () => subject(await listening(createClearServer((_request, response) => response.end('x')))),
      'tls',
      'configuration',
      /no TLS/,
      /speaks no TLS/,
    ],
    [
      'a certificate for another name',
      async () =>
        subject((await provider()).replace('localhost', 'other.localhost'), {
          connect: `127.0.0.1:${new URL(await provider()).port}`,
        }),
      'server-certificate',
      'configuration',
      /it is for DNS:localhost.*other\.localhost/,
      /assay pki --host other\.localhost/,
    ],
    [
      'a certificate of another CA',
      async () => subject(await provider({}, stranger)),
      'server-certificate',
      'configuration',
      /does not lead to .*pki\/provider\/root\.pem/,
      /`trust`/,
    ],
    [
      'a client certificate that it does not trust, closed upon',
      async () => {
        const { certificate, chain, key } = pack.provider;
        return subject(
          await answering((_request, response) => response.end(), {
            cert: [certificate, ...chain].join('\n'),
            key,
            ca: stranger.root,
            requestCert: true,
            maxVersion: 'TLSv1.2',
          }),
        );
      },
      'client-certificate',
      'target',
      /closed|alert/,
      /does it trust .*pki\/provider\/ca\.pem/,
    ],
    [
      'a path that it does not know',
      async () => subject((await provider()).replace('/A11111', '/A1111')),
      'valid-exchange',
      'configuration',
      /HTTP 501/,
      /`url`/,
    ],
    [
      'another ASID',
      async () => subject(await provider(), { asid: { provider: '1', consumer: '2' } }),
      'valid-exchange',
      'configuration',
      /HTTP 400 with OperationOutcome/,
      /asid\.provider/,
    ],
    [
      'throttled',
      async () => subject(await page(429, 'slow down', { 'Retry-After': '30' })),
      'valid-exchange',
      'throttled',
      /HTTP 429/,
      /wait 30 s \(Retry-After\).*--polite/,
    ],
    [
      'busy',
      async () => subject(await page(503, '', { 'Retry-After': '5' })),
      'valid-exchange',
      'throttled',
      /HTTP 503/,
      /wait 5 s/,
    ],
    [
      'what stands behind is down',
      async () => subject(await page(502)),
      'valid-exchange',
      'target',
      /HTTP 502/,
      /is the application up/,
    ],
    [
      'it fails',
      async () => subject(await page(500, 'oops')),
      'valid-exchange',
      'target',
      /HTTP 500: “oops”/,
      /its own log/,
    ],
    [
      'a redirect',
      async () => subject(await page(302, '', { Location: '/' })),
      'valid-exchange',
      'configuration',
      /HTTP 302/,
      /never followed/,
    ],
    [
      'another page',
      async () => subject(await page(200, 'hello')),
      'valid-exchange',
      'configuration',
      /HTTP 200/,
      /does `url` name the service root/,
    ],
    [
      'everybody is turned away alike',
      async () => subject(await page(403, 'no')),
      'valid-exchange',
      'target',
      /HTTP 403: “no”, and the same without any certificate/,
      /everybody/,
    ],
    [
      'no end of an answer',
      async () => subject(await answering((request) => request.socket.write('garbage\r\n\r\n'))),
      'valid-exchange',
      'target',
      /no HTTP answer/,
      /HTTP\/1\.1/,
    ],
  ];
  for (const [title, described, id, culprit, said, next] of rows) {
    test(`${title}: ${culprit}`, async () => {
      const { code, checks, err } = await asked(await described());
      const found = failed(checks);
      assert.deepEqual([found?.id, found?.culprit], [id, culprit], JSON.stringify(checks) + err);
      assert.match(found?.said ?? '', said);
      assert.match(found?.next ?? '', next);
      assert.equal(code, 2);
      const at = checks.findIndex((check) => check === found);
      assert.ok(
        checks.slice(at + 1).every(({ id: later, state }) => state === 'unreached' || later === 'clock'),
        'nothing is said of what rests on it',
      );
    });
  }

  const warnings: readonly (readonly [string, () => Promise<object>, Check['id'], Culprit, RegExp])[] = [
    [
      'no pki',
      async () => ({ ...subject(await page(429)), pki: undefined }),
      'pack',
      'configuration',
      /names no `pki`/,
    ],
    [
      'a clock that is behind',
      async () => {
        const inner = new URL(await provider());
        return subject(
          await page(403, 'no', {
            Date: new Date(Date.now() - 3_600_000).toUTCString(),
            'X-For': inner.host,
          }),
        );
      },
      'clock',
      'target',
      /clock is 3[56]\d\d s behind ours/,
    ],
    [
      'no look at the token',
      async () => subject(await provider({ ignores: new Set(['no-token']) })),
      'token',
      'target',
      /without a token/,
    ],
    [
      'scope enforced, and the file does not say so',
      async () => subject(await provider(), { options: {} }),
      'scope',
      'configuration',
      /^enforced/,
    ],
    [
      'scope not enforced, and the file says it is',
      async () => subject(await provider({ ignores: new Set(['wrong-scope']) })),
      'scope',
      'configuration',
      /^not enforced/,
    ],
  ];
  for (const [title, described, id, culprit, said] of warnings) {
    test(`${title}: a warning`, async () => {
      const { checks } = await asked(await described());
      const found = checks.find((check) => check.id === id);
      assert.deepEqual([found?.state, found?.culprit], ['warning', culprit], JSON.stringify(checks));
      assert.match(found?.said ?? '', said);
    });
  }

  test('a fault of ours is ours', () => {
    const destination = { host: 'a.test', port: 443, addresses: ['127.0.0.1'] };
    for (const reason of ['our own TLS failed (ERR_SSL_X)', 'ours: the hello did not leave whole'])
      assert.equal(attribute({ kind: 'nothing', reason }, { destination }).culprit, 'ours');
    assert.equal(
      attribute({ kind: 'nothing', reason: 'EMFILE: no connection' }, { destination }).culprit,
      'ours',
    );
  });

  for (const [title, described, id, says] of [
    ['a mistake in the subject file', { profile: 'gpconnect', urll: 'x' }, 'file', /did you mean url\?/],
    [
      'no trust pack',
      { ...subject(`https://localhost:1${PATH}`), pki: '.' },
      'pack',
      /is no trust pack|not a pack|leads out/,
    ],
  ] as const) {
    test(`${title}: configuration, exit 4`, async () => {
      const { code, checks } = await asked(described);
      assert.equal(code, 4);
      assert.equal(failed(checks)?.culprit, 'configuration');
      if (id === 'file') assert.equal(failed(checks)?.id, id);
      assert.match(failed(checks)?.said ?? '', says);
    });
  }

  const skip = nginxPath === undefined ? 'nginx is not installed (apt-get install nginx-light)' : false;
  test('nginx without the CRL of the sub CA: the certificate, and what to look at', { skip }, async () => {
    const url = await nginx({}, stranger);
    const { checks } = await asked(subject(url, { trust: 'stranger.pem' }));
    const found = failed(checks);
    assert.deepEqual([found?.id, found?.culprit], ['client-certificate', 'target'], JSON.stringify(checks));
    assert.match(found?.said ?? '', /HTTP 400.*SSL certificate error/);
    assert.match(found?.next ?? '', /ca\.pem.*crl\.pem/);
  });
  before(() => writeFile(join(folder, 'stranger.pem'), stranger.root));
});

describe('a run begins with the same checks', () => {
  test('a line where all is well', async () => {
    await writeFile(join(folder, 'good.json'), JSON.stringify(subject(await provider())));
    const { out, code } = await assay(
      folder,
      'run',
      'good.json',
      '--case',
      'client-certificate/expired',
      '--out',
      'good',
    );
    assert.equal(code, 0, out);
    assert.match(out, /checked in \d+ ms: subject file, trust pack, name, connection, TLS, [^\n]*scope\n/);
  });
  test('it stops where the valid exchange is refused, and says so on one screen', async () => {
    await writeFile(
      join(folder, 'bad.json'),
      JSON.stringify(subject(await page(429, '', { 'Retry-After': '7' }))),
    );
    const { out, code } = await assay(folder, 'run', 'bad.json', '--out', 'bad');
    assert.equal(code, 2);
    assert.match(out, /FAIL {2}valid exchange[^\n]*HTTP 429\n[^\n]*throttled: wait 7 s/);
    assert.ok(out.split('\n').length < 40, out);
    assert.match(await readFile(join(folder, 'bad/record.json'), 'utf8'), /"inconclusive"/);
  });
});
