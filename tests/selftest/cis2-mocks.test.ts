import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cis2 } from '../../mocks/index.ts';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { setupServer, type SetupServer } from 'msw/node';
import * as openid from 'openid-client';
import { checkRegister } from '../../mocks/cis2/users.ts';

/** As a provider's team would use the issuer in unit tests of its own: by its public name, with MSW, on no socket. */

let issuer: cis2.Issuer;
let server: SetupServer;
before(async () => {
  issuer = await cis2.createIssuer({ login: 'aal3-clinician' });
  server = setupServer(...issuer.handlers);
  server.listen({ onUnhandledFrame: 'error' });
});
after(() => server.close());

/** What a provider does with a token: the least that passes for a check. */
const check = (token: string) =>
  jwtVerify(token, createRemoteJWKSet(new URL(`${issuer.issuer}/connect/jwk_uri`)), {
    issuer: issuer.issuer,
    audience: 'my-client',
    algorithms: ['RS256'],
  });

test('a good token passes, one with a named defect does not', async () => {
  const { payload } = await check(await issuer.mint({ audience: 'my-client' }));
  assert.equal(
    payload.iss,
    'https://am.cis2.assay.test:443/openam/oauth2/realms/root/realms/NHSIdentity/realms/Healthcare',
  );
  for (const defect of ['alg-none', 'claims-altered', 'exp-past'])
    await assert.rejects(check(await issuer.mint({ audience: 'my-client', defect })), defect);
  assert.equal(issuer.counts.jwks >= 1, true);
});

test('openid-client completes its flow against an issuer with :443 in its name', async () => {
  const secret = issuer.realm.clients.get(cis2.DEFAULT_CLIENT)?.client_secret;
  const config = await openid.discovery(
    new URL(issuer.issuer),
    cis2.DEFAULT_CLIENT,
    secret,
    openid.ClientSecretPost(secret),
  );
  const callback = 'http://localhost:3000/cb';
  const url = openid.buildAuthorizationUrl(config, { redirect_uri: callback, scope: 'openid', state: 's' });
  const answer = await fetch(url, { redirect: 'manual' });
  const tokens = await openid.authorizationCodeGrant(config, new URL(answer.headers.get('location') ?? ''), {
    expectedState: 's',
  });
  assert.equal(tokens.claims()?.iss, issuer.issuer);
});

test('an issuer needs an explicit port; a login needs a user', async () => {
  for (const wrong of ['https://am.test', 'http://am.test:443', 'https://am.test:443/x/', 'am.test'])
    await assert.rejects(cis2.createIssuer({ issuer: wrong }), RangeError, wrong);
  await assert.rejects(cis2.createIssuer({ login: 'nobody' }), /no user is called nobody/);
});

test('a users file is told where it is wrong', () => {
  const [user] = cis2.defaultUsers;
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [[], /^u\.json#: must be object/],
    [{ users: [] }, /^u\.json#\/users: must NOT have fewer/],
    [{ users: [{ ...user, nam: 'x' }] }, /^u\.json#\/users\/0\/nam: is no known field/],
    [{ users: [{ ...user, uid: '1' }] }, /^u\.json#\/users\/0\/uid: must match pattern/],
    [{ users: [{ ...user, id_assurance_level: 4 }] }, /^u\.json#\/users\/0\/id_assurance_level: 4 is none/],
    [{ users: [user, user] }, /^u\.json#\/users\/1\/id: aal3-clinician stands there twice/],
    [
      { users: [{ ...user, selected_role: '1' }] },
      /^u\.json#\/users\/0\/selected_role: 1 is the person_roleid of none/,
    ],
    [
      {
        users: [user],
        clients: [{ client_id: 'c', redirect_uris: ['x'], token_endpoint_auth_method: 'private_key_jwt' }],
      },
      /^u\.json#\/clients\/0\/jwks: is missing/,
    ],
  ];
  for (const [value, says] of wrong) assert.throws(() => checkRegister(value, 'u.json'), { message: says });
  checkRegister({ users: cis2.defaultUsers }, 'u.json');
});
