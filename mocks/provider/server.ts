import { constants, getDiffieHellman } from 'node:crypto';
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer, type Server } from 'node:https';
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import type { DetailedPeerCertificate, SecureVersion, TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { Credential, Hierarchy } from '../../certs/index.ts';
import { ASID, rootsAt } from './data.ts';
import { dialectOf, inDialect, stu3, type Dialect } from './dialect.ts';
import { answerFake } from './fakes.ts';
import { conformant, type CertificatePolicy, type OutcomeShape, type Policy } from './policy.ts';
import { openPlainDoor } from './plain-port.ts';
import { pathOf, presentedBy, sameKey, trustOf, type Path } from './path.ts';
import { unrevoked, type RevocationPlace } from './revocation.ts';
import { answerRelic, isRelicHello } from './relic.ts';
import { openDiary, type Diary } from './diary.ts';
import { answerTo, asXml, etagOf, type Resource } from './resources.ts';
import { giveWay, isFull, watch, withReader } from './weakness.ts';
import { retrieve } from './retrieval.ts';
import { letsRound } from './rounds.ts';
import { serverCredential } from './server-certificate.ts';
import { judgeRequest, type Reason, type Registration } from './rules.ts';

/** A provider that listens on loopback. */
export interface Provider extends Registration {
  readonly port: number;
  /** URL of the plain-HTTP port that it declares. */
  readonly plain?: string;
  readonly close: () => Promise<void>;
}

export interface ProviderOptions {
  readonly policy: Policy;
  readonly hierarchy: Hierarchy;
  /** Fixed port; without it the system picks one. */
  readonly port?: number;
  /** Address to listen on; loopback unless told otherwise. Its URL names localhost all the same. */
  readonly host?: string;
  /**
   * Plain HTTP behind a TLS terminator that has authenticated the client: the policy's TLS decisions are the
   * terminator's then, and this is the service root URL that the terminator serves; `host`: as its `Host` header says.
   */
  readonly behind?: string;
  /** Used where the policy learns of revocation by asking. */
  readonly revocation?: RevocationPlace;
}

/** The reference's place in the GP Connect URL form: ODS code, FHIR version, major version, capability. */
export const SERVICE_PATH = '/A11111/STU3/1/gpconnect';
export { ASID } from './data.ts';

/** OpenSSL's own name; Node has it, its types do not. */
const SSL_OP_NO_RENEGOTIATION = 0x40000000;
/** Sockets whose certificate was refused, with the name that was wanted; their requests are answered with the refusal page. */
const refused = new WeakMap<object, string>();
/** By socket, whether its certificate is let in, as far as that has to be asked. */
const asking = new WeakMap<object, () => Promise<boolean>>();

/** Starts a provider that behaves as its policy says and in no other way. It listens on loopback unless told otherwise. */
export async function startProvider(options: ProviderOptions): Promise<Provider> {
  const { policy, behind } = options;
  const registration = { url: behind === 'host' ? '' : (behind ?? ''), asid: ASID.provider };
  const diary = openDiary(policy.ignores);
  const handle: RequestListener = (request, response) => {
    const url = registration.url || `https://${request.headers.host ?? 'localhost'}${SERVICE_PATH}`;
    const answer = (): void =>
      void respond(request, response, policy, { ...registration, url }, diary).catch(() =>
        response.destroy(),
      );
    if (isFull(server, request.socket, policy.weakness)) return;
    const pending = asking.get(request.socket)?.();
    if (pending) void pending.then(answer);
    else answer();
  };
  const sockets = new Set<Socket>();
  const server =
    behind === undefined
      ? secureServer(options, await serverCredential(policy.serverCertificate, options.hierarchy), handle)
      : createPlainServer(handle);
  if (behind === undefined) watch(server as Server, policy.weakness);
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
    const breaks = policy.weakness === 'large-header' && code === 'HPE_HEADER_OVERFLOW';
    const head = `HTTP/1.1 ${breaks ? '500 Internal Server Error' : '400 Bad Request'}\r\nCache-Control: ${policy.cacheError ?? 'private'}\r\n`;
    if (socket.writable) socket.end(`${head}Content-Length: 0\r\nConnection: close\r\n\r\n`);
  });
  const clear = createPlainServer(handle);
  const front = createTcpServer((socket) =>
    behind === undefined ? admit(socket, policy, server, clear) : server.emit('connection', socket),
  );
  front.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  const port = await listen(front, options.port ?? 0, options.host);
  if (behind === undefined) registration.url = `https://localhost:${port}${SERVICE_PATH}`;
  const door =
    behind === undefined
      ? await openPlainDoor(policy.plain, new URL(registration.url).origin, handle)
      : undefined;
  return {
    ...registration,
    port,
    ...(door && { plain: door.url }),
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        door?.close();
        server.close();
        clear.close();
        front.close(() => done());
      }),
  };
}

