import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { serialNumber } from '../../certs/authority.ts';
import { createHierarchy, type Hierarchy } from '../../certs/index.ts';

/** The hierarchy on OpenSSL's word; each credential for itself is in `battery.test.ts`. */

const folder = mkdtempSync(join(tmpdir(), 'assay-certs-'));
after(() => rmSync(folder, { recursive: true }));
let pki: Hierarchy;
before(async () => {
  pki = await createHierarchy();
  writeFileSync(join(folder, 'root'), pki.root);
  writeFileSync(join(folder, 'crl'), pki.crls.join(''));
  for (const [name, { certificate, chain }] of Object.entries(pki.clients)) {
    writeFileSync(join(folder, name), certificate);
    writeFileSync(join(folder, `${name}.chain`), chain.join(''));
  }
  writeFileSync(join(folder, 'provider'), pki.provider.certificate);
  writeFileSync(join(folder, 'provider.chain'), pki.provider.chain.join(''));
});

const openssl = (...args: readonly string[]): string => {
  const { stdout, stderr, error } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  if (error) throw new Error(`openssl is needed for this test: ${error.message}`);
  return `${stdout}${stderr}`;
};
/** OpenSSL's error number for a chain, or `OK`. */
function verify(name: string, purpose: string, ...more: readonly string[]): string {
  const chain = name === 'self-signed' ? [] : ['-untrusted', `${name}.chain`];
  const said = openssl('verify', '-purpose', purpose, '-CAfile', 'root', ...chain, ...more, name);
  return /error (\d+) at/.exec(said)?.[1] ?? (said.includes(': OK') ? 'OK' : said);
}
const REVOCATION = ['-crl_check_all', '-CRLfile', 'crl'] as const;

describe('vouched for by nobody', () => {
  test('self-signed: 18, and nothing against it as its own anchor', () => {
    assert.equal(verify('self-signed', 'sslclient'), '18');
    const said = openssl('verify', '-purpose', 'sslclient', '-CAfile', 'self-signed', 'self-signed');
    assert.match(said, /OK/);
  });
  test('wrong-issuer: the names and key identifiers of the real one, the signature of another', () => {
    const rogue = new X509Certificate(pki.clients['wrong-issuer'].certificate);
    const valid = new X509Certificate(pki.clients.valid.certificate);
    assert.equal(rogue.issuer, valid.issuer);
    assert.equal(rogue.subject, valid.subject);
    const identifiers = (pem: string) => {
      writeFileSync(join(folder, 'one'), pem);
      return openssl('x509', '-in', 'one', '-noout', '-ext', 'subjectKeyIdentifier,authorityKeyIdentifier');
    };
    assert.equal(identifiers(pki.clients['wrong-issuer'].chain[0] ?? ''), identifiers(pki.sub));
    assert.equal(rogue.verify(new X509Certificate(pki.sub).publicKey), false);
    assert.equal(valid.verify(new X509Certificate(pki.sub).publicKey), true);
    assert.notEqual(verify('wrong-issuer', 'sslclient'), 'OK');
  });
});

test("the provider's certificate is for servers and carries its hosts", () => {
  assert.equal(verify('provider', 'sslserver', ...REVOCATION), 'OK');
  assert.notEqual(verify('provider', 'sslclient'), 'OK');
  const { subjectAltName, publicKey } = new X509Certificate(pki.provider.certificate);
  assert.equal(subjectAltName, 'DNS:localhost, IP Address:127.0.0.1');
  assert.equal(publicKey.asymmetricKeyDetails?.modulusLength, 2048);
});

test('nobody can mistake the CAs for the real ones', () => {
  for (const pem of [pki.root, pki.sub]) {
    assert.match(
      new X509Certificate(pem).subject,
      /O=Assay\nOU=Test CA \(not NHS\)\nCN=Assay Test \w+ CA until \d{4}-\d\d-\d\d/,
    );
  }
  const constraints = (file: string) => openssl('x509', '-in', file, '-noout', '-ext', 'basicConstraints');
  assert.match(constraints('root'), /CA:TRUE, pathlen:2/);
  assert.match(constraints('valid.chain'), /CA:TRUE, pathlen:0/);
});

test('the CRLs are read by OpenSSL, signed by their CAs and numbered', () => {
  // No entry; the reasons in the order of the entries.
  const [root, sub, ...others] = pki.crls;
  const read = (crl: string, issuer: string): readonly string[] => {
    writeFileSync(join(folder, 'one'), crl);
    writeFileSync(join(folder, 'issuer'), issuer);
    const said = openssl('crl', '-in', 'one', '-noout', '-text', '-CAfile', 'issuer', '-verify');
    assert.match(said, /verify OK/);
    assert.equal(/X509v3 CRL Number:/.test(said), !/CN = .* unnumbered /.test(said));
    return [...said.matchAll(/Serial Number: \w+|Key Compromise|Certificate Hold/g)].map(([each]) =>
      each.startsWith('Serial') ? 'entry' : each,
    );
  };
  assert.deepEqual(read(root, pki.root), ['entry', 'Key Compromise']);
  assert.deepEqual(read(sub, pki.sub), ['entry', 'Key Compromise', 'entry', 'Certificate Hold', 'entry']);
  const subs = new Map(
    Object.values(pki.clients)
      .flatMap(({ chain }) => chain)
      .map((pem) => [new X509Certificate(pem).subject, pem]),
  );
  for (const crl of others) {
    writeFileSync(join(folder, 'one'), crl);
    const name = /CN = (.*)/.exec(openssl('crl', '-in', 'one', '-noout', '-issuer'))?.[1] ?? '';
    const issuer = [...subs].find(([subject]) => subject.includes(`CN=${name}`))?.[1] ?? '';
    assert.deepEqual(read(crl, issuer), []);
  }
});

test('serial numbers are positive and minimal, always', () => {
  for (let round = 0; round < 1_000; round += 1) {
    const first = Number.parseInt(serialNumber().slice(0, 2), 16);
    assert.ok(first >= 0x40 && first < 0x80, String(first));
  }
});

test('a revocation URL is named in the leaves', async () => {
  const { clients } = await createHierarchy({ revocation: new URL('http://127.0.0.1:9999/pki') });
  writeFileSync(join(folder, 'one'), clients.valid.certificate);
  const said = openssl('x509', '-in', 'one', '-noout', '-text');
  assert.match(said, /URI:http:\/\/127\.0\.0\.1:9999\/pki\/sub\.crl/);
  assert.match(said, /OCSP - URI:http:\/\/127\.0\.0\.1:9999\/pki\/ocsp/);
});
