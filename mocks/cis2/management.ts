import { randomBytes, timingSafeEqual } from 'node:crypto';
import { serve, type Served } from '../serve.ts';
import type { Canary } from './canary.ts';
import { checkRegister, type Client, type User } from './users.ts';
import { defectNames, mint, type MintOptions } from './mint.ts';
import { endpointNames, type Endpoint, type Fault, type Realm } from './realm.ts';
import { endSessionOf } from './session.ts';
import { ConfigurationError } from '../../certs/configuration-error.ts';

/** The port by which a test steers the issuer, apart from the protocol: plain HTTP on loopback, JSON, a bearer token. */
export interface Management extends Served {
  readonly url: string;
  readonly token: string;
}

type Body = Readonly<Record<string, unknown>>;
type Route = (realm: Realm, body: Body, canary: Canary) => object | Promise<object>;

/** What was asked makes no sense; the message says what would. */
class Unfit extends Error {}

const text = (body: Body, name: string): string => {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw new Unfit(`${name}: a string is wanted`);
  return value;
};
const whole = (body: Body, name: string, least: number, most: number): number => {
  const value = body[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
    throw new Unfit(`${name}: a whole number from ${least} to ${most} is wanted`);
  return value;
};
const endpoint = (body: Body): Endpoint => {
  const found = endpointNames.find((name) => name === body['endpoint']);
  if (!found) throw new Unfit(`endpoint: one of ${endpointNames.join(', ')} is wanted`);
  return found;
};
const only = (body: Body, ...known: readonly string[]): void => {
  const odd = Object.keys(body).find((name) => !known.includes(name));
  if (odd !== undefined) throw new Unfit(`${odd}: no such member; known: ${known.join(', ') || 'none'}`);
};

function faultOf(body: Body): Fault {
  only(body, 'endpoint', 'delay', 'hang', 'reset', 'status', 'garbage', 'bytes');
  const flag = (name: 'hang' | 'reset' | 'garbage'): object => {
    if (body[name] !== undefined && typeof body[name] !== 'boolean')
      throw new Unfit(`${name}: true or false is wanted`);
    return body[name] === true ? { [name]: true } : {};
  };
  return {
    ...(body['delay'] !== undefined && { delay: whole(body, 'delay', 0, 600_000) }),
    ...(body['status'] !== undefined && { status: whole(body, 'status', 200, 599) }),
    ...(body['bytes'] !== undefined && { bytes: whole(body, 'bytes', 0, 50_000_000) }),
    ...flag('hang'),
    ...flag('reset'),
    ...flag('garbage'),
  };
}

const keysOf = ({ keys }: Realm): object => ({ signing: keys.signing.kid, published: keys.published });

function mintOptions(body: Body): MintOptions {
  only(body, 'user', 'audience', 'claims', 'defect');
  const { claims } = body;
  if (claims !== undefined && (typeof claims !== 'object' || claims === null || Array.isArray(claims)))
    throw new Unfit('claims: an object is wanted');
  return {
    ...(body['user'] !== undefined && { user: text(body, 'user') }),
    ...(body['audience'] !== undefined && { audience: text(body, 'audience') }),
    ...(body['defect'] !== undefined && { defect: text(body, 'defect') }),
    ...(claims !== undefined && { claims: claims as Record<string, unknown> }),
  };
}

/** Every route: what it does is in the documentation of `cis2` and in `GET /`. */
const routes: Readonly<Record<string, Route>> = {
  'GET /': (realm) => ({
    issuer: realm.issuer,
    routes: Object.keys(routes),
    keys: keysOf(realm),
    users: [...realm.users.values()],
    clients: [...realm.clients.values()],
    faults: Object.fromEntries(realm.faults),
    counts: realm.counts,
    clock: realm.clock,
    login: realm.login,
  }),
  'GET /defects': () => ({ defects: defectNames }),
  'GET /counts': (realm) => realm.counts,
  'DELETE /counts': (realm) => {
    for (const name of endpointNames) realm.counts[name] = 0;
    return realm.counts;
  },
  'GET /canary': (_realm, _body, { url, fetched }) => ({ url, fetched }),
  'POST /token': async (realm, body) => ({ token: await mint(realm, mintOptions(body)) }),
  'POST /keys/rotate': async (realm, body) => {
    only(body, 'publish');
    await realm.keys.rotate({ publish: body['publish'] !== false });
    return keysOf(realm);
  },
  'POST /keys/publish': (realm) => {
    realm.keys.publish();
    return keysOf(realm);
  },
  'POST /keys/retire': (realm, body) => {
    only(body, 'kid');
    realm.keys.retire(text(body, 'kid'));
    return keysOf(realm);
  },
  'POST /keys/reuse': async (realm) => {
    await realm.keys.reuse();
    return keysOf(realm);
  },
  'POST /keys/grow': (realm, body) => {
    only(body, 'keys');
    realm.keys.grow(whole(body, 'keys', 0, 50_000));
    return { keys: realm.keys.jwks.keys.length };
  },
  'POST /fault': (realm, body) => {
    realm.faults.set(endpoint(body), faultOf(body));
    return Object.fromEntries(realm.faults);
  },
  'DELETE /fault': (realm) => {
    realm.faults.clear();
    return {};
  },
  'POST /clock': (realm, body) => {
    only(body, 'ahead');
    realm.clock = whole(body, 'ahead', -10_000_000, 10_000_000);
    return { clock: realm.clock, now: realm.now() };
  },
  'POST /login': (realm, body) => {
    only(body, 'user');
    const user = body['user'] === undefined ? 'choose' : text(body, 'user');
    if (user !== 'choose') realm.user(user);
    realm.login = user;
    return { login: realm.login };
  },
  'POST /clients': (realm, body) => {
    const { clients = [] } = checkRegister({ users: [...realm.users.values()], clients: [body] }, 'client');
    return clients.map((client: Client) => realm.addClient(client))[0] ?? {};
  },
  'POST /users': (realm, body) => {
    const { users } = checkRegister({ users: [body] }, 'user');
    for (const user of users as readonly User[]) realm.users.set(user.id, user);
    return { users: [...realm.users.keys()] };
  },
  'POST /logout': async (realm, body) => {
    only(body, 'sid', 'user');
    const ended = [...realm.sessions.values()].filter(({ sid, user }) =>
      body['sid'] !== undefined ? sid === body['sid'] : user.id === text(body, 'user'),
    );
    for (const session of ended) await endSessionOf(realm, session);
    return { ended: ended.map(({ sid }) => sid) };
  },
};

const answer = (body: object, status = 200): Response =>
  Response.json(body, {
    status,
    headers: { 'Cache-Control': 'no-store', ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }) },
  });

