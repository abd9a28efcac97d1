/**
 * Defects of claims: issuer, audience, times, token type, subject, assurance, role. A data table: FtRS SEC-029
 * (signature, issuer, audience, assurance claims), OpenID Connect Core §3.1.3.7, RFC 7519 §4.1.
 */
import { DEFAULT_ISSUER, REALM_PATH } from './realm.ts';
import { saying, worded, type Defect, type Material } from './forge.ts';
import { signToken } from './keys.ts';

const SILENT = 'no document sets it for a token presented to an API';
const live = 'https://am.nhsidentity.spineservices.nhs.uk:443';

const iss =
  (change: (issuer: string) => unknown) =>
  ({ realm }: Material) => ({ iss: change(realm.issuer) });
const aud =
  (change: (audience: string) => unknown) =>
  ({ claims }: Material) => ({ aud: change(String(claims['aud'])) });
const at =
  (claim: string, offset: number, form: (seconds: number) => unknown = (seconds) => seconds) =>
  ({ realm }: Material) => ({ [claim]: form(realm.now() + offset) });
const level = (value: unknown) => ({ authentication_assurance_level: value });
const identity = (value: unknown) => ({ id_assurance_level: value });
/** A member a second time, behind the first. */
const again = (title: string, name: string, value: (material: Material) => unknown): Defect =>
  worded(title, 'token', (head, body, material) => [
    head,
    body.replace(/\}$/, `,${JSON.stringify(name)}:${JSON.stringify(value(material))}}`),
  ]);

