import { connect } from 'node:net';
import type { Observation, OfferedVersion, OpenPort, Quantiles } from '../model.ts';
import { isPayload, describe } from '../oracle/response.ts';
import type { Driven } from './driver.ts';
import type { HelloTarget } from './hello.ts';
import { DEFAULT_BOUNDS } from './http.ts';
import { offer } from './offer.ts';

/** What looks at more of a subject than one exchange shows. Only what the peer did is an observation. */

/**
 * Ports that administration, diagnosis and data stores listen on by custom, and the usual ones of the web. A list that
 * is short on purpose: 47 connections, whatever else the approved list names.
 */
// prettier-ignore
export const USUAL_PORTS: readonly number[] = [
  21, 22, 23, 25, 53, 80, 110, 111, 135, 139, 143, 389, 443, 445, 512, 513, 514, 873, 1099, 1433, 1521, 2049, 2375,
  2376, 2379, 3000, 3306, 3389, 5005, 5432, 5601, 5672, 5900, 5985, 6379, 8000, 8009, 8080, 8443, 9090, 9200, 9229,
  9990, 10250, 11211, 15672, 27017,
];
/** Ports that are tried at once. */
const ABREAST = 8;
/** Milliseconds after which a port that does not answer is taken for one that is not open. */
const CLOSED_AFTER = 2_000;

/** Approved ports, and those that are looked at beside them. */
export interface PortsWanted {
  readonly approved: readonly number[];
  readonly looked: readonly number[];
  /** The plain-HTTP port that the subject file declares. */
  readonly plain?: number | undefined;
}

/** Which of the ports of a target's one address are open, and what the approved ones answer a ClientHello with. */
export async function surveyPorts(
  target: HelloTarget,
  { approved, looked, plain }: PortsWanted,
  patience: number = DEFAULT_BOUNDS.patience,
): Promise<Observation> {
  const own = new Set([target.port, ...approved]);
  const ports = [...new Set([...own, ...looked])].sort((a, b) => a - b);
  const open: OpenPort[] = [];
  const queue = ports.values();
  const work = async (): Promise<void> => {
    for (const port of queue) {
      await target.pace?.();
      if (!(await isOpen(target.address, port, Math.min(patience, CLOSED_AFTER)))) continue;
      const at = { ...target, port };
      const speaks =
        port === plain ? ('declared' as const) : own.has(port) ? await spokenOn(at, patience) : 'nothing';
      open.push({ port, approved: own.has(port), speaks });
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, work));
  return { kind: 'ports', looked: ports.length, open: open.sort((a, b) => a.port - b.port) };
}

const isOpen = (host: string, port: number, patience: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (found: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(found);
    };
    const timer = setTimeout(() => settle(false), patience);
    socket.on('connect', () => settle(true)).on('error', () => settle(false));
  });

/** Bytes that are no TLS are clear text; a close or silence is nothing that could be told apart from TLS. */
async function spokenOn(target: HelloTarget, patience: number): Promise<OpenPort['speaks']> {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { kind } = await offer(target, { version }, patience);
    if (kind === 'server-hello' || kind === 'alert' || kind === 'downgrade') return 'tls';
    if (kind === 'broken') return 'clear';
  }
  return 'nothing';
}

const VERSIONS: readonly OfferedVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];

/** Which versions of TLS an endpoint takes, one ClientHello each. */
export async function surveyVersions(target: HelloTarget, patience?: number): Promise<Observation> {
  const seen: (readonly [OfferedVersion, Observation])[] = [];
  for (const version of VERSIONS) seen.push([version, await offer(target, { version }, patience)]);
  const of = (holds: (each: Observation) => boolean): readonly OfferedVersion[] =>
    seen.filter(([, each]) => holds(each)).map(([version]) => version);
  const [, answer] = seen.at(-1) ?? [];
  return {
    kind: 'versions',
    accepted: of(({ kind }) => kind === 'server-hello'),
    refused: of(({ kind }) => kind !== 'server-hello' && kind !== 'nothing'),
    untold: of(({ kind }) => kind === 'nothing'),
    answer: answer ?? { kind: 'nothing', reason: 'ours: nothing was offered' },
  };
}

const quantiles = (times: readonly number[]): Quantiles => {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { median: Math.round(at(0.5) * 10) / 10, p95: Math.round(at(0.95) * 10) / 10 };
};

/** A side of a comparison: makes one exchange ready, which is then timed. */
export type Side = () => Promise<() => Promise<Driven>>;

/**
 * Times an exchange with the controls and without, in turns, so that whatever else is slow meets both.
 * @param within milliseconds that may be added at p95
 */
export async function surveyLatency(
  { secured, unsecured }: { readonly secured: Side; readonly unsecured: Side },
  { samples, within, payload }: { samples: number; within: number; payload: string },
): Promise<Observation> {
  const times = { secured: [] as number[], unsecured: [] as number[] };
  for (let sample = 0; sample < samples; sample += 1) {
    for (const [name, side] of [['secured', secured] as const, ['unsecured', unsecured] as const]) {
      const drive = await side();
      const started = performance.now();
      const { observation } = await drive();
      times[name].push(performance.now() - started);
      if (!isPayload(observation, payload))
        return {
          kind: 'nothing',
          reason: `${name === 'secured' ? 'the subject' : '`unsecured`'} did not answer the valid exchange: ${describe(observation)}`,
        };
    }
  }
  return {
    kind: 'latency',
    samples,
    secured: quantiles(times.secured),
    unsecured: quantiles(times.unsecured),
    within,
  };
}
