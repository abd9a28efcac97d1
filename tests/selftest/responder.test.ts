import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createHierarchy, type Authorities, type Hierarchy, type KeptName } from '../../certs/index.ts';
import {
  asked,
  bookOf,
  startRevocation,
  type OcspBehaviour,
  type Revocation,
} from '../../mocks/revocation/index.ts';
import { opensslPath } from './openssl.ts';

/** OCSP and CRLs as OpenSSL sees them, which nobody here wrote. */

let pki: Hierarchy & { authorities: Authorities };
let revocation: Revocation;
let folder: string;
const serial = (pem: string): string => new X509Certificate(pem).serialNumber;
const leaf = (name: KeptName = 'valid') => ({
  issuer: 'sub',
  serial: serial(pki.clients[name].certificate),
});

before(async () => {
  pki = await createHierarchy();
  revocation = await startRevocation({ book: bookOf(pki.authorities, pki), slow: 150 });
  folder = await mkdtemp(join(tmpdir(), 'assay-responder-'));
  const files = {
    'root.pem': pki.root,
    'sub.pem': pki.sub,
    'valid.pem': pki.clients.valid.certificate,
    'revoked.pem': pki.clients.revoked.certificate,
    'expired.pem': pki.clients.expired.certificate,
    'sibling.pem': pki.clients['sibling-sub'].certificate,
    'second.pem': pki.clients['sibling-sub'].chain[0] ?? '',
    'orphan.pem': pki.clients['sub-revoked'].certificate,
    'banned.pem': pki.clients['sub-revoked'].chain[0] ?? '',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
});
after(async () => {
  await revocation.close();
  await rm(folder, { recursive: true, force: true });
});

const openssl = (...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> =>
  new Promise((done) => {
    execFile(opensslPath ?? 'openssl', [...args], { cwd: folder, timeout: 20_000 }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code ?? 1) : 0, text: `${stderr}${stdout}` }),
    );
  });
/** Asks as `openssl ocsp` does: SHA-1 CertID, a nonce, by POST. */
const ask = (certificate: string, ...more: readonly string[]) =>
  openssl(
    ...['ocsp', '-issuer', 'sub.pem', '-cert', certificate, '-url', `${revocation.url.href}ocsp`],
    ...['-CAfile', 'root.pem', '-verify_other', 'sub.pem', '-timeout', '5', ...more],
  );
const as = async (behaviour: OcspBehaviour, certificate = 'valid.pem'): Promise<string> => {
  revocation.book.behave(leaf(), behaviour);
  try {
    return (await ask(certificate)).text;
  } finally {
    revocation.book.behave(leaf(), 'honest');
  }
};

const skip = opensslPath === undefined ? 'openssl is not installed (apt-get install openssl)' : false;

