import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  battery,
  createHierarchy,
  credentialNames,
  keptNames,
  type CredentialName,
  type Hierarchy,
} from '../../certs/index.ts';
import * as x509 from '../../certs/x509.ts';
import { opensslPath } from './openssl.ts';

/** Each credential is wrong in exactly the thing that its name says, on OpenSSL's word. */

const skip = opensslPath === undefined ? 'openssl is not installed' : false;
let pki: Hierarchy;
let folder: string;
before(async () => {
  pki = await createHierarchy();
  folder = await mkdtemp(join(tmpdir(), 'assay-battery-'));
  const files = [
    ['ca', `${pki.root}${pki.sub}`],
    ['crl', pki.crls.join('')],
    ...credentialNames.flatMap((name) => {
      const credential = pki.clients[name];
      assert.ok(credential);
      return [
        [name, credential.certificate],
        [`${name}.chain`, credential.chain.join('')],
      ];
    }),
  ];
  await Promise.all(files.map(([name = '', text = '']) => writeFile(join(folder, name), text)));
});
after(() => rm(folder, { recursive: true, force: true }));

/** What OpenSSL objects to, as `number@depth` in order; empty: nothing. */
function objections(name: CredentialName, options: readonly string[], anchors = 'ca'): Promise<string> {
  const chain = anchors === 'ca' && pki.clients[name]?.chain.length ? ['-untrusted', `${name}.chain`] : [];
  const args = ['verify', ...options, '-CAfile', anchors, ...chain, name];
  return new Promise((resolve) =>
    execFile('openssl', args, { cwd: folder }, (_error, stdout, stderr) => {
      const said = `${stdout}${stderr}`;
      const found = [...said.matchAll(/error (\d+) at (\d+) depth/g)].map(
        ([, code, depth]) => `${code}@${depth}`,
      );
      resolve(found.length > 0 || said.includes(': OK') ? found.sort().join(' ') : said);
    }),
  );
}

const FULL = ['-auth_level', '2', '-crl_check_all', '-CRLfile', 'crl', '-purpose', 'sslclient'] as const;
const without = (...flags: readonly string[]): readonly string[] => {
  const kept: string[] = [];
  for (let at = 0; at < FULL.length; at += 1) {
    const flag = FULL[at] ?? '';
    if (!flags.includes(flag)) kept.push(flag);
    else if (flag !== '-crl_check_all') at += 1;
  }
  return kept;
};
/** Options under which OpenSSL objects to nothing any more. */
const EXCUSE = {
  time: [...FULL, '-no_check_time'],
  revocation: without('-crl_check_all'),
  purpose: without('-purpose'),
  critical: [...FULL, '-ignore_critical'],
  strength: [...without('-auth_level'), '-auth_level', '0'],
} as const;
/** The certificate as its own anchor: nothing above it is looked at, and its own signature is not. */
const ALONE = ['-partial_chain', '-purpose', 'sslclient'];

type Row = readonly [name: CredentialName, objection: string, excuse: keyof typeof EXCUSE | 'alone' | 'none'];
/** INVALID_CA, INVALID_PURPOSE and KEYUSAGE_NO_CERTSIGN of the issuer: three ways to say that it is no CA. */
const NO_CA = '26@1 79@1';
const table: readonly Row[] = [
  ['expired', '10@0', 'time'],
  ['expired-second', '10@0', 'time'],
  ['expired-years', '10@0', 'time'],
  ['not-yet-valid', '9@0', 'time'],
  ['not-yet-valid-minute', '9@0', 'time'],
  ['not-yet-valid-years', '9@0', 'time'],
  ['revoked', '23@0', 'revocation'],
  ['revoked-on-hold', '23@0', 'revocation'],
  ['revoked-without-reason', '23@0', 'revocation'],
  ['tampered-signature', '7@0', 'alone'],
  ['mismatched-algorithm', '7@0', 'alone'],
  ['self-signed', '18@0 3@0', 'alone'],
  ['wrong-issuer', '7@0', 'alone'],
  ['wrong-issuer-with-root', '7@0', 'alone'],
  ['unknown-issuer', '20@0', 'alone'],
  ['issued-by-leaf', `${NO_CA.replace(' ', ' 32@1 ')}`, 'alone'],
  ['sub-without-ca-bit', NO_CA, 'alone'],
  ['sub-without-constraints', '79@1', 'alone'],
  ['sub-without-cert-sign', `${NO_CA.replace(' ', ' 32@1 ')}`, 'alone'],
  ['path-length-exceeded', '25@2', 'alone'],
  ['sub-tampered-signature', '7@1', 'alone'],
  ['sub-expired', '10@1', 'time'],
  ['sub-not-yet-valid', '9@1', 'time'],
  ['sub-revoked', '23@1', 'revocation'],
  ['sub-unknown-critical-extension', '34@1', 'critical'],
  ['server-auth-only', '26@0', 'purpose'],
  ['email-protection-only', '26@0', 'purpose'],
  ['no-digital-signature', '26@0', 'purpose'],
  ['unknown-critical-extension', '34@0', 'critical'],
  ['any-eku', '26@0', 'purpose'],
  // OpenSSL caches no extension of such a certificate, and finds no issuer for it.
  ['duplicate-extension', '20@0', 'none'],
  ['empty-eku', '26@0', 'purpose'],
  ['critical-aia', '34@0', 'critical'],
  ['sub-without-crl-sign', '35@0', 'revocation'],
  ['sub-crl-number-critical', '36@0', 'revocation'],
  ['sub-permits-another-name', '47@0', 'alone'],
  ['sub-permits-another-directory', '47@0', 'alone'],
  ['sub-excludes-name', '48@0', 'alone'],
  ['rsa-1024', '66@0', 'strength'],
  ['sha-1', '68@0', 'strength'],
  ['md5', '68@0', 'strength'],
];

