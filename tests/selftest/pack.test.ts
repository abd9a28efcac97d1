import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { createAuthorities } from '../../certs/index.ts';
import { readPack, validity } from '../../certs/pack-read.ts';
import { renewPack, writePack } from '../../certs/pack.ts';
import type { PackManifest } from '../../certs/pack-manifest.ts';

let folder: string;
let pack: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-pack-'));
  pack = join(folder, 'pki');
  await writePack(pack, { hosts: ['provider.test'] });
});
after(() => rm(folder, { recursive: true, force: true }));

const tool = (program: string, ...args: readonly string[]): string => {
  const { stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (error) throw new Error(`${program} is needed for this test: ${error.message}`);
  return `${stdout}${stderr}`;
};
const manifestOf = async (dir: string) =>
  JSON.parse(await readFile(join(dir, 'pki.json'), 'utf8')) as PackManifest;
const copy = async (name: string): Promise<string> => {
  const dir = join(folder, name);
  tool('cp', '-a', pack, dir);
  return dir;
};
const refusal = async (work: Promise<unknown>): Promise<ConfigurationError> => {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error));
    assert.doesNotMatch(error.message, /PRIVATE KEY|MII/);
    return error;
  }
  throw new Error('nothing was refused');
};

test('the layout is the documented one, and secrets are secret', async () => {
  assert.deepEqual((await readdir(pack)).sort(), ['authority', 'clients', 'pki.json', 'provider']);
  // prettier-ignore
  assert.deepEqual((await readdir(join(pack, 'provider'))).sort(), [
    'INSTALL.md', 'ca.pem', 'crl.pem', 'provider.key', 'provider.p12', 'provider.pem', 'root.pem', 'sub.pem', 'trust.p12',
  ]);
  const mode = async (name: string) => (await stat(join(pack, name))).mode & 0o777;
  for (const name of ['.', 'provider', 'clients', 'authority']) assert.equal(await mode(name), 0o700, name);
  for (const name of [
    'provider/provider.key',
    'provider/provider.p12',
    'clients/valid.key',
    'authority/root.key',
  ]) {
    assert.equal(await mode(name), 0o600, name);
  }
  assert.deepEqual((await readdir(folder)).sort(), ['pki'], 'nothing half-written stands beside it');
});

test('the inventory names every file but itself', async () => {
  const { inventory, ssp, host } = await manifestOf(pack);
  const files = (await readdir(pack, { recursive: true, withFileTypes: true }))
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name).slice(pack.length + 1));
  assert.deepEqual(
    inventory.map(({ file }) => file).sort(),
    files.filter((file) => file !== 'pki.json').sort(),
  );
  assert.deepEqual([ssp, host], ['ssp.assay.test', ['provider.test']]);
  assert.ok(inventory.every(({ share, file }) => share === file.startsWith('provider/')));
});

