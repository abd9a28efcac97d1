import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { readPack } from '../certs/pack-read.ts';
import { writePack } from '../certs/pack.ts';
import { checkStandIn } from '../tests/run/prepare-stand-in.ts';
import { startProvider } from '../mocks/provider/server.ts';
import { ASID, SERVICE_PATH } from '../mocks/provider/data.ts';
import { policyOf, startStandIn } from '../mocks/provider/stand-in.ts';
import { EXIT } from './exit.ts';
import { untilSignalled } from './interruption.ts';
import { privateFolder } from './private-folder.ts';
import { readRegistry } from '../tests/run/registry.ts';
import { wholeNumber } from './values.ts';
import { serveIssuer, type Companion, type IssuerFlags } from './serve-cis2.ts';
import { openSsp, type SspFlags } from './serve-ssp.ts';
import { ISSUER_FOLDER } from './token.ts';
import { announce, dialled, readyOption } from './ready.ts';
import { collect } from './options.ts';

interface ServeOptions extends IssuerFlags, SspFlags {
  readonly ssp?: boolean;
  readonly mock: string;
  readonly port: number;
  readonly http?: number;
  readonly url?: string;
  readonly pki?: string;
  readonly listen?: string;
  readonly managementListen?: string;
  readonly ready?: string;
}

const port = wholeNumber(0, 65_535, 'a port');

