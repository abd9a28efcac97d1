import { execFile } from 'node:child_process';
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { createHierarchy, credentialNames, type Hierarchy } from '../certs/index.ts';
import { ASID, SERVICE_PATH, type Provider } from '../mocks/provider/server.ts';
import { createRedactor } from '../tests/drive/redact.ts';
import { scan } from '../tests/drive/scan.ts';
import { gpconnect } from '../tests/profiles/gpconnect.ts';
import { baseline, runPlan, type Run } from '../tests/run/engine.ts';
import { plan } from '../tests/run/plan.ts';
import { unable } from '../tests/selftest/fleet/configuration.ts';
import { programPath } from '../tests/selftest/fleet/site.ts';
import { startNginx } from '../tests/selftest/fleet/servers/nginx.ts';
import { bareExchange, median } from './bench-floor.ts';

/** What TLS costs on a strict nginx, beside public scanners and beside bare connections. */

const run = promisify(execFile);
const ROUNDS = 7;
const WORKERS = 4;
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};

/** Ours and the peer's by turns, so that both meet the same machine. */
async function beside(ours: () => Promise<unknown>, peer: () => Promise<unknown>, rounds = ROUNDS) {
  await ours();
  const pairs: (readonly [number, number])[] = [];
  for (let round = 0; round < rounds; round += 1) pairs.push([await timed(ours), await timed(peer)]);
  return {
    ours: median(pairs.map(([own]) => own)),
    floor: median(pairs.map(([, other]) => other)),
    ratio: median(pairs.map(([own, other]) => own / other)),
  };
}

/** Protocols and ordered suites, in process, against a scanner that does the same as a process. */
async function scanRow(
  nginx: Provider,
  program: string,
  args: readonly string[],
  bound: number,
  rounds = ROUNDS,
) {
  const target = { address: '127.0.0.1', port: nginx.port, servername: 'localhost' };
  return {
    what: 'protocols and ordered suites of a strict nginx',
    against: `${program} ${args.join(' ')}`.trim(),
    ...(await beside(
      () => scan(target),
      // A scanner's exit status speaks of what it found.
      () => run(program, [...args, `127.0.0.1:${nginx.port}`], { timeout: 120_000 }).catch(() => {}),
      rounds,
    )),
    bound,
  };
}

const battery = plan(gpconnect, { edition: gpconnect.editions[0], enforcesScope: true }).filter(
  ({ case: { stimulus, learns } }) => stimulus.tls?.certificate !== undefined && learns === undefined,
);

function runOf(nginx: Provider, pki: Hierarchy, onDial: () => void): Run {
  const url = new URL(nginx.url);
  const clients = pki.clients;
  return {
    profile: gpconnect,
    subject: { url: nginx.url, asid: ASID },
    target: {
      address: '127.0.0.1',
      port: nginx.port,
      servername: 'localhost',
      host: url.host,
      basePath: SERVICE_PATH,
      trust: [pki.root],
      clients,
      pace: () => Promise.resolve(onDial()),
    },
    redactor: createRedactor(),
    bounds: { patience: 10_000 },
  };
}

/** The battery with its controls, against as many valid exchanges written by hand, equally parallel. */
async function batteryRow(nginx: Provider, pki: Hierarchy) {
  let connections = 0;
  const examined = runOf(nginx, pki, () => {
    connections += 1;
  });
  const start = await baseline(examined);
  const all = async (): Promise<void> => {
    connections = 0;
    await runPlan(examined, battery, start, WORKERS);
  };
  await all();
  const bare = bareExchange(pki, nginx);
  const count = connections;
  const figures = await beside(all, async () => {
    let left = count;
    await Promise.all(
      Array.from({ length: WORKERS }, async () => {
        while (left-- > 0) await bare();
      }),
    );
  });
  return {
    what: `${battery.length} client credentials against nginx at TLS 1.2, controls included`,
    against: `${count} valid exchanges by hand with node:tls, as parallel`,
    ...figures,
    bound: 1.5,
  };
}

/** RSA 2048 keys of a hierarchy: root, sub, server, SSP, its renewal, rogue, second owner. One of 1024 beside them. */
const KEYS = 7;

/** Every credential built, against the generation of the RSA keys that cannot be avoided. */
async function buildingRow() {
  const generate = promisify(generateKeyPair);
  const figures = await beside(
    async () => {
      const { clients } = await createHierarchy();
      for (const name of credentialNames) void clients[name]?.certificate;
    },
    () =>
      Promise.all([
        generate('rsa', { modulusLength: 1024 }),
        ...Array.from({ length: KEYS }, () => generate('rsa', { modulusLength: 2048 })),
      ]),
    25, // how long a prime takes to find is a matter of luck
  );
  return {
    what: `all ${credentialNames.length} credentials built`,
    against: `the generation of ${KEYS} RSA keys of 2048 bits and one of 1024`,
    ...figures,
    bound: 1.5,
  };
}

/** The rows of this file, and what could not be measured on this machine. */
export async function tlsRows() {
  const building = await buildingRow();
  const missing = unable.nginx;
  if (missing !== undefined) return { rows: [building], notRun: [`scan and battery on nginx: ${missing}`] };
  const pki = await createHierarchy();
  const nginx = await startNginx(pki);
  const [sslscan, testssl] = [programPath('sslscan'), programPath('testssl')];
  try {
    return {
      rows: [
        building,
        await batteryRow(nginx, pki),
        ...(sslscan
          ? [
              await scanRow(
                nginx,
                'sslscan',
                '--no-check-certificate --no-fallback --no-renegotiation --no-heartbleed --no-compression --no-groups'.split(
                  ' ',
                ),
                1,
              ),
            ]
          : []),
        ...(testssl
          ? [await scanRow(nginx, 'testssl', ['-P', '--quiet', '--warnings=off'], 1 / 200, 5)]
          : []),
      ],
      notRun: [
        ...(sslscan ? [] : ['beside sslscan: install sslscan']),
        ...(testssl ? [] : ['beside testssl.sh: install testssl.sh']),
      ],
    };
  } finally {
    await nginx.close();
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await tlsRows(), null, 2)}\n`);
