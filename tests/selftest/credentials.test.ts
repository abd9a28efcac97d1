import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { createHierarchy, keptNames, type Hierarchy, type KeptName } from '../../certs/index.ts';
import { writePack } from '../../certs/pack.ts';
import { keyStore, openStore } from '../../certs/pkcs12.ts';
import type { Provider } from '../../mocks/provider/server.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { readCredentials } from '../run/credentials.ts';
import { prepareSubject } from '../run/prepare-subject.ts';
import type { RunRecord } from '../run/record.ts';
import { opensslPath } from './openssl.ts';
import { start, type Ended } from './program.ts';

/** Credentials of one's own, for a provider that trusts a CA which Assay did not make: through the program. */

const PASSPHRASE = 'correct horse battery';
let pki: Hierarchy;
let provider: Provider;
let folder: string;
before(async () => {
  [pki, folder] = await Promise.all([
    createHierarchy({ ssp: 'spine.elsewhere.test' }),
    mkdtemp(join(tmpdir(), 'assay-own-')),
  ]);
  provider = await startStandIn('conformant', pki);
  await mkdir(join(folder, 'own'));
  const files: Readonly<Record<string, string | Buffer>> = {
    'server-ca.pem': pki.root,
    'ca.pem': `${pki.root}${pki.sub}`,
    'crl.pem': pki.crls.join(''),
    'expired.p12': keyStore(pki.clients.expired, PASSPHRASE),
    ...Object.fromEntries(
      keptNames.flatMap((name) => {
        const { certificate, key, chain } = pki.clients[name];
        return [
          [`${name}.pem`, [certificate, ...chain].join('')],
          [`${name}.key`, key],
        ];
      }),
    ),
  };
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, 'own', name), content, { mode: 0o600 });
});
after(async () => {
  await provider.close();
  await rm(folder, { recursive: true, force: true });
});

type Fields = Readonly<Record<string, unknown>>;
const pem = (name: KeptName, more: Fields = {}): Fields => ({
  certificate: { file: `own/${name}.pem` },
  key: { file: `own/${name}.key` },
  ...more,
});
const valid = pem('valid', { ca: { file: 'own/ca.pem' } });

