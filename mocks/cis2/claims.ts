import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Realm, Session } from './realm.ts';
import type { User } from './users.ts';

/** Seconds for which an ID token, an access token and an authorization code are good. */
export const LIFE = { idToken: 3600, accessToken: 3600, code: 120 } as const;

/** Authentication context classes that CIS2 knows, with the levels that meet them. */
export const contexts: Readonly<Record<string, readonly number[]>> = {
  AAL3_ANY: [3],
  AAL2_OR_AAL3_ANY: [2, 3],
  AAL2_ANY: [2],
  AAL1_USERPASS: [1],
  AAL3_IOS: [3],
  AAL3_FIDO2: [3],
  AAL3_N3_SMARTCARD: [3],
  AAL3_CIS2_SMARTCARD: [3],
  AAL3_SMARTCARD: [3],
  AAL2_TOTP: [2],
  AAL2_NHSMAIL: [2],
};
const USUAL: readonly { readonly acr: string; readonly amr: readonly string[] }[] = [
  { acr: 'AAL1_USERPASS', amr: ['USERPASS'] },
  { acr: 'AAL1_USERPASS', amr: ['USERPASS'] },
  { acr: 'AAL2_ANY', amr: ['TOTP'] },
  { acr: 'AAL3_ANY', amr: ['N3_SMARTCARD'] },
];

/** How a user authenticated, and the context class that stands for it. */
export function contextOf(user: User): { readonly acr: string; readonly amr: readonly string[] } {
  const usual = USUAL[Number(user.authentication_assurance_level)];
  return { acr: user.acr ?? usual?.acr ?? 'AAL1_USERPASS', amr: user.amr ?? usual?.amr ?? ['USERPASS'] };
}

/** Whether a user's authentication level meets a context class. */
export const meets = (user: User, acr: string): boolean =>
  contexts[acr]?.includes(Number(user.authentication_assurance_level)) ?? false;

/** Left half of a SHA-256, as `at_hash`, `c_hash` and `s_hash` want it (OpenID Connect Core §3.3.2.11). */
const halfHash = (value: string): string =>
  createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url');

/** The role in use: the selected one, else the first. */
const roleInUse = ({ roles, selected_role }: User): string | undefined =>
  selected_role ?? roles[0]?.person_roleid;

/** The claims of an ID token as CIS2 sends them. Times are seconds since the epoch. */
export function idTokenClaims(
  realm: Realm,
  session: Session,
  bound: {
    readonly nonce?: string | undefined;
    readonly state?: string | undefined;
    readonly code?: string | undefined;
    readonly accessToken?: string | undefined;
  } = {},
): Readonly<Record<string, unknown>> {
  const { user, client, sid, authTime, acr } = session;
  const now = realm.now();
  const selected = roleInUse(user);
  return {
    at_hash: halfHash(bound.accessToken ?? sid),
    sub: user.uid,
    auditTrackingId: `${randomUUID()}-${Math.floor(Math.random() * 1e6)}`,
    amr: contextOf(user).amr,
    iss: realm.issuer,
    tokenName: 'id_token',
    ...(bound.nonce !== undefined && { nonce: bound.nonce }),
    sid,
    aud: client,
    c_hash: halfHash(bound.code ?? sid),
    acr,
    ...(selected !== undefined && { selected_roleid: selected }),
    'org.forgerock.openidconnect.ops': randomBytes(20).toString('base64url'),
    s_hash: halfHash(bound.state ?? sid),
    azp: client,
    auth_time: authTime,
    realm: '/NHSIdentity/Healthcare',
    exp: now + LIFE.idToken,
    tokenType: 'JWTToken',
    iat: now,
    id_assurance_level: user.id_assurance_level,
    authentication_assurance_level: user.authentication_assurance_level,
  };
}

/** The claims of a back-channel logout token (OpenID Connect Back-Channel Logout §2.4). */
export const logoutTokenClaims = (
  realm: Realm,
  { client, sid, user }: Session,
): Readonly<Record<string, unknown>> => ({
  iss: realm.issuer,
  aud: client,
  sub: user.uid,
  sid,
  iat: realm.now(),
  exp: realm.now() + 120,
  jti: randomUUID(),
  events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
});

/** What userinfo answers, by the scopes granted. Roles are told here and nowhere else. */
export function userInfo({ user, scopes }: Session): Readonly<Record<string, unknown>> {
  const has = (scope: string): boolean => scopes.includes(scope);
  const { roles } = user;
  return {
    sub: user.uid,
    ...(has('profile') && {
      name: user.name,
      ...(user.given_name !== undefined && { given_name: user.given_name }),
      ...(user.family_name !== undefined && { family_name: user.family_name }),
    }),
    ...(has('email') && user.email !== undefined && { email: user.email }),
    ...((has('nhsperson') || has('nationalrbacaccess')) && { nhsid_useruid: user.uid, name: user.name }),
    ...(has('nhsperson') && {
      display_name: user.name,
      idassurancelevel: user.id_assurance_level,
      ...(user.title !== undefined && { title: user.title }),
    }),
    ...(has('nationalrbacaccess') && {
      nhsid_nrbac_roles: roles.map(({ org_name: _name, ...shown }) => shown),
    }),
    ...(has('associatedorgs') && {
      nhsid_user_orgs: [...new Map(roles.map((each) => [each.org_code, each])).values()].map(
        ({ org_code, org_name }) => ({ org_code, ...(org_name !== undefined && { org_name }) }),
      ),
    }),
    ...(has('selectedrole') && roleInUse(user) !== undefined && { selected_roleid: roleInUse(user) }),
  };
}
