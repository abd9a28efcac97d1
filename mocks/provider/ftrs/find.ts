import type { IncomingMessage } from 'node:http';
import { decodeJwt } from 'jose';
import type { KnownRole, Setting } from '../cis2/policy.ts';
import { verifyToken } from '../cis2/verify.ts';
import { FTRS_PATH, served, type Found } from './directory.ts';
import { KeysUnavailable } from './keys.ts';
import type { FtrsPolicy, FtrsRefusal } from './policy.ts';

/** Request headers that FtRS knows; any other is answered with 400. */
const KNOWN_HEADERS = new Set([
  'authorization',
  'content-type',
  'content-length',
  'connection',
  'nhsd-request-id',
  'nhsd-correlation-id',
  'x-request-id',
  'x-correlation-id',
  'end-user-role',
  'application-id',
  'application-name',
  'request-start-time',
  'version',
  'user-agent',
  'host',
  'x-amzn-trace-id',
]);
const isKnown = (name: string): boolean =>
  KNOWN_HEADERS.has(name) || name.startsWith('accept') || name.startsWith('x-forwarded-');
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Authentication comes first: who is not known learns nothing of what is served.
 * @param presented the organisation whose client certificate was presented
 */
export async function find(
  request: IncomingMessage,
  policy: FtrsPolicy,
  settings: readonly Setting[],
  presented: string | undefined,
  anyHeader = false,
): Promise<Found> {
  const url = new URL(request.url ?? '/', 'https://provider.invalid');
  const path = url.pathname.startsWith(FTRS_PATH) ? url.pathname.slice(FTRS_PATH.length) : '/nowhere';
  if (path === '/_ping' && policy.open.includes(path)) return { payload: { status: 'pass' } };
  const token = tokenOf(request, url, policy);
  let role: KnownRole | undefined;
  if (policy.checks !== 'none' && !policy.open.includes(path)) {
    const visits = token === undefined && visitorOf(request, url) === policy.visitors;
    if (token === undefined && !visits) return { refusal: 'no-token' };
    if (token !== undefined && policy.checks === 'full') {
      const refusal = await decide(token, policy, settings);
      if (refusal) return { refusal, token };
      role = roleIn(token, settings);
      if (role && !policy.mayRead(role.role_code, path)) return { refusal: 'role', token };
    }
  }
  if (!anyHeader && Object.keys(request.headers).some((name) => !isKnown(name)))
    return { refusal: 'header-unknown' };
  if (!UUID.test(String(request.headers['x-request-id'] ?? request.headers['nhsd-request-id'])))
    return { refusal: 'header-missing' };
  if (policy.inQuery) url.searchParams.delete('access_token');
  const tenant = {
    'by-token': role?.org_code,
    'by-certificate': presented,
    'not-at-all': undefined,
  }[policy.separates];
  return served(request.method ?? 'GET', path, url.searchParams, tenant);
}

/** The role that a token selects, where it is one that is known. */
function roleIn(token: string, [own]: readonly Setting[]): KnownRole | undefined {
  try {
    return own?.roles.get(String(decodeJwt(token)['selected_roleid']));
  } catch {
    return undefined; // believed by whoever believes what is no JWT
  }
}

async function decide(
  token: string,
  policy: FtrsPolicy,
  [own, ...others]: readonly Setting[],
): Promise<FtrsRefusal | undefined> {
  if (!own) return 'token';
  try {
    const flaw = (await verifyToken(token, policy.token, own))?.flaw;
    if (flaw === undefined || others.length === 0) return flaw;
    // Who takes the tokens of another environment too has its answers for those that are of neither.
    return (await decide(token, policy, others)) && flaw;
  } catch (error) {
    if (error instanceof KeysUnavailable && policy.keys.believesAfter.has(error.failure)) return undefined;
    return 'unavailable';
  }
}

/** The bearer token of a request (RFC 6750 §2); `undefined`: there is none. */
function tokenOf(request: IncomingMessage, url: URL, policy: FtrsPolicy): string | undefined {
  const fields = request.rawHeaders.flatMap((name, at) =>
    at % 2 === 0 && name.toLowerCase() === 'authorization' ? [request.rawHeaders[at + 1] ?? ''] : [],
  );
  if (fields.length === 0 && policy.inQuery) return url.searchParams.get('access_token') ?? undefined;
  if (fields.length > 1 && policy.several === 'refuse') return undefined;
  const field = (policy.several === 'last' ? fields.at(-1) : fields[0]) ?? '';
  const [, scheme = '', token] = /^(\S+) +(\S+)$/.exec(field) ?? [];
  const known = policy.schemes.includes(scheme.toLowerCase());
  return known && (policy.anyCase || scheme === 'Bearer') ? token : undefined;
}

/** How a request without a readable token comes. */
function visitorOf(request: IncomingMessage, url: URL): FtrsPolicy['visitors'] | 'other' {
  const field = request.headers.authorization;
  if (field === undefined) return url.searchParams.has('access_token') ? 'other' : 'absent';
  if (/^Bearer *$/.test(field)) return 'empty';
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(field) ? 'schemeless' : 'other';
}
