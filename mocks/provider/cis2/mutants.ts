/**
 * Providers that get one decision about a CIS2 token wrong, one for each defect. A data table, so it is long.
 * What a mutant believes it believes for real: it computes the MAC, reads the file, asks the database, fetches the URL.
 */
import {
  constants,
  createHash,
  createPublicKey,
  publicDecrypt,
  timingSafeEqual,
  verify,
  X509Certificate,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { compactDecrypt, type JSONWebKeySet } from 'jose';
import type { DefectName } from '../../cis2/defects.ts';
import { hs, stranger } from '../../cis2/forge.ts';
import { SKEW, strict, levelOf, type Belief, type Evidence, type TokenPolicy } from './policy.ts';

/** A provider with one known defect in how it looks at a token. */
export interface TokenMutant {
  readonly policy: TokenPolicy;
  /** The other defects that it cannot tell from its own. */
  readonly also?: readonly DefectName[];
}

const wrong = <Decision extends keyof TokenPolicy>(
  decision: Decision,
  taken: TokenPolicy[Decision],
  ...also: readonly DefectName[]
): TokenMutant => ({ policy: { ...strict, [decision]: taken }, ...(also.length > 0 && { also }) });

const believing = (
  believes: (evidence: Evidence) => Belief | Promise<Belief>,
  ...also: readonly DefectName[]
): TokenMutant => wrong('alsoBelieves', believes, ...also);

/** Believes the claims under a condition. */
const when = (
  holds: (evidence: Evidence) => boolean | Promise<boolean>,
  ...also: readonly DefectName[]
): TokenMutant =>
  believing(async (evidence) => ((await holds(evidence)) ? evidence.text.claims : undefined), ...also);

const verifies = (
  { input, signature }: Pick<Evidence, 'input' | 'signature'>,
  key: KeyObject,
  hash = 'RSA-SHA256',
): boolean => verify(hash, Buffer.from(input), key, signature);
/** RS256 by the right key, whatever else is odd about the token. */
const sound = (evidence: Evidence): boolean => verifies(evidence, evidence.key);
const equal = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
const mac = (
  bits: 256 | 384 | 512,
  secret: (evidence: Evidence) => string | Buffer,
  ...also: readonly DefectName[]
): TokenMutant =>
  when(
    (evidence) =>
      evidence.header['alg'] === `HS${bits}` &&
      evidence.header['kid'] !== undefined &&
      equal(hs(bits, evidence.input, secret(evidence)), evidence.signature),
    ...also,
  );
const pem = ({ key }: Evidence): string => key.export({ type: 'spki', format: 'pem' }).toString();
const spelt = (alg: unknown): TokenMutant =>
  when(
    ({ header, parts, signature }) => parts.length === 3 && header['alg'] === alg && signature.length === 0,
  );
/** What stands under the RSA signature, PKCS#1 padding removed; `undefined`: nothing that is padded so. */
const recovered = ({ key, signature }: Evidence): Buffer | undefined => {
  try {
    return publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature);
  } catch {
    return undefined;
  }
};
const fetched = async (url: unknown): Promise<string> =>
  typeof url === 'string' && url.startsWith('https://') ? (await fetch(bare(url))).text() : '{}';
/** Clients drop the user name of a URL or refuse it; this one drops it. */
const bare = (url: string): URL => {
  const target = new URL(url);
  target.username = '';
  return target;
};
const fromSet = (text: string): KeyObject | undefined => {
  const [jwk] = (JSON.parse(text) as Partial<JSONWebKeySet>).keys ?? [];
  return jwk && createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
};
const underKeyOf =
  (find: (evidence: Evidence) => KeyObject | undefined | Promise<KeyObject | undefined>) =>
  async (evidence: Evidence): Promise<boolean> => {
    const key = await find(evidence);
    return key !== undefined && verifies(evidence, key);
  };
const isRs256 = ({ header }: Evidence): boolean => header['alg'] === 'RS256';
const plainRsa = (evidence: Evidence): boolean =>
  isRs256(evidence) && evidence.parts.length === 3 && evidence.header['crit'] === undefined;

