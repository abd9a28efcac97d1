import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { decodeJwt, decodeProtectedHeader, exportJWK, jwtVerify, createRemoteJWKSet } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { startIssuer, type ServedIssuer } from '../../mocks/cis2/server.ts';
import { DEFAULT_CLIENT } from '../../mocks/cis2/users.ts';
import { hierarchy } from './stand.ts';

/** The issuer on a real socket, met by the relying-party libraries that teams use, as they are. */

const CALLBACK = 'http://127.0.0.1:65001/callback';
const SCOPES = 'openid profile email nhsperson associatedorgs nationalrbacaccess selectedrole';
const { privateKey: rpKey, publicKey: rpPublic } = generateKeyPairSync('rsa', { modulusLength: 2048 });

let served: ServedIssuer;
let rp: ReturnType<typeof createServer>;
const loggedOut: string[] = [];
before(async () => {
  const pki = await hierarchy;
  setDefaultCACertificates([...getCACertificates('default'), pki.root]);
  rp = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      loggedOut.push(new URLSearchParams(body).get('logout_token') ?? '');
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(rp, 'listening');
  served = await startIssuer({
    identity: pki.provider,
    login: 'aal3-clinician',
  });
  served.realm.addClient({
    client_id: 'signing.apps.national',
    redirect_uris: [CALLBACK],
    post_logout_redirect_uris: [`${CALLBACK}/out`],
    backchannel_logout_uri: `http://127.0.0.1:${(rp.address() as AddressInfo).port}/backchannel`,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [{ ...(await exportJWK(rpPublic)), kid: 'rp-1', alg: 'RS512', use: 'sig' }] },
  });
});
after(async () => {
  await served.close();
  rp.close();
});

const secret = (): string => served.realm.clients.get(DEFAULT_CLIENT)?.client_secret ?? '';
const located = async (url: URL): Promise<URL> => {
  const answer = await fetch(url, { redirect: 'manual' });
  assert.equal(answer.status, 302, await answer.text());
  return new URL(answer.headers.get('location') ?? '');
};