test('Java reads both stores, OpenSSL the key store', async () => {
  const trust = tool(
    'keytool',
    '-list',
    '-keystore',
    join(pack, 'provider/trust.p12'),
    '-storepass',
    'changeit',
  );
  assert.match(trust, /assay-root, .*trustedCertEntry/);
  assert.match(trust, /assay-sub, .*trustedCertEntry/);
  const guide = await readFile(join(pack, 'provider/INSTALL.md'), 'utf8');
  const password = /provider\.p12` \| both as PKCS#12[^`]*`([^`]+)`/.exec(guide)?.[1] ?? '';
  assert.match(
    tool('keytool', '-list', '-keystore', join(pack, 'provider/provider.p12'), '-storepass', password),
    /PrivateKeyEntry/,
  );
  const read = tool(
    'openssl',
    'pkcs12',
    '-in',
    join(pack, 'provider/provider.p12'),
    '-passin',
    `pass:${password}`,
    '-nodes',
  );
  assert.match(read, /BEGIN PRIVATE KEY/);
});

test('a pack that is read is the pack that was written', async () => {
  const read = await readPack(pack);
  assert.deepEqual(read.hosts, ['provider.test']);
  assert.match(new X509Certificate(read.provider.certificate).subjectAltName ?? '', /DNS:provider\.test/);
  assert.equal(read.clients['wrong-issuer'].chain.length, 1);
  assert.equal(read.crls.length, 21);
});

test('renewing keeps the CAs, and replaces the rest', async () => {
  const dir = await copy('renewed');
  const [before_, old] = [await readPack(dir), await manifestOf(dir)];
  const { sameAuthorities } = await renewPack(dir, { days: 30 });
  const after_ = await readPack(dir);
  assert.equal(sameAuthorities, true);
  assert.equal(after_.root, before_.root);
  assert.notEqual(after_.clients.valid.certificate, before_.clients.valid.certificate);
  assert.ok(Date.parse((await manifestOf(dir)).notAfter) < Date.parse(old.notAfter));
  assert.equal(
    new X509Certificate(after_.clients.valid.certificate).verify(new X509Certificate(before_.sub).publicKey),
    true,
  );
});

test('CAs that would not last are made anew', async () => {
  const dir = join(folder, 'ageing');
  await writePack(dir, { authorities: await createAuthorities(new Date(Date.now() - 300 * 86_400_000)) });
  const { root } = await readPack(dir);
  assert.equal((await renewPack(dir, { days: 60 })).sameAuthorities, true);
  assert.equal((await readPack(dir)).root, root);
  assert.equal((await renewPack(dir, { days: 90 })).sameAuthorities, false);
  assert.notEqual((await readPack(dir)).root, root);
});

describe('a request signed', () => {
  test('the key never leaves the provider', async () => {
    // prettier-ignore
    tool('openssl', 'req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'own.key', '-subj', '/CN=own.test', '-out', 'own.csr');
    const dir = join(folder, 'requested');
    await writePack(dir, { csr: await readFile(join(folder, 'own.csr'), 'utf8') });
    assert.ok(
      !existsSync(join(dir, 'provider/provider.key')) && !existsSync(join(dir, 'provider/provider.p12')),
    );
    const key = tool('openssl', 'pkey', '-in', 'own.key', '-pubout');
    assert.equal(
      tool('openssl', 'x509', '-in', join(dir, 'provider/provider.pem'), '-noout', '-pubkey'),
      key,
    );
    assert.deepEqual((await readPack(dir)).hosts, ['own.test']);
    await renewPack(dir, {});
    assert.equal(
      tool('openssl', 'x509', '-in', join(dir, 'provider/provider.pem'), '-noout', '-pubkey'),
      key,
    );
  });
  test('garbage, a weak key and a broken signature are refused', async () => {
    const made = (bits: number) => {
      // prettier-ignore
      tool('openssl', 'req', '-new', '-newkey', `rsa:${bits}`, '-nodes', '-keyout', '/dev/null', '-subj', '/CN=x.test', '-out', 'x.csr');
      return readFile(join(folder, 'x.csr'), 'utf8');
    };
    const refused = async (csr: string) => (await refusal(writePack(join(folder, 'never'), { csr }))).message;
    assert.match(await refused('nonsense'), /^--csr: .*no certificate signing request/);
    assert.match(await refused(await made(1024)), /RSA 1024 is too weak/);
    const text = await made(2048);
    const body = text.replace(/-----[^-]+-----|\s/g, '');
    const der = Buffer.from(body, 'base64');
    der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1);
    const broken = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    assert.match(await refused(broken), /not signed by the key in it/);
    assert.ok(!existsSync(join(folder, 'never')));
  });
});

describe('one clear error, naming the file', () => {
  test('a directory that is there already', async () => {
    assert.match(
      (await refusal(writePack(pack, {}))).message,
      /--out: .* is there already; --renew renews it/,
    );
  });
  test('no pack', async () => {
    assert.match((await refusal(readPack(folder))).message, /is no trust pack/);
    assert.match((await refusal(readPack(join(folder, 'absent')))).message, /is no trust pack/);
    assert.match((await refusal(renewPack(join(folder, 'absent'), {}))).message, /is no trust pack/);
  });
  const table: readonly (readonly [file: string, content: string | undefined, says: RegExp])[] = [
    ['pki.json', '{', /pki\.json: is no description/],
    ['pki.json', '{"ssp":1}', /pki\.json: is no description/],
    ['clients/valid.pem', undefined, /clients\/valid\.pem: is missing/],
    [
      'clients/valid.pem',
      '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
      /clients\/valid\.pem: holds no readable certificate/,
    ],
    ['clients/revoked.key', 'nonsense', /clients\/revoked\.key: holds no readable private key/],
    ['provider/crl.pem', 'nonsense', /provider\/crl\.pem: does not hold the CRL of every CA/],
    ['provider/root.pem', '', /provider\/root\.pem: holds no readable certificate/],
  ];
  for (const [at, [file, content, says]] of table.entries()) {
    test(`${file} ${content === undefined ? 'missing' : 'damaged'} (${at})`, async () => {
      const dir = await copy(`damaged-${at}`);
      if (content === undefined) await rm(join(dir, file));
      else await writeFile(join(dir, file), content);
      const { message } = await refusal(readPack(dir));
      assert.match(message, says);
      assert.match(message, /assay pki --out .* --renew/);
    });
  }
  test('a pack of an older version', async () => {
    const dir = await copy('older');
    const manifest = await manifestOf(dir);
    const inventory = manifest.inventory.filter(({ file }) => file !== 'clients/name-nul.pem');
    await writeFile(join(dir, 'pki.json'), JSON.stringify({ ...manifest, inventory }));
    assert.match(
      (await refusal(readPack(dir))).message,
      /made by an older version, which had no credential `name-nul`; `assay pki --out .* --renew` renews it/,
    );
  });
  test("a key that is another certificate's", async () => {
    const dir = await copy('swapped');
    await writeFile(
      join(dir, 'clients/valid.key'),
      await readFile(join(dir, 'provider/provider.key'), 'utf8'),
    );
    assert.match(
      (await refusal(readPack(dir))).message,
      /clients\/valid\.key: is not the key of clients\/valid\.pem/,
    );
  });
  test('a key that others can read', async () => {
    const dir = await copy('open');
    await chmod(join(dir, 'clients/valid.key'), 0o644);
    assert.match(
      (await refusal(readPack(dir))).message,
      /others can read this private key; type `chmod 600 .*valid\.key`/,
    );
  });
  test('a pack that has expired', async () => {
    const dir = await copy('expired');
    const manifest = await manifestOf(dir);
    await writeFile(
      join(dir, 'pki.json'),
      JSON.stringify({ ...manifest, notAfter: '2026-01-01T00:00:00.000Z' }),
    );
    assert.match(
      (await refusal(readPack(dir))).message,
      /expired on 2026-01-01; `assay pki --out .* --renew` renews it/,
    );
  });
  test('the last day is told apart', () => {
    const notAfter = new Date('2027-01-10T00:00:00Z');
    assert.equal(validity({ notAfter }, new Date('2027-01-08T23:59:59Z')), 'good');
    assert.equal(validity({ notAfter }, new Date('2027-01-09T00:00:00Z')), 'last-day');
    assert.equal(validity({ notAfter }, new Date('2027-01-10T00:00:00Z')), 'expired');
  });
  test('a renewal that fails leaves the old pack as it was', async () => {
    const dir = await copy('kept');
    const before_ = await readPack(dir);
    await assert.rejects(renewPack(dir, { hosts: ['not an address\u{0}'.repeat(20_000)], days: Number.NaN }));
    assert.deepEqual(await readPack(dir), before_);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes('.draft')),
      [],
    );
  });
});
