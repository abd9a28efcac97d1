import { connect } from 'node:net';
import { dial, type Leg } from '../../mocks/ssp/outbound.ts';
import type { Observation, Probe, Survey } from '../model.ts';
import { alertName } from './alerts.ts';
import type { Siege } from './siege.ts';
import { DEFAULT_BOUNDS, send, type Bounds } from './http.ts';
import { readServerCertificate } from './server-certificate.ts';

/** A plain-HTTP port as it is dialled. */
export interface PlainPort {
  /** The address that was judged. */
  readonly address: string;
  readonly port: number;
  /** `Host` header. */
  readonly host: string;
}

/**
 * The port that a URL of the form `http://host:port` names.
 * @param address what its host was resolved to; absent: it is on loopback
 */
export function plainPort(url: string, address = '127.0.0.1'): PlainPort {
  const { host, port } = new URL(url);
  return { address, port: Number(port || 80), host };
}

/** What a probe goes by beside the request that it sends. */
export interface Probed {
  /** The connection as the stimulus has it. */
  readonly leg: Leg;
  /** The connection of a client that is let in. */
  readonly valid: Leg;
  readonly plain?: PlainPort | undefined;
  /** SHA-256 of the server's certificate that the subject file names. */
  readonly fingerprint?: string | undefined;
  readonly bytes: Buffer;
  readonly method: string;
  readonly bounds: Partial<Bounds>;
}

/**
 * What takes more than one request over one fresh connection.
 * Never rejects for what the peer does; only what it did is an observation.
 */
export async function probe(kind: Exclude<Probe, Siege | Survey>, probed: Probed): Promise<Observation> {
  switch (kind) {
    case 'plain-port':
      return inClear(probed);
    case 'server-certificate':
      return readServerCertificate(probed.valid, probed.bounds.patience, Date.now(), probed.fingerprint);
    case 'renegotiation':
      return renegotiate(probed);
    case 'resumption':
      return resume(probed);
  }
}

/** A connection that is refused is the peer's doing, if its machine is there: so the answer says (RFC 9293 §3.5.1). */
async function inClear({ plain, bytes, method, bounds }: Probed): Promise<Observation> {
  if (!plain) return { kind: 'nothing', reason: 'ours: no plain-HTTP port is declared' };
  if (await isRefused(plain, bounds.patience)) return { kind: 'closed', how: 'reset', during: 'connect' };
  return send({ address: plain.address, port: plain.port, clear: true }, bytes, method, bounds);
}

const isRefused = ({ address, port }: PlainPort, patience = DEFAULT_BOUNDS.patience): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const settle = (refused: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(refused);
    };
    const timer = setTimeout(() => settle(false), patience);
    socket.on('connect', () => settle(false));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => settle(code === 'ECONNREFUSED'));
  });

/** A ClientHello within the session (RFC 5246 §7.4.1.1), of TLS 1.2: later versions know none. */
function renegotiate({
  valid,
  bounds: { patience = DEFAULT_BOUNDS.patience },
}: Probed): Promise<Observation> {
  return new Promise((resolve) => {
    const socket = dial({ ...valid, version: 'TLSv1.2' });
    let established = false;
    const settle = (observation: Observation): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(observation);
    };
    const refused = (how: string): void =>
      settle(
        established
          ? { kind: 'renegotiation', taken: false, how }
          : { kind: 'nothing', reason: `no TLS 1.2 session to renegotiate: ${how}` },
      );
    const timer = setTimeout(
      () => settle({ kind: 'nothing', reason: `no answer to a renegotiation within ${patience} ms` }),
      patience,
    );
    socket.on('secureConnect', () => {
      established = true;
      // Without `requestCert` of its own Node starts no handshake; it verifies the same certificate again.
      socket.renegotiate({ rejectUnauthorized: true }, (error) => {
        if (!error) settle({ kind: 'renegotiation', taken: true, how: 'a second handshake was completed' });
      });
    });
    socket.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
      const alert = code === 'ERR_SSL_NO_RENEGOTIATION' ? '100' : /SSL alert number (\d+)/.exec(message)?.[1];
      if (alert !== undefined) return refused(`alert ${alert} ${alertName(Number(alert))}`);
      refused(code === 'ECONNRESET' || code === 'EPIPE' ? 'reset' : code || message);
    });
    socket.on('close', () => refused('closed'));
  });
}

/** Another connection, with the session of one that was let in. */
async function resume({ leg, valid, bytes, method, bounds }: Probed): Promise<Observation> {
  const session = await sessionOf(valid, bytes, bounds.patience);
  return session
    ? send({ ...leg, session }, bytes, method, bounds)
    : { kind: 'nothing', reason: 'no session was established' };
}

/** The last session that the peer gives during one exchange: a ticket may come after the answer. */
export function sessionOf(
  leg: Leg,
  bytes: Buffer,
  patience = DEFAULT_BOUNDS.patience,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = dial(leg);
    let session: Buffer | undefined;
    const settle = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(session);
    };
    const timer = setTimeout(settle, patience);
    socket.on('session', (given: Buffer) => (session = given));
    socket.on('secureConnect', () => {
      if (socket.getProtocol() !== 'TLSv1.3') session ??= socket.getSession();
      socket.write(bytes);
    });
    socket
      .on('data', () => {})
      .on('error', settle)
      .on('close', settle);
  });
}
