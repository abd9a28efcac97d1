import { constants, getDiffieHellman } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { connect, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import type { DetailedPeerCertificate, SecureVersion, TLSSocket } from 'node:tls';
import type { Credential, Hierarchy } from '../../certs/index.ts';
import { listen } from '../listen.ts';
import { answerFake } from './fakes.ts';
import { conformant, type CertificatePolicy, type Policy, type TlsPolicy } from './policy.ts';
import { pathOf, type Path } from './path.ts';
import { presentedBy, sameKey, trustOf } from './path-certificate.ts';
import { unrevoked } from './revocation.ts';
import { answerRelic, isRelicHello } from './relic.ts';
import type { ProviderOptions } from './server.ts';

/** OpenSSL's own name; Node has it, its types do not. */
const SSL_OP_NO_RENEGOTIATION = 0x40000000;

/** Sockets whose certificate was refused, with the name that was wanted; their requests are answered with the refusal page. */
export const refused = new WeakMap<object, string>();

/** By socket, whether its certificate is let in, as far as that has to be asked. */
export const asking = new WeakMap<object, () => Promise<boolean>>();

/** Hands a connection to the server that it is for; most policies speak TLS and nothing else. */
export function admit(socket: Socket, policy: Policy, server: TcpServer, clear: TcpServer): void {
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
  if (!server.listening) await listen(server).catch(() => {});
  const inner = connect((server.address() as AddressInfo).port, '127.0.0.1');
  inner.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  socket.on('close', () => inner.destroy());
  inner.write(first);
  socket.pipe(inner).pipe(socket);
}

/** What a TLS server is made with that is as its policy says, and shows a credential. */
export function tlsOf(
  policy: CertificatePolicy & TlsPolicy,
  hierarchy: Hierarchy,
  { certificate, chain, key }: Credential,
): ServerOptions {
  const [oldest, newest] = policy.versions;
  // OpenSSL keeps TLS 1.0 and 1.1, short primes, small curves and weak certificates behind security level 0, whatever
  // the versions say.
  const lax =
    oldest < 'TLSv1.2' ||
    policy.groups !== conformant.groups ||
    policy.serverCertificate !== conformant.serverCertificate;
  return {
    cert: [certificate, ...chain].join('\n'),
    key,
    ca: anchorsOf(policy, hierarchy),
    // Of a chain that OpenSSL finds sound Node tells nothing but what is in the store: so it is given too few CRLs to
    // find any sound, and the policy decides about all that was sent. (Measured on Node 24.)
    crl: hierarchy.crls.slice(-1),
    requestCert: true,
    rejectUnauthorized: false, // the policy decides, and answers by a page, as API gateways do
    minVersion: oldest,
    maxVersion: newest,
    ciphers: `${policy.ciphers}${newest === 'TLSv1.3' ? ':TLS_AES_256_GCM_SHA384' : ''}${lax ? ':@SECLEVEL=0' : ''}`,
    honorCipherOrder: true,
    dhparam: policy.groups.prime === 'auto' ? 'auto' : primePem(policy.groups.prime),
    ecdhCurve: policy.groups.curve,
  };
}

/** The TLS server of a policy; who may come in is decided per connection, and a refusal is told as the policy says. */
export function secureServer(
  { policy, hierarchy, revocation }: ProviderOptions,
  provider: Credential,
  handle: RequestListener,
): Server {
  const { root } = hierarchy;
  const server = createServer(
    {
      ...tlsOf(policy, hierarchy, provider),
      honorCipherOrder: policy.cipherOrder === 'server',
      secureOptions:
        (policy.renegotiates ? 0 : SSL_OP_NO_RENEGOTIATION) |
        (policy.resumes ? 0 : constants.SSL_OP_NO_TICKET),
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
function primePem(name: 'modp2'): string {
  const prime = getDiffieHellman(name).getPrime();
  const integer = (bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([2, 0x81, bytes.length + 1, 0]), bytes]);
  const body = Buffer.concat([integer(prime), Buffer.from([2, 1, 2])]);
  const der = Buffer.concat([Buffer.from([0x30, 0x81, body.length]), body]);
  return `-----BEGIN DH PARAMETERS-----\n${der.toString('base64')}\n-----END DH PARAMETERS-----\n`;
}

/** What OpenSSL completes a chain from; a root that is not among it is seen only if it was sent. */
function anchorsOf({ building, turnsAway }: CertificatePolicy, { root, sub }: Hierarchy): string[] {
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
