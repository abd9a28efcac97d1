import type { Observation, OfferedVersion } from '../model.ts';
import { suites as table, suitesOf13, suitesUpTo12, type Suite } from '../oracle/suites.ts';
import type { HelloTarget } from './hello.ts';
import { enumerateOffer, offer } from './offer.ts';

/** What a server does with one protocol version. */
export interface ScannedProtocol {
  readonly name: OfferedVersion;
  readonly accepted: boolean;
  /** Whose order of preference rules; `single` where there is nothing to choose. */
  readonly order: 'server' | 'client' | 'single';
  /** Accepted suites in the order in which the server picks them; SSLv2 has none of this kind. */
  readonly suites: readonly Suite[];
  /** What was seen. */
  readonly seen: Observation;
}

/** What a server accepts, with the connections and the milliseconds that it took to learn. */
export interface Scan {
  readonly protocols: readonly ScannedProtocol[];
  /** TCP connections that it took. */
  readonly connections: number;
  readonly ms: number;
}

const VERSIONS: readonly OfferedVersion[] = ['SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'];
const byName = new Map(table.map((suite) => [suite.iana, suite]));

/**
 * Finds which protocol versions a server accepts and, of each, every suite in the server's order.
 * Bare hellos alone: no handshake is finished, so that it is all the same whether client certificates are asked for.
 * @param patience milliseconds for one hello
 */
export async function scan(target: HelloTarget, patience?: number): Promise<Scan> {
  const started = performance.now();
  let connections = 0;
  const counted: HelloTarget = {
    ...target,
    onDial: () => {
      connections += 1;
    },
  };
  const protocols = await Promise.all(VERSIONS.map((version) => scanVersion(counted, version, patience)));
  return { protocols, connections, ms: Math.round((performance.now() - started) * 10) / 10 };
}

async function scanVersion(
  target: HelloTarget,
  name: OfferedVersion,
  patience: number | undefined,
): Promise<ScannedProtocol> {
  const offered = name === 'TLSv1.3' ? suitesOf13 : suitesUpTo12;
  const seen = await (name === 'SSLv2'
    ? offer(target, { version: name }, patience)
    : enumerateOffer(target, { version: name, suites: offered.map(({ code }) => code) }, patience));
  if (seen.kind !== 'suites')
    return { name, accepted: seen.kind === 'server-hello', order: 'single', suites: [], seen };
  return {
    name,
    accepted: seen.accepted.length > 0,
    order: seen.order === 'untold' ? 'single' : seen.order,
    suites: seen.accepted.flatMap((iana) => byName.get(iana) ?? []),
    seen,
  };
}
