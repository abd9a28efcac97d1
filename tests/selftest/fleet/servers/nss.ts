import { execFile } from 'node:child_process';
import { X509Crl } from '@peculiar/x509';
import { connect, createServer, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Hierarchy } from '../../../../certs/index.ts';
import { keyStore } from '../../../../certs/pkcs12.ts';
import type { Provider } from '../../../../mocks/provider/server.ts';
import { answers, ended, onSite, programPath, startProcess, writeFiles, type Site } from '../site.ts';

/** Words of the command line of NSS's `selfserv`. */
export interface NssKnobs {
  /** Oldest and newest, in NSS's names: `tls1.2:tls1.2`. */
  readonly versions: string;
  /** Suites by code point; absent: NSS's own choice. */
  readonly suites?: readonly number[];
  /** `-r` asks for a certificate, `-rr` demands one. */
  readonly verify: '' | '-r' | '-rr';
  readonly revocation: boolean;
}

const nssKeeping = {
  versions: 'tls1.2:tls1.2',
  suites: [0xc030, 0xc02f, 0xc014, 0x9f, 0x9e, 0x39, 0x6b],
  verify: '-rr',
  revocation: true,
} as const satisfies NssKnobs;

export const nssPaths = ['selfserv', 'certutil', 'pk12util', 'crlutil', 'unshare', 'ip'].map(
  (name) => [name, programPath(name)] as const,
);
const pathOf = (name: string): string => nssPaths.find(([known]) => known === name)?.[1] ?? name;
const run = promisify(execFile);

/** Runs inside the network of its own: hands what comes through a socket file on to a port of loopback there. */
const INSIDE = `
const net = require('node:net');
const [, file, port] = process.argv;
net.createServer((from) => {
  const to = net.connect(Number(port), '127.0.0.1');
  from.on('error', () => {}).on('close', () => to.destroy());
  to.on('error', () => {}).on('close', () => from.end());
  from.pipe(to).pipe(from);
}).listen(file);
`;

/**
 * `selfserv` listens on every interface, so it lives in a network of its own, reached through a socket file. It answers
 * a GET with the file of that very path; the URL of the service is therefore the path of a folder that holds the payload.
 */
async function start(site: Site, knobs: NssKnobs): Promise<() => Promise<void>> {
  const { folder, port, pki } = site;
  const base = ['-d', `sql:${folder}`];
  writeFiles(folder, {
    'server.p12': keyStore(pki.provider, 'pass'),
    'root.pem': pki.root,
    'sub.pem': pki.sub,
    'service/metadata': JSON.stringify({ resourceType: 'CapabilityStatement' }),
  });
  const at = (name: string): string => join(folder, name);
  await run(pathOf('certutil'), ['-N', ...base, '--empty-password']);
  await run(pathOf('pk12util'), ['-i', at('server.p12'), ...base, '-W', 'pass', '-K', '']);
  await run(pathOf('certutil'), ['-A', ...base, '-n', 'root', '-t', 'CT,,', '-i', at('root.pem')]);
  await run(pathOf('certutil'), ['-A', ...base, '-n', 'sub', '-t', ',,', '-i', at('sub.pem')]);
  for (const [index, crl] of knobs.revocation ? pki.crls.entries() : []) {
    writeFiles(folder, { [`${index}.crl`]: Buffer.from(new X509Crl(crl).rawData) });
    await run(pathOf('crlutil'), ['-I', ...base, '-i', at(`${index}.crl`), '-t', '1', '-B']);
  }
  const inner = 8443;
  const words = [
    ...[pathOf('selfserv'), ...base, '-n', 'provider', '-p', String(inner), '-V', knobs.versions, '-H', '1'],
    ...(knobs.verify === '' ? [] : [knobs.verify]),
    ...(knobs.suites
      ? ['-c', knobs.suites.map((code) => `:${code.toString(16).padStart(4, '0')}`).join('')]
      : []),
  ];
  const script = `${pathOf('ip')} link set lo up && { "$@" & exec "$0" -e "$INSIDE" ${at('inside.sock')} ${inner}; }`;
  const child = startProcess(
    {
      program: pathOf('unshare'),
      args: [
        ...(userInfo().uid === 0 ? [] : ['--map-root-user']),
        ...['--net', '--pid', '--fork', '--kill-child', 'sh', '-c', script, process.execPath, ...words],
      ],
      env: { INSIDE },
    },
    folder,
  );
  const log: string[] = [];
  child.stderr?.on('data', (text: Buffer) => log.push(text.toString()));
  child.stdout?.resume();
  const sockets = new Set<Socket>();
  const front = createServer((client) => {
    sockets.add(client);
    const wire = connect(at('inside.sock'));
    client.on('error', () => {}).on('close', () => wire.destroy());
    client.on('close', () => sockets.delete(client));
    wire.on('error', () => {}).on('close', () => client.end());
    client.pipe(wire).pipe(client);
  });
  await new Promise<void>((ready, failed) => {
    front.once('error', failed).listen(port, '127.0.0.1', ready);
  });
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => front.close(done));
    await ended(child);
  };
  // The way is open before the server is there: only an answer to a hello shows that it is.
  for (let tries = 0; tries < 500 && child.exitCode === null; tries += 1) {
    if (await answers(port)) return stop;
    await new Promise((wake) => setTimeout(wake, 20));
  }
  await stop();
  throw new Error(`selfserv did not start: ${log.join('').slice(-2_000)}`);
}

/** NSS's own test server; its one answer is a file, whatever the request says beside its path. */
export async function startNss(pki: Hierarchy, change: Partial<NssKnobs> = {}): Promise<Provider> {
  let folder = '';
  const provider = await onSite(pki, (site) => {
    folder = site.folder;
    return start(site, { ...nssKeeping, ...change });
  });
  return { ...provider, url: `https://localhost:${provider.port}${folder}/service` };
}