describe('wrong in one thing', { skip, concurrency: 4 }, () => {
  for (const [name, objection, excuse] of table) {
    test(`${name}: ${objection}`, async () => {
      assert.equal(await objections(name, FULL), objection);
      if (excuse === 'alone') assert.equal(await objections(name, ALONE, name), '');
      else if (excuse !== 'none') assert.equal(await objections(name, EXCUSE[excuse]), '');
    });
  }
  const sound = credentialNames.filter((name) => !table.some(([known]) => known === name));
  for (const name of sound) {
    test(`${name}: sound`, async () => assert.equal(await objections(name, FULL), ''));
  }
  test('what is sound and has to be refused is refused for its name', () => {
    const named = sound.filter((name) => battery[name].group === 'refused');
    assert.ok(named.length >= 12);
    assert.deepEqual(
      named.filter((name) => !('naming' in battery[name])),
      [],
    );
  });
});

test('at least sixty, each with a title of its own', () => {
  assert.ok(keptNames.length >= 60, String(keptNames.length));
  assert.equal(new Set(Object.values(battery).map(({ title }) => title)).size, credentialNames.length);
});

test('only what is about names has another name', () => {
  const own = (pem: string) => {
    const { subject, subjectAltName } = new X509Certificate(pem);
    return [subject, subjectAltName];
  };
  const expected = own(pki.clients.valid.certificate);
  assert.deepEqual(expected, [`O=nhs\nOU=Devices\nCN=${pki.ssp}`, `DNS:${pki.ssp}`]);
  for (const name of credentialNames) {
    const names = own(pki.clients[name]?.certificate ?? '');
    if ('naming' in battery[name]) assert.notDeepEqual(names, expected, name);
    else if (name !== 'v1') assert.deepEqual(names, expected, name);
  }
});

test('a name that has to be refused is neither the common name nor an alternative name', () => {
  for (const name of credentialNames) {
    if (battery[name].group !== 'refused' || !('naming' in battery[name])) continue;
    const certificate = new x509.X509Certificate(pki.clients[name]?.certificate ?? '');
    const san = certificate.getExtension(x509.SubjectAlternativeNameExtension);
    const names = [
      ...certificate.subjectName.getField('CN'),
      ...(san?.names.items ?? []).filter(({ type }) => type === 'dns').map(({ value }) => value),
    ];
    assert.ok(!names.includes(pki.ssp), `${name}: ${names.join(', ')}`);
  }
});

test('every key answers for its certificate', () => {
  for (const name of credentialNames) {
    const { certificate = '', key = '' } = pki.clients[name] ?? {};
    assert.ok(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)), name);
  }
});

test('what is made anew is made each time, the rest once', () => {
  assert.notEqual(pki.clients['expired-second'], pki.clients['expired-second']);
  assert.equal(pki.clients.expired, pki.clients.expired);
});

test('not yet valid stays so for the whole life of what is good', () => {
  const { validFrom } = new X509Certificate(pki.clients['not-yet-valid'].certificate);
  assert.ok(new Date(validFrom) > pki.notAfter);
  const [early = ''] = pki.clients['sub-not-yet-valid'].chain;
  assert.ok(new Date(new X509Certificate(early).validFrom) > pki.notAfter);
});