async function subject(file: string, credentials: Fields, more: Fields = {}, at = provider): Promise<void> {
  const url = new URL(at.url);
  const text = {
    profile: 'gpconnect',
    url: at.url,
    connect: `127.0.0.1:${url.port}`,
    trust: 'own/server-ca.pem',
    asid: { provider: '999999990001', consumer: '999999990002' },
    credentials,
    ...more,
  };
  await writeFile(join(folder, file), JSON.stringify(text));
}
/** A few of the many, each in one way: whose credential is given, made, or nobody's. */
const CASES = [
  ...['absent', 'expired', 'not-yet-valid', 'revoked', 'self-signed', 'wrong-issuer', 'wrong-name'],
].flatMap((name) => ['--case', `client-certificate/${name}`]);
const run = (file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  start(folder, ['run', file, ...CASES, '--out', `${file}.out`, ...args], env).done;
const recordOf = async (file: string): Promise<RunRecord> =>
  JSON.parse(await readFile(join(folder, `${file}.out/record.json`), 'utf8')) as RunRecord;
const outcome = (record: RunRecord, id: string): string | undefined =>
  record.findings.find((each) => each.case === `client-certificate/${id}`)?.outcome;

/** Every secret of the hierarchy in pieces: a line of any key. */
const secrets = (): readonly string[] => [
  PASSPHRASE,
  ...new Set(
    Object.values(pki.clients).flatMap(({ key }) => key.split('\n').filter((line) => line.length > 40)),
  ),
];
async function assertNoSecret(file: string, { out, err }: Ended): Promise<void> {
  const at = join(folder, `${file}.out`);
  const written = await readdir(at, { recursive: true, withFileTypes: true }).catch(() => []);
  const texts = await Promise.all(
    written.filter((each) => each.isFile()).map((each) => readFile(join(each.parentPath, each.name), 'utf8')),
  );
  for (const text of [out, err, ...texts])
    assert.ok(!secrets().some((secret) => text.includes(secret)), 'a secret in what was written');
}

test('from files, PKCS#12, a variable and a command; what nobody gave is inconclusive and names the field', async () => {
  await subject('a.json', {
    valid,
    expired: { pkcs12: { file: 'own/expired.p12' }, passphrase: { env: 'PASS' } },
    revoked: pem('revoked', { crl: { file: 'own/crl.pem' } }),
    'self-signed': { certificate: { file: 'own/self-signed.pem' }, key: { env: 'SELF_KEY' } },
  });
  const print = 'process.stdout.write(require("fs").readFileSync(process.argv[1]))';
  await writeFile(
    join(folder, 'credentials.json'),
    JSON.stringify({
      'wrong-name': {
        certificate: { file: 'own/wrong-name.pem' },
        key: { command: [process.execPath, '-e', print, join(folder, 'own/wrong-name.key')] },
      },
    }),
  );
  const ended = await run(
    'a.json',
    ['--env', 'PASS', '--env', 'SELF_KEY', '--credentials', 'credentials.json'],
    { PASS: PASSPHRASE, SELF_KEY: pki.clients['self-signed'].key },
  );
  assert.equal(ended.code, 2, ended.out + ended.err);
  const record = await recordOf('a.json');
  for (const id of ['absent', 'expired', 'revoked', 'self-signed', 'wrong-name'])
    assert.equal(outcome(record, id), 'pass', id);
  const open = record.findings.find((each) => each.case === 'client-certificate/not-yet-valid');
  assert.equal(open?.outcome, 'inconclusive');
  assert.match(open?.because ?? '', /credentials\.not-yet-valid/);
  await assertNoSecret('a.json', ended);
});

test('the valid one is enough for what needs no CA: the rest is open', async () => {
  await subject('alone.json', { valid });
  const ended = await run('alone.json', []);
  assert.equal(ended.code, 2, ended.out + ended.err);
  const record = await recordOf('alone.json');
  for (const id of ['absent', 'self-signed', 'wrong-issuer']) assert.equal(outcome(record, id), 'pass', id);
  for (const id of ['expired', 'revoked', 'wrong-name'])
    assert.equal(outcome(record, id), 'inconclusive', id);
  for (const name of ['self-signed', 'wrong-issuer'] as const) {
    const lax = await startStandIn(
      name === 'self-signed' ? 'accepts-self-signed-certificate' : 'accepts-any-issuer',
      pki,
    );
    try {
      await subject('lax.json', { valid }, {}, lax);
      const { code, out } = await run('lax.json', []);
      assert.equal(code, 1, out);
      assert.equal(outcome(await recordOf('lax.json'), name), 'fail', name);
    } finally {
      await lax.close();
    }
  }
});

test('the doctor takes them too', async () => {
  await subject('well.json', { valid: { ...valid, key: { env: 'KEY' } } });
  const args = ['doctor', 'well.json', '--env', 'KEY'];
  const ended = await start(folder, args, { KEY: pki.clients.valid.key }).done;
  assert.equal(ended.code, 0, ended.out + ended.err);
  assert.match(ended.out, /credentials of your own, for spine\.elsewhere\.test/);
  await assertNoSecret('well.json', ended);
});

test('a provider that lets the expired one in fails', async () => {
  const lax = await startStandIn('accepts-expired-certificate', pki);
  try {
    await subject('lax.json', { valid, expired: pem('expired'), 'wrong-name': pem('wrong-name') }, {}, lax);
    const ended = await run('lax.json', []);
    assert.equal(ended.code, 1, ended.out + ended.err);
    const record = await recordOf('lax.json');
    assert.deepEqual([outcome(record, 'expired'), outcome(record, 'wrong-name')], ['fail', 'pass']);
    await assertNoSecret('lax.json', ended);
  } finally {
    await lax.close();
  }
});

test('what is not examined is told with its reason by every report, and leaves the verdict open', async () => {
  await subject('b.json', { valid, expired: pem('expired') });
  await run('b.json', []);
  const open = (await recordOf('b.json')).findings.filter((each) => each.outcome === 'inconclusive');
  const because = 'INT issues none of that kind';
  const notExamined = open.map((each) => ({ case: each.case, because }));
  await subject('c.json', { valid, expired: pem('expired') }, { notExamined });
  const ended = await run('c.json', []);
  assert.equal(ended.code, 2);
  const record = await recordOf('c.json');
  assert.deepEqual(record.notExamined, notExamined);
  assert.ok(record.findings.every((each) => each.outcome === 'pass'));
  const texts = [['console', ended.out]];
  for (const form of [
    'console',
    'html',
    'junit',
    'sarif',
    'testreport',
    'traceability-csv',
    'traceability-md',
  ])
    texts.push([form, (await start(folder, ['report', 'c.json.out', '--format', form]).done).out]);
  for (const [form, text] of texts) {
    assert.match(text ?? '', /client-certificate\\?\/not-yet-valid/, form);
    assert.match(text ?? '', new RegExp(because), form);
  }
});

/** The one sentence that a subject file earns before anything is sent. */
async function refusal(file: string, credentials?: string): Promise<string> {
  try {
    await (
      await prepareSubject(join(folder, file), credentials === undefined ? {} : { credentials })
    ).close();
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error));
    assert.ok(!secrets().some((secret) => error.message.includes(secret)));
    return error.message;
  }
  throw new Error('nothing was refused');
}