describe('openid-client, unmodified, over TLS', () => {
  test('discovery, code flow with PKCE and a signed assertion, userinfo, logout', async () => {
    const key = await crypto.subtle.importKey(
      'pkcs8',
      rpKey.export({ format: 'der', type: 'pkcs8' }),
      { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' },
      false,
      ['sign'],
    );
    const config = await openid.discovery(
      new URL(served.issuer),
      'signing.apps.national',
      undefined,
      openid.PrivateKeyJwt({ key, kid: 'rp-1' }),
    );
    assert.equal(config.serverMetadata().issuer, served.issuer);
    const verifier = openid.randomPKCECodeVerifier();
    const [nonce, state] = [openid.randomNonce(), openid.randomState()];
    const callback = await located(
      openid.buildAuthorizationUrl(config, {
        redirect_uri: CALLBACK,
        scope: SCOPES,
        acr_values: 'AAL2_OR_AAL3_ANY',
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        nonce,
        state,
      }),
    );
    const tokens = await openid.authorizationCodeGrant(config, callback, {
      pkceCodeVerifier: verifier,
      expectedNonce: nonce,
      expectedState: state,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    assert.ok(claims);
    assert.equal(claims.iss, served.issuer);
    assert.equal(claims.aud, 'signing.apps.national');
    assert.equal(claims['acr'], 'AAL2_OR_AAL3_ANY');
    assert.equal(claims['authentication_assurance_level'], 3);
    assert.equal(claims['nhsid_nrbac_roles'], undefined, 'roles are in userinfo only');
    const info = await openid.fetchUserInfo(config, tokens.access_token, claims.sub);
    const roles = info['nhsid_nrbac_roles'] as readonly Record<string, unknown>[];
    assert.deepEqual(
      roles.map(({ role_code, org_code }) => [role_code, org_code]),
      [
        ['S8000:G8000:R8000', 'A11111'],
        ['S8000:G8000:R8000', 'B22222'],
      ],
    );
    assert.equal(roles[0]?.['person_roleid'], claims['selected_roleid']);

    const out = await located(
      openid.buildEndSessionUrl(config, {
        id_token_hint: tokens.id_token ?? '',
        post_logout_redirect_uri: `${CALLBACK}/out`,
        state: 'bye',
      }),
    );
    assert.equal(out.href, `${CALLBACK}/out?state=bye`);
    const [logoutToken = ''] = loggedOut.splice(0);
    const jwks = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri ?? ''));
    const { payload, protectedHeader } = await jwtVerify(logoutToken, jwks, {
      issuer: served.issuer,
      audience: 'signing.apps.national',
    });
    assert.equal(payload['sid'], claims['sid']);
    assert.deepEqual(payload['events'], { 'http://schemas.openid.net/event/backchannel-logout': {} });
    assert.ok(!('nonce' in payload) && typeof payload.jti === 'string');
    assert.equal(protectedHeader.alg, 'RS256');
    await assert.rejects(openid.fetchUserInfo(config, tokens.access_token, claims.sub));
  });
});

describe('oauth4webapi, unmodified, over TLS', () => {
  test('discovery, code flow with a secret, userinfo', async () => {
    const issuer = new URL(served.issuer);
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer));
    const client: oauth.Client = { client_id: DEFAULT_CLIENT };
    const verifier = oauth.generateRandomCodeVerifier();
    const url = new URL(as.authorization_endpoint ?? '');
    for (const [name, value] of Object.entries({
      client_id: DEFAULT_CLIENT,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: SCOPES,
      state: 's',
      nonce: 'n',
      login_hint: 'aal3-strings',
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }))
      url.searchParams.set(name, value);
    const parameters = oauth.validateAuthResponse(as, client, await located(url), 's');
    const redeem = () =>
      oauth.authorizationCodeGrantRequest(
        as,
        client,
        oauth.ClientSecretPost(secret()),
        parameters,
        CALLBACK,
        verifier,
      );
    const result = await oauth.processAuthorizationCodeResponse(as, client, await redeem(), {
      expectedNonce: 'n',
      requireIdToken: true,
    });
    const claims = oauth.getValidatedIdTokenClaims(result);
    assert.equal(claims?.['authentication_assurance_level'], '3', 'a string, as that user has it');
    const response = await oauth.userInfoRequest(as, client, result.access_token);
    const info = await oauth.processUserInfoResponse(as, client, claims?.sub ?? '', response);
    assert.equal(info['nhsid_useruid'], claims?.sub);
    // A code is good once, and a second use takes back what came of the first.
    const again = await redeem();
    assert.deepEqual(
      [again.status, ((await again.json()) as { error: string }).error],
      [400, 'invalid_grant'],
    );
    const { status } = await oauth.userInfoRequest(as, client, result.access_token);
    assert.equal(status, 401);
  });
});

