import { http, HttpResponse, type HttpHandler } from 'msw';
import { authorize, scopes } from './authorize.ts';
import { contexts } from './claims.ts';
import { ASSERTION_ALGORITHMS, grant } from './grant.ts';
import type { Endpoint, Fault, Realm } from './realm.ts';
import { endSession, userinfo } from './session.ts';

const LARGEST_FORM = 64 * 1024;

/** OpenID Provider metadata (OpenID Connect Discovery §3). */
export const metadata = (realm: Realm): object => ({
  issuer: realm.issuer,
  authorization_endpoint: realm.url('authorize'),
  token_endpoint: realm.url('token'),
  userinfo_endpoint: realm.url('userinfo'),
  jwks_uri: realm.url('jwks'),
  end_session_endpoint: realm.url('endSession'),
  scopes_supported: scopes,
  response_types_supported: ['code'],
  response_modes_supported: ['query'],
  grant_types_supported: ['authorization_code'],
  subject_types_supported: ['public'],
  acr_values_supported: Object.keys(contexts),
  id_token_signing_alg_values_supported: ['RS256'],
  token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
  code_challenge_methods_supported: ['S256'],
  claims_parameter_supported: false,
  request_parameter_supported: false,
  request_uri_parameter_supported: false,
  backchannel_logout_supported: true,
  backchannel_logout_session_supported: true,
  claims_supported: [
    'sub',
    'sid',
    'acr',
    'amr',
    'auth_time',
    'nhsid_useruid',
    'nhsid_nrbac_roles',
    'nhsid_user_orgs',
    'id_assurance_level',
    'authentication_assurance_level',
    'selected_roleid',
  ],
});

const cached = (body: object): Response =>
  Response.json(body, { headers: { 'Cache-Control': 'no-store', 'Access-Control-Allow-Origin': '*' } });

const form = async (request: Request): Promise<URLSearchParams | Response> => {
  const type = request.headers.get('Content-Type') ?? '';
  const body = await request.text();
  if (!/^application\/x-www-form-urlencoded\b/i.test(type) || body.length > LARGEST_FORM)
    return Response.json(
      { error: 'invalid_request', error_description: 'a form is wanted (RFC 6749 §3.2)' },
      { status: 400 },
    );
  return new URLSearchParams(body);
};
const query = (request: Request): URLSearchParams => new URL(request.url).searchParams;

/** Waits and misbehaves as an endpoint's fault says; `undefined`: it answers as it should. */
async function misbehave(fault: Fault | undefined): Promise<Response | undefined> {
  if (!fault) return undefined;
  const { delay, hang, reset, status, garbage, bytes } = fault;
  if (delay !== undefined) await new Promise((done) => void setTimeout(done, delay).unref());
  if (hang) return new Promise<never>(() => {});
  if (reset) return HttpResponse.error();
  if (status !== undefined) return new Response(null, { status });
  const type = { 'Content-Type': 'application/json' };
  if (garbage) return new Response('{"keys": [<!doctype html>', { headers: type });
  if (bytes !== undefined)
    return new Response(`{"padding":"${'x'.repeat(Math.max(0, bytes - 14))}"}`, { headers: type });
  return undefined;
}

/** What answers at an endpoint, by method. */
export type Answers = Readonly<Partial<Record<'GET' | 'POST', (request: Request) => Promise<Response>>>>;

/** The endpoints of a realm, each counted and each able to fail. */
export function answersOf(realm: Realm): Readonly<Record<Endpoint, Answers>> {
  const at =
    (endpoint: Endpoint, answer: (request: Request) => Response | Promise<Response>) =>
    async (request: Request): Promise<Response> => {
      realm.counts[endpoint] += 1;
      return (await misbehave(realm.faults.get(endpoint))) ?? answer(request);
    };
  const filled =
    (answer: (fields: URLSearchParams) => Response | Promise<Response>) =>
    async (request: Request): Promise<Response> => {
      const fields = await form(request);
      return fields instanceof Response ? fields : answer(fields);
    };
  return {
    discovery: { GET: at('discovery', () => cached(metadata(realm))) },
    jwks: { GET: at('jwks', () => cached(realm.keys.jwks)) },
    authorize: {
      GET: at('authorize', (request) => authorize(realm, query(request))),
      POST: at(
        'authorize',
        filled((fields) => authorize(realm, fields)),
      ),
    },
    token: {
      POST: at(
        'token',
        filled((fields) => grant(realm, fields)),
      ),
    },
    userinfo: {
      GET: at('userinfo', (request) => userinfo(realm, request.headers.get('Authorization'))),
      POST: at('userinfo', async (request) =>
        userinfo(realm, request.headers.get('Authorization'), new URLSearchParams(await request.text())),
      ),
    },
    endSession: {
      GET: at('endSession', (request) => endSession(realm, query(request))),
      POST: at(
        'endSession',
        filled((fields) => endSession(realm, fields)),
      ),
    },
  };
}

/** The same endpoints as MSW handlers. */
export const handlersOf = (realm: Realm): readonly HttpHandler[] =>
  Object.entries(answersOf(realm)).flatMap(([endpoint, { GET, POST }]) => {
    const url = plain(realm.url(endpoint as Endpoint));
    return [
      ...(GET ? [http.get(url, ({ request }) => GET(request))] : []),
      ...(POST ? [http.post(url, ({ request }) => POST(request))] : []),
    ];
  });

/** As `Request` has it: a URL leaves the port of its scheme out, the issuer does not. */
const plain = (url: string): string => new URL(url).href;
