import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Hierarchy } from '../../../../certs/index.ts';
import type { Provider } from '../../../../mocks/provider/server.ts';
import { APPROVED, ended, onSite, programPath, startProcess, writeFiles, type Site } from '../site.ts';

/** Words of the command line of `openssl s_server`. */
export interface OpensslKnobs {
  readonly versions: readonly string[];
  readonly ciphers: string;
  readonly verify: readonly string[];
  readonly revocation: readonly string[];
  readonly name: readonly string[];
  readonly more: readonly string[];
}

const opensslKeeping: OpensslKnobs = {
  versions: ['-tls1_2'],
  ciphers: APPROVED,
  verify: ['-Verify', '2', '-verify_return_error'],
  revocation: ['-crl_check_all'],
  name: ['-verify_hostname', 'SSP'],
  more: ['-serverpref'],
};

export const opensslPath = programPath('openssl');

/** Servers kept ready, so that a connection does not wait for one to start. */
const READY = 6;

interface Standby {
  readonly child: ChildProcess;
  readonly path: string;
}

/**
 * `s_server` serves one connection at a time, forwards nothing, and hands what it decrypts to its standard output.
 * So each connection gets a process of its own on a socket in the folder: the client's bytes go in untouched, and what
 * comes out decrypted goes to the reference and back. TLS is `s_server`'s alone.
 */
async function start(site: Site, knobs: OpensslKnobs): Promise<() => Promise<void>> {
  const { folder, port, backend, pki } = site;
  // `-CRL` reads the first of a file only; a CA file may hold CRLs as well, and all of them are read.
  writeFiles(folder, { 'trust.pem': [pki.root, pki.sub, ...pki.crls].join('\n') });
  let made = 0;
  const launch = (): Standby => {
    made += 1;
    const path = `${made}.sock`; // relative to the folder: OpenSSL 3.0 fails on a socket whose path is longer than 31
    const args = [
      's_server',
      ...['-quiet', '-naccept', '1', '-unix', path],
      ...['-cert', 'server.pem', '-cert_chain', 'server.pem', '-key', 'server.key', '-dhparam', 'dh.pem'],
      ...['-CAfile', 'trust.pem', '-no_ticket', '-cipher', knobs.ciphers],
      ...[...knobs.versions, ...knobs.verify, ...knobs.revocation],
      ...knobs.name.map((word) => (word === 'SSP' ? pki.ssp : word)),
      ...knobs.more,
    ];
    const child = startProcess({ program: opensslPath ?? 'openssl', args }, folder, 'pipe');
    child.stderr?.resume();
    return { child, path: join(folder, path) };
  };
  const pool = Array.from({ length: READY }, launch);
  const busy = new Set<ChildProcess>();
  const sockets = new Set<Socket>();

  const serve = async (client: Socket): Promise<void> => {
    client.pause();
    client.on('error', () => {});
    sockets.add(client);
    const { child, path } = pool.shift() ?? launch();
    pool.push(launch());
    busy.add(child);
    const wire = await dialled(path, child);
    const onward = connect(backend, '127.0.0.1');
    const over = (): void => {
      for (const socket of [client, wire, onward]) socket?.destroy();
      sockets.delete(client);
      if (busy.delete(child)) void ended(child);
    };
    if (!wire) return over();
    client.on('close', over);
    wire.on('close', () => client.end()).on('error', () => {});
    onward.on('error', () => {});
    child.stdin?.on('error', () => {});
    child.stdout?.on('error', () => {});
    client.pipe(wire);
    wire.pipe(client);
    child.stdout?.pipe(onward);
    if (child.stdin) onward.pipe(child.stdin, { end: false });
  };
  const front = createServer((client) => void serve(client));
  await new Promise<void>((ready, failed) => {
    front.once('error', failed).listen(port, '127.0.0.1', ready);
  });
  return async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => front.close(done));
    await Promise.all([...pool.map(({ child }) => child), ...busy].map(ended));
  };
}

/** A connection to a process that may still be starting; `undefined`: it ended instead. */
async function dialled(path: string, child: ChildProcess): Promise<Socket | undefined> {
  while (child.exitCode === null && child.signalCode === null) {
    if (existsSync(path)) {
      const socket = connect(path);
      const open = await new Promise<boolean>((answer) => {
        socket.once('connect', () => answer(true)).once('error', () => answer(false));
      });
      if (open) return socket;
    }
    await new Promise((wake) => setTimeout(wake, 5));
  }
  return undefined;
}

/** `openssl s_server` in front of the reference. */
export const startOpenssl = (pki: Hierarchy, change: Partial<OpensslKnobs> = {}): Promise<Provider> =>
  onSite(pki, (site) => start(site, { ...opensslKeeping, ...change }));
