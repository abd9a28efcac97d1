import { connect as connectInClear } from 'node:net';
import { TLSSocket } from 'node:tls';
import { dial, type Leg } from '../../mocks/ssp/outbound.ts';
import type { Observation } from '../model.ts';
import { alertName } from './alerts.ts';
import { handshakeOf, openParser } from './answer.ts';

/** Bounds on what a subject can make us wait for or keep. */
export interface Bounds {
  /** Milliseconds from dialling to the end of the answer. */
  readonly patience: number;
  /** Bytes of body that are read. */
  readonly bodyBytes: number;
}

export const DEFAULT_BOUNDS: Bounds = { patience: 10_000, bodyBytes: 10_000_000 };

/**
 * After a TLS 1.3 handshake the client believes itself accepted before the server has looked at its certificate,
 * and a request written at once can turn the alert into a reset. So we listen first; a ticket ends the wait.
 */
const LISTEN_FIRST_MS = 50;

/** For the second try, where a request that was written unheard may have cost the peer's alert. */
const LISTEN_AGAIN_MS = 1_000;

/**
 * Sends one request over a connection of its own and says what the subject did.
 * A connection in clear is `{ address, port }`; everything else is a leg of the SSP.
 * Never throws, never reuses a session or a connection; only what the peer did is an observation.
 * The observation is not redacted and its body is whole: see `createDriver`.
 */
export async function send(
  leg: Leg | { readonly address: string; readonly port: number; readonly clear: true },
  bytes: Buffer,
  method: string,
  bounds: Partial<Bounds> = {},
): Promise<Observation> {
  const first = await sendOnce(leg, bytes, method, bounds, LISTEN_FIRST_MS);
  return (first.unheard ? await sendOnce(leg, bytes, method, bounds, LISTEN_AGAIN_MS) : first).observation;
}

/** One try. `unheard`: in TLS 1.3 the request went out before anything was heard, and the answer was a reset. */
function sendOnce(
  leg: Leg | { readonly address: string; readonly port: number; readonly clear: true },
  bytes: Buffer,
  method: string,
  bounds: Partial<Bounds>,
  listenFirst: number,
): Promise<{ readonly observation: Observation; readonly unheard: boolean }> {
  const { patience, bodyBytes } = { ...DEFAULT_BOUNDS, ...bounds };
  return new Promise((resolve) => {
    let unheard = false;
    const socket = 'clear' in leg ? connectInClear({ host: leg.address, port: leg.port }) : dial(leg);
    let connected = false;
    let established = false;
    let answering = false;
    let settled = false;
    let listening: NodeJS.Timeout | undefined;
    let filling: NodeJS.Timeout | undefined;

    const settle = (observation: Observation): void => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      clearTimeout(listening);
      clearTimeout(filling);
      answer.close();
      socket.destroy();
      const isReset = observation.kind === 'closed' && observation.how === 'reset';
      resolve({ observation, unheard: unheard && isReset });
    };
    const deadline = setTimeout(() => {
      const where = !connected
        ? 'no TCP connection'
        : !established
          ? 'no end of the TLS handshake'
          : 'no answer';
      settle({ kind: 'nothing', reason: `${where} within ${patience} ms` });
    }, patience);

    const answer = openParser(method, bodyBytes, settle, () => handshakeOf(socket));
    let written = false;
    const write = (): void => {
      clearTimeout(listening);
      if (settled || written) return;
      written = true;
      socket.write(bytes);
    };

    // "GET /" read as the head of a record announces 8,239 bytes, and s2n-tls waits for all of them before it refuses.
    const fill = (): void => {
      if (answering) return;
      for (let more = 0; more < LONGEST_RECORD; more += bytes.length) socket.write(bytes);
    };

    socket.setNoDelay(true);
    socket.on('connect', () => {
      connected = true;
      if ('clear' in leg) {
        established = true;
        write();
        if (/^(?:GET|HEAD)$/.test(method)) filling = setTimeout(fill, patience / 5);
      }
    });
    socket.on('secureConnect', () => {
      established = true;
      if (!(socket instanceof TLSSocket) || socket.getProtocol() !== 'TLSv1.3') return write();
      listening = setTimeout(() => {
        unheard = !written;
        write();
      }, listenFirst);
      // Not inside the event: OpenSSL is still reading, and a write from there is never sent.
      socket.once('session', () => setImmediate(write));
    });
    socket.on('data', (chunk: Buffer) => {
      const alert = 'clear' in leg && !answering ? alertIn(chunk) : undefined;
      if (alert === CLOSE_NOTIFY) return settle({ kind: 'closed', how: 'fin', during: 'exchange' });
      if (alert !== undefined) return settle({ kind: 'alert', alert, name: alertName(alert) });
      answering = true;
      answer.push(chunk);
    });
    socket.on('end', () => {
      if (answering) answer.end();
      else settle({ kind: 'closed', how: 'fin', during: established ? 'exchange' : 'handshake' });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const what = `the answer broke off: ${error.code ?? error.message}`;
      if (!answering) settle(classify(error, connected, established));
      else if (error.code === 'ECONNRESET') answer.reset(what);
      else settle({ kind: 'broken', what });
    });
    socket.on('close', () => {
      if (!answering) settle({ kind: 'closed', how: 'fin', during: established ? 'exchange' : 'handshake' });
    });
  });
}

