import { compactVerify, createLocalJWKSet } from 'jose';
import { isRegistered } from './authorize.ts';
import { logoutTokenClaims, userInfo } from './claims.ts';
import { signToken } from './keys.ts';
import { errorPage, page } from './page.ts';
import type { Realm, Session } from './realm.ts';

const LOGOUT_PATIENCE_MS = 5_000;

/** The userinfo endpoint (OpenID Connect Core §5.3), for a bearer token in the header or in the body (RFC 6750 §2). */
export function userinfo(realm: Realm, authorization: string | null, form?: URLSearchParams): Response {
  const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1] ?? form?.get('access_token');
  const found = token == null ? undefined : realm.access.get(token);
  if (found && found.until > realm.now() && realm.sessions.has(found.sid))
    return Response.json(userInfo(found), { headers: { 'Cache-Control': 'no-store' } });
  const error = { error: 'invalid_token', error_description: 'The access token is unknown or has expired' };
  return Response.json(error, {
    status: 401,
    headers: {
      'Cache-Control': 'no-store',
      'WWW-Authenticate':
        token == null ? 'Bearer realm="CIS2"' : 'Bearer realm="CIS2", error="invalid_token"',
    },
  });
}

/** Ends a session, and tells its relying party. */
export async function endSessionOf(realm: Realm, session: Session): Promise<void> {
  realm.sessions.delete(session.sid);
  await tellRelyingParty(realm, session);
}

/** Back-channel logout: posts a logout token where the client is registered for it. `true`: it was taken. */
async function tellRelyingParty(realm: Realm, session: Session): Promise<boolean> {
  const uri = realm.clients.get(session.client)?.backchannel_logout_uri;
  if (uri === undefined) return false;
  const token = await signToken(realm.keys.signing, logoutTokenClaims(realm, session), {
    typ: 'logout+jwt',
    kid: realm.keys.signing.kid,
    alg: 'RS256',
  });
  try {
    const answer = await fetch(uri, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
      redirect: 'manual',
      signal: AbortSignal.timeout(LOGOUT_PATIENCE_MS),
    });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false; // the session has ended all the same
  }
}

/** RP-initiated logout (OpenID Connect RP-Initiated Logout §2). */
export async function endSession(realm: Realm, asked: URLSearchParams): Promise<Response> {
  const hint = asked.get('id_token_hint');
  if (hint === null) return errorPage('id_token_hint is missing.');
  let claims: { readonly sid?: unknown; readonly aud?: unknown };
  try {
    const { payload } = await compactVerify(hint, createLocalJWKSet(realm.keys.jwks), {
      algorithms: ['RS256'],
    });
    claims = JSON.parse(Buffer.from(payload).toString()) as typeof claims;
  } catch {
    return errorPage('id_token_hint is no token of this issuer.');
  }
  const client = realm.clients.get(String(claims.aud));
  const target = asked.get('post_logout_redirect_uri');
  if (target !== null && !isRegistered(target, client?.post_logout_redirect_uris))
    return errorPage('That post_logout_redirect_uri is not registered.');
  const session = realm.sessions.get(String(claims.sid));
  if (session) await endSessionOf(realm, session);
  if (target === null) return page('Signed out', '<p>The session has ended.</p>');
  const location = new URL(target);
  const state = asked.get('state');
  if (state !== null) location.searchParams.set('state', state);
  return new Response(null, {
    status: 302,
    headers: { Location: location.href, 'Cache-Control': 'no-store' },
  });
}
