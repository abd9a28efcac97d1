import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openEngine, rootOf, type Engine } from './engine-of-containers.ts';
import { nginxPath } from './fleet/servers/nginx.ts';
import { assay, start, type Ended } from './program.ts';
import type { RunRecord } from '../run/record.ts';

/** `run --image`: real containers of a real server, on an image from scratch. */

/** nginx as a trust pack's INSTALL.md has it, with an application that has a capability statement and no more. */
const configuration = (revocation: string): string => `
daemon off;
user root;
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c; uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e;
  map $ssl_client_s_dn $ssp { default 0; "~^CN=ssp\\.assay\\.test(,|$)" 1; }
  server {
    listen 8443 ssl;
    ssl_certificate /assay/provider.pem;
    ssl_certificate_key /assay/provider.key;
    ssl_protocols TLSv1.2;
    ssl_client_certificate /assay/ca.pem;
    ssl_verify_client on;
    ssl_verify_depth 2;
    ${revocation}
    if ($ssp = 0) { return 403; }
    location / {
      default_type application/fhir+json;
      return 200 '{"resourceType":"CapabilityStatement","fhirVersion":"3.0.1"}';
    }
  }
}
`;

const engine = nginxPath === undefined ? 'nginx is not installed' : await openEngine();
const skip = typeof engine === 'string' ? engine : false;