describe('the responder, asked by OpenSSL', { skip }, () => {
  test('good and revoked, signed by a delegate, nonce echoed', async () => {
    const good = (await ask('valid.pem')).text;
    assert.match(good, /Response verify OK/);
    assert.match(good, /valid\.pem: good/);
    assert.doesNotMatch(good, /nonce/i); // OpenSSL warns of one that is missing or another
    const revoked = (await ask('revoked.pem')).text;
    assert.match(revoked, /revoked\.pem: revoked[^]*keyCompromise/);
  });
  for (const hash of ['sha256', 'sha384', 'sha512']) {
    test(`a CertID by ${hash}`, async () => {
      const { text } = await openssl(
        ...[
          'ocsp',
          `-${hash}`,
          '-issuer',
          'sub.pem',
          '-cert',
          'valid.pem',
          '-url',
          `${revocation.url.href}ocsp`,
        ],
        ...['-CAfile', 'root.pem', '-verify_other', 'sub.pem'],
      );
      assert.match(text, /Response verify OK[^]*valid\.pem: good/);
    });
  }
  test('several certificates in one request; the sub CA by its own issuer', async () => {
    const { text } = await ask('valid.pem', '-cert', 'revoked.pem');
    assert.match(text, /valid\.pem: good[^]*revoked\.pem: revoked/);
    const sub = await openssl(
      ...['ocsp', '-issuer', 'root.pem', '-cert', 'sub.pem', '-url', `${revocation.url.href}ocsp`],
      ...['-CAfile', 'root.pem'],
    );
    assert.match(sub.text, /Response verify OK[^]*sub\.pem: good/);
  });
  test('any other CA under the root: what it issued, and it itself by the root', async () => {
    const about = async (issuer: string, certificate: string): Promise<string> =>
      (
        await openssl(
          ...['ocsp', '-issuer', issuer, '-cert', certificate, '-url', `${revocation.url.href}ocsp`],
          ...['-CAfile', 'root.pem', '-verify_other', issuer],
        )
      ).text;
    assert.match(await about('second.pem', 'sibling.pem'), /Response verify OK[^]*sibling\.pem: good/);
    assert.match(await about('root.pem', 'second.pem'), /Response verify OK[^]*second\.pem: good/);
    assert.match(await about('banned.pem', 'orphan.pem'), /orphan\.pem: good/);
    assert.match(await about('root.pem', 'banned.pem'), /Response verify OK[^]*banned\.pem: revoked/);
  });
  test('a serial number that nobody issued is unknown', async () => {
    const { text } = await openssl(
      ...['ocsp', '-issuer', 'sub.pem', '-serial', '0x1234', '-url', `${revocation.url.href}ocsp`],
      ...['-CAfile', 'root.pem', '-verify_other', 'sub.pem'],
    );
    assert.match(text, /0x1234: unknown/);
  });
  const told: readonly (readonly [OcspBehaviour, RegExp])[] = [
    ['revoked', /valid\.pem: revoked/],
    ['unknown', /valid\.pem: unknown/],
    ['try-later', /trylater/i],
    ['stale', /Response verify OK[^]*status expired/i],
    ['wrong-signer', /Response Verify Failure/i],
    ['slow', /Response verify OK[^]*valid\.pem: good/],
    ['unreachable', /Error querying OCSP responder/i],
  ];
  for (const [behaviour, says] of told) {
    test(behaviour, async () => assert.match(await as(behaviour), says));
  }
  test('good, of a revoked certificate', async () => {
    revocation.book.behave(leaf('revoked'), 'good');
    assert.match((await ask('revoked.pem')).text, /revoked\.pem: good/);
    revocation.book.behave(leaf('revoked'), 'honest');
  });
  test('a CA of somebody else: unauthorized', async () => {
    const other = await createHierarchy();
    await writeFile(join(folder, 'other.pem'), other.sub);
    const { text } = await openssl(
      ...['ocsp', '-issuer', 'other.pem', '-serial', '1', '-url', `${revocation.url.href}ocsp`, '-noverify'],
    );
    assert.match(text, /unauthorized/i);
  });
  test('by GET, with caching headers that end with the answer', async () => {
    await openssl('ocsp', '-issuer', 'sub.pem', '-cert', 'valid.pem', '-no_nonce', '-reqout', 'request.der');
    const request = (await readFile(join(folder, 'request.der'))).toString('base64');
    for (const path of [encodeURIComponent(request), request]) {
      const response = await fetch(`${revocation.url.href}ocsp/${path}`);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), 'application/ocsp-response');
      assert.match(
        response.headers.get('cache-control') ?? '',
        /^max-age=2\d\d, public, no-transform, must-revalidate$/,
      );
      const [from, until] = ['last-modified', 'expires'].map((name) =>
        Date.parse(response.headers.get(name) ?? ''),
      );
      assert.equal((until ?? 0) - (from ?? 0), 240_000);
      await writeFile(join(folder, 'response.der'), Buffer.from(await response.arrayBuffer()));
      const { text } = await openssl(
        ...['ocsp', '-no_nonce', '-respin', 'response.der', '-issuer', 'sub.pem', '-cert', 'valid.pem'],
        ...['-CAfile', 'root.pem', '-verify_other', 'sub.pem'],
      );
      assert.match(text, /Response verify OK[^]*valid\.pem: good/);
    }
  });
  test('times are whole seconds', async () => {
    const { text } = await ask('valid.pem', '-resp_text');
    assert.match(text, /This Update: \w+ +\d+ \d\d:\d\d:\d\d 20\d\d GMT/);
    assert.match(text, /Produced At: \w+ +\d+ \d\d:\d\d:\d\d 20\d\d GMT/);
    assert.match(text, /OCSP No Check/);
  });
});

