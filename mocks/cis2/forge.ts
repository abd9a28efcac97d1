import {
  constants,
  createHash,
  createHmac,
  privateEncrypt,
  sign,
  type KeyObject,
  type SignKeyObjectInput,
} from 'node:crypto';
import { generate as generateCertificate } from 'selfsigned';
import { createSigningKey, encode, encodeJson, signToken, type SigningKey } from './keys.ts';
import type { Realm } from './realm.ts';

/** What a token is forged from: one valid token's header, claims and key, and where a canary listens. */
export interface Material {
  readonly realm: Realm;
  readonly key: SigningKey;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Why a token has to be refused, as far as the answer depends on it; `nothing`: it has to be accepted. */
export type Flaw = 'token' | 'expired' | 'assurance' | 'role' | 'nothing';

/** One named change to a valid ID token. */
export interface Defect {
  readonly title: string;
  readonly flaw: Flaw;
  /** Why it binds nobody: the documents leave it open, or it harms nobody. Absent: it binds. */
  readonly noted?: string;
  readonly forge: (material: Material) => string | Promise<string>;
}

type Members = Readonly<Record<string, unknown>>;
type Change = Members | ((material: Material) => Members);

const changed = (base: Members, change: Change, material: Material): Members =>
  Object.fromEntries(
    Object.entries({ ...base, ...(typeof change === 'function' ? change(material) : change) }).filter(
      ([, value]) => value !== undefined,
    ),
  );

/** A claim set with one change, signed as it should be; `undefined` takes a claim out. */
export const saying = (title: string, flaw: Flaw, change: Change, noted?: string): Defect => ({
  title,
  flaw,
  ...(noted !== undefined && { noted }),
  forge: (material) => signToken(material.key, changed(material.claims, change, material), material.header),
});

/** A header with one change, signed as it should be. */
export const headed = (title: string, flaw: Flaw, change: Change, noted?: string): Defect => ({
  title,
  flaw,
  ...(noted !== undefined && { noted }),
  forge: (material) => signToken(material.key, material.claims, changed(material.header, change, material)),
});

/** The signing input of a compact serialisation. */
export const inputOf = (header: string | Members, claims: string | Members): string =>
  [header, claims].map((part) => (typeof part === 'string' ? encode(part) : encodeJson(part))).join('.');

/** Header and claims as JSON text of one's own, signed as it should be. */
export const worded = (
  title: string,
  flaw: Flaw,
  text: (header: string, claims: string, material: Material) => readonly [string, string],
  noted?: string,
): Defect => ({
  title,
  flaw,
  ...(noted !== undefined && { noted }),
  forge: (material) => {
    const [head, claims] = text(JSON.stringify(material.header), JSON.stringify(material.claims), material);
    const input = inputOf(head, claims);
    return `${input}.${encode(rs(256, input, material.key.privateKey))}`;
  },
});

/** A valid token, edited after it was signed. */
export const edited = (
  title: string,
  edit: (parts: readonly [string, string, string], material: Material) => string | Promise<string>,
  noted?: string,
): Defect => ({
  title,
  flaw: 'token',
  ...(noted !== undefined && { noted }),
  forge: async (material) => {
    const [head = '', body = '', signature = ''] = (
      await signToken(material.key, material.claims, material.header)
    ).split('.');
    return edit([head, body, signature], material);
  },
});

/** The signature alone is another one; `undefined` in the change takes a header parameter out. */
export const signed = (
  title: string,
  signature: (input: string, material: Material) => Buffer | Promise<Buffer>,
  change: Change = {},
  noted?: string,
): Defect => ({
  title,
  flaw: 'token',
  ...(noted !== undefined && { noted }),
  forge: async (material) => {
    const input = inputOf(changed(material.header, change, material), material.claims);
    return `${input}.${encode(await signature(input, material))}`;
  },
});

/** RSASSA-PKCS1-v1_5 (RFC 8017 §8.2) with SHA-n. */
export const rs = (bits: 1 | 256 | 384 | 512, input: string, key: KeyObject): Buffer =>
  sign(`RSA-SHA${bits}`, Buffer.from(input), key);
/** RSASSA-PSS with SHA-256. */
export const ps = (input: string, key: KeyObject): Buffer => {
  const options: SignKeyObjectInput = {
    key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  };
  return sign('sha256', Buffer.from(input), options);
};
export const hs = (bits: 256 | 384 | 512, input: string, secret: string | Buffer): Buffer =>
  createHmac(`sha${bits}`, secret).update(input).digest();
/** The digest alone under PKCS#1 padding, without the name of its algorithm (RFC 8017 §9.2). */
export const bareDigest = (input: string, key: KeyObject): Buffer =>
  privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, createHash('sha256').update(input).digest());

/** The issuer's public key in the forms in which a verifier may hold it as text. */
export const publicPem = ({ publicKey }: SigningKey): string =>
  publicKey.export({ type: 'spki', format: 'pem' }).toString();

/** Somebody who holds a key of his own, and a certificate for it that nobody vouches for. */
export interface Stranger {
  readonly key: SigningKey;
  /** PEM. */
  readonly certificate: string;
}
let known: Promise<Stranger> | undefined;

/** The one stranger of this process. */
export function stranger(): Promise<Stranger> {
  known ??= createSigningKey('stranger').then(async (key) => {
    const privateKey = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { cert } = await generateCertificate([{ name: 'commonName', value: 'stranger.assay.test' }], {
      keyPair: { privateKey, publicKey: publicPem(key) },
      algorithm: 'sha256',
    });
    return { key, certificate: cert };
  });
  return known;
}

/** Signed by the stranger, with a header that says why he should be believed. */
export const byStranger = (
  title: string,
  change: (material: Material, stranger: Stranger) => Members = () => ({}),
): Defect => ({
  title,
  flaw: 'token',
  forge: async (material) => {
    const who = await stranger();
    return signToken(who.key, material.claims, changed(material.header, change(material, who), material));
  },
});

/** Unsecured (RFC 7519 §6) under one spelling of `none`. */
export const unsecured = (title: string, alg: unknown): Defect => ({
  title,
  flaw: 'token',
  forge: (material) => `${inputOf(changed(material.header, { alg }, material), material.claims)}.`,
});
