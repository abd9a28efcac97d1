/**
 * Defects of form, algorithm, key and signature. A data table, and as long as the list of what is known to go wrong:
 * RFC 8725 (JWT best current practices), RFC 7515 §10, and the advisories of JOSE libraries.
 */
import { createHash } from 'node:crypto';
import { CompactEncrypt, exportJWK } from 'jose';
import {
  bareDigest,
  byStranger,
  edited,
  headed,
  hs,
  inputOf,
  ps,
  publicPem,
  rs,
  signed,
  stranger,
  unsecured,
  worded,
  type Defect,
} from './forge.ts';
import { encode, signToken } from './keys.ts';

const HARMLESS = 'the same bytes under another spelling: a lenient decoder lets nobody in';
const POLICY = 'the issuer signs RS256 alone; which other algorithms of its key are taken is left open';

/** A stranger's key by what the header says of it. */
const mac = (bits: 256 | 384 | 512, title: string, secret: Parameters<typeof signed>[1]): Defect =>
  signed(title, secret, { alg: `HS${bits}` });

export const formDefects = {
  // Form (RFC 7515 §7.1)
  opaque: edited('no JWT at all, but an opaque string', () => 'bW90-aS10b2tlbg'),
  'two-parts': edited('the part of the signature dropped, dot and all', ([head, body]) => `${head}.${body}`),
  'four-parts': edited('a fourth part behind the signature', (parts) => `${parts.join('.')}.e30`),
  'part-empty-header': edited('the header part empty', ([, body, signature]) => `.${body}.${signature}`),
  'json-form': edited('the JSON serialisation, in base64url', ([head, payload, signature]) =>
    encode(JSON.stringify({ protected: head, payload, signature })),
  ),
  'header-no-json': worded('a header that is no JSON', 'token', (head, body) => [head.slice(0, -1), body]),
  'claims-no-json': worded('claims that are no JSON', 'token', (head, body) => [head, body.slice(0, -1)]),
  'claims-array': worded('claims in an array', 'token', (head, body) => [head, `[${body}]`]),
  'claims-nested': {
    title: 'a signed token within a token that a stranger signed',
    flaw: 'token',
    forge: async ({ key, header, claims }) => {
      const inner = await signToken(key, claims, header);
      const input = inputOf({ ...header, cty: 'JWT' }, inner);
      return `${input}.${encode(rs(256, input, (await stranger()).key.privateKey))}`;
    },
  },
  encrypted: {
    title: 'unsigned claims in a JWE, under a key derived from the public key',
    flaw: 'token',
    forge: ({ key, claims }) =>
      new CompactEncrypt(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: 'JWT', kid: key.kid })
        .encrypt(createHash('sha256').update(publicPem(key)).digest()),
  },
  'signature-padded': edited(
    'base64 padding behind the signature',
    (parts) => `${parts.join('.')}==`,
    HARMLESS,
  ),
  'signature-standard-alphabet': {
    title: 'the signature in the alphabet of base64 proper',
    flaw: 'token',
    noted: HARMLESS,
    forge: async ({ key, claims, header }) => {
      for (let tried = 0; ; tried += 1) {
        const [head, body, signature = ''] = (await signToken(key, { ...claims, tried }, header)).split('.');
        // One signature in 50,000 has neither of the two letters that differ.
        if (/[-_]/.test(signature))
          return `${head}.${body}.${signature.replaceAll('-', '+').replaceAll('_', '/')}`;
      }
    },
  },
  'signature-spare-bits': edited(
    'the spare bits of the last character set',
    ([head, body, signature]) => {
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const last = alphabet.indexOf(signature.slice(-1));
      return `${head}.${body}.${signature.slice(0, -1)}${alphabet.charAt(last | 1)}`;
    },
    HARMLESS,
  ),
  'header-duplicate-alg': worded('alg twice, the last one none', 'token', (head, body) => [
    head.replace(/\}$/, ',"alg":"none"}'),
    body,
  ]),

  // Algorithm (RFC 8725 §2.1, §3.1)
  'alg-none': unsecured('unsecured: alg none and no signature', 'none'),
  'alg-none-capitalised': unsecured('unsecured: alg None', 'None'),
  'alg-none-upper-case': unsecured('unsecured: alg NONE', 'NONE'),
  'alg-none-mixed-case': unsecured('unsecured: alg nOnE', 'nOnE'),
  'alg-none-spaced': unsecured('unsecured: alg none with a space', 'none '),
  'alg-empty': unsecured('unsecured: alg empty', ''),
  'alg-absent': unsecured('unsecured: alg left out', undefined),
  'alg-null': unsecured('unsecured: alg null', null),
  'alg-none-signed': headed('alg none over a signature that is there', 'token', { alg: 'none' }),
  'hs256-public-pem': mac(256, 'HS256 with the public key in PEM as the secret', (input, { key }) =>
    hs(256, input, publicPem(key)),
  ),
  'hs256-public-pem-trimmed': mac(
    256,
    'HS256 with the public key in PEM, its last line end cut',
    (input, { key }) => hs(256, input, publicPem(key).trim()),
  ),
  'hs256-public-der': mac(256, 'HS256 with the public key in DER as the secret', (input, { key }) =>
    hs(256, input, key.publicKey.export({ type: 'spki', format: 'der' })),
  ),
  'hs256-modulus': mac(256, 'HS256 with the modulus of the public key as the secret', (input, { key }) =>
    hs(256, input, Buffer.from(String(key.publicKey.export({ format: 'jwk' }).n), 'base64url')),
  ),
  'hs384-public-pem': mac(384, 'HS384 with the public key in PEM as the secret', (input, { key }) =>
    hs(384, input, publicPem(key)),
  ),
  'hs512-public-pem': mac(512, 'HS512 with the public key in PEM as the secret', (input, { key }) =>
    hs(512, input, publicPem(key)),
  ),
  'hs256-empty-secret': mac(256, 'HS256 with an empty secret', (input) => hs(256, input, '')),
  'hs256-usual-secret': mac(256, 'HS256 with the secret of every tutorial', (input) =>
    hs(256, input, 'secret'),
  ),
  'es256-zero': signed('ES256 with r and s zero', () => Buffer.alloc(64), { alg: 'ES256' }),
  'rs256-sha1': signed(
    'RS1: signed by the right key over SHA-1',
    (input, { key }) => rs(1, input, key.privateKey),
    { alg: 'RS1' },
  ),
  rs384: signed(
    'RS384 by the right key',
    (input, { key }) => rs(384, input, key.privateKey),
    { alg: 'RS384' },
    POLICY,
  ),
  rs512: signed(
    'RS512 by the right key',
    (input, { key }) => rs(512, input, key.privateKey),
    { alg: 'RS512' },
    POLICY,
  ),
  ps256: signed(
    'PS256 by the right key',
    (input, { key }) => ps(input, key.privateKey),
    { alg: 'PS256' },
    POLICY,
  ),
  'alg-lower-case': headed('alg rs256', 'token', { alg: 'rs256' }, HARMLESS),

  // Key (RFC 8725 §3.8 to §3.10)
  'stranger-same-kid': byStranger("signed by a stranger under the issuer's kid"),
  'stranger-unknown-kid': byStranger('signed by a stranger under a kid of his own', () => ({
    kid: 'stranger',
  })),
  'stranger-no-kid': byStranger('signed by a stranger, without a kid', () => ({ kid: undefined })),
  'kid-prototype': byStranger('kid __proto__', () => ({ kid: '__proto__' })),
  'kid-absent': headed(
    'signed by the issuer, without a kid',
    'token',
    { kid: undefined },
    'a verifier may try every key it trusts',
  ),
  'kid-unknown': headed(
    'signed by the issuer under a kid that is not in the key set',
    'token',
    { kid: 'unknown' },
    'a verifier may try every key it trusts',
  ),
  'kid-traversal': signed(
    'kid leads to an empty file; HS256 with its content',
    (input) => hs(256, input, ''),
    {
      alg: 'HS256',
      kid: '../../../../../../../../dev/null',
    },
  ),
  'kid-sql': signed(
    'kid is a piece of SQL; HS256 with what it selects',
    (input) => hs(256, input, 'chosen'),
    {
      alg: 'HS256',
      kid: "nobody' UNION SELECT 'chosen' -- ",
    },
  ),
  'kid-url': byStranger('kid is a URL with a key set behind it', ({ realm }) => ({
    kid: `${realm.canary}/kid.json`,
  })),
  'kid-array': headed('kid in an array', 'token', ({ key }) => ({ kid: [key.kid] }), HARMLESS),
  'jwk-embedded': {
    title: 'the key to verify it with in its own header',
    flaw: 'token',
    forge: async ({ header, claims }) => {
      const { key } = await stranger();
      return signToken(key, claims, { ...header, jwk: await exportJWK(key.publicKey) });
    },
  },
  jku: byStranger('a URL with a key set in its header', ({ realm }) => ({
    jku: `${realm.canary}/jku.json`,
    kid: 'stranger',
  })),
  'jku-look-alike': byStranger("such a URL that begins with the issuer's name", ({ realm }) => ({
    jku: lookAlike(realm.issuer, `${realm.canary}/jku-look-alike.json`),
    kid: 'stranger',
  })),
  x5u: byStranger('a URL with a certificate chain in its header', ({ realm }) => ({
    x5u: `${realm.canary}/x5u.pem`,
  })),
  x5c: byStranger('a self-signed certificate in its header', (_material, { certificate }) => ({
    x5c: [certificate.replace(/-----[^-]+-----|\s/g, '')],
  })),

  // Critical header parameters (RFC 7515 §4.1.11, RFC 7797)
  'crit-unknown': headed('a critical extension that nobody knows', 'token', {
    crit: ['urn:assay:unknown'],
    'urn:assay:unknown': true,
  }),
  'crit-empty': headed('crit with nothing in it', 'token', { crit: [] }),
  'crit-no-array': headed('crit that is no array', 'token', { crit: 'exp' }),
  'crit-absent-member': headed('crit that names what is not there', 'token', { crit: ['urn:assay:absent'] }),
  'crit-registered': headed('crit that names a parameter of the standard itself', 'token', { crit: ['alg'] }),
  'b64-false': {
    title: 'an unencoded payload: crit b64 false',
    flaw: 'token',
    forge: ({ header, claims, key }) => {
      const head = { ...header, b64: false, crit: ['b64'] };
      const body = JSON.stringify(claims);
      const signature = rs(256, `${encode(JSON.stringify(head))}.${body}`, key.privateKey);
      return `${inputOf(head, body)}.${encode(signature)}`;
    },
  },

  // Signature
  'signature-empty': edited('no signature behind the last dot', ([head, body]) => `${head}.${body}.`),
  'signature-cut': edited(
    'the last byte of the signature cut',
    ([head, body, signature]) =>
      `${head}.${body}.${encode(Buffer.from(signature, 'base64url').subarray(0, -1))}`,
  ),
  'signature-extended': edited(
    'a byte behind the signature',
    ([head, body, signature]) =>
      `${head}.${body}.${encode(Buffer.concat([Buffer.from(signature, 'base64url'), Buffer.from([0])]))}`,
  ),
  'signature-zero': signed('a signature of zeros', () => Buffer.alloc(256)),
  'signature-one': signed('a signature of the number one', () => {
    const one = Buffer.alloc(256);
    one.writeUInt8(1, 255);
    return one;
  }),
  'signature-of-another': edited(
    "another valid token's signature",
    async ([head, body], { key, claims, header }) =>
      `${head}.${body}.${(await signToken(key, { ...claims, jti: 'another' }, header)).split('.')[2]}`,
  ),
  'signature-pss': signed('RS256 in name, PSS in fact', (input, { key }) => ps(input, key.privateKey)),
  'signature-sha1-inside': signed('RS256 in name, SHA-1 in fact', (input, { key }) =>
    rs(1, input, key.privateKey),
  ),
  'signature-bare-digest': signed('the digest signed without the name of its algorithm', (input, { key }) =>
    bareDigest(input, key.privateKey),
  ),
  'claims-altered': edited(
    'its acr raised after it was signed',
    ([head, , signature], { claims }) =>
      `${head}.${encode(JSON.stringify({ ...claims, acr: 'AAL3_FIDO2' }))}.${signature}`,
  ),
  'header-altered': edited(
    'its header changed after it was signed',
    ([, body, signature], { header }) =>
      `${encode(JSON.stringify({ ...header, typ: 'jwt' }))}.${body}.${signature}`,
  ),

  // What has to be accepted
  'typ-absent': headed('without typ, which is optional (RFC 7519 §5.1)', 'nothing', { typ: undefined }),
  'header-unknown-parameter': headed(
    'a header parameter that nobody knows and that is not critical (RFC 7515 §4)',
    'nothing',
    {
      'urn:assay:unknown': true,
    },
  ),
  'header-spaced': worded('white space in its JSON', 'nothing', (head, body) => [
    JSON.stringify(JSON.parse(head), null, 2),
    JSON.stringify(JSON.parse(body), null, 2),
  ]),
} satisfies Record<string, Defect>;

/** `https://host@canary/…`: begins like the issuer and leads elsewhere. */
function lookAlike(issuer: string, canary: string): string {
  const { hostname } = new URL(issuer);
  return canary.replace('https://', `https://${hostname}@`);
}
