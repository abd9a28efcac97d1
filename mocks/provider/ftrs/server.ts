import {
  createServer as createPlainServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { X509Certificate } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { createServer, type ServerOptions } from 'node:https';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import type { SecureVersion, TLSSocket } from 'node:tls';
import { decodeJwt, type JSONWebKeySet } from 'jose';
import type { Credential, Hierarchy } from '../../../certs/index.ts';
import type { KnownRole, Setting } from '../cis2/policy.ts';
import { keysOf, verifyToken } from '../cis2/verify.ts';
import { pathOf, trustOf } from '../path.ts';
import { openPlainDoor } from '../plain-port.ts';
import { unrevoked, type RevocationPlace } from '../revocation.ts';
import { letsRound } from '../rounds.ts';
import { anchorsOf, chainOf, primePem, welcome } from '../welcome.ts';
import { serverCredential } from '../server-certificate.ts';
import { KeysUnavailable, remoteKeys } from './keys.ts';
import { ftrsConformant, type FtrsPolicy, type FtrsRefusal } from './policy.ts';

/** An FtRS provider on loopback. */
export interface FtrsProvider {
  /** Its service root. */
  readonly url: string;
  readonly port: number;
  /** URL of the plain-HTTP port that it declares. */
  readonly plain: string;
  /** Its approved ports beside its own, and all that there is to look at. */
  readonly ports: { readonly approved: readonly number[]; readonly looked: readonly number[] };
  /** The port of its transfer endpoint. */
  readonly transfer: number;
  readonly close: () => Promise<void>;
}

export interface FtrsOptions {
  readonly policy: FtrsPolicy;
  readonly hierarchy: Hierarchy;
  readonly port?: number;
  /** The issuer that it trusts, the URL of its key set, and the CA of that server. */
  readonly issuer: string;
  readonly jwks: string;
  readonly ca: string;
  readonly audience: string;
  readonly roles: Setting['roles'];
  /** The issuer of another environment, whose keys are at hand: for who takes the tokens of both. */
  readonly other?: { readonly issuer: string; readonly keys: { readonly jwks: JSONWebKeySet } };
  /** Used where the policy learns of revocation by asking. */
  readonly revocation?: RevocationPlace;
}

/** The path of the directory search. */
export const FTRS_PATH = '/dos-search/FHIR/R4';
/** The organisation that the reference knows. */
export const FTRS_ODS = 'A11111';

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
const ODS = /^https:\/\/fhir\.nhs\.uk\/Id\/ods-organization-code\|([0-9A-Za-z]{5,12})$/;

/** Starts a provider that behaves as its policy says and in no other way. It listens on 127.0.0.1. */
export async function startFtrs(options: FtrsOptions): Promise<FtrsProvider> {
  const { policy, hierarchy, revocation } = options;
  const byAsking = policy.revocation.source !== 'file';
  const { provider, root, crls } = hierarchy;
  const setting: Setting = {
    issuer: options.issuer,
    audience: options.audience,
    roles: options.roles,
    keys: remoteKeys(options.jwks, options.ca, policy.keys),
    now: () => Math.floor(Date.now() / 1000),
  };
  const { other } = options;
  const settings =
    other && policy.environments === 'both'
      ? [setting, { ...setting, issuer: other.issuer, keys: keysOf(other.keys.jwks) }]
      : [setting];
  let authority = '';
  let looked = 0;
  const refused = new WeakSet<object>();
  /** What is asked about a certificate, by its connection. */
  const asking = new WeakMap<object, Promise<boolean>>();
  const [oldest, newest] = policy.versions;
  const lax =
    oldest < 'TLSv1.2' ||
    policy.groups !== ftrsConformant.groups ||
    policy.serverCertificate !== ftrsConformant.serverCertificate;
  const shown = await serverCredential(policy.serverCertificate, hierarchy);
  const second = new X509Certificate(hierarchy.clients['valid-next'].certificate).raw;
  const handle: RequestListener = (request, response) => {
    const answer = (found: Found): void => respond(response, policy, found, provider.key);
    const decided = async (): Promise<Found> => {
      const letIn = (await asking.get(request.socket)) ?? true;
      const guarded = policy.guards === 'all' || policy.guards.test(request.url ?? '');
      const turnedAway = guarded && (refused.has(request.socket) || !letIn);
      looked += 1;
      if (policy.dawdles > 0 && looked % 4 === 0)
        await new Promise((done) => setTimeout(done, policy.dawdles));
      if (!turnedAway) return find(request, policy, settings);
      // Who believes a field about certificates knows that field.
      return letsRound(request, policy.weaknesses, hierarchy.ssp, authority)
        ? find(request, policy, settings, true)
        : { refusal: 'certificate' };
    };
    decided().then(answer, () => answer({ refusal: 'unavailable' }));
  };
  const server = createServer(
    {
      cert: [shown.certificate, ...shown.chain].join('\n'),
      key: shown.key,
      ca: anchorsOf(policy, hierarchy),
      // Too few for OpenSSL to find any chain sound: Node then tells all that was sent, and the policy decides.
      crl: crls.slice(-1),
      requestCert: true,
      rejectUnauthorized: false, // answered with a page, as API gateways do
      minVersion: oldest,
      maxVersion: newest,
      // OpenSSL keeps TLS 1.0 and 1.1, suites that do not encrypt, small groups and weak certificates behind security level 0.
      ciphers: `TLS_AES_256_GCM_SHA384:${policy.ciphers}${lax ? ':@SECLEVEL=0' : ''}`,
      honorCipherOrder: true,
      dhparam: policy.groups.prime === 'auto' ? 'auto' : primePem(policy.groups.prime),
      ecdhCurve: policy.groups.curve,
    },
    handle,
  );
  const clear = createPlainServer(handle);
  const front = createTcpServer((socket) => {
    if (!policy.servesClear) {
      server.emit('connection', socket);
      return;
    }
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null;
      if (first) socket.unshift(first);
      (first?.[0] === 0x16 ? server : clear).emit('connection', socket);
    });
  });
  const sockets = new Set<Socket>();
  front.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {});
    const { building, examinesIn } = policy;
    const path = pathOf(chainOf(socket), trustOf(hierarchy), { building, withCrls: !byAsking });
    if (policy.separates === 'by-certificate') {
      const [leaf] = path.certificates;
      tenants.set(socket, leaf && second.equals(leaf) ? ORGANISATIONS[1] : ORGANISATIONS[0]);
    }
    const version = socket.getProtocol() as SecureVersion | null;
    if (examinesIn !== 'all' && version && !examinesIn.includes(version)) return;
    if (!welcome(path, policy, hierarchy)) {
      refused.add(socket);
      return;
    }
    if (byAsking && path.certificates.length > 0)
      asking.set(
        socket,
        unrevoked(path.certificates, root, policy.revocation, revocation).catch(() => false),
      );
  });
  await new Promise<void>((ready, failed) => {
    front.once('error', failed);
    front.listen(options.port ?? 0, '127.0.0.1', ready);
  });
  const { port } = front.address() as AddressInfo;
  authority = `localhost:${port}`;
  const { transfer, opens } = policy;
  const transferring =
    transfer === 'clear' ? clear : transfer === 'tls' ? server : createServer(oldTls(shown), handle);
  const others: TcpServer[] = [await listening(transferring)];
  if (opens !== 'none') others.push(await listening(clear));
  const [transferPort = 0, ...morePorts] = others.map((each) => (each.address() as AddressInfo).port);
  const door = await openPlainDoor(policy.plain, `https://${authority}`, handle);
  return {
    url: `https://${authority}${FTRS_PATH}`,
    port,
    plain: door.url,
    transfer: transferPort,
    ports: {
      approved: [transferPort, ...(opens === 'approved-in-clear' ? morePorts : [])],
      looked: [transferPort, ...morePorts, NOBODY],
    },
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        door.close();
        for (const other of others) other.close();
        server.close();
        clear.close();
        front.close(() => done());
      }),
  };
}