export const claimDefects = {
  // Issuer: a string, compared as one (OpenID Connect Core §3.1.3.7)
  'iss-absent': saying('iss left out', 'token', { iss: undefined }),
  'iss-null': saying('iss null', 'token', { iss: null }),
  'iss-array': saying(
    'iss in an array',
    'token',
    iss((issuer) => [issuer]),
  ),
  'iss-live': saying(
    "the live environment's issuer",
    'token',
    iss(() => `${live}${REALM_PATH}`),
  ),
  'iss-other-environment': saying(
    'an issuer of another environment, on a sister host',
    'token',
    iss((issuer) => {
      const url = new URL(issuer === DEFAULT_ISSUER ? DEFAULT_ISSUER : issuer);
      return issuer.replace(url.hostname, `int.${url.hostname}`);
    }),
  ),
  'iss-other-port': saying(
    'another port of the same host',
    'token',
    iss((issuer) => issuer.replace(/:(\d+)\//, ':8443/')),
  ),
  'iss-without-port': saying(
    'the port left out',
    'token',
    iss((issuer) => issuer.replace(/:\d+\//, '/')),
  ),
  'iss-trailing-slash': saying(
    'a slash at the end',
    'token',
    iss((issuer) => `${issuer}/`),
  ),
  'iss-longer': saying(
    'the issuer, and more behind it',
    'token',
    iss((issuer) => `${issuer}-evil`),
  ),
  'iss-shorter': saying(
    'the issuer, its last letter cut',
    'token',
    iss((issuer) => issuer.slice(0, -1)),
  ),
  'iss-embedded': saying(
    "a stranger's URL that holds the issuer",
    'token',
    iss((issuer) => `https://evil.test/?${issuer}`),
  ),
  'iss-upper-case': saying(
    'the host in upper case',
    'token',
    iss((issuer) => issuer.replace(new URL(issuer).hostname, (host) => host.toUpperCase())),
  ),
  'iss-http': saying(
    'http in place of https',
    'token',
    iss((issuer) => issuer.replace('https:', 'http:')),
  ),
  'iss-other-realm': saying(
    'another realm of the same host',
    'token',
    iss((issuer) => issuer.replace('Healthcare', 'oidc')),
  ),
  'iss-dot-segments': saying(
    'dot segments in its path',
    'token',
    iss((issuer) => issuer.replace('/openam/', '/openam/x/../')),
  ),
  'iss-percent-encoded': saying(
    'a letter of its path percent-encoded',
    'token',
    iss((issuer) => issuer.replace('/openam/', '/%6fpenam/')),
  ),
  'iss-homograph': saying(
    'a Cyrillic letter in place of a Latin one',
    'token',
    iss((issuer) => issuer.replace('o', 'о')),
  ),
  'iss-spaced': saying(
    'a space behind it',
    'token',
    iss((issuer) => `${issuer} `),
  ),
  'iss-duplicate': again('iss twice, the last one a stranger', 'iss', () => 'https://evil.test'),

  // Audience (RFC 7519 §4.1.3)
  'aud-absent': saying('aud left out', 'token', { aud: undefined }),
  'aud-null': saying('aud null', 'token', { aud: null }),
  'aud-another': saying('for another relying party', 'token', { aud: '888888888888.apps.national' }),
  'aud-array-of-others': saying('for two others', 'token', { aud: ['888888888888.apps.national', 'x'] }),
  'aud-empty-array': saying('for an empty list', 'token', { aud: [] }),
  'aud-upper-case': saying(
    'its audience in upper case',
    'token',
    aud((audience) => audience.toUpperCase()),
  ),
  'aud-longer': saying(
    'its audience, and more behind it',
    'token',
    aud((audience) => `${audience}.evil`),
  ),
  'aud-spaced-list': saying(
    'a list of audiences in one string',
    'token',
    aud((audience) => `other ${audience}`),
  ),
  'aud-wildcard': saying('for *', 'token', { aud: '*' }),
  'aud-duplicate': again('aud twice, the last one another', 'aud', () => '888888888888.apps.national'),
  'aud-array': saying(
    'its audience as an array of one',
    'nothing',
    aud((audience) => [audience]),
  ),
  'azp-another': saying(
    'authorised party another',
    'token',
    { azp: '888888888888.apps.national' },
    'OpenID Connect Core §3.1.3.7 says SHOULD of a client, and nothing of an API',
  ),

  // Times (RFC 7519 §4.1.4 to §4.1.6, NumericDate §2)
  'exp-past': saying('expired an hour ago', 'expired', at('exp', -3600)),
  'exp-just-past': saying('expired three minutes ago, past any skew', 'expired', at('exp', -180)),
  'exp-absent': saying('exp left out', 'token', { exp: undefined }),
  'exp-null': saying('exp null', 'token', { exp: null }),
  'exp-string': saying('exp as a string', 'token', at('exp', 3600, String)),
  'exp-date': saying(
    'exp as a date',
    'token',
    at('exp', 3600, (seconds) => new Date(seconds * 1000).toISOString()),
  ),
  'exp-zero': saying('exp 0', 'expired', { exp: 0 }),
  'exp-negative': saying(
    'exp below zero',
    'expired',
    at('exp', 3600, (seconds) => -seconds),
  ),
  'exp-duplicate': {
    title: 'exp twice, the last one past',
    flaw: 'expired',
    forge: again('', 'exp', ({ realm }) => realm.now() - 3600).forge,
  },
  'exp-milliseconds': saying(
    'exp in milliseconds',
    'token',
    at('exp', 3600, (seconds) => seconds * 1000),
    SILENT,
  ),
  'exp-far': saying('good for ten years', 'token', at('exp', 315_360_000), SILENT),
  'exp-fraction': saying(
    'exp with a fraction, as a NumericDate may have',
    'nothing',
    at('exp', 1800, (seconds) => seconds + 0.5),
  ),
  'exp-within-minutes': saying('one minute of life left', 'nothing', at('exp', 60)),
  'nbf-future': saying('not before an hour from now', 'token', at('nbf', 3600)),
  'nbf-string': saying('nbf as a string', 'token', at('nbf', -10, String)),
  'nbf-past': saying('not before a minute ago', 'nothing', at('nbf', -60)),
  'iat-future': saying('issued an hour from now', 'token', at('iat', 3600)),
  'iat-absent': saying('iat left out', 'token', { iat: undefined }),
  'iat-string': saying('iat as a string', 'token', at('iat', 0, String)),
  'auth-time-old': saying('authenticated a day ago', 'token', at('auth_time', -86_400), SILENT),

  // Type (RFC 8725 §3.11, §3.12)
  'logout-token': saying('a logout token with the life and claims of an ID token', 'token', {
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  }),
  'logout-token-as-sent': {
    title: 'a logout token as the issuer sends it',
    flaw: 'token',
    forge: ({ realm, key, claims, header }) =>
      signToken(
        key,
        {
          iss: claims['iss'],
          aud: claims['aud'],
          sub: claims['sub'],
          sid: claims['sid'],
          iat: realm.now(),
          exp: realm.now() + 120,
          jti: 'logout-1',
          events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        },
        { ...header, typ: 'logout+jwt' },
      ),
  },
  'access-token': saying('an access token in the form of a JWT', 'token', {
    tokenName: 'access_token',
    token_type: 'Bearer',
  }),
  'refresh-token': saying('a refresh token in the form of a JWT', 'token', { tokenName: 'refresh_token' }),
  'client-assertion': saying(
    'a client assertion: issuer and subject are the relying party',
    'token',
    ({ claims }) => ({
      iss: claims['aud'],
      sub: claims['aud'],
      aud: claims['iss'],
    }),
  ),
  'userinfo-token': saying('a signed userinfo answer: no times, no token name', 'token', {
    exp: undefined,
    iat: undefined,
    tokenName: undefined,
    tokenType: undefined,
  }),
  'claims-unknown': saying('a claim that nobody knows, to be ignored (RFC 7519 §4)', 'nothing', {
    'urn:assay:unknown': { a: [1] },
  }),
  'claims-not-ascii': saying('a name with letters beyond ASCII', 'nothing', {
    name: 'Zoë Ó Súilleabháin 李',
  }),

  // Subject
  'sub-absent': saying('sub left out', 'token', { sub: undefined }),
  'sub-empty': saying('sub empty', 'token', { sub: '' }),
  'sub-number': saying('sub as a number', 'token', { sub: 999999999101 }),
  'sub-duplicate': again('sub twice, the last one empty', 'sub', () => ''),

  // Assurance
  'aal-absent': saying('authentication assurance left out', 'assurance', level(undefined)),
  'aal-null': saying('authentication assurance null', 'assurance', level(null)),
  'aal-low': saying('authentication assurance 1', 'assurance', level(1)),
  'aal-low-string': saying('authentication assurance 1 as a string', 'assurance', level('1')),
  'aal-zero': saying('authentication assurance 0', 'assurance', level(0)),
  'aal-negative': saying('authentication assurance -3', 'assurance', level(-3)),
  'aal-boolean': saying('authentication assurance true', 'assurance', level(true)),
  'aal-array': saying('authentication assurance in an array', 'assurance', level([3])),
  'aal-object': saying('authentication assurance in an object', 'assurance', level({ level: 3 })),
  'aal-words': saying('authentication assurance as 3 and words', 'assurance', level('3 of 3')),
  'aal-empty': saying('authentication assurance empty', 'assurance', level('')),
  'aal-duplicate': {
    title: 'authentication assurance twice, the last one 1',
    flaw: 'assurance',
    forge: again('', 'authentication_assurance_level', () => 1).forge,
  },
  'aal-string': saying('authentication assurance as a string, as CIS2 also sends it', 'nothing', level('3')),
  'ial-absent': saying('identity assurance left out', 'assurance', identity(undefined)),
  'ial-low': saying('identity assurance 1', 'assurance', identity(1)),
  'ial-low-string': saying('identity assurance 1 as a string', 'assurance', identity('1')),
  'ial-string': saying('identity assurance as a string', 'nothing', identity('3')),
  'acr-low': saying('acr below the level that it claims', 'assurance', { acr: 'AAL1_USERPASS' }, SILENT),

  // Role and organisation
  'role-absent': saying('no role selected', 'role', { selected_roleid: undefined }),
  'role-empty': saying('the role selected empty', 'role', { selected_roleid: '' }),
  'role-unknown': saying('a role that the user has not', 'role', { selected_roleid: '555000009999' }),
  'role-of-another': saying("another user's role", 'role', { selected_roleid: '555000000104' }),
  'role-array': saying('several roles selected', 'role', ({ claims }) => ({
    selected_roleid: [claims['selected_roleid'], '555000000104'],
  })),
  'role-without-organisation': saying('a role at no organisation', 'role', {
    selected_roleid: '555000000109',
  }),
} satisfies Record<string, Defect>;
