import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programPath } from './fleet/site.ts';

/** A container engine for a test file, and small images made without a registry. */
export interface Engine {
  readonly socket: string;
  /** Makes an image of a folder's content. */
  readonly image: (name: string, folder: string, changes: readonly string[]) => Promise<void>;
  /** Ids of every container, running or not. */
  readonly containers: () => Promise<readonly string[]>;
  /** Removes the images made, and stops the engine where it was started here. */
  readonly close: () => Promise<void>;
}

/** One call of the engine's API. @returns status and body */
function call(
  socketPath: string,
  method: string,
  path: string,
  body?: Buffer,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((done, fail) => {
    const sent = request({ socketPath, method, path, timeout: 60_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        done({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    sent.on('error', fail).on('timeout', () => sent.destroy(new Error('the engine does not answer')));
    sent.end(body);
  });
}
const answers = (socket: string): Promise<boolean> =>
  call(socket, 'GET', '/_ping').then(
    ({ status }) => status === 200,
    () => false,
  );

/**
 * The engine that runs already, by its socket; else one of our own where that can be; else why there is none.
 * @param bridge whether one of our own makes `docker0`, which is the machine's: one engine at a time may
 */
export async function openEngine({ bridge = true } = {}): Promise<Engine | string> {
  const named = /^unix:\/\/(.+)$/.exec(process.env['DOCKER_HOST'] ?? '')?.[1] ?? '/var/run/docker.sock';
  if (await answers(named)) return engineAt(named, async () => {});
  const program = programPath('dockerd');
  if (program === undefined)
    return 'no container engine answers, and dockerd is not installed (apt-get install --no-install-recommends docker.io)';
  return process.getuid?.() === 0
    ? ownEngine(program, bridge)
    : 'no container engine answers, and only root can start one';
}

/** Docker's engine for this process alone: nothing of it stays, neither on disk nor among the network's interfaces. */
async function ownEngine(program: string, ownBridge: boolean): Promise<Engine | string> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-engine-'));
  const socket = join(folder, 'docker.sock');
  const bridge = !ownBridge || existsSync('/sys/class/net/docker0');
  const log: Buffer[] = [];
  const daemon = spawn(
    program,
    [
      ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
      ...['--pidfile', join(folder, 'docker.pid'), '-H', `unix://${socket}`],
      // Ports are published on loopback by the engine's own proxy: the firewall can be left as it is.
      ...(ownBridge ? [] : ['--bridge=none']),
      ...['--iptables=false', '--ip6tables=false', '--ip-masq=false', '--ip-forward=false'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  daemon.stderr.on('data', (chunk: Buffer) => log.push(chunk));
  const ended = once(daemon, 'exit').catch(() => []);
  // It ends with this process, and does not keep it: where every test that wants it is filtered out, nobody closes it.
  daemon.unref();
  (daemon.stderr as unknown as Socket).unref();
  const atExit = (): void => void daemon.kill('SIGTERM');
  process.on('exit', atExit);
  const stop = async (): Promise<void> => {
    daemon.ref();
    daemon.kill('SIGTERM');
    await ended;
    process.removeListener('exit', atExit);
    const ip = programPath('ip');
    if (!bridge && ip !== undefined && existsSync('/sys/class/net/docker0'))
      execFileSync(ip, ['link', 'delete', 'docker0']);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  for (let tries = 0; tries < 300 && daemon.exitCode === null; tries += 1) {
    if (await answers(socket)) return engineAt(socket, stop);
    await sleep(100);
  }
  await stop();
  const last = Buffer.concat(log).toString().trim().split('\n').at(-1) ?? '';
  return `no container engine answers, and dockerd does not start here: ${last.slice(0, 200)}`;
}

function engineAt(socket: string, stop: () => Promise<void>): Engine {
  const made: string[] = [];
  return {
    socket,
    image: async (name, folder, changes) => {
      const tar = execFileSync('tar', ['-C', folder, '-cf', '-', '.'], { maxBuffer: 500_000_000 });
      const query = new URLSearchParams({ fromSrc: '-', repo: name });
      for (const change of changes) query.append('changes', change);
      const { status, text } = await call(socket, 'POST', `/images/create?${query}`, tar);
      if (status !== 200 || text.includes('"error"')) throw new Error(`no image: ${status} ${text}`);
      made.push(name);
    },
    containers: async () => {
      const { text } = await call(socket, 'GET', '/containers/json?all=1');
      return (JSON.parse(text) as readonly { readonly Id: string }[]).map(({ Id }) => Id);
    },
    close: async () => {
      for (const name of made) await call(socket, 'DELETE', `/images/${name}?force=1`);
      await stop();
    },
  };
}

/** A root file system with one program, the libraries that it asks for, and files. No shell, no package manager. */
export function rootOf(program: string, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'assay-root-'));
  const put = (file: string): void => {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    copyFileSync(file, join(root, file));
  };
  put(program);
  const linked = execFileSync('ldd', [program], { encoding: 'utf8' });
  for (const [, library] of linked.matchAll(/(\/\S+) \(0x/g)) if (library) put(library);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(name)), { recursive: true });
    if (text === '') mkdirSync(join(root, name), { recursive: true });
    else writeFileSync(join(root, name), text);
  }
  return root;
}