async function respond(realm: Realm, request: Request, token: string, canary: Canary): Promise<Response> {
  const given = Buffer.from(request.headers.get('Authorization') ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
    return answer({ error: 'Authorization: Bearer with the token printed at start is wanted' }, 401);
  const { pathname } = new URL(request.url);
  const route = routes[`${request.method} ${pathname}`];
  if (!route) return answer({ error: `no such route; there are ${Object.keys(routes).join(', ')}` }, 404);
  try {
    const sent = await request.text();
    const body: unknown = sent === '' ? {} : JSON.parse(sent);
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw new Unfit('a JSON object is wanted');
    return answer(await route(realm, body as Body, canary));
  } catch (error) {
    const ours = error instanceof Unfit || error instanceof RangeError || error instanceof ConfigurationError;
    if (ours || error instanceof SyntaxError) return answer({ error: error.message }, 400);
    throw error;
  }
}

/** Opens the management port of a realm, on loopback unless told otherwise. */
export async function manage(
  realm: Realm,
  canary: Canary,
  place: { readonly host?: string; readonly port?: number } = {},
): Promise<Management> {
  const token = randomBytes(24).toString('base64url');
  const served = await serve({
    ...place,
    origin: () => 'http://management.invalid',
    answer: (request) => respond(realm, request, token, canary),
  });
  return { ...served, token, url: `http://127.0.0.1:${served.port}` };
}