describe('the protocol, to the letter', () => {
  const authorize = (fields: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(
      `${served.issuer}/authorize?${new URLSearchParams({
        client_id: DEFAULT_CLIENT,
        redirect_uri: CALLBACK,
        response_type: 'code',
        scope: 'openid',
        ...fields,
      })}`,
      { redirect: 'manual' },
    );
  const redeem = async (fields: Readonly<Record<string, string | undefined>>) => {
    const location = new URL((await authorize({})).headers.get('location') ?? '');
    const whole: Record<string, string | undefined> = {
      grant_type: 'authorization_code',
      client_id: DEFAULT_CLIENT,
      client_secret: secret(),
      redirect_uri: CALLBACK,
      code: location.searchParams.get('code') ?? '',
      ...fields,
    };
    const body = new URLSearchParams(
      Object.entries(whole).filter((each): each is [string, string] => each[1] !== undefined),
    );
    const answer = await fetch(`${served.issuer}/access_token`, { method: 'POST', body });
    return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> };
  };

  test('a token as CIS2 sends it: header, claims, key id', async () => {
    const { status, body } = await redeem({});
    assert.equal(status, 200);
    const token = String(body['id_token']);
    const { kid = '', ...header } = decodeProtectedHeader(token);
    assert.deepEqual(header, { typ: 'JWT', alg: 'RS256' });
    assert.match(kid, /^(?=.*\/)(?=.*\+)[A-Za-z0-9+/]{27}=$/);
    const claims = decodeJwt(token);
    for (const name of [
      ...['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'acr', 'amr', 'azp', 'at_hash', 'c_hash', 's_hash'],
      ...[
        'auditTrackingId',
        'realm',
        'tokenName',
        'tokenType',
        'id_assurance_level',
        'sid',
        'selected_roleid',
      ],
      ...['authentication_assurance_level', 'org.forgerock.openidconnect.ops'],
    ])
      assert.ok(name in claims, name);
    assert.match(
      String(claims.iss),
      /^https:\/\/localhost:\d+\/openam\/oauth2\/realms\/root\/realms\/NHSIdentity\/realms\/Healthcare$/,
    );
    const jwks = served.realm.keys.jwks.keys;
    assert.deepEqual(jwks.map(({ use }) => use).sort(), ['enc', 'sig']);
    assert.ok(jwks.every((key) => !('d' in key)));
  });

  const badRequests: readonly (readonly [string, Readonly<Record<string, string>>, number, RegExp])[] = [
    ['an unknown client is told on a page', { client_id: 'nobody' }, 400, /No relying party/],
    ['another redirect_uri is told on a page', { redirect_uri: 'https://evil.test/' }, 400, /not registered/],
    ['a look-alike of loopback', { redirect_uri: 'http://127.0.0.1:1@evil.test/' }, 400, /not registered/],
    ['another response type goes back', { response_type: 'token' }, 302, /error=unsupported_response_type/],
    ['a scope without openid goes back', { scope: 'profile' }, 302, /error=invalid_scope/],
    [
      'PKCE has to be S256',
      { code_challenge: 'x', code_challenge_method: 'plain' },
      302,
      /error=invalid_request/,
    ],
    ['a user whom nobody knows', { user: 'nobody' }, 302, /error=access_denied/],
  ];
  for (const [title, fields, status, says] of badRequests)
    test(title, async () => {
      const answer = await authorize(fields);
      assert.equal(answer.status, status);
      assert.match(answer.headers.get('location') ?? (await answer.text()), says);
    });

  const badGrants: readonly (readonly [
    string,
    Readonly<Record<string, string | undefined>>,
    number,
    string,
  ])[] = [
    ['a wrong secret', { client_secret: 'wrong' }, 401, 'invalid_client'],
    ['no secret', { client_secret: undefined }, 401, 'invalid_client'],
    [
      'an assertion that is none',
      {
        client_assertion: 'x',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      },
      401,
      'invalid_client',
    ],
    ['another grant', { grant_type: 'client_credentials' }, 400, 'unsupported_grant_type'],
    ['an unknown code', { code: 'x' }, 400, 'invalid_grant'],
    ['another redirect_uri', { redirect_uri: 'http://127.0.0.1:1/' }, 400, 'invalid_grant'],
    ['a verifier without a challenge', { code_verifier: 'x' }, 400, 'invalid_grant'],
  ];
  for (const [title, fields, status, error] of badGrants)
    test(`token endpoint: ${title}`, async () => {
      const { status: got, body } = await redeem(fields);
      assert.deepEqual([got, body['error']], [status, error]);
      if (title.includes('assertion')) assert.equal(body['error_description'], 'JWT is not valid');
    });

  test('the page: every user, no script, everything escaped; it posts what it was asked with', async () => {
    served.realm.login = 'choose';
    try {
      const answer = await authorize({ acr_values: 'AAL3_ANY', state: '"><script>alert(1)</script>' });
      const html = await answer.text();
      assert.equal(answer.status, 200);
      assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
      assert.ok(!/<script/i.test(html) && html.includes('&lt;script&gt;'));
      for (const id of served.realm.users.keys()) assert.ok(html.includes(`value="${id}"`), id);
      assert.equal([...html.matchAll(/Below the assurance/g)].length, 2);
      const body = new URLSearchParams(
        [...html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(
          ([, name = '', value = '']): [string, string] => [
            name,
            value
              .replaceAll('&quot;', '"')
              .replaceAll('&lt;', '<')
              .replaceAll('&gt;', '>')
              .replaceAll('&amp;', '&'),
          ],
        ),
      );
      body.set('user', 'aal2-admin');
      const posted = await fetch(`${served.issuer}/authorize`, { method: 'POST', body, redirect: 'manual' });
      const location = new URL(posted.headers.get('location') ?? '');
      assert.equal(location.searchParams.get('state'), '"><script>alert(1)</script>');
      assert.ok(location.searchParams.get('code'));
    } finally {
      served.realm.login = 'aal3-clinician';
    }
  });

  test('the management port: nothing without its token', async () => {
    const { management } = served;
    for (const headers of [{}, { Authorization: 'Bearer x' }, { Authorization: management.token }]) {
      const answer = await fetch(management.url, { headers: headers as Record<string, string> });
      assert.equal(answer.status, 401);
      assert.ok(!(await answer.text()).includes('issuer'));
    }
  });

  test('the management port steers: keys, faults, clock, counts, users, clients, logout', async () => {
    const { management, issuer } = served;
    const call = async (route: string, body?: object) => {
      const [method = 'GET', path = '/'] = route.split(' ');
      const answer = await fetch(`${management.url}${path}`, {
        method,
        headers: { Authorization: `Bearer ${management.token}` },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, ...((await answer.json()) as Record<string, unknown>) } as Record<
        string,
        unknown
      >;
    };
    const kids = async (): Promise<readonly unknown[]> =>
      (
        (await (await fetch(`${issuer}/connect/jwk_uri`)).json()) as { keys: { kid: string; use: string }[] }
      ).keys
        .filter(({ use }) => use === 'sig')
        .map(({ kid }) => kid);
    const [before_] = await kids();
    await call('DELETE /counts');
    await call('POST /keys/rotate', { publish: false });
    assert.deepEqual(await kids(), [before_]);
    const { token } = await call('POST /token', {
      user: 'aal2-admin',
      audience: 'me',
      claims: { acr: null, x: 1 },
    });
    const claims = decodeJwt(String(token));
    assert.deepEqual([claims.aud, claims['x'], 'acr' in claims], ['me', 1, false]);
    assert.notEqual(decodeProtectedHeader(String(token)).kid, before_);
    await call('POST /keys/publish');
    assert.equal((await kids()).length, 2);
    await call('POST /keys/retire', { kid: before_ });
    const [now] = await kids();
    const reused = await call('POST /keys/reuse');
    assert.equal(reused['signing'], now);
    assert.deepEqual(await call('GET /counts'), {
      status: 200,
      discovery: 0,
      jwks: 3,
      authorize: 0,
      token: 0,
      userinfo: 0,
      endSession: 0,
    });
    await call('POST /keys/grow', { keys: 5000 });
    assert.equal((await kids()).length, 5001);
    await call('POST /keys/grow', { keys: 0 });

    await call('POST /fault', { endpoint: 'jwks', status: 503 });
    assert.equal((await fetch(`${issuer}/connect/jwk_uri`)).status, 503);
    await call('POST /fault', { endpoint: 'jwks', garbage: true });
    await assert.rejects(async () => (await fetch(`${issuer}/connect/jwk_uri`)).json());
    await call('POST /fault', { endpoint: 'jwks', reset: true });
    await assert.rejects(fetch(`${issuer}/connect/jwk_uri`));
    await call('POST /fault', { endpoint: 'jwks', bytes: 10_000_000 });
    assert.equal((await (await fetch(`${issuer}/connect/jwk_uri`)).text()).length, 10_000_000);
    await call('POST /fault', { endpoint: 'jwks', hang: true });
    await assert.rejects(fetch(`${issuer}/connect/jwk_uri`, { signal: AbortSignal.timeout(100) }));
    await call('DELETE /fault');

    const { token: named } = await call('POST /token', { defect: 'jku' });
    const jku = String(decodeProtectedHeader(String(named)).jku);
    assert.equal((await fetch(jku)).status, 200);
    assert.deepEqual((await call('GET /canary'))['fetched'], ['/jku.json']);

    await call('POST /clock', { ahead: 7200 });
    const { token: late } = await call('POST /token', {});
    assert.ok((decodeJwt(String(late)).iat ?? 0) > Date.now() / 1000 + 7000);
    await call('POST /clock', { ahead: 0 });

    const client = {
      client_id: 'c',
      redirect_uris: ['https://c.test/'],
      token_endpoint_auth_method: 'client_secret_post',
    };
    assert.match(String((await call('POST /clients', client))['client_secret']), /^[\w-]{32}$/);
    const bad = await call('POST /clients', { ...client, redirect_uri: 'x' });
    assert.deepEqual(
      [bad['status'], bad['error']],
      [400, 'client#/clients/0/redirect_uri: is no known field'],
    );
    assert.match(
      String((await call('POST /token', { user: 'nobody' }))['error']),
      /no user is called nobody/,
    );
    assert.match(String((await call('POST /token', { defect: 'nothing' }))['error']), /no defect is called/);
    assert.match(String((await call('POST /fault', { endpoint: 'x' }))['error']), /endpoint: one of/);
    assert.equal((await call('GET /nowhere'))['status'], 404);
    assert.ok(((await call('POST /logout', { user: 'aal2-admin' }))['ended'] as unknown[]).length > 0);
  });
});