describe('a provider in a container', { skip }, () => {
  const opened = engine as Engine;
  let folder: string;
  const roots: string[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-image-test-'));
    const passwd = 'root:x:0:0::/:/bin/false\nwww-data:x:33:33::/:/bin/false\n';
    for (const [name, revocation] of [
      ['assay-test-strict', 'ssl_crl /assay/crl.pem;'],
      ['assay-test-lax', ''],
    ] as const) {
      const root = rootOf(nginxPath ?? '', {
        '/etc/nginx/nginx.conf': configuration(revocation),
        '/etc/passwd': passwd,
        '/etc/group': 'root:x:0:\nwww-data:x:33:\n',
        '/tmp': '',
        '/var/log/nginx': '',
        '/var/lib/nginx': '',
      });
      roots.push(root);
      await opened.image(name, root, [`CMD ["${nginxPath}","-c","/etc/nginx/nginx.conf"]`]);
    }
  });
  after(async () => {
    await opened.close();
    for (const each of [folder, ...roots]) await rm(each, { recursive: true, force: true });
  });

  const CASES = ['absent', 'expired', 'revoked', 'wrong-name', 'self-signed'].flatMap((name) => [
    '--case',
    `client-certificate/${name}`,
  ]);
  const env = { DOCKER_HOST: `unix://${opened.socket}` };
  const run = (...args: readonly string[]): Promise<Ended> =>
    start(folder, ['run', '--image-port', '8443', ...args], env).done;
  const recordIn = async (out: string): Promise<RunRecord> =>
    JSON.parse(await readFile(join(folder, out, 'record.json'), 'utf8')) as RunRecord;
  const outcomes = ({ findings }: RunRecord) =>
    Object.fromEntries(findings.map((each) => [each.case.replace(/@.*/, ''), each.outcome]));
  const leftovers = async () =>
    (await readdir(tmpdir())).filter((name) => /^assay-image-(?!test)/.test(name));

  test('without a subject file: judged on a trust pack of its own, and nothing of it stays', async () => {
    const [known, before_] = [await opened.containers(), await leftovers()];
    const ended = await run('--image', 'assay-test-strict', '--out', 'strict', ...CASES);
    const record = await recordIn('strict');
    assert.equal(ended.code, 0, ended.out + ended.err);
    assert.ok(record.findings.length >= 5);
    assert.ok(record.findings.every(({ outcome }) => outcome === 'pass'));
    assert.match(record.subject.image ?? '', /^assay-test-strict \(sha256:[0-9a-f]{64}\)$/);
    assert.match(record.subject.connect ?? '', /^127\.0\.0\.1:\d+$/);
    assert.deepEqual(await opened.containers(), known);
    assert.deepEqual(await leftovers(), before_);
  });

  test('with a subject file: one that checks no revocation fails for that', async () => {
    const known = await opened.containers();
    assert.equal((await assay(folder, 'pki', '--out', 'pki')).code, 0);
    const subject = {
      profile: 'gpconnect',
      url: 'https://localhost/A11111/STU3/1/gpconnect',
      pki: 'pki',
      asid: { provider: '999999990001', consumer: '999999990002' },
    };
    await writeFile(join(folder, 'subject.json'), JSON.stringify(subject));
    const { code, out, err } = await run(
      'subject.json',
      '--image',
      'assay-test-lax',
      '--out',
      'lax',
      ...CASES,
    );
    assert.equal(code, 1, out + err);
    assert.deepEqual(outcomes(await recordIn('lax')), {
      'client-certificate/absent': 'pass',
      'client-certificate/self-signed': 'pass',
      'client-certificate/expired': 'pass',
      'client-certificate/revoked': 'fail',
      'client-certificate/wrong-name': 'pass',
    });
    assert.deepEqual(await opened.containers(), known);

    const written = await readdir(join(folder, 'lax'));
    assert.ok(!written.includes('repro'), 'a container that is gone reproduces nothing');
    await writeFile(join(folder, 'two.json'), JSON.stringify({ ...subject, connect: '127.0.0.1:1' }));
    const two = await run('two.json', '--image', 'assay-test-lax');
    assert.equal(two.code, 4);
    assert.match(two.err, /two\.json#\/connect: says where a provider is, and --image starts another/);
  });

  test('Ctrl-C: stopped and removed', async () => {
    const known = await opened.containers();
    const child = start(
      folder,
      [
        'run',
        '--image',
        'assay-test-strict',
        '--image-port',
        '8443',
        '--polite',
        '1',
        '--out',
        'ended',
        '--events',
        '-',
      ],
      env,
    );
    await new Promise<void>((ready) => {
      let text = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('"event":"start"')) ready();
      });
      child.once('exit', () => ready());
    });
    assert.equal((await opened.containers()).length, known.length + 1, 'it was there');
    child.kill('SIGINT');
    const { code, err } = await child.done;
    assert.equal(code, 3, err);
    assert.deepEqual(await opened.containers(), known);
  });

  test('Ctrl-C while it is waited for: the same', async () => {
    const known = await opened.containers();
    // Nothing listens on that port inside.
    const child = start(
      folder,
      ['run', '--image', 'assay-test-strict', '--image-port', '9', '--out', 'none'],
      env,
    );
    for (let tries = 0; tries < 300 && (await opened.containers()).length === known.length; tries += 1)
      await new Promise((wake) => setTimeout(wake, 50));
    child.kill('SIGINT');
    const { code, out, err } = await child.done;
    assert.equal(code, 3, err);
    assert.match(out, /Ended by SIGINT, before anything was judged/);
    assert.deepEqual(await opened.containers(), known);
    assert.deepEqual(await readdir(join(folder, 'none')).catch(() => []), []);
  });

  test('SIGKILL: removed all the same', async () => {
    const known = await opened.containers();
    const left = async (): Promise<number> => (await opened.containers()).length - known.length;
    const waits = ['--image', 'assay-test-strict', '--image-port', '9', '--out', 'killed'];
    const child = start(folder, ['run', ...waits], env);
    for (let tries = 0; tries < 300 && (await left()) === 0; tries += 1)
      await new Promise((wake) => setTimeout(wake, 50));
    assert.equal(await left(), 1, 'it was there');
    await new Promise((wake) => setTimeout(wake, 300)); // the engine tells us of it later than the one who asks
    child.kill('SIGKILL');
    assert.equal((await child.done).signal, 'SIGKILL');
    for (let tries = 0; tries < 200 && (await left()) > 0; tries += 1)
      await new Promise((wake) => setTimeout(wake, 50));
    assert.deepEqual(await opened.containers(), known);
  });

  test('one that ends at once: exit 4 with its last words, and it is removed', async () => {
    const known = await opened.containers();
    const root = rootOf(nginxPath ?? '', {
      '/etc/passwd': 'root:x:0:0::/:/bin/false\n',
      '/var/log/nginx': '',
    });
    roots.push(root);
    await opened.image('assay-test-broken', root, [`CMD ["${nginxPath}","-c","/no/such.conf"]`]);
    const { code, err } = await run('--image', 'assay-test-broken');
    assert.equal(code, 4, err);
    assert.match(err, /--image: the container of assay-test-broken .*no\/such\.conf/);
    assert.deepEqual(await opened.containers(), known);
  });

  test('an image that nobody has', async () => {
    const { code, err } = await run('--image', 'assay-test-nowhere.invalid/none:1');
    assert.equal(code, 4, err);
    assert.match(err, /--image: no container can be made of "assay-test-nowhere\.invalid\/none:1"/);
  });
});

describe('without an engine', () => {
  const rows: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [['--image', 'x'], /--image: no container engine answers at DOCKER_HOST=unix:\/\/\/no\/such\.sock/],
    [['--image', 'x', '--mock', 'dead'], /--image: give an image or --mock, not both/],
    [['--image-port', '1'], /--image-port: goes with --image/],
    [['--image-env', 'A=b'], /--image-env: goes with --image/],
    [['--image', 'x', '--image-env', 'A'], /NAME=VALUE/],
    [['--image', 'x', '--image-port', '0'], /a port from 1 to 65535/],
  ];
  for (const [args, says] of rows) {
    test(`${args.join(' ')}: exit 4`, async () => {
      const { code, err } = await start(tmpdir(), ['run', ...args], { DOCKER_HOST: 'unix:///no/such.sock' })
        .done;
      assert.equal(code, 4, err);
      assert.match(err, says);
    });
  }
});