/** Nobody listens on tcpmux. */
const NOBODY = 1;

/** A TLS server of before 1.2, as OpenSSL will still be at level 0 of security. */
const oldTls = ({ certificate, chain, key }: Credential): ServerOptions => ({
  cert: [certificate, ...chain].join('\n'),
  key,
  minVersion: 'TLSv1.1',
  ciphers: 'DEFAULT:@SECLEVEL=0',
});

/** Another port of the system: whoever connects there is given to a server. */
function listening(server: EventEmitter): Promise<TcpServer> {
  const open = createTcpServer((socket) => {
    socket.on('error', () => {}).setTimeout(10_000, () => socket.destroy());
    server.emit('connection', socket);
  });
  open.unref();
  return new Promise((ready, failed) => {
    open.once('error', failed).listen(0, '127.0.0.1', () => ready(open));
  });
}

interface Found {
  readonly refusal?: FtrsRefusal;
  readonly token?: string;
  readonly payload?: object;
}

/** By connection, the organisation whose client certificate was presented; the second one is that of `valid-next`. */
const tenants = new WeakMap<object, string | undefined>();

/** Authentication comes first: who is not known learns nothing of what is served. */
async function find(
  request: IncomingMessage,
  policy: FtrsPolicy,
  settings: readonly Setting[],
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
    'by-certificate': tenants.get(request.socket),
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

function served(method: string, path: string, query: URLSearchParams, tenant: string | undefined): Found {
  if (method === 'PUT' && path === `/Organization/${organization.id}`) return { payload: organization };
  if (method !== 'GET') return { refusal: 'not-found' };
  const [parameter, resource] =
    path === '/Organization'
      ? ['identifier', organization]
      : path === '/HealthcareService'
        ? ['organization.identifier', healthcareService]
        : [];
  if (parameter === undefined || resource === undefined) return { refusal: 'not-found' };
  const ods = ODS.exec(query.get(parameter) ?? '')?.[1];
  const known = [parameter, '_revinclude'];
  if (ods === undefined || [...query.keys()].some((name) => !known.includes(name)))
    return { refusal: 'parameter' };
  const found = ORGANISATIONS.includes(ods) && (tenant === undefined || tenant === ods);
  const entry = found ? [{ resource: about(resource, ods), search: { mode: 'match' } }] : [];
  return { payload: { resourceType: 'Bundle', type: 'searchset', total: entry.length, entry } };
}

/** The organisations that it knows, one of each tenant. */
const ORGANISATIONS: readonly string[] = [FTRS_ODS, 'B22222'];
/** A resource as it is about another organisation. */
const about = (resource: object, ods: string): unknown =>
  JSON.parse(JSON.stringify(resource).replaceAll(FTRS_ODS, ods));

const organization = {
  resourceType: 'Organization',
  id: 'assay-organization',
  identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: FTRS_ODS }],
  active: true,
  name: 'Assay Test Practice',
};
const healthcareService = {
  resourceType: 'HealthcareService',
  id: 'assay-service',
  active: true,
  providedBy: { identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: FTRS_ODS } },
  name: 'Assay Test Service',
};

