import { encodeJson, signToken, type SigningKey } from './keys.ts';
import type { Realm } from './realm.ts';

/** What a defect is made from: one valid token's header, claims and key. */
export interface Material {
  readonly realm: Realm;
  readonly key: SigningKey;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** One named way in which an ID token is not what it should be. */
export interface Defect {
  readonly title: string;
  readonly forge: (material: Material) => string | Promise<string>;
}

const parts = (token: string): readonly [head: string, body: string, signature: string] => {
  const [head = '', body = '', signature = ''] = token.split('.');
  return [head, body, signature];
};

/** The defects, by name. */
export const defects = {
  'alg-none': {
    title: 'unsecured: alg none and no signature',
    forge: ({ claims, key }) =>
      `${encodeJson({ typ: 'JWT', kid: key.kid, alg: 'none' })}.${encodeJson(claims)}.`,
  },
  'payload-altered': {
    title: 'its assurance raised after it was signed',
    forge: async ({ key, claims }) => {
      const [head, , signature] = parts(await signToken(key, claims));
      return `${head}.${encodeJson({ ...claims, altered: true })}.${signature}`;
    },
  },
  'exp-past': {
    title: 'expired an hour ago',
    forge: ({ realm, key, claims }) => signToken(key, { ...claims, exp: realm.now() - 3600 }),
  },
} satisfies Record<string, Defect>;

export type DefectName = keyof typeof defects;
