import { randomBytes } from 'node:crypto';
import { contexts, contextOf, LIFE, meets } from './claims.ts';
import { choosePage, errorPage } from './page.ts';
import type { Realm } from './realm.ts';
import type { Client, User } from './users.ts';

/** Scopes that CIS2 knows. */
export const scopes = [
  'openid',
  'profile',
  'email',
  'nhsperson',
  'associatedorgs',
  'nationalrbacaccess',
  'professionalmemberships',
  'organisationalmemberships',
  'selectedrole',
] as const;

/** Whether a URI is registered: as a string, or as `http://127.0.0.1:*`, any port on loopback (RFC 8252 §7.3). */
export const isRegistered = (uri: string, registered: readonly string[] = []): boolean =>
  registered.some((each) => {
    if (each === uri) return true;
    if (!each.endsWith(':*') || !URL.canParse(uri)) return false;
    const { protocol, hostname, username, password, hash } = new URL(uri);
    return `${protocol}//${hostname}:*` === each && username === '' && password === '' && hash === '';
  });

const REPEATED = 'a parameter stands there twice (RFC 6749 §3.1)';
const ONCE = ['client_id', 'redirect_uri', 'response_type', 'scope', 'state', 'nonce', 'code_challenge'];

/** The authorization endpoint (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2), asked by GET or by POST. */
export function authorize(realm: Realm, asked: URLSearchParams): Response {
  const client = realm.clients.get(asked.get('client_id') ?? '');
  if (!client) return errorPage('No relying party of that client_id is registered here.');
  const redirectUri = asked.get('redirect_uri') ?? '';
  if (!isRegistered(redirectUri, client.redirect_uris))
    return errorPage(`That redirect_uri is not registered for ${client.client_id}.`);
  const back = (answer: Readonly<Record<string, string>>): Response => {
    const target = new URL(redirectUri);
    for (const [name, value] of Object.entries(answer)) target.searchParams.set(name, value);
    const state = asked.get('state');
    if (state !== null) target.searchParams.set('state', state);
    return new Response(null, {
      status: 302,
      headers: { Location: target.href, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' },
    });
  };
  const refuse = (error: string, description: string): Response =>
    back({ error, error_description: description });
  if (ONCE.some((name) => asked.getAll(name).length > 1)) return refuse('invalid_request', REPEATED);
  if (asked.get('response_type') !== 'code')
    return refuse('unsupported_response_type', 'only the authorization code flow is offered');
  const wanted = (asked.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  if (!wanted.includes('openid')) return refuse('invalid_scope', 'scope has to contain openid');
  const unknown = wanted.filter((scope) => !(scopes as readonly string[]).includes(scope));
  if (unknown.length > 0) return refuse('invalid_scope', `unknown scope: ${unknown.join(' ')}`);
  const challenge = asked.get('code_challenge') ?? undefined;
  if (challenge !== undefined && asked.get('code_challenge_method') !== 'S256')
    return refuse('invalid_request', 'code_challenge_method has to be S256');
  const acr = (asked.get('acr_values') ?? '').split(' ').filter((each) => each in contexts);
  const user = whoSignsIn(realm, asked, acr);
  if (user === undefined) {
    return asked.get('prompt') === 'none'
      ? refuse('login_required', 'nobody has signed in')
      : choosePage(realm.url('authorize'), asked, realm.users.values(), acr);
  }
  if (user === 'unknown') return refuse('access_denied', 'no user of that id');
  return back({ code: grantCode(realm, client, user, { asked, redirectUri, challenge, wanted, acr }) });
}

/** The choice made on the page, a `login_hint` that names a user, or the user of an automatic issuer. */
function whoSignsIn(
  { users, login }: Realm,
  asked: URLSearchParams,
  acr: readonly string[],
): User | 'unknown' | undefined {
  const chosen = asked.get('user');
  if (chosen !== null) return users.get(chosen) ?? 'unknown';
  const hinted = users.get(asked.get('login_hint') ?? '');
  if (hinted) return hinted;
  if (login === 'choose') return undefined;
  const usual = users.get(login);
  if (usual && (acr.length === 0 || acr.some((each) => meets(usual, each)))) return usual;
  return [...users.values()].find((user) => acr.some((each) => meets(user, each))) ?? 'unknown';
}

function grantCode(
  realm: Realm,
  client: Client,
  user: User,
  request: {
    readonly asked: URLSearchParams;
    readonly redirectUri: string;
    readonly challenge: string | undefined;
    readonly wanted: readonly string[];
    readonly acr: readonly string[];
  },
): string {
  const { asked, redirectUri, challenge, wanted, acr } = request;
  const met = acr.find((each) => meets(user, each)) ?? contextOf(user).acr;
  const code = randomBytes(20).toString('base64url');
  realm.codes.set(code, {
    session: realm.signIn(user, client.client_id, wanted, met),
    redirectUri,
    challenge,
    nonce: asked.get('nonce') ?? undefined,
    state: asked.get('state') ?? undefined,
    until: realm.now() + LIFE.code,
  });
  return code;
}
