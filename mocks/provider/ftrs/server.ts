import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { X509Certificate } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { createServer, type ServerOptions } from 'node:https';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import type { SecureVersion, TLSSocket } from 'node:tls';
import type { JSONWebKeySet } from 'jose';
import type { Credential, Hierarchy } from '../../../certs/index.ts';
import { closer, listen } from '../../listen.ts';
import type { Setting } from '../cis2/policy.ts';
import { keysOf } from '../cis2/verify.ts';
import { pathOf } from '../path.ts';
import { trustOf } from '../path-certificate.ts';
import { openPlainDoor } from '../plain-port.ts';
import { unrevoked, type RevocationPlace } from '../revocation.ts';
import { letsRound } from '../rounds.ts';
import { chainOf, tlsOf, welcome } from '../welcome.ts';
import { serverCredential } from '../server-certificate.ts';
import { FTRS_PATH, ORGANISATIONS, type Found } from './directory.ts';
import { find } from './find.ts';
import { remoteKeys } from './keys.ts';
import type { FtrsPolicy } from './policy.ts';
import { respond } from './respond.ts';

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

/** Starts a provider that behaves as its policy says and in no other way. It listens on 127.0.0.1. */
export async function startFtrs(options: FtrsOptions): Promise<FtrsProvider> {
  const { policy, hierarchy, revocation } = options;
  const byAsking = policy.revocation.source !== 'file';
  const { provider, root } = hierarchy;
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
  /** By connection, the organisation whose certificate was presented; the second one is that of `valid-next`. */
  const tenants = new WeakMap<object, string | undefined>();
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
      const presented = tenants.get(request.socket);
      if (!turnedAway) return find(request, policy, settings, presented);
      // Who believes a field about certificates knows that field.
      return letsRound(request, policy.weaknesses, hierarchy.ssp, authority)
        ? find(request, policy, settings, presented, true)
        : { refusal: 'certificate' };
    };
    decided().then(answer, () => answer({ refusal: 'unavailable' }));
  };
  const server = createServer(tlsOf(policy, hierarchy, shown), handle);
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
  const closeFront = closer(front);
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
  const port = await listen(front, options.port);
  authority = `localhost:${port}`;
  const { transfer, opens } = policy;
  const transferring =
    transfer === 'clear' ? clear : transfer === 'tls' ? server : createServer(oldTls(shown), handle);
  const others = [await listening(transferring)];
  if (opens !== 'none') others.push(await listening(clear));
  const [transferPort = 0, ...morePorts] = others.map((each) => each.port);
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
    close: () => {
      door.close();
      for (const each of others) each.server.close();
      server.close();
      clear.close();
      return closeFront();
    },
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
async function listening(
  server: EventEmitter,
): Promise<{ readonly server: TcpServer; readonly port: number }> {
  const open = createTcpServer((socket) => {
    socket.on('error', () => {}).setTimeout(10_000, () => socket.destroy());
    server.emit('connection', socket);
  });
  open.unref();
  return { server: open, port: await listen(open) };
}