test('what is wrong with one is exit 4, and nothing is written', async () => {
  await subject('bad.json', { valid, expired: pem('valid-next') });
  const ended = await run('bad.json', []);
  assert.equal(ended.code, 4, ended.out + ended.err);
  assert.match(ended.err, /bad\.json#\/credentials\/expired: is not what its name says/);
  await assertNoSecret('bad.json', ended);
  await assert.rejects(stat(join(folder, 'bad.json.out')), { code: 'ENOENT' });
  const { code, err } = await start(folder, ['run', '--credentials', 'x.json']).done;
  assert.equal(code, 4);
  assert.match(err, /--credentials: goes with a subject file/);
});

describe('the file and the pointer of what is wrong', () => {
  const table: readonly (readonly [title: string, credentials: () => Fields, says: RegExp, more?: Fields])[] =
    [
      ['no valid one', () => ({ expired: pem('expired') }), /#\/credentials\/valid: is missing/],
      [
        'no anchor of the server',
        () => ({ valid }),
        /#\/trust: is missing: with `credentials`/,
        { trust: undefined },
      ],
      [
        'an unknown name',
        () => ({ valid, expred: pem('expired') }),
        /#\/credentials\/expred: .*did you mean expired\?/,
      ],
      [
        'one that is not what its name says',
        () => ({ valid, expired: pem('valid-next') }),
        /#\/credentials\/expired: is not what its name says: its period of validity would have to be expired/,
      ],
      [
        'another name that has expired as well',
        () => ({ valid, 'wrong-name': pem('expired') }),
        /#\/credentials\/wrong-name: differs from `valid` in more than its name says: its period[\s\S]*#\/credentials\/wrong-name: is not what its name says: its name would have to be foreign/,
      ],
      [
        'valid that is expired',
        () => ({ valid: pem('expired', { ca: { file: 'own/ca.pem' } }) }),
        /#\/credentials\/valid: is out of date/,
      ],
      [
        'revoked without a CRL',
        () => ({ valid, revoked: pem('revoked') }),
        /#\/credentials\/revoked: is not shown to be revoked/,
      ],
      [
        'revoked that the CRL does not name',
        () => ({ valid, revoked: pem('valid-next', { crl: { file: 'own/crl.pem' } }) }),
        /#\/credentials\/revoked: .*its standing on the CRLs given would have to be revoked.* and is no\b/,
      ],
      [
        'expired that the CRL names as well',
        () => ({
          valid,
          expired: pem('expired'),
          'wrong-name': pem('revoked', { crl: { file: 'own/crl.pem' } }),
        }),
        /#\/credentials\/wrong-name: differs from `valid` in more .*its standing on the CRLs/,
      ],
      [
        'a key of another certificate',
        () => ({ valid, expired: pem('expired', { key: { file: 'own/valid-next.key' } }) }),
        /#\/credentials\/expired\/key: is not the private key of the certificate/,
      ],
      [
        'a key that is none',
        () => ({ valid, expired: pem('expired', { key: { file: 'own/ca.pem' } }) }),
        /#\/credentials\/expired\/key: holds no private key in PEM/,
      ],
      [
        'a file that is not there',
        () => ({ valid, expired: pem('expired', { key: { file: 'own/none.key' } }) }),
        /#\/credentials\/expired\/key: "own\/none\.key" does not exist/,
      ],
      [
        'a file outside',
        () => ({ valid, expired: pem('expired', { key: { file: '../../etc/hostname' } }) }),
        /#\/credentials\/expired\/key: /,
      ],
      [
        'a variable that the command line does not name',
        () => ({ valid, expired: pem('expired', { key: { env: 'HOME' } }) }),
        /#\/credentials\/expired\/key: the environment variable HOME is not named .*--env HOME/,
      ],
      [
        'a command in a subject file',
        () => ({ valid: { ...valid, key: { command: ['cat', '/etc/hostname'] } } }),
        /#\/credentials\/valid\/key\/command: is no known field/,
      ],
      [
        'two sources',
        () => ({ valid: { ...valid, key: { file: 'a', env: 'B' } } }),
        /#\/credentials\/valid\/key: names one of file, env/,
      ],
      [
        'neither form',
        () => ({ valid: { key: { file: 'own/valid.key' } } }),
        /#\/credentials\/valid: names either `pkcs12`, or `certificate` and `key`/,
      ],
      [
        'a passphrase that is missing',
        () => ({ valid, expired: { pkcs12: { file: 'own/expired.p12' } } }),
        /#\/credentials\/expired\/pkcs12: cannot be opened; name where its `passphrase` is/,
      ],
      [
        'a passphrase that is wrong',
        () => ({
          valid,
          expired: { pkcs12: { file: 'own/expired.p12' }, passphrase: { file: 'own/ca.pem' } },
        }),
        /#\/credentials\/expired\/pkcs12: cannot be opened with its `passphrase`/,
      ],
      [
        'the CA of valid is nowhere',
        () => ({ valid: { certificate: { file: 'own/leaf.pem' }, key: { file: 'own/valid.key' } } }),
        /#\/credentials\/valid: cannot be the measure of the others/,
      ],
    ];
  before(() => writeFile(join(folder, 'own/leaf.pem'), pki.clients.valid.certificate));
  for (const [title, credentials, says, more] of table) {
    test(title, async () => {
      await subject('bad.json', credentials(), more);
      const message = await refusal('bad.json');
      assert.match(message, says);
      assert.ok(message.includes('bad.json#'));
    });
  }
  test('a trust pack beside a valid one of another CA', async () => {
    await subject('bad.json', { valid }, { pki: 'pack' });
    await writePack(join(folder, 'pack'), {});
    assert.match(
      await refusal('bad.json'),
      /#\/credentials\/valid: a provider that trusts the CA of `valid` does not trust/,
    );
  });
  for (const [title, command, says] of [
    ['is not there', undefined, /there is no command "no-such-program-anywhere"/],
    ['fails', ['-e', 'process.exit(3)'], /failed \(exit code 3\)/],
    ['prints too much', ['-e', 'process.stdout.write("x".repeat(2e6))'], /prints more than/],
    [
      'prints another key, and says so on standard error',
      ['-e', 'console.error("SECRET-IN-STDERR"); console.log("x")'],
      /holds no private key/,
    ],
  ] as const) {
    test(`a command that ${title}`, async () => {
      await subject('bad.json', {});
      const own = {
        valid: {
          ...valid,
          key: { command: command ? [process.execPath, ...command] : ['no-such-program-anywhere'] },
        },
      };
      await writeFile(join(folder, 'commands.json'), JSON.stringify(own));
      const message = await refusal('bad.json', join(folder, 'commands.json'));
      assert.match(message, /commands\.json#\/valid\/key: /);
      assert.match(message, says);
      assert.doesNotMatch(message, /SECRET-IN-STDERR/);
    });
  }
});

const unless = opensslPath === undefined ? 'openssl is not installed' : false;
test('a CA that OpenSSL made, on other curves, with the root as issuer', { skip: unless }, async () => {
  const at = join(folder, 'ec');
  await mkdir(at);
  const openssl = (...args: readonly string[]): void =>
    void execFileSync('openssl', args, { cwd: at, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const ca = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes'];
  openssl('req', '-x509', ...ca, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/O=INT/CN=Root');
  for (const name of ['spine.int.test', 'other.int.test']) {
    const usage = 'keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth,serverAuth\n';
    await writeFile(join(at, 'ext'), `${usage}subjectAltName=DNS:${name}\n`);
    const files = ['-keyout', `${name}.key`, '-out', `${name}.csr`];
    openssl('req', ...key, ...files, '-subj', `/O=INT/CN=${name}`);
    const issue = ['-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl('x509', ...issue, '-extfile', 'ext', '-days', '5', '-out', `${name}.pem`);
  }
  const of = (name: string, more = {}) => ({
    certificate: { file: `ec/${name}.pem` },
    key: { file: `ec/${name}.key` },
    ...more,
  });
  const sound = of('spine.int.test', { ca: { file: 'ec/ca.pem' } });
  const file = join(folder, 'ec.json');
  const given = { valid: sound, 'wrong-name': of('other.int.test') };
  const { clients } = await readCredentials({ file, credentials: given }, {}, undefined);
  assert.deepEqual(Object.keys(clients).sort(), [
    'self-signed',
    'tampered-signature',
    'unknown-issuer',
    'valid',
    'wrong-issuer',
    'wrong-issuer-with-root',
    'wrong-name',
  ]);
  await assert.rejects(
    readCredentials({ file, credentials: { ...given, expired: of('other.int.test') } }, {}, undefined),
    /#\/credentials\/expired: is not what its name says/,
  );
});

describe('PKCS#12', () => {
  test('what is put in comes out, byte for byte', () => {
    for (const name of keptNames) {
      if (name === 'p-256' || name === 'v1' || name === 'mismatched-algorithm') continue; // forge writes none of these
      const { certificate, key, chain } = pki.clients[name];
      const opened = openStore(keyStore(pki.clients[name], 'x'), 'x');
      assert.ok(typeof opened === 'object', name);
      assert.deepEqual([opened.certificates, opened.key], [[certificate, ...chain], key], name);
    }
  });
  const skip = opensslPath === undefined ? 'openssl is not installed' : false;
  for (const [name, flags] of [
    ['valid', []],
    ['p-256', []],
    ['valid', ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
  ] as const) {
    test(`as OpenSSL writes it: ${name} ${flags.join(' ')}`, { skip }, () => {
      const args = ['pkcs12', '-export', '-in', `${name}.pem`, '-inkey', `${name}.key`];
      const bytes = execFileSync('openssl', [...args, '-passout', 'pass:x', ...flags], {
        cwd: join(folder, 'own'),
      });
      const opened = openStore(bytes, 'x');
      assert.ok(typeof opened === 'object', String(opened));
      const { certificate, key, chain } = pki.clients[name];
      assert.deepEqual([...opened.certificates].sort(), [certificate, ...chain].sort());
      assert.equal(opened.key, key);
      assert.equal(openStore(bytes, 'y'), 'wrong-passphrase');
    });
  }
  test('what is none', () => {
    assert.equal(openStore(Buffer.from('nothing'), 'x'), 'unreadable');
  });
});
