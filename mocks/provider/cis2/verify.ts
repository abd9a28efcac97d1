import { createPublicKey, type KeyObject } from 'node:crypto';
import { compactVerify, type JSONWebKeySet } from 'jose';
import {
  FLOOR,
  type Evidence,
  type KeySource,
  type Refusal,
  type Setting,
  type TokenPolicy,
} from './policy.ts';

type Claims = Readonly<Record<string, unknown>>;

const asObject = (value: unknown): Claims | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : undefined;
const decode = (part = ''): string => Buffer.from(part, 'base64url').toString();
function objectOf(text: string, parse: (text: string) => unknown = JSON.parse): Claims | undefined {
  try {
    return asObject(parse(text));
  } catch {
    return undefined;
  }
}

/** A key set that is at hand, its signature keys alone. */
export function keysOf(jwks: JSONWebKeySet): KeySource {
  const keys = new Map(
    jwks.keys
      .filter(({ use, kty }) => use === 'sig' && kty === 'RSA')
      .map((jwk) => [String(jwk.kid), createPublicKey({ key: { ...jwk }, format: 'jwk' })]),
  );
  return { find: async (kid) => keys.get(kid), all: () => [...keys.values()] };
}

/** base64url in its one spelling (RFC 7515 §2): no padding, no other alphabet, no spare bits set. */
const isCanonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part;

/** The claims text of a compact JWS that the issuer signed with RS256, and nothing else. */
async function prove(token: string, header: Claims, keys: KeySource): Promise<string | undefined> {
  const { kid, typ } = header;
  if (typeof kid !== 'string' || !token.split('.').every(isCanonical)) return undefined;
  if (typ !== undefined && (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT')) return undefined;
  const key = await keys.find(kid);
  if (!key) return undefined;
  try {
    const { payload } = await compactVerify(token, key, { algorithms: ['RS256'] });
    return Buffer.from(payload).toString();
  } catch {
    return undefined;
  }
}

async function evidence(token: string, header: Claims, setting: Setting): Promise<Evidence | undefined> {
  const parts = token.split('.');
  const { kid } = header;
  const found: KeyObject | undefined = typeof kid === 'string' ? await setting.keys.find(kid) : undefined;
  const key = found ?? setting.keys.all()[0];
  return (
    key && {
      token,
      parts,
      header,
      text: { header: decode(parts[0]), claims: decode(parts[1]) },
      input: parts.slice(0, 2).join('.'),
      signature: Buffer.from(parts[2] ?? '', 'base64url'),
      key,
      setting,
    }
  );
}

/**
 * Decides about a bearer token under a policy; `undefined`: it is good.
 * Rejects when the issuer's keys cannot be had: then nobody can say, and nothing is believed.
 */
export async function verifyToken(
  token: string,
  policy: TokenPolicy,
  setting: Setting,
): Promise<Refusal | undefined> {
  const header = objectOf(decode(token.split('.')[0])) ?? {};
  let text: string | true | undefined = await prove(token, header, setting.keys);
  if (typeof text === 'string') {
    const [head, body] = token.split('.');
    if (policy.mistrusts(header, { header: decode(head), claims: decode(body) })) text = undefined;
  }
  const claims = typeof text === 'string' ? objectOf(text, policy.parse) : undefined;
  if (claims) return claimsFault(claims, header, policy, setting);
  const seen = await evidence(token, header, setting);
  const believed = seen && (await policy.alsoBelieves(seen));
  if (believed === true) return undefined;
  const other = believed === undefined ? undefined : objectOf(believed, policy.parse);
  return other
    ? claimsFault(other, header, policy, setting)
    : { flaw: 'token', because: 'it is no JWT that the issuer signed with RS256' };
}

/** The first claim that is not as it has to be: token, then assurance, then role. */
function claimsFault(
  claims: Claims,
  header: Claims,
  policy: TokenPolicy,
  setting: Setting,
): Refusal | undefined {
  const { issuer, audience, roles } = setting;
  const now = setting.now();
  if (policy.vouches(claims, header, setting)) return undefined;
  const { iss, aud, exp, nbf, iat, sub, selected_roleid: selected } = claims;
  const past = typeof exp === 'number' && exp <= now;
  const rules: readonly (readonly [holds: boolean, flaw: Refusal['flaw'], because: string])[] = [
    [policy.issuer(iss, issuer), 'token', 'iss'],
    [policy.audience(aud, audience), 'token', 'aud'],
    [policy.expiry(exp, now), past ? 'expired' : 'token', 'exp'],
    [policy.notBefore(nbf, now), 'token', 'nbf'],
    [policy.issuedAt(iat, now), 'token', 'iat'],
    [policy.kind(claims), 'token', 'the kind of token'],
    [policy.subject(sub), 'token', 'sub'],
    [policy.demands(claims, now), 'token', 'what it demands'],
    [
      policy.authentication(claims['authentication_assurance_level']) >= FLOOR.authentication,
      'assurance',
      'authentication_assurance_level',
    ],
    [policy.identity(claims['id_assurance_level']) >= FLOOR.identity, 'assurance', 'id_assurance_level'],
    [policy.role(selected, roles, sub), 'role', 'selected_roleid'],
  ];
  const broken = rules.find(([holds]) => !holds);
  return broken && { flaw: broken[1], because: broken[2] };
}