/** `assay serve`: keeps an embedded provider up until it is told to stop. */
export function serveCommand(): Command {
  return new Command('serve')
    .option('--mock <name>', 'which one: conformant, a mutant or an absentee', 'conformant')
    .option('--port <port>', 'TLS port (0: any)', port, 0)
    .option('--http <port>', 'plain HTTP on this port instead, for a TLS terminator in front (0: any)', port)
    .option(
      '--url <url>',
      'with --http: the service root URL that the terminator serves (default: as the Host header says)',
    )
    .option('--pki <dir>', 'a trust pack to use (default: a new one, removed at the end)')
    .option('--listen <address>', 'where it, the issuer and the SSP listen (default: loopback)')
    .option('--management-listen <address>', 'where management ports listen (default: loopback)')
    .addOption(readyOption())
    .option('--cis2', 'a CIS2 issuer beside it')
    .option('--cis2-port <port>', 'TLS port of the issuer (0: any)', port, 0)
    .option('--cis2-management-port <port>', 'port that steers the issuer (0: any)', port, 0)
    .option('--cis2-name <url>', 'https://HOST:PORT under which the issuer is reached, where that is another')
    .option('--users <file>', 'users and clients of the issuer, JSON (default: fictional ones)')
    .option('--login <user>', 'who signs in there unasked; `choose`: a page asks', 'choose')
    .option('--issuer <dir>', "folder of the issuer's keys, made where there is none", ISSUER_FOLDER)
    .option('--ssp', 'and a Spine Secure Proxy in front of it, for a consumer to call')
    .option(
      '--registry <file>',
      'with --ssp: its registry (default: one with this provider and one consumer)',
    )
    .option('--ssp-port <port>', 'with --ssp: its port (0: any)', port)
    .option('--ssp-host <name>', 'with --ssp: a name to reach it by; may be repeated', collect, [])
    .option('--management-port <port>', 'with --ssp: the port for faults on demand (0: any)', port)
    .option('--audit <file>', 'with --ssp: where its audit lines go (default: standard error)')
    .option('--judge <file>', 'with --ssp: where the record of the consumer goes when it ends')
    .addHelpText(
      'after',
      [
        '',
        'Prints one line of JSON when ready: {"ready":true,"url":…,"connect":…,"subject":…,"pki":…}; SIGTERM ends it.',
        'With --cis2 it has "cis2":{"issuer":…,"management":…,"token":…} as well; `GET /` at the management URL, with',
        'the token as a bearer token, tells what can be steered.',
        '',
        'Examples:',
        '  assay serve --mock accepts-expired-certificate &',
        '  assay serve --cis2 --login aal3-clinician &',
        '  assay serve --ssp --audit audit.jsonl --judge consumer.json &',
      ].join('\n'),
    )
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const { mock, http } = options;
  checkStandIn(mock, '--mock');
  const url = checkedUrl(options);
  checkSspFlags(options);
  const { path: folder, hand, wipe } = privateFolder('assay-serve-', EXIT.ours);
  const companions: Companion[] = [];
  let withdraw = async (): Promise<void> => {};
  try {
    if (options.registry !== undefined) await readRegistry(options.registry); // its mistakes are told before keys are made
    const pki = options.pki === undefined ? join(folder, 'pki') : resolve(options.pki);
    if (options.pki === undefined) await writePack(pki, {});
    const hierarchy = await readPack(pki);
    const policy = policyOf(mock);
    if (http !== undefined && !policy)
      throw new ConfigurationError('--http', `${mock} serves nothing, in clear or otherwise`);
    // Before the provider: what is in this list is closed on every way out.
    if (options.cis2) companions.push(await serveIssuer(options, hierarchy.provider));
    const provider =
      http !== undefined && policy
        ? await startProvider({
            policy,
            hierarchy,
            port: http,
            behind: url ?? 'host',
            ...(options.listen !== undefined && { host: options.listen }),
          })
        : await startStandIn(mock, hierarchy, options.port, undefined, options.listen);
    companions.push({ ready: {}, close: provider.close });
    const connect = dialled(policy && options.listen, provider.port);
    const subject = join(folder, 'subject.json');
    const served = provider.url || `https://localhost${SERVICE_PATH}`;
    await writeFile(
      subject,
      `${JSON.stringify(
        {
          profile: 'gpconnect',
          url: served,
          ...(http === undefined && { connect }),
          pki,
          asid: ASID,
          options: { enforcesScope: true },
        },
        null,
        2,
      )}\n`,
    );
    if (options.ssp === true) companions.push(await openSsp(options, { provider, hierarchy, pki, folder }));
    const beside = Object.assign({}, ...companions.map(({ ready }) => ready)) as Readonly<
      Record<string, unknown>
    >;
    const ended = untilSignalled();
    hand();
    withdraw = await announce({ ready: true, url: served, connect, subject, pki, ...beside }, options.ready);
    await ended;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE' && options.ssp !== true) {
      throw new ConfigurationError(
        http === undefined ? '--port' : '--http',
        'that port is taken; choose another, or 0 for any',
      );
    }
    if ((error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL')
      throw new ConfigurationError(
        options.managementListen === undefined ? '--listen' : '--listen, --management-listen',
        'that address is none of this machine',
      );
    throw error;
  } finally {
    await withdraw();
    await Promise.all(companions.map(({ close }) => close()));
    await wipe();
  }
}

function checkedUrl({ url, http }: ServeOptions): string | undefined {
  if (url === undefined) return undefined;
  if (http === undefined) throw new ConfigurationError('--url', 'goes with --http: a TLS port names itself');
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== 'https:')
    throw new ConfigurationError('--url', `${JSON.stringify(url)} is no https URL`);
  return url.replace(/\/$/, '');
}

const SSP_FLAGS = {
  registry: '--registry',
  sspPort: '--ssp-port',
  managementPort: '--management-port',
  audit: '--audit',
  judge: '--judge',
} as const;

function checkSspFlags(options: ServeOptions): void {
  if (options.ssp === true) {
    if (options.http !== undefined)
      throw new ConfigurationError('--ssp', 'goes with a provider that speaks TLS, not with --http');
    return;
  }
  for (const [name, flag] of Object.entries(SSP_FLAGS)) {
    if (options[name as keyof typeof SSP_FLAGS] !== undefined)
      throw new ConfigurationError(flag, 'goes with --ssp');
  }
}
