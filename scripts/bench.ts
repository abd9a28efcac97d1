import { once } from 'node:events';
import { createSecureContext, connect } from 'node:tls';
import { createHierarchy } from '../certs/index.ts';
import { compose, type Forwarded } from '../mocks/ssp/outbound.ts';
import { ASID, SERVICE_PATH } from '../mocks/provider/server.ts';
import { startStandIn } from '../mocks/provider/stand-in.ts';
import { createDriver } from '../tests/drive/driver.ts';
import { createRedactor } from '../tests/drive/redact.ts';
import { gpconnect } from '../tests/profiles/gpconnect.ts';
import { tokenRow } from './bench-cis2.ts';
import { batteryRow } from './bench-ftrs.ts';
import { sspRows } from './bench-ssp.ts';
import { tlsRows } from './bench-tls.ts';

/** What things cost, each as a ratio against a floor measured in the same run. */

const ROUNDS = 7;
const EXCHANGES = 100;
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

const pki = await createHierarchy();
const provider = await startStandIn('conformant', pki);
const url = new URL(provider.url);
const { valid } = pki.clients;
const exchange = gpconnect.valid({ url: provider.url, asid: ASID });

/** One exchange as an engineer would write it by hand: a context, a connection, a request, the answer. */
async function bare(): Promise<void> {
  const secureContext = createSecureContext({
    ca: pki.root,
    cert: [valid.certificate, ...valid.chain].join('\n'),
    key: valid.key,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
  });
  const request: Forwarded = {
    method: 'GET',
    target: `${SERVICE_PATH}/metadata`,
    host: url.host,
    headers: exchange.http.headers,
    token: exchange.token,
  };
  const { bytes } = compose(request);
  const socket = connect({ host: '127.0.0.1', port: provider.port, servername: 'localhost', secureContext });
  await once(socket, 'secureConnect');
  socket.write(bytes);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  if (!text.startsWith('HTTP/1.1 200'))
    throw new Error(`the bare exchange was refused: ${text.slice(0, 80)}`);
}

const drive = createDriver(
  {
    address: '127.0.0.1',
    port: provider.port,
    servername: 'localhost',
    host: url.host,
    basePath: SERVICE_PATH,
    trust: [pki.root],
    clients: pki.clients,
  },
  createRedactor(),
);
async function ours(): Promise<void> {
  const { observation } = await drive(exchange, 'TLSv1.2');
  if (observation.kind !== 'response' || observation.status !== 200)
    throw new Error(JSON.stringify(observation));
}

async function time(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  for (let round = 0; round < EXCHANGES; round += 1) await work();
  return (performance.now() - started) / EXCHANGES;
}

await time(bare);
await time(ours);
const ratios: number[] = [];
const floors: number[] = [];
const costs: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const floor = await time(bare);
  const cost = await time(ours);
  floors.push(floor);
  costs.push(cost);
  ratios.push(cost / floor);
}
await provider.close();

/** `bound`: the ratio wanted at most; `limit`: milliseconds wanted at most. */
interface Row {
  readonly what: string;
  readonly against: string;
  readonly ours: number;
  readonly floor: number;
  readonly ratio: number;
  readonly bound?: number;
  readonly limit?: number;
}
const { rows: ofTls, notRun } = await tlsRows();
const rows: readonly Row[] = [
  {
    what: 'one exchange, TLS 1.2 with mutual authentication',
    against: 'the same by hand with node:tls, a SecureContext each',
    ours: median(costs),
    floor: median(floors),
    ratio: median(ratios),
    bound: 1.3,
  },
  ...ofTls,
  await tokenRow(),
  await batteryRow(),
  ...(await sspRows()),
];
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
else {
  for (const { what, against, ours: cost, floor, ratio, bound, limit } of rows) {
    process.stdout.write(`${what}\n  ${cost.toFixed(2)} ms, against ${floor.toFixed(2)} ms (${against})\n`);
    const wanted = bound?.toString() ?? (limit === undefined ? undefined : `${limit} ms`);
    process.stdout.write(
      `  ratio ${ratio.toPrecision(3)}${wanted === undefined ? '' : `, wanted at most ${wanted}`}\n`,
    );
  }
  for (const each of notRun) process.stdout.write(`not run: ${each}\n`);
}
