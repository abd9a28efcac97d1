import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as startRequest } from 'node:https';
import { createConsumerPki } from '../certs/consumer.ts';
import { createHierarchy } from '../certs/index.ts';
import { ASID, SERVICE_PATH } from '../mocks/provider/data.ts';
import type { Role } from './bench-ssp-server.ts';

/** What the listening SSP adds to a request, beside a bare pipe; each in a process of its own, connections kept alive. */

/**
 * Four processes share the cores, and a round in which one of them collects its garbage takes a quarter longer: the
 * median of seven rounds was between 0.7 and 1.7 of the same peer, that of so many between 0.8 and 1.2.
 */
const ROUNDS = 31;
const INTERACTION = 'urn:nhs:names:services:gpconnect:fhir:rest:read:metadata-1';

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
const median = (values: readonly number[]): number =>
  at(
    [...values].sort((a, b) => a - b),
    0.5,
  );

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

const NONE: Quantiles = { p50: NaN, p99: NaN };

/** Latency in milliseconds of so many requests, so many of them at a time. */
async function load(
  { port, path, tls }: { port: number; path: string; tls: object },
  concurrent: number,
  count: number,
): Promise<Quantiles> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrent, ...tls });
  const headers = {
    Host: `localhost:${port}`,
    Accept: 'application/fhir+json',
    'Ssp-TraceID': crypto.randomUUID(),
    'Ssp-From': ASID.consumer,
    'Ssp-To': ASID.provider,
    'Ssp-InteractionID': INTERACTION,
    Authorization: `Bearer ${'x'.repeat(1_200)}`,
  };
  const one = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const started = performance.now();
      startRequest({ agent, host: '127.0.0.1', port, path, headers }, (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`HTTP ${answer.statusCode} at ${path}`));
        answer.resume().on('end', () => resolve(performance.now() - started));
      })
        .on('error', reject)
        .end();
    });
  const times: number[] = [];
  let left = count;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      times.push(await one());
    }
  };
  await Promise.all(Array.from({ length: concurrent }, one)); // every connection stands
  await Promise.all(Array.from({ length: concurrent }, work));
  agent.destroy();
  times.sort((a, b) => a - b);
  return { p50: at(times, 0.5), p99: at(times, 0.99) };
}

export async function sspRows() {
  const { authorities, ...pki } = await createHierarchy();
  const side = await createConsumerPki(authorities, { hosts: ['localhost'], crls: pki.crls });
  const children: ChildProcess[] = [];
  const begin = async (role: Pick<Role, 'kind'> & Partial<Role>): Promise<number> => {
    const child = fork(new URL('./bench-ssp-server.ts', import.meta.url));
    children.push(child);
    child.send({
      server: side.ssp.good,
      client: pki.clients.valid,
      root: pki.root,
      sub: pki.sub,
      crls: side.crls,
      ...role,
    });
    const [port] = (await once(child, 'message')) as [number];
    return port;
  };
  try {
    const provider = await begin({ kind: 'provider', server: pki.provider });
    const url = `https://localhost:${provider}${SERVICE_PATH}`;
    const endpoint = {
      asid: ASID.provider,
      url,
      cpaId: 'S00000A000000',
      interactions: [INTERACTION],
      port: provider,
    };
    const pipe = await begin({ kind: 'pipe', endpoint });
    const ssp = await begin({ kind: 'ssp', endpoint, sender: { asid: ASID.consumer, fqdn: side.fqdn } });
    const { consumer } = side;
    const tls = {
      ca: pki.root,
      cert: [consumer.certificate, ...consumer.chain].join('\n'),
      key: consumer.key,
      servername: 'localhost',
      maxVersion: 'TLSv1.2',
    };
    const through = `/${url}/metadata`;
    const targets = {
      direct: { port: provider, path: `${SERVICE_PATH}/metadata`, tls },
      pipe: { port: pipe, path: through, tls },
      ssp: { port: ssp, path: through, tls },
    };
    const rows = [];
    for (const { concurrent, count } of [
      { concurrent: 1, count: 300 },
      { concurrent: 50, count: 1_500 },
    ]) {
      for (const target of Object.values(targets)) await load(target, concurrent, count); // warm
      const seen: Record<keyof typeof targets, Quantiles>[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        // Which of the two comes first changes from round to round: what one leaves behind meets both.
        const order = round % 2 === 0 ? (['pipe', 'ssp'] as const) : (['ssp', 'pipe'] as const);
        const made = { direct: await load(targets.direct, concurrent, count), pipe: NONE, ssp: NONE };
        for (const name of order) made[name] = await load(targets[name], concurrent, count);
        seen.push(made);
      }
      for (const share of ['p50', 'p99'] as const) {
        const ours = median(seen.map(({ ssp: own, direct }) => own[share] - direct[share]));
        const floor = median(seen.map(({ pipe: peer, direct }) => peer[share] - direct[share]));
        rows.push({
          what: `added by the SSP at ${share}, ${concurrent} at a time`,
          against: 'what a bare node:https pipe adds',
          ours,
          floor,
          ratio: ours / floor,
          ...(share === 'p50' && (concurrent === 1 ? { limit: 1 } : { bound: 1.3 })),
        });
      }
    }
    return rows;
  } finally {
    for (const child of children) child.disconnect();
  }
}
