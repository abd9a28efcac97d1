import { execFile } from 'node:child_process';
import { generateKeyPair } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createHierarchy, credentialNames, type Hierarchy } from '../certs/index.ts';
import type { Provider } from '../mocks/provider/server.ts';
import { ASID, SERVICE_PATH } from '../mocks/provider/data.ts';
import { createDriver } from '../tests/drive/driver.ts';
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

const S_TIME = /(\d+) connections in (\d+) real seconds/;

/** Valid exchanges one after the other, against OpenSSL's own client that makes handshakes and asks nothing. */
async function handshakeRow(nginx: Provider, pki: Hierarchy, openssl: string) {
  const folder = await mkdtemp(join(tmpdir(), 'assay-bench-tls-'));
  try {
    const { valid } = pki.clients;
    const write = (name: string, text: string) => writeFile(join(folder, name), text, { mode: 0o600 });
    await write('client.pem', [valid.certificate, ...valid.chain].join(''));
    await write('client.key', valid.key);
    await write('root.pem', pki.root);
    const args = `s_time -new -tls1_2 -time 1 -connect 127.0.0.1:${nginx.port} -cert client.pem -key client.key -CAfile root.pem`;
    const peer = async (): Promise<number> => {
      const { stdout } = await run(openssl, args.split(' '), { cwd: folder });
      const [, count = '0', seconds = '1'] = S_TIME.exec(stdout) ?? [];
      return (Number(seconds) * 1_000) / Number(count);
    };
    const { target, redactor } = runOf(nginx, pki, () => {});
    const drive = createDriver(target, redactor);
    const exchange = gpconnect.valid({ url: nginx.url, asid: ASID });
    const own = async (): Promise<number> => {
      const count = 100;
      const took = await timed(async () => {
        for (let made = 0; made < count; made += 1) await drive(exchange, 'TLSv1.2');
      });
      return took / count;
    };
    await own();
    const pairs: (readonly [number, number])[] = [];
    for (let round = 0; round < 5; round += 1) pairs.push([await own(), await peer()]);
    return {
      what: 'a valid exchange with nginx at TLS 1.2, one after the other',
      against: 'a handshake by openssl s_time -new with the same credential, nothing asked',
      ours: median(pairs.map(([mine]) => mine)),
      floor: median(pairs.map(([, other]) => other)),
      ratio: median(pairs.map(([mine, other]) => mine / other)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The rows of this file, and what could not be measured on this machine. */
export async function tlsRows() {
  const building = await buildingRow();
  const missing = unable.nginx;
  if (missing !== undefined) return { rows: [building], notRun: [`scan and battery on nginx: ${missing}`] };
  const pki = await createHierarchy();
  const nginx = await startNginx(pki);
  const [sslscan, testssl, openssl] = ['sslscan', 'testssl', 'openssl'].map(programPath);
  try {
    return {
      rows: [
        building,
        await batteryRow(nginx, pki),
        ...(openssl ? [await handshakeRow(nginx, pki, openssl)] : []),
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
        ...(openssl ? [] : ['beside openssl s_time: install openssl']),
        ...(sslscan ? [] : ['beside sslscan: install sslscan']),
        ...(testssl ? [] : ['beside testssl.sh: install testssl.sh']),
      ],
    };
  } finally {
    await nginx.close();
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await tlsRows(), null, 2)}\n`);
