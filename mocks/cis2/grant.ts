import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { idTokenClaims, LIFE } from './claims.ts';
import { signToken } from './keys.ts';
import type { Code, Realm } from './realm.ts';
import type { Client } from './users.ts';

/** Algorithms in which a client assertion may be signed. */
export const ASSERTION_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384'];
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const json = (body: object, status = 200): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', Pragma: 'no-cache' },
  });
const refuse = (error: string, description: string, status = 400): Response =>
  json({ error, error_description: description }, status);
const invalidClient = (description: string): Response => refuse('invalid_client', description, 401);

const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

/** The token endpoint: an authorization code for an ID token and an opaque access token (RFC 6749 §4.1.3). */
export async function grant(realm: Realm, form: URLSearchParams): Promise<Response> {
  const repeated = [...new Set(form.keys())].find((name) => form.getAll(name).length > 1);
  if (repeated !== undefined) return refuse('invalid_request', `${repeated} stands there twice`);
  const client = await authenticate(realm, form);
  if (client instanceof Response) return client;
  if (form.get('grant_type') !== 'authorization_code')
    return refuse('unsupported_grant_type', 'only authorization_code is offered');
  const name = form.get('code') ?? '';
  const code = realm.codes.get(name);
  if (!code) return refuse('invalid_grant', 'the code is unknown');
  if (code.used !== undefined) {
    // Somebody has it twice: what came of it goes as well (RFC 6749 §4.1.2).
    realm.access.delete(code.used);
    return refuse('invalid_grant', 'the code has been used');
  }
  const fault = codeFault(realm, client, code, form);
  if (fault !== undefined) return refuse('invalid_grant', fault);
  const accessToken = randomBytes(20).toString('base64url');
  code.used = accessToken;
  const { session, nonce, state } = code;
  realm.access.set(accessToken, { ...session, until: realm.now() + LIFE.accessToken });
  const claims = idTokenClaims(realm, session, { nonce, state, code: name, accessToken });
  return json({
    access_token: accessToken,
    scope: session.scopes.join(' '),
    id_token: await signToken(realm.keys.signing, claims),
    token_type: 'Bearer',
    expires_in: LIFE.accessToken - 1,
  });
}

function codeFault(realm: Realm, client: Client, code: Code, form: URLSearchParams): string | undefined {
  if (code.session.client !== client.client_id) return 'the code was given to another client';
  if (code.until < realm.now()) return 'the code has expired';
  if (form.get('redirect_uri') !== code.redirectUri) return 'redirect_uri is not the one of the request';
  const verifier = form.get('code_verifier');
  if (code.challenge === undefined)
    return verifier === null ? undefined : 'code_verifier without code_challenge';
  if (verifier === null) return 'code_verifier is missing';
  return same(digest(verifier).toString('base64url'), code.challenge)
    ? undefined
    : 'code_verifier does not fit code_challenge';
}

/** Client authentication by secret in the body, or by a signed assertion (RFC 7523 §2.2). */
async function authenticate(realm: Realm, form: URLSearchParams): Promise<Client | Response> {
  const assertion = form.get('client_assertion');
  if (assertion !== null) {
    if (form.get('client_assertion_type') !== ASSERTION_TYPE)
      return invalidClient('client_assertion_type has to be jwt-bearer');
    return (
      (await fromAssertion(realm, assertion, form.get('client_id'))) ?? invalidClient('JWT is not valid')
    );
  }
  const client = realm.clients.get(form.get('client_id') ?? '');
  const secret = form.get('client_secret');
  if (
    client?.token_endpoint_auth_method === 'client_secret_post' &&
    secret !== null &&
    same(secret, client.client_secret ?? '')
  )
    return client;
  return invalidClient('Client authentication failed');
}

async function fromAssertion(
  realm: Realm,
  assertion: string,
  named: string | null,
): Promise<Client | undefined> {
  try {
    const { iss } = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString()) as {
      readonly iss?: unknown;
    };
    const client = realm.clients.get(typeof iss === 'string' ? iss : '');
    if (!client?.jwks || client.token_endpoint_auth_method !== 'private_key_jwt') return undefined;
    if (named !== null && named !== client.client_id) return undefined;
    const { payload } = await jwtVerify(assertion, createLocalJWKSet(client.jwks), {
      algorithms: ASSERTION_ALGORITHMS,
      issuer: client.client_id,
      subject: client.client_id,
      audience: [realm.url('token'), realm.issuer],
      requiredClaims: ['exp', 'jti'],
      currentDate: new Date(realm.now() * 1000),
      clockTolerance: 10,
    });
    const jti = `${client.client_id} ${String(payload.jti)}`;
    if (realm.assertions.has(jti)) return undefined;
    realm.assertions.set(jti, true);
    return client;
  } catch {
    return undefined; // CIS2 says no more than «JWT is not valid»
  }
}
