import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { credentialNames, type CredentialName, type Hierarchy } from '../../certs/index.ts';
import { trustOf } from '../../mocks/provider/path-certificate.ts';
import type { Flaw } from '../../mocks/provider/path-flaws.ts';
import { pathOf } from '../../mocks/provider/path.ts';
import { opensslPath } from './openssl.ts';
import { hierarchy } from './stand.ts';

/** The stand-ins validate paths by rules of their own, so that one can be left out: OpenSSL has to agree with the whole. */

const skip = opensslPath === undefined ? 'openssl is not installed' : false;

/** What OpenSSL says of each flaw: its error (`X509_V_ERR_…`), at the depth of the certificate that it is in. */
const SAYS: Readonly<Record<Flaw, string>> = {
  'leaf/expired': '10@0',
  'leaf/expired-just-now': '10@0',
  'leaf/expired-years-ago': '10@0',
  'leaf/not-yet-valid': '9@0',
  'leaf/not-yet-valid-nearly': '9@0',
  'leaf/not-yet-valid-for-years': '9@0',
  'leaf/revoked': '23@0',
  'leaf/revoked-on-hold': '23@0',
  'leaf/revoked-without-reason': '23@0',
  'leaf/signature': '7@0',
  'leaf/mismatched-algorithm': '7@0',
  'leaf/unknown-critical-extension': '34@0',
  'leaf/issued-for-servers': '26@0',
  'leaf/issued-for-another-purpose': '26@0',
  'leaf/may-not-sign': '26@0',
  'leaf/self-signed': '18@0',
  'leaf/duplicate-extension': '20@0',
  'leaf/no-purpose': '26@0',
  'leaf/unknown-issuer': '20@0',
  'ca/expired': '10@1',
  'ca/not-yet-valid': '9@1',
  'ca/revoked': '23@1',
  'ca/signature': '7@1',
  'ca/unknown-critical-extension': '34@1',
  'ca/no-ca-bit': '79@1',
  'ca/no-constraints': '79@1',
  'ca/no-cert-sign': '32@1',
  'ca/path-length': '25@2',
  'ca/untrusted-root': '19@2',
  'ca/names-not-permitted': '47@0',
  'ca/names-excluded': '48@0',
  'ca/no-crl-sign': '35@0',
  'ca/crl-unknown-critical-extension': '36@0',
  'weak/key': '66@0',
  'weak/sha-1': '68@0',
  'weak/md5': '68@0',
};
/** OpenSSL builds one path, of what it trusts first: it meets the real sub, whose signature the rogue's is not. */
const OTHERWISE: Readonly<Partial<Record<CredentialName, string>>> = {
  'wrong-issuer': '7@0',
  'wrong-issuer-with-root': '7@0',
};

let pki: Hierarchy;
let folder: string;
before(async () => {
  pki = await hierarchy;
  folder = await mkdtemp(join(tmpdir(), 'assay-path-'));
  await writeFile(join(folder, 'ca'), `${pki.root}${pki.sub}`);
  await writeFile(join(folder, 'crl'), pki.crls.join(''));
});
after(() => rm(folder, { recursive: true, force: true }));

async function objections(name: string, chain: readonly string[]): Promise<readonly string[]> {
  await writeFile(join(folder, name), chain[0] ?? '');
  await writeFile(join(folder, `${name}.chain`), chain.slice(1).join(''));
  const policy = ['-auth_level', '2', '-crl_check_all', '-CRLfile', 'crl', '-purpose', 'sslclient'];
  const args = [
    'verify',
    ...policy,
    '-CAfile',
    'ca',
    ...(chain.length > 1 ? ['-untrusted', `${name}.chain`] : []),
    name,
  ];
  return new Promise((resolve) =>
    execFile('openssl', args, { cwd: folder }, (_error, stdout, stderr) => {
      const said = `${stdout}${stderr}`;
      assert.ok(/: OK|error \d+ at/.test(said), said);
      resolve([...said.matchAll(/error (\d+) at (\d+) depth/g)].map(([, code, at]) => `${code}@${at}`));
    }),
  );
}

describe('path validation agrees with `openssl verify`', { skip, concurrency: 4 }, () => {
  for (const name of credentialNames) {
    test(name, async () => {
      const { certificate = '', chain = [] } = pki.clients[name] ?? {};
      const sent = [certificate, ...chain];
      const { flaws, traits } = pathOf(
        sent.map((pem) => new X509Certificate(pem).raw),
        trustOf(pki),
      );
      const said = await objections(name, sent);
      if (name === 'any-eku') {
        // For OpenSSL's purpose `sslclient` any purpose is not enough (RFC 5280 §4.2.1.12 leaves it to the application).
        assert.deepEqual([flaws, traits, said], [[], ['no-client-purpose'], ['26@0']]);
        return;
      }
      if (name === 'critical-aia') {
        // A validator may know it (RFC 5280 §4.2.2.1), and OpenSSL does not.
        assert.deepEqual([flaws, traits, said], [[], ['critical-access'], ['34@0']]);
        return;
      }
      assert.equal(flaws.length === 0, said.length === 0, `${flaws.join()} against ${said.join()}`);
      for (const flaw of flaws) {
        assert.ok(said.includes(OTHERWISE[name] ?? SAYS[flaw]), `${flaw}: ${said.join()}`);
      }
    });
  }
});