const CLOSE_NOTIFY = 0;

/** RFC 5246 §6.2.3: 2^14 bytes and what a cipher may add, after a head of 5. */
const LONGEST_RECORD = 5 + 16_384 + 2_048;

/**
 * A TLS server may answer what it is told in clear by an alert in clear (RFC 5246 §7.2): Java's by a fatal one,
 * s2n-tls by close_notify. A record of 7 bytes comes in one piece.
 */
const alertIn = (chunk: Buffer): number | undefined =>
  chunk[0] === 21 && chunk[1] === 3 && (chunk[5] === 2 || chunk[6] === CLOSE_NOTIFY) ? chunk[6] : undefined;

/** What a failed socket tells of the peer: an alert by its number, a close, a reset. The rest is ours. */
function classify(error: NodeJS.ErrnoException, connected: boolean, established: boolean): Observation {
  const { code = '', message } = error;
  const during = established ? 'exchange' : 'handshake';
  // OpenSSL's names for alerts differ between versions; the number in the message does not.
  const alert = /SSL alert number (\d+)/.exec(message)?.[1];
  if (alert !== undefined) return { kind: 'alert', alert: Number(alert), name: alertName(Number(alert)) };
  if (!connected) return { kind: 'nothing', reason: `${code || message}: no connection` };
  if (message.startsWith('Client network socket disconnected')) return { kind: 'closed', how: 'fin', during };
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED') {
    return { kind: 'closed', how: 'reset', during };
  }
  return { kind: 'nothing', reason: ours(code, message) };
}

/** OpenSSL's codes for bytes of the peer that it cannot read; every other failure is that of our own stack. */
const PEER_SPOKE_NO_TLS =
  /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|BAD_RECORD_TYPE|UNEXPECTED_MESSAGE|UNEXPECTED_RECORD|LENGTH_MISMATCH|BAD_LENGTH|HTTP_REQUEST|RECORD_LENGTH_MISMATCH|DECRYPTION_FAILED_OR_BAD_RECORD_MAC|INVALID_CCS_MESSAGE|UNKNOWN_PROTOCOL)$/;

/** How every reason begins that lies in the server's own certificate. */
const REFUSED = "the server's certificate";

/** Whether it is the server's own certificate that kept us from it. */
export const isOfServerCertificate = (seen: Observation): boolean =>
  seen.kind === 'nothing' && seen.reason.startsWith(REFUSED);

/** Failures of our own end, with what to do about the common ones. */
function ours(code: string, message: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `${REFUSED} does not carry the name in the URL (set its names with \`assay pki --host\`)`;
  }
  if (/SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_/.test(code)) {
    return `${REFUSED} is not trusted (${code}); name its anchor in \`trust\``;
  }
  // Node has no code of its own for what OpenSSL's security level forbids (X509_V_ERR_EE_KEY_TOO_SMALL and its like).
  if (code === 'UNSPECIFIED' && /too weak$/.test(message)) return `${REFUSED} is too weak (${message})`;
  return PEER_SPOKE_NO_TLS.test(code)
    ? `what came is no TLS (${code})`
    : `ours: our own TLS failed (${code || message})`;
}