/** Hands a connection to the server that it is for; most policies speak TLS and nothing else. */
function admit(socket: Socket, policy: Policy, server: TcpServer, clear: TcpServer): void {
  if (!policy.servesClear && policy.relic === undefined && policy.fake === undefined) {
    server.emit('connection', socket);
    return;
  }
  socket.once('data', (first: Buffer) => {
    if (policy.relic !== undefined && isRelicHello(first, policy.relic)) {
      socket.end(answerRelic(policy.relic));
      return;
    }
    const faked = policy.fake === undefined ? undefined : answerFake(first, policy.fake);
    if (faked) {
      socket.end(faked);
      return;
    }
    // A TLS server wants the handle from its first byte on: what was read already goes in through a connection.
    void relay(socket, first, policy.servesClear && first[0] !== 0x16 ? clear : server);
  });
}

/** Pipes a connection to a server of ours behind this one. */
async function relay(socket: Socket, first: Buffer, server: TcpServer): Promise<void> {
  socket.pause();
  if (!server.listening) await listen(server, 0).catch(() => {});
  const inner = connect((server.address() as AddressInfo).port, '127.0.0.1');
  inner.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  socket.on('close', () => inner.destroy());
  inner.write(first);
  socket.pipe(inner).pipe(socket);
}

function secureServer(
  { policy, hierarchy, revocation }: ProviderOptions,
  provider: Credential,
  handle: RequestListener,
): Server {
  const { root, crls } = hierarchy;
  const [oldest, newest] = policy.versions;
  // OpenSSL keeps TLS 1.0 and 1.1, short primes and small curves behind security level 0, whatever the versions say.
  const weak =
    oldest === 'TLSv1' ||
    oldest === 'TLSv1.1' ||
    policy.groups !== conformant.groups ||
    policy.serverCertificate !== conformant.serverCertificate;
  const lax = weak ? ':@SECLEVEL=0' : '';
  const server = createServer(
    {
      cert: [provider.certificate, ...provider.chain].join('\n'),
      key: provider.key,
      ca: anchorsOf(policy, hierarchy),
      // Of a chain that OpenSSL finds sound Node tells nothing but what is in the store: so it is given too few CRLs to
      // find any sound, and the policy decides about all that was sent. (Measured on Node 24.)
      crl: crls.slice(-1),
      requestCert: true,
      rejectUnauthorized: false, // the policy decides, below
      minVersion: oldest,
      maxVersion: newest,
      ciphers: `${policy.ciphers}${newest === 'TLSv1.3' ? ':TLS_AES_256_GCM_SHA384' : ''}${lax}`,
      honorCipherOrder: policy.cipherOrder === 'server',
      secureOptions:
        (policy.renegotiates ? 0 : SSL_OP_NO_RENEGOTIATION) |
        (policy.resumes ? 0 : constants.SSL_OP_NO_TICKET),
      dhparam: policy.groups.prime === 'auto' ? 'auto' : primePem(policy.groups.prime),
      ecdhCurve: policy.groups.curve,
    },
    handle,
  );
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {});
    const turnAway = (): void => {
      if (policy.refusal === 'close') socket.destroy();
      else refused.set(socket, hierarchy.ssp);
    };
    const path = pathOf(chainOf(socket), trustOf(hierarchy), {
      building: policy.building,
      withCrls: policy.revocation.source === 'file',
    });
    const version = socket.getProtocol() as SecureVersion | null;
    if (policy.examinesIn !== 'all' && version && !policy.examinesIn.includes(version)) return;
    if (!welcome(path, policy, hierarchy)) return turnAway();
    if (policy.revocation.source === 'file' || path.certificates.length === 0) return;
    if (policy.revocation.when === 'handshake' && socket.isSessionReused()) return;
    const ask = (): Promise<boolean> =>
      unrevoked(path.certificates, root, policy.revocation, revocation)
        .catch(() => false)
        .then((letIn) => {
          if (!letIn) turnAway();
          return letIn;
        });
    const first = ask();
    asking.set(socket, policy.revocation.when === 'request' ? ask : () => first);
  });
  return server;
}