/** JSON whose first member of a name counts, where the standard lets the last one count. */
const firstWins = (name: string) => (text: string) => {
  const parsed = JSON.parse(text) as Record<string, unknown>;
  const [, first] = new RegExp(`"${name}":("(?:[^"\\\\]|\\\\.)*"|[\\w.-]+)`).exec(text) ?? [];
  return first === undefined ? parsed : { ...parsed, [name]: JSON.parse(first) as unknown };
};

const issuer = (
  holds: (iss: unknown, expected: string) => boolean,
  ...also: readonly DefectName[]
): TokenMutant =>
  wrong('issuer', (iss, expected) => strict.issuer(iss, expected) || holds(iss, expected), ...also);
const issuerText = (
  holds: (iss: string, expected: string) => boolean,
  ...also: readonly DefectName[]
): TokenMutant => issuer((iss, expected) => typeof iss === 'string' && holds(iss, expected), ...also);
const audience = (
  holds: (aud: unknown, expected: string) => boolean,
  ...also: readonly DefectName[]
): TokenMutant =>
  wrong('audience', (aud, expected) => strict.audience(aud, expected) || holds(aud, expected), ...also);
const expiry = (holds: (exp: unknown, now: number) => boolean, ...also: readonly DefectName[]): TokenMutant =>
  wrong('expiry', (exp, now) => strict.expiry(exp, now) || holds(exp, now), ...also);
const level = (
  of: 'authentication' | 'identity',
  reads: (value: unknown) => number | undefined,
  ...also: readonly DefectName[]
): TokenMutant => wrong(of, (value) => reads(value) ?? levelOf(value), ...also);
const role = (holds: TokenPolicy['role'], ...also: readonly DefectName[]): TokenMutant =>
  wrong('role', (...known) => strict.role(...known) || holds(...known), ...also);
const demanding = (demands: TokenPolicy['demands'], ...also: readonly DefectName[]): TokenMutant =>
  wrong('demands', demands, ...also);
const parts = (url: string): URL | undefined => (URL.canParse(url) ? new URL(url) : undefined);
const VOUCHED = 10; // a level that meets every floor

/** What only the signature gives away. */
const UNVERIFIED: readonly DefectName[] = [
  'header-altered',
  'jku',
  'jku-look-alike',
  'jwk-embedded',
  'kid-prototype',
  'kid-unknown',
  'kid-url',
  'signature-bare-digest',
  'signature-cut',
  'signature-extended',
  'signature-of-another',
  'signature-one',
  'signature-pss',
  'signature-sha1-inside',
  'signature-zero',
  'stranger-same-kid',
  'stranger-unknown-kid',
  'x5c',
  'x5u',
];

