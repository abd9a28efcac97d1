import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Hierarchy } from '../../../certs/index.ts';
import { startProvider, type Provider } from '../../../mocks/provider/server.ts';
import { ASID, SERVICE_PATH } from '../../../mocks/provider/data.ts';
import { conformant } from '../../../mocks/provider/policy.ts';
import { hello } from '../../drive/hello.ts';

/**
 * Where a server of the fleet stands: a private folder, a free port on loopback, and the reference provider in plain
 * HTTP behind it. Everything is taken down again on every way out.
 */

/** Where a program is; Debian puts servers outside the path of other users than root. */
export const programPath = (name: string): string | undefined =>
  [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));

/** RFC 7919 §A.1, for the servers that bring no finite-field parameters of their own. */
const FFDHE2048 = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`;

/** The four approved strings of GP Connect as OpenSSL reads them. */
export const APPROVED = 'AESGCM+EECDH:AESGCM+EDH:AES256+EECDH:AES256+EDH';

/** A place to start a server in. */
export interface Site {
  readonly folder: string;
  readonly port: number;
  /** Port of the reference provider in plain HTTP. */
  readonly backend: number;
  readonly pki: Hierarchy;
}

/** Contents by path from the site's folder. */
export type Files = Readonly<Record<string, string | Buffer>>;

/** A server as it is started. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files that it wants beside those of every site, by their path in the folder. */
  readonly files?: Files;
}

const children = new Set<ChildProcess>();
const folders = new Set<string>();
let watching = false;

/** Whatever way this process ends by, what it started ends too. */
function watch(): void {
  if (watching) return;
  watching = true;
  process.on('exit', () => {
    for (const child of children) child.kill('SIGTERM');
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    process.once(signal, () => process.exit(code));
}

export function createFolder(): string {
  watch();
  const folder = mkdtempSync(join(tmpdir(), 'assay-fleet-'));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/** Starts a program that this process takes with it. */
export function startProcess(
  { program, args, env }: Launch,
  cwd: string,
  stdin: 'ignore' | 'pipe' = 'ignore',
): ChildProcess {
  watch();
  const child = spawn(program, args, {
    cwd,
    stdio: [stdin, 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  children.add(child);
  child.once('exit', () => children.delete(child)).on('error', () => children.delete(child));
  return child;
}

/** Ends a program: asks it to, and after two seconds makes it. */
export function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null)
    return Promise.resolve();
  return new Promise((done) => {
    const last = setTimeout(() => child.kill('SIGKILL'), 2_000);
    child.once('exit', () => {
      clearTimeout(last);
      done();
    });
    child.kill('SIGTERM');
  });
}

const taken = new Set<number>();
/** Below the range from which the system gives ports to outgoing connections, so that none of these takes it first. */
const LOWEST = 20_000;
const SPAN = 10_000;

export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * SPAN);
    if (taken.has(port)) continue;
    taken.add(port);
    const server = createServer();
    const free = await new Promise<boolean>((answer) => {
      server.once('error', () => answer(false)).listen(port, '127.0.0.1', () => answer(true));
    });
    if (!free) continue;
    await new Promise((done) => server.close(done));
    return port;
  }
}

/**
 * Whether a TLS server answers a hello there, in whatever way. An open port says nothing: Tomcat binds it a while before it
 * serves, and on busy cores that while is long.
 */
export async function answers(port: number): Promise<boolean> {
  const target = { address: '127.0.0.1', port, servername: 'localhost' };
  const { answer } = await hello(target, { version: 'TLSv1.2' }, 2_000);
  return answer.kind === 'server-hello' || answer.kind === 'alert';
}

/** What every server is given: its own certificate and key, the CAs, the CRLs of both. */
const commonFiles = (pki: Hierarchy): Files => ({
  'server.pem': [pki.provider.certificate, ...pki.provider.chain].join('\n'),
  'server.key': pki.provider.key,
  'ca.pem': [pki.root, pki.sub].join('\n'),
  'crl.pem': pki.crls.join('\n'),
  'dh.pem': FFDHE2048,
});

export function writeFiles(folder: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o600 });
  }
}

/**
 * Prepares a site with the reference behind it and hands it to `start`, which answers with what to take down.
 * @throws Error with the server's own log when it does not come up
 */
export async function onSite(
  pki: Hierarchy,
  start: (site: Site) => Promise<() => Promise<void>>,
): Promise<Provider> {
  const folder = createFolder();
  const port = await freePort();
  const url = `https://localhost:${port}${SERVICE_PATH}`;
  const backend = await startProvider({ policy: conformant, hierarchy: pki, behind: url });
  const clear = async (): Promise<void> => {
    await backend.close();
    removeFolder(folder);
  };
  writeFiles(folder, commonFiles(pki));
  try {
    const stop = await start({ folder, port, backend: backend.port, pki });
    return { url, asid: ASID.provider, port, close: () => stop().finally(clear) };
  } catch (error) {
    await clear();
    throw error;
  }
}

/** Longest that a server may take to listen: a Java machine on two busy cores is slow to wake. */
const START_MS = 60_000;

/** Starts a server that listens on the site's port by itself, and waits until it answers. */
export async function startServer(site: Site, launch: Launch): Promise<() => Promise<void>> {
  writeFiles(site.folder, launch.files ?? {});
  await chmod(site.folder, 0o755); // servers that give up root still have to reach their folder; its files are 0600
  const child = startProcess(launch, site.folder);
  const log: string[] = [];
  const keep = (text: Buffer): void => {
    log.push(text.toString());
    if (log.length > 200) log.splice(0, 100);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.on('error', (error) => log.push(String(error)));
  const late = performance.now() + START_MS;
  while (child.exitCode === null && child.pid !== undefined && performance.now() < late) {
    if ((await answers(site.port)) && child.exitCode === null) return () => ended(child);
    await new Promise((wake) => setTimeout(wake, 20));
  }
  await ended(child);
  const file = join(site.folder, 'error.log'); // where a server insists on one
  const kept = existsSync(file) ? readFileSync(file, 'utf8') : '';
  throw new Error(`${launch.program} did not start: ${`${log.join('')}${kept}`.slice(-4_000)}`);
}