/** A client's certificate and those above it, the leaf first, as DER. */
export function chainOf(socket: TLSSocket): readonly Buffer[] {
  const chain: Buffer[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw && chain.length < 8 && !chain.some((each) => next && each.equals(next.raw))) {
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  return chain;
}

/** A known group as Diffie-Hellman parameters in PEM (PKCS #3): a prime and the generator 2. */
export function primePem(name: 'modp2'): string {
  const prime = getDiffieHellman(name).getPrime();
  const integer = (bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([2, 0x81, bytes.length + 1, 0]), bytes]);
  const body = Buffer.concat([integer(prime), Buffer.from([2, 1, 2])]);
  const der = Buffer.concat([Buffer.from([0x30, 0x81, body.length]), body]);
  return `-----BEGIN DH PARAMETERS-----\n${der.toString('base64')}\n-----END DH PARAMETERS-----\n`;
}

/** What OpenSSL completes a chain from; a root that is not among it is seen only if it was sent. */
export function anchorsOf({ building, turnsAway }: CertificatePolicy, { root, sub }: Hierarchy): string[] {
  if (building === 'from-root-alone') return [root];
  return turnsAway.has('root-sent') ? [sub] : [root, sub];
}

/** Whether a policy lets in who presented a certification path. */
export function welcome(
  { certificates, flaws, traits }: Path,
  policy: CertificatePolicy,
  hierarchy: Hierarchy,
): boolean {
  const [leaf] = certificates;
  if (!leaf) return !policy.requiresCertificate;
  if (!flaws.every((flaw) => policy.overlooks.has(flaw))) return false;
  if (traits.some((trait) => policy.turnsAway.has(trait))) return false;
  if (policy.pinsKey && !sameKey(leaf, hierarchy.clients.valid.certificate)) return false;
  return policy.admits(presentedBy(leaf), hierarchy.ssp);
}

/** Bytes of body that are read; more is cut off. */
const LARGEST_BODY = 5_000_000;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  policy: Policy,
  self: Registration,
  diary: Diary,
): Promise<void> {
  const guarded = policy.guards === 'all' || policy.guards.test(request.url ?? '');
  const wanted = guarded ? refused.get(request.socket) : undefined;
  if (wanted !== undefined && !letsRound(request, policy.weaknesses, wanted, new URL(self.url).host)) {
    const status = typeof policy.refusal === 'number' ? policy.refusal : 403;
    const page = status < 400 ? 'Welcome.' : 'The SSL certificate error: the client certificate was refused.';
    response.writeHead(status, { 'Content-Type': 'text/plain', ...cache(policy.cacheRefusal) });
    response.end(page);
    return;
  }
  if (retrieve(request, response, policy.retrieval, cache(policy.cacheAnswer))) return;
  const read = await withReader(diary, policy.weakness, () => bodyOf(request));
  if (read === false) return;
  const body = read;
  if (await giveWay(request, response, body, policy.weakness)) return;
  const roots = rootsAt(self.url);
  const path = new URL(request.url ?? '/', self.url).pathname;
  const root =
    roots.find(({ url }) => path.startsWith(`${new URL(url).pathname}/`)) ??
    ({ ...self, sibling: false, capabilities: ['foundations'] } as const);
  const { reason, interaction } = judgeRequest(request, body, policy, root, roots);
  const dialect = dialectOf(root.capabilities);
  const told = (why: Reason): void => tell(response, why, policy, request, dialect);
  if (reason) return told(reason);
  if (request.headers['transfer-encoding'] !== undefined && !policy.answer.readsChunks) {
    response.writeHead(411, cache(policy.cacheError)).end();
    return;
  }
  const named = root.sibling && interaction?.name === 'metadata' ? { name: 'sibling-metadata' } : interaction;
  if (named && policy.lacks.has(named.name))
    return told({ rejection: 'unknown-path', diagnostics: 'not implemented' });
  if (policy.answer.xml === 'refused' && wantsXml(request))
    return told({ rejection: 'unsupported-accept', diagnostics: 'XML is not written here' });
  const resource = named && answerTo(named, diary.taken());
  if (resource) return answer(request, response, policy, 200, resource, dialect);
  if (!interaction?.writes) return told({ rejection: 'unknown-path', diagnostics: 'not served' });
  const written = diary.write(interaction, path, body, request.headers['if-match']);
  if (!('resource' in written)) return told({ rejection: written.kind, diagnostics: written.kind });
  if (written.kind !== 'created') return answer(request, response, policy, 200, written.resource);
  if (policy.answer.locates)
    response.setHeader('Location', `${root.url}/Appointment/${written.id}/_history/1`);
  return answer(request, response, policy, policy.answer.created, written.resource);
}

