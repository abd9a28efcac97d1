import { createHierarchy } from '../certs/index.ts';
import { ASID, SERVICE_PATH } from '../mocks/provider/data.ts';
import { startStandIn } from '../mocks/provider/stand-in.ts';
import { createDriver } from '../tests/drive/driver.ts';
import { createRedactor } from '../tests/drive/redact.ts';
import { gpconnect } from '../tests/profiles/gpconnect.ts';
import { bareExchange, median } from './bench-floor.ts';
import { certifyRows } from './bench-certify.ts';
import { tokenRow } from './bench-cis2.ts';
import { batteryRow } from './bench-ftrs.ts';
import { packageRows } from './bench-package.ts';
import { sspRows } from './bench-ssp.ts';
import { sweepRows } from './bench-sweep.ts';
import { tlsRows } from './bench-tls.ts';

/** What things cost, each as a ratio against a floor measured in the same run. */

const ROUNDS = 7;
const EXCHANGES = 100;

const pki = await createHierarchy();
const provider = await startStandIn('conformant', pki);
const url = new URL(provider.url);
const exchange = gpconnect.valid({ url: provider.url, asid: ASID });

const bare = bareExchange(pki, provider);

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
  /** What is measured in; absent: milliseconds. */
  readonly unit?: 'MB';
}
const { rows: ofTls, notRun } = await tlsRows();
const ofPackage = await packageRows();
const ofSweep = await sweepRows();
const ofRecords = await certifyRows();
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
  ...ofPackage,
  ...ofSweep.rows,
  ...ofRecords.rows,
];
const unrun = [...notRun, ...ofSweep.notRun, ...ofRecords.notRun];
if (process.argv.includes('--json'))
  process.stdout.write(`${JSON.stringify({ rows, notRun: unrun }, null, 2)}\n`);
else {
  const figure = (value: number, unit = 'ms'): string =>
    `${value >= 100 ? value.toFixed(0) : value.toFixed(2)} ${unit}`;
  const cells = rows.map(({ what, against, ours: cost, floor, ratio, bound, limit, unit }) => [
    figure(cost, unit),
    figure(floor, unit),
    ratio.toPrecision(3),
    bound === undefined ? (limit === undefined ? '' : figure(limit)) : String(bound),
    `${what}, against ${against}`,
  ]);
  const heads = ['this', 'peer or floor', 'ratio', 'at most', 'what'];
  const widths = heads.map((head, at) =>
    Math.max(...[head, ...cells.map((row) => row[at] ?? '')].map((text) => text.length)),
  );
  const line = (row: readonly string[]): string =>
    row.map((text, at) => (at === row.length - 1 ? text : text.padStart(widths[at] ?? 0))).join('  ');
  process.stdout.write(`${[heads, ...cells].map(line).join('\n')}\n`);
  for (const each of unrun) process.stdout.write(`not run: ${each}\n`);
}