/** For each defect the provider that does not see it; for what has to be accepted, the one that refuses it. */
export const tokenMutants: Readonly<Record<DefectName, TokenMutant>> = {
  opaque: believing(({ token }) => (/^[\w-]{8,40}$/.test(token) ? true : undefined)),
  'two-parts': when(({ parts: { length } }) => length === 2),
  'four-parts': when((evidence) => evidence.parts.length === 4 && sound(evidence)),
  'part-empty-header': when(({ parts: [head] }) => head === ''),
  'json-form': believing(({ token, key }) => {
    const text = Buffer.from(token, 'base64url').toString();
    if (!text.startsWith('{"protected"') || token.includes('.')) return undefined;
    const form = JSON.parse(text) as { protected: string; payload: string; signature: string };
    const input = `${form.protected}.${form.payload}`;
    return verifies({ input, signature: Buffer.from(form.signature, 'base64url') }, key)
      ? Buffer.from(form.payload, 'base64url').toString()
      : undefined;
  }),
  'header-no-json': when((evidence) => Object.keys(evidence.header).length === 0 && sound(evidence)),
  'claims-no-json': believing((evidence) =>
    plainRsa(evidence) &&
    !evidence.text.claims.endsWith('}') &&
    !evidence.text.claims.endsWith(']') &&
    sound(evidence)
      ? true
      : undefined,
  ),
  'claims-array': believing((evidence) =>
    evidence.text.claims.startsWith('[') && sound(evidence) ? evidence.text.claims.slice(1, -1) : undefined,
  ),
  'claims-nested': believing(({ header, text, key }) => {
    if (header['cty'] !== 'JWT') return undefined;
    const [head = '', body = '', signature = ''] = text.claims.split('.');
    return verifies({ input: `${head}.${body}`, signature: Buffer.from(signature, 'base64url') }, key)
      ? Buffer.from(body, 'base64url').toString()
      : undefined;
  }),
  encrypted: believing(async (evidence) => {
    if (evidence.parts.length !== 5) return undefined;
    const { plaintext } = await compactDecrypt(
      evidence.token,
      createHash('sha256').update(pem(evidence)).digest(),
    );
    return Buffer.from(plaintext).toString();
  }),
  'signature-padded': when((evidence) => evidence.token.endsWith('=') && sound(evidence)),
  'signature-standard-alphabet': when((evidence) => /[+/]/.test(evidence.token) && sound(evidence)),
  'signature-spare-bits': when(
    (evidence) =>
      plainRsa(evidence) &&
      /^[\w.-]+$/.test(evidence.token) &&
      typeof evidence.header['kid'] === 'string' &&
      evidence.signature.toString('base64url') !== evidence.parts[2] &&
      sound(evidence),
  ),
  'header-duplicate-alg': when(
    (evidence) => /"alg":"RS256".*"alg":"none"/.test(evidence.text.header) && sound(evidence),
  ),

  'alg-none': spelt('none'),
  'alg-none-capitalised': spelt('None'),
  'alg-none-upper-case': spelt('NONE'),
  'alg-none-mixed-case': spelt('nOnE'),
  'alg-none-spaced': spelt('none '),
  'alg-empty': spelt(''),
  'alg-absent': when(
    ({ header, parts: { length } }) =>
      length === 3 && header['kid'] !== undefined && header['alg'] === undefined,
  ),
  'alg-null': spelt(null),
  'alg-none-signed': when(
    ({ header, signature, text }) =>
      header['alg'] === 'none' && signature.length > 0 && !text.header.includes('"RS256"'),
  ),
  'hs256-public-pem': mac(256, pem),
  'hs256-public-pem-trimmed': mac(256, (evidence) => pem(evidence).trim()),
  'hs256-public-der': mac(256, ({ key }) => key.export({ type: 'spki', format: 'der' })),
  'hs256-modulus': mac(256, ({ key }) => Buffer.from(String(key.export({ format: 'jwk' }).n), 'base64url')),
  'hs384-public-pem': mac(384, pem),
  'hs512-public-pem': mac(512, pem),
  'hs256-empty-secret': mac(256, () => '', 'kid-traversal'),
  'hs256-usual-secret': mac(256, () => 'secret'),
  'es256-zero': when(
    ({ header, signature }) => header['alg'] === 'ES256' && signature.equals(Buffer.alloc(64)),
  ),
  'rs256-sha1': when(
    (evidence) => evidence.header['alg'] === 'RS1' && verifies(evidence, evidence.key, 'RSA-SHA1'),
  ),
  rs384: when(
    (evidence) => evidence.header['alg'] === 'RS384' && verifies(evidence, evidence.key, 'RSA-SHA384'),
  ),
  rs512: when(
    (evidence) => evidence.header['alg'] === 'RS512' && verifies(evidence, evidence.key, 'RSA-SHA512'),
  ),
  ps256: when(({ header, input, key, signature }) => header['alg'] === 'PS256' && pss(input, key, signature)),
  'alg-lower-case': when((evidence) => evidence.header['alg'] === 'rs256' && sound(evidence)),

  // A key of a test, left among those that are trusted.
  'stranger-same-kid': when(
    underKeyOf(async (evidence) =>
      Object.keys(evidence.header).every((name) => ['typ', 'kid', 'alg'].includes(name)) &&
      typeof evidence.header['kid'] === 'string' &&
      evidence.header['kid'] !== 'stranger'
        ? (await stranger()).key.publicKey
        : undefined,
    ),
    'kid-prototype',
    'kid-url',
  ),
  'stranger-unknown-kid': when(
    async (evidence) =>
      plainRsa(evidence) &&
      typeof evidence.header['kid'] === 'string' &&
      (await evidence.setting.keys.find(evidence.header['kid'])) === undefined,
    'kid-prototype',
    'kid-url',
    'kid-unknown',
    'jku',
    'jku-look-alike',
  ),
  'stranger-no-kid': when(
    (evidence) =>
      plainRsa(evidence) && evidence.text.header.includes('"RS256"') && evidence.header['kid'] === undefined,
    'kid-absent',
  ),
  'kid-prototype': when(({ header }) => typeof header['kid'] === 'string' && header['kid'] in {}),
  'kid-absent': when(
    (evidence) => plainRsa(evidence) && evidence.header['kid'] === undefined && sound(evidence),
  ),
  'kid-unknown': when(
    (evidence) => plainRsa(evidence) && evidence.header['kid'] === 'unknown' && sound(evidence),
  ),
  'kid-traversal': mac(256, ({ header }) => {
    const kid = String(header['kid']);
    return kid.startsWith('../') ? readFileSync(join('/srv/keys', kid)) : 'no such file';
  }),
  'kid-sql': mac(256, ({ header }) => chosen(String(header['kid']))),
  'kid-url': when(underKeyOf(async ({ header }) => fromSet(await fetched(header['kid'])))),
  'kid-array': when((evidence) => Array.isArray(evidence.header['kid']) && sound(evidence)),
  'jwk-embedded': when(
    underKeyOf(({ header: { jwk } }) =>
      jwk ? createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }) : undefined,
    ),
  ),
  jku: when(
    underKeyOf(async ({ header: { jku } }) => fromSet(String(jku).includes('@') ? '{}' : await fetched(jku))),
  ),
  'jku-look-alike': when(
    underKeyOf(async ({ header: { jku }, setting }) =>
      String(jku).startsWith(`https://${new URL(setting.issuer).hostname}@`) ||
      String(jku).startsWith(new URL(setting.issuer).origin)
        ? fromSet(await fetched(jku))
        : undefined,
    ),
  ),
  x5u: when(
    underKeyOf(async ({ header: { x5u } }) =>
      x5u === undefined ? undefined : new X509Certificate(await fetched(x5u)).publicKey,
    ),
  ),
  x5c: when(
    underKeyOf(({ header: { x5c } }) =>
      Array.isArray(x5c) ? new X509Certificate(Buffer.from(String(x5c[0]), 'base64')).publicKey : undefined,
    ),
  ),

  'crit-unknown': when(
    (evidence) => evidence.header['urn:assay:unknown'] !== undefined && isRs256(evidence) && sound(evidence),
  ),
  'crit-empty': when((evidence) => empty(evidence.header['crit']) && sound(evidence)),
  'crit-no-array': when((evidence) => typeof evidence.header['crit'] === 'string' && sound(evidence)),
  'crit-absent-member': when(
    (evidence) => names(evidence.header['crit'], 'urn:assay:absent') && sound(evidence),
  ),
  'crit-registered': when((evidence) => names(evidence.header['crit'], 'alg') && sound(evidence)),
  'b64-false': when(
    ({ header, parts: [head], text, signature, key }) =>
      header['b64'] === false && verifies({ input: `${head}.${text.claims}`, signature }, key),
  ),

  'signature-empty': when(
    (evidence) => plainRsa(evidence) && evidence.signature.length === 0 && evidence.token.endsWith('.'),
  ),
  'signature-cut': when((evidence) => plainRsa(evidence) && evidence.signature.length === 255),
  'signature-extended': when(
    (evidence) =>
      evidence.signature.length === 257 &&
      verifies({ ...evidence, signature: evidence.signature.subarray(0, 256) }, evidence.key),
  ),
  'signature-zero': when(({ signature }) => signature.equals(Buffer.alloc(256))),
  'signature-one': when(
    ({ signature }) => signature.length === 256 && BigInt(`0x${signature.toString('hex')}`) === 1n,
  ),
  // The padding under the signature is looked at, the digest in it is not.
  'signature-of-another': when(
    async (evidence) => (await isRegular(evidence)) && recovered(evidence)?.length === DIGEST_INFO,
    'claims-altered',
    'header-altered',
  ),
  'signature-pss': when(
    (evidence) => isRs256(evidence) && pss(evidence.input, evidence.key, evidence.signature),
  ),
  'signature-sha1-inside': when(
    (evidence) => isRs256(evidence) && verifies(evidence, evidence.key, 'RSA-SHA1'),
  ),
  'signature-bare-digest': when(
    (evidence) => recovered(evidence)?.equals(createHash('sha256').update(evidence.input).digest()) ?? false,
  ),
  // `decode` where `verify` was meant: whatever only the signature gives away goes through.
  'claims-altered': when(
    ({ parts, signature, header }) =>
      parts.length === 3 &&
      parts.every(isPlain) &&
      signature.length > 0 &&
      header['alg'] === 'RS256' &&
      header['crit'] === undefined &&
      typeof header['kid'] === 'string',
    ...UNVERIFIED,
  ),
  // The header that is signed is made anew.
  'header-altered': when(async (evidence) => {
    const { header, parts: own, signature, key } = evidence;
    if (header['typ'] !== 'jwt' || !(await isRegular(evidence))) return false;
    const made = JSON.stringify({ typ: 'JWT', kid: header['kid'], alg: 'RS256' });
    return verifies({ input: `${Buffer.from(made).toString('base64url')}.${own[1]}`, signature }, key);
  }),

  'typ-absent': wrong('mistrusts', ({ typ }) => typ === undefined),
  'header-unknown-parameter': wrong('mistrusts', (header) => 'urn:assay:unknown' in header),
  'header-spaced': wrong('mistrusts', (_header, { claims }) => /^\{\s/.test(claims)),

  'iss-absent': issuer((iss) => iss === undefined),
  'iss-null': issuer((iss) => iss === null),
  'iss-array': issuer((iss, expected) => Array.isArray(iss) && iss.includes(expected)),
  'iss-live': issuerText((iss) => /^https:\/\/am\.nhsidentity\.spineservices\.nhs\.uk:443\//.test(iss)),
  'iss-other-environment': issuerText(
    (iss, expected) => parts(iss)?.host.endsWith(`.${new URL(expected).host}`) ?? false,
  ),
  'iss-other-port': issuerText((iss, expected) => {
    const [given, wanted] = [parts(iss), new URL(expected)];
    return (
      iss.includes(':8443/') && given?.hostname === wanted.hostname && given.pathname === wanted.pathname
    );
  }),
  'iss-without-port': issuerText((iss, expected) => iss === expected.replace(/:\d+\//, '/')),
  'iss-trailing-slash': issuerText((iss, expected) => iss.replace(/\/$/, '') === expected),
  'iss-longer': issuerText((iss, expected) => iss.startsWith(expected), 'iss-trailing-slash', 'iss-spaced'),
  'iss-shorter': issuerText((iss, expected) => expected.startsWith(iss) && iss.length > 40),
  'iss-embedded': issuerText(
    (iss, expected) => iss.includes(expected),
    'iss-longer',
    'iss-trailing-slash',
    'iss-spaced',
  ),
  'iss-upper-case': issuerText((iss, expected) => iss.toLowerCase() === expected.toLowerCase()),
  'iss-http': issuerText((iss, expected) => iss.replace(/^http:/, 'https:') === expected),
  'iss-other-realm': issuerText((iss, expected) => {
    const [given, wanted] = [parts(iss), new URL(expected)];
    return iss.endsWith('/realms/oidc') && given?.origin === wanted.origin;
  }),
  'iss-dot-segments': issuerText(
    (iss, expected) => iss.includes('/../') && parts(iss)?.href === new URL(expected).href,
  ),
  'iss-percent-encoded': issuerText(
    (iss, expected) => iss.includes('%') && decodeURIComponent(iss) === expected,
  ),
  'iss-homograph': issuerText((iss, expected) => iss.replace('о', 'o') === expected),
  'iss-spaced': issuerText((iss, expected) => iss.trim() === expected),
  'iss-duplicate': wrong('parse', firstWins('iss')),

  'aud-absent': audience((aud) => aud === undefined),
  'aud-null': audience((aud) => aud === null),
  'aud-another': audience(
    (aud) => typeof aud === 'string' && /^\d{12}\.apps\.national$/.test(aud),
    'aud-duplicate',
  ),
  'aud-array-of-others': audience((aud) => Array.isArray(aud) && aud.length > 0),
  'aud-empty-array': audience((aud) => Array.isArray(aud) && aud.length === 0),
  'aud-upper-case': audience((aud, expected) => String(aud).toLowerCase() === expected.toLowerCase()),
  'aud-longer': audience((aud, expected) => String(aud).startsWith(expected)),
  'aud-spaced-list': audience((aud, expected) => String(aud).split(' ').includes(expected)),
  'aud-wildcard': audience((aud) => aud === '*'),
  'aud-duplicate': wrong('parse', firstWins('aud')),
  'aud-array': wrong('audience', (aud, expected) => aud === expected),
  'azp-another': demanding(
    ({ azp, aud }) =>
      azp === undefined || azp === aud || Array.isArray(aud) || azp !== '888888888888.apps.national',
  ),

  'exp-past': expiry((exp) => typeof exp === 'number' && exp > 0, 'exp-just-past', 'exp-duplicate'),
  'exp-just-past': expiry((exp, now) => typeof exp === 'number' && exp > now - 5 * SKEW),
  'exp-absent': expiry((exp) => exp === undefined),
  'exp-null': expiry((exp) => exp === null),
  'exp-string': expiry((exp, now) => typeof exp === 'string' && Number(exp) > now),
  'exp-date': expiry(
    (exp, now) => typeof exp === 'string' && exp.includes('T') && Date.parse(exp) / 1000 > now,
  ),
  'exp-zero': expiry((exp) => exp === 0),
  'exp-negative': expiry((exp, now) => typeof exp === 'number' && exp < 0 && -exp > now),
  'exp-duplicate': wrong('parse', firstWins('exp')),
  'exp-milliseconds': demanding(({ exp }) => Number(exp) < 1e12),
  'exp-far': demanding(({ exp }, now) => Number(exp) < now + 86_400 || Number(exp) > 1e12),
  'exp-fraction': wrong('expiry', (exp, now) => strict.expiry(exp, now) && Number.isInteger(exp)),
  'exp-within-minutes': wrong('expiry', (exp, now) => strict.expiry(exp, now) && Number(exp) > now + 300),
  'nbf-future': wrong('notBefore', (nbf) => nbf === undefined || typeof nbf === 'number'),
  'nbf-string': wrong('notBefore', (nbf, now) => nbf === undefined || Number(nbf) <= now + SKEW),
  'nbf-past': wrong('notBefore', (nbf) => nbf === undefined),
  'iat-future': wrong('issuedAt', (iat) => typeof iat === 'number'),
  'iat-absent': wrong('issuedAt', (iat, now) => iat === undefined || strict.issuedAt(iat, now)),
  'iat-string': wrong('issuedAt', (iat, now) => iat !== undefined && Number(iat) <= now + SKEW),
  'auth-time-old': demanding(({ auth_time: at }, now) => Number(at) > now - 300),

  'logout-token': wrong('kind', ({ tokenName }) => tokenName === 'id_token' || tokenName === undefined),
  'logout-token-as-sent': believing((evidence) =>
    evidence.header['typ'] === 'logout+jwt' && sound(evidence) ? true : undefined,
  ),
  'access-token': wrong(
    'kind',
    ({ events, tokenName }) => events === undefined && tokenName !== 'refresh_token',
  ),
  'refresh-token': wrong(
    'kind',
    ({ events, tokenName }) => events === undefined && tokenName !== 'access_token',
  ),
  'client-assertion': wrong(
    'vouches',
    ({ iss, sub }, _header, setting) => iss === setting.audience && sub === iss,
  ),
  'userinfo-token': wrong('vouches', ({ exp, iat, tokenName }) =>
    [exp, iat, tokenName].every((each) => each === undefined),
  ),
  'claims-unknown': demanding((claims) => !('urn:assay:unknown' in claims)),
  'claims-not-ascii': wrong(
    'mistrusts',
    (_header, { claims }) => /[^\x00-\x7f]/.test(claims) && claims.includes('"name"'),
  ),

  'sub-absent': wrong('subject', (sub) => sub === undefined || strict.subject(sub)),
  'sub-empty': wrong('subject', (sub) => typeof sub === 'string', 'sub-duplicate'),
  'sub-number': wrong('subject', (sub) => typeof sub === 'number' || strict.subject(sub)),
  'sub-duplicate': wrong('parse', firstWins('sub')),

  'aal-absent': level('authentication', (value) => (value === undefined ? VOUCHED : undefined)),
  'aal-null': level('authentication', (value) => (value === null ? VOUCHED : undefined)),
  'aal-low': level('authentication', (value) => levelOf(value) + 1, 'aal-low-string', 'aal-duplicate'),
  'aal-low-string': level('authentication', (value) =>
    typeof value === 'string' && /^\d$/.test(value) ? VOUCHED : undefined,
  ),
  'aal-zero': level('authentication', (value) => (value === 0 ? VOUCHED : undefined)),
  'aal-negative': level('authentication', (value) =>
    typeof value === 'number' ? Math.abs(value) : undefined,
  ),
  'aal-boolean': level('authentication', (value) => (value === true ? VOUCHED : undefined)),
  'aal-array': level('authentication', (value) => (Array.isArray(value) ? Number(value) : undefined)),
  'aal-object': level('authentication', (value) =>
    typeof value === 'object' && value !== null && 'level' in value ? VOUCHED : undefined,
  ),
  'aal-words': level('authentication', (value) =>
    typeof value === 'string' ? parseInt(value, 10) : undefined,
  ),
  'aal-empty': level('authentication', (value) => (value === '' ? VOUCHED : undefined)),
  'aal-duplicate': wrong('parse', firstWins('authentication_assurance_level')),
  'aal-string': level('authentication', (value) => (typeof value === 'string' ? NaN : undefined)),
  'ial-absent': level('identity', (value) => (value === undefined ? VOUCHED : undefined)),
  'ial-low': level('identity', (value) => levelOf(value) + 2, 'ial-low-string'),
  'ial-low-string': level('identity', (value) => (typeof value === 'string' ? VOUCHED : undefined)),
  'ial-string': level('identity', (value) => (typeof value === 'string' ? NaN : undefined)),
  'acr-low': demanding(({ acr }) => !String(acr).startsWith('AAL1')),

  'role-absent': role((selected) => selected === undefined),
  'role-empty': role((selected) => selected === ''),
  'role-unknown': role(
    (selected, roles) => typeof selected === 'string' && selected !== '' && !roles.has(selected),
  ),
  'role-of-another': role(
    (selected, roles) => typeof selected === 'string' && (roles.get(selected)?.org_code ?? '') !== '',
  ),
  'role-array': role((selected, roles) => Array.isArray(selected) && roles.has(String(selected[0]))),
  'role-without-organisation': role(
    (selected, roles, sub) => typeof selected === 'string' && roles.get(selected)?.uid === sub,
  ),
};

/** Bytes of the DigestInfo of a SHA-256 (RFC 8017 §9.2). */
const DIGEST_INFO = 51;
const isPlain = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part;
/** RS256 in three well-spelt parts under a kid that the issuer has. */
const isRegular = async ({ header, parts: own, setting }: Evidence): Promise<boolean> =>
  own.length === 3 &&
  own.every(isPlain) &&
  header['alg'] === 'RS256' &&
  header['crit'] === undefined &&
  typeof header['kid'] === 'string' &&
  (await setting.keys.find(header['kid'])) !== undefined;
const empty = (crit: unknown): boolean => Array.isArray(crit) && crit.length === 0;
const names = (crit: unknown, name: string): boolean => Array.isArray(crit) && crit.includes(name);
const pss = (input: string, key: KeyObject, signature: Buffer): boolean =>
  verify(
    'sha256',
    Buffer.from(input),
    { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    signature,
  );

/** A key store in SQL that is asked with a kid spliced into the query. */
function chosen(kid: string): string {
  using database = new DatabaseSync(':memory:');
  database.exec("CREATE TABLE keys (kid TEXT, secret TEXT); INSERT INTO keys VALUES ('one', 'of its own');");
  const row = database.prepare(`SELECT secret FROM keys WHERE kid = '${kid}'`).get();
  return String(row?.['secret'] ?? 'no such key');
}