/** Answers with a resource: format, entity tag, compression as asked. */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  policy: Policy,
  status: number,
  resource: Resource,
  dialect: Dialect = stu3,
): void {
  const { contentType, entityTags, compresses, strictTransportSecurity } = policy.answer;
  const xml = wantsXml(request) && policy.answer.xml === 'written';
  const tag = entityTags ? etagOf(resource) : undefined;
  const gzip = compresses && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const text = inDialect(xml ? asXml(resource) : JSON.stringify(resource), dialect);
  const media = xml ? contentType?.replace('json', 'xml') : contentType;
  response.writeHead(status, {
    ...(media !== undefined && { 'Content-Type': inDialect(media, dialect) }),
    ...(tag !== undefined && { ETag: tag }),
    ...(gzip && { 'Content-Encoding': 'gzip' }),
    ...(strictTransportSecurity !== undefined && { 'Strict-Transport-Security': strictTransportSecurity }),
    ...cache(policy.cacheAnswer),
  });
  response.end(gzip ? gzipSync(text) : text);
}

/** Whether XML is asked for; `_format` overrides `Accept`. */
function wantsXml({ url, headers }: IncomingMessage): boolean {
  const format = new URL(url ?? '/', 'https://provider.invalid').searchParams.get('_format');
  return (format ?? headers.accept ?? '').includes('xml');
}

function tell(
  response: ServerResponse,
  reason: Reason,
  policy: Policy,
  request: IncomingMessage,
  dialect: Dialect,
): void {
  const { errorContentType, strictTransportSecurity, xmlErrors } = policy.answer;
  const xml = wantsXml(request) && policy.answer.xml === 'written';
  const media = xml ? errorContentType?.replace('json', 'xml') : errorContentType;
  const outcome = operationOutcome(reason, policy, request);
  response.writeHead(policy.errors[reason.rejection].status, {
    ...(media !== undefined && { 'Content-Type': inDialect(media, dialect) }),
    ...(strictTransportSecurity !== undefined && { 'Strict-Transport-Security': strictTransportSecurity }),
    ...cache(policy.cacheError),
  });
  response.end(inDialect(xml ? errorInXml(outcome, xmlErrors) : JSON.stringify(outcome), dialect));
}

/** An outcome in XML, sound or as careless templates make them. */
function errorInXml(outcome: Resource, how: Policy['answer']['xmlErrors']): string {
  const text = asXml(outcome);
  if (how === 'unclosed') return text.replace(/<\/\w+>$/, '');
  return how === 'listed' ? text.replace(/<diagnostics [^>]*>/, (each) => `${each}${each}`) : text;
}

const cache = (value: string | undefined) => (value === undefined ? {} : { 'Cache-Control': value });

/** What a careless provider lets slip into its diagnostics. */
function betrayed({ betrays }: OutcomeShape, { headers }: IncomingMessage): string {
  switch (betrays) {
    case 'nothing':
      return '';
    case 'stack':
      return '; java.lang.IllegalStateException: at uk.example.Filter.check(Filter.java:42)';
    case 'token':
      return `; ${String(headers.authorization)}`;
    case 'path':
      return '; see /var/lib/provider/conf/server.xml';
    case 'sql':
      return "; ORA-00933: SELECT * FROM patient WHERE nhs_number = '1'";
  }
}

function operationOutcome(
  { rejection, diagnostics }: Reason,
  policy: Policy,
  request: IncomingMessage,
): Resource {
  const { issue, code, display, shape } = policy.errors[rejection];
  const outcome = { ...policy.outcome, ...shape };
  const { resourceType, profile, severity, system, withDisplay } = outcome;
  const said = `${diagnostics}${betrayed(outcome, request)}`;
  return {
    resourceType,
    ...(profile !== undefined && { meta: { profile: [profile] } }),
    issue: [
      {
        severity,
        code: issue,
        details: { coding: [{ system, code, ...(withDisplay && { display }) }] },
        diagnostics: outcome.diagnostics === 'text' ? said : [said],
      },
    ],
  };
}

const listen = (server: TcpServer, port: number, host = '127.0.0.1'): Promise<number> =>
  new Promise((ready, failed) => {
    server.once('error', failed);
    server.listen(port, host, () => ready((server.address() as AddressInfo).port));
  });