/** A patient whom no directory has; the number is of the range kept for tests. */
const patient = {
  resourceType: 'Patient',
  identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990000018' }],
  birthDate: '1960-01-01',
};

/** Error codes of a challenge (RFC 6750 §3.1, RFC 9470 §3). A request without a token is told none. */
const CHALLENGES: Readonly<Partial<Record<FtrsRefusal, string>>> = {
  token: 'invalid_token',
  expired: 'invalid_token',
  assurance: 'insufficient_user_authentication',
  role: 'insufficient_scope',
};

function respond(
  response: ServerResponse,
  policy: FtrsPolicy,
  { refusal, token, payload }: Found,
  key: string,
): void {
  const headers = {
    'Content-Type': policy.mediaType,
    'Cache-Control': 'no-store',
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  };
  if (refusal === undefined) {
    const more =
      policy.leaks === 'key'
        ? { extension: [{ url: 'urn:assay:debug', valueString: key }] }
        : policy.leaks === 'patient' && { contained: [patient] };
    response.writeHead(200, headers).end(JSON.stringify({ ...payload, ...more }));
    return;
  }
  const { status, severity, issue, system, code, display, diagnostics } = policy.answers[refusal];
  const error = CHALLENGES[refusal];
  const challenge = `Bearer realm="FtRS"${error ? `, error="${error}"` : ''}`;
  const challenges = policy.challenges && (status === 401 || error !== undefined);
  response.writeHead(status, {
    ...headers,
    ...(challenges && { 'WWW-Authenticate': challenge }),
  });
  response.end(
    JSON.stringify({
      resourceType: policy.resourceType,
      issue: [
        {
          severity,
          code: issue,
          details: { coding: [{ system, version: '1', code, display }] },
          diagnostics: [
            diagnostics,
            ...(policy.echoes && token !== undefined ? [token] : []),
            ...(policy.leaks === 'key-in-error' ? [key] : []),
          ].join(': '),
        },
      ],
    }),
  );
}