describe('the distribution point, used by OpenSSL', { skip }, () => {
  const fetched = async (path: string): Promise<string> => {
    const response = await fetch(`${revocation.url.href}${path}`);
    assert.equal(response.headers.get('content-type'), 'application/pkix-crl');
    const name = path.replaceAll('/', '-');
    await writeFile(join(folder, name), Buffer.from(await response.arrayBuffer()));
    const { text } = await openssl('crl', '-inform', 'DER', '-in', name, '-out', `${name}.pem`);
    return `${name}.pem${text}`;
  };
  const verify = async (certificate: string, subCrl: string): Promise<string> => {
    const { text } = await openssl(
      ...[
        'verify',
        '-crl_check_all',
        '-purpose',
        'sslclient',
        '-CAfile',
        'root.pem',
        '-untrusted',
        'sub.pem',
      ],
      ...['-CRLfile', await fetched('root.crl'), '-CRLfile', await fetched(subCrl), certificate],
    );
    return text;
  };
  test('a leaf that is not on the CRL is good, a leaf that is on it is revoked', async () => {
    assert.match(await verify('valid.pem', 'sub.crl'), /valid\.pem: OK/);
    assert.match(await verify('revoked.pem', 'sub.crl'), /error 23 at 0 depth/);
  });
  test('stale: the CRL has expired', async () => {
    assert.match(await verify('valid.pem', 'stale/sub.crl'), /error 12 at 0 depth[^]*CRL has expired/);
  });
  test('wrong issuer: no CRL of the sub CA', async () => {
    assert.match(
      await verify('valid.pem', 'wrong-issuer/sub.crl'),
      /error 3 at 0 depth[^]*unable to get certificate CRL/,
    );
  });
  test('a revoked sub CA, once that is published', async () => {
    const own = await startRevocation({ book: bookOf(pki.authorities, pki) });
    try {
      own.book.revoke({ issuer: 'root', serial: serial(pki.sub) });
      const crl = async () => {
        await writeFile(
          join(folder, 'own.crl'),
          Buffer.from(await (await fetch(`${own.url.href}root.crl`)).arrayBuffer()),
        );
        return (await openssl('crl', '-inform', 'DER', '-in', 'own.crl', '-noout', '-text')).text;
      };
      assert.doesNotMatch(await crl(), new RegExp(serial(pki.sub)));
      own.book.publish();
      assert.match(await crl(), new RegExp(`Serial Number: ${serial(pki.sub)}`));
    } finally {
      await own.close();
    }
  });
});

describe('the wire', () => {
  const get = (path: string, init?: RequestInit) => fetch(`${revocation.url.href}${path}`, init);
  test('an unmodified CRL is not sent again', async () => {
    const first = await get('sub.crl');
    await first.arrayBuffer();
    const tag = first.headers.get('etag') ?? '';
    // The same second gives the same bytes; a new second is a new CRL.
    const { status } = await get('sub.crl', { headers: { 'If-None-Match': tag } });
    assert.ok(status === 304 || status === 200);
    assert.match(tag, /^"[0-9a-f]{64}"$/);
  });
  test('what is no request is refused, in OCSP or in HTTP', async () => {
    const post = (body: Buffer) => get('ocsp', { method: 'POST', body: new Uint8Array(body) });
    const malformed = Buffer.from(await (await post(Buffer.from('30030a0101', 'hex'))).arrayBuffer());
    assert.equal(malformed.toString('hex'), '30030a0101');
    assert.equal((await post(Buffer.alloc(20_000))).status, 413);
    assert.equal((await get('ocsp/%ZZ')).status, 400);
    assert.equal((await get('ocsp', { method: 'PUT' })).status, 405);
    assert.equal((await get('sub.crl', { method: 'POST' })).status, 405);
    assert.equal((await get('../../etc/passwd')).status, 404);
    assert.equal((await get('other.crl')).status, 404);
    assert.equal((await get('evil/sub.crl')).status, 404);
  });
  test('unreachable: the connection is dropped', async () => {
    await assert.rejects(get('unreachable/sub.crl'));
  });
  test('management wants its token and knows its fields', async () => {
    const { url, token } = revocation.management;
    const call = (path: string, body?: object, given = token) =>
      fetch(new URL(path, url), {
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
        headers: { Authorization: `Bearer ${given}` },
      });
    assert.equal((await call('/', undefined, 'guess')).status, 401);
    assert.equal((await fetch(url)).status, 401);
    const own = { issuer: 'sub', serial: 'abcd' };
    assert.equal((await call('/revoke', own)).status, 200);
    assert.equal(revocation.book.status(own).status, 'revoked');
    assert.equal(
      revocation.book.published('sub').some(({ serial: each }) => each === 'abcd'),
      false,
    );
    assert.equal((await call('/publish', {})).status, 200);
    assert.equal(
      revocation.book.published('sub').some(({ serial: each }) => each === 'abcd'),
      true,
    );
    assert.equal((await call('/revoke', { serial: 'xyz' })).status, 400);
    assert.equal((await call('/revoke', { issuer: 'nobody', serial: '1' })).status, 400);
    assert.equal((await call('/ocsp', { serial: '1', behaviour: 'evil' })).status, 400);
    assert.equal((await call('/ocsp', { serial: '1', behaviour: 'unknown' })).status, 200);
    assert.equal(revocation.book.behaviour({ issuer: 'sub', serial: '01' }), 'unknown');
    assert.equal((await call('/crl', { path: 'sub.crl', behaviour: 'stale' })).status, 200);
    assert.equal((await call('/crl', { path: 'sub.crl', behaviour: 'fresh' })).status, 200);
    assert.equal((await call('/crl', { path: '../x', behaviour: 'fresh' })).status, 400);
    assert.equal((await call('/nothing', {})).status, 404);
    const { fetches } = (await (await call('/')).json()) as { fetches: Record<string, number> };
    assert.ok((fetches['sub.crl'] ?? 0) > 0);
    if (!skip) assert.ok((fetches[asked(leaf())] ?? 0) > 0);
  });
});
