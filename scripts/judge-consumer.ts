import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Command } from 'commander';
import { createConsumerPki } from '../certs/consumer.ts';
import { readAuthorities, readPack } from '../certs/pack-read.ts';
import { writePack } from '../certs/pack.ts';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { startStandIn } from '../mocks/provider/stand-in.ts';
import { faceNames, faces, startFace, type FaceName } from '../mocks/ssp/faces.ts';
import { judgeVisit, type Visit } from '../tests/oracle/consumer.ts';
import { readRegistry } from '../tests/run/registry.ts';
import { EXIT } from './exit.ts';
import { privateFolder } from './private-folder.ts';
import { exampleRegistry, NAMES, placeConsumer } from './serve-ssp.ts';

/** Milliseconds that one run of the consumer's command may take. */
const PATIENCE = 60_000;

/** `assay judge-consumer`: a consumer's own command against SSPs that it must not talk to. */
export function judgeConsumerCommand(): Command {
  return new Command('judge-consumer')
    .argument('<command...>', 'the command and its arguments, after --; no shell is between')
    .option('--pki <dir>', 'a trust pack to use (default: a new one, removed at the end)')
    .addHelpText(
      'after',
      [
        '',
        'The command makes one valid request. It is run against each SSP in turn, with the good one as the control:',
        '  ASSAY_SSP        https://localhost:PORT of the SSP, another port each time',
        '  ASSAY_PROVIDER   service root URL of the provider behind it, for the request target and `aud`',
        '  ASSAY_CONSUMER   folder with ca.pem, crl.pem, consumer.pem, consumer.key',
        '',
        'Exit codes: 0 it talks to the good SSP alone, 1 it talks to another, 2 inconclusive, 4 usage.',
        '',
        'Example:',
        '  assay judge-consumer -- ./one-read.sh',
      ].join('\n'),
    )
    .action(async ([program = '', ...args]: readonly string[], { pki }: { readonly pki?: string }) => {
      process.exitCode = await judge(program, args, pki);
    });
}

async function judge(program: string, args: readonly string[], pack: string | undefined): Promise<number> {
  const { path: folder, wipe } = privateFolder('assay-consumer-', EXIT.ours);
  const open: { readonly close: () => Promise<void> }[] = [];
  try {
    const pki = pack ?? join(folder, 'pki');
    if (pack === undefined) await writePack(pki, {});
    const hierarchy = await readPack(pki);
    const provider = await startStandIn('conformant', hierarchy);
    open.push(provider);
    const side = await createConsumerPki(await readAuthorities(pki), {
      hosts: [...NAMES, hierarchy.ssp],
      crls: hierarchy.crls,
    });
    const consumer = join(pki, 'consumer');
    await placeConsumer(consumer, side, hierarchy);
    const { registry, reached } = await readRegistry(
      await exampleRegistry(join(folder, 'registry.json'), provider),
    );
    const visit = async (name: FaceName): Promise<Visit> => {
      const met = await startFace(name, side, {
        registry,
        reached,
        consumers: { trust: [hierarchy.root, hierarchy.sub], crls: side.crls },
        provider: { identity: hierarchy.clients.valid, trust: [hierarchy.root] },
      });
      try {
        await run(program, args, {
          ASSAY_SSP: `https://localhost:${met.port}`,
          ASSAY_PROVIDER: provider.url,
          ASSAY_CONSUMER: consumer,
        });
        // A request that is under way when the command ends is told a moment later.
        await new Promise((done) => setTimeout(done, 100));
        return { connections: met.connections(), statuses: met.statuses() };
      } finally {
        await met.close();
      }
    };
    const outcomes: string[] = [];
    for (const name of faceNames.filter((each) => each !== 'good')) {
      const seen = await visit(name);
      const { outcome, because } = judgeVisit(seen, await visit('good'));
      outcomes.push(outcome);
      process.stdout.write(
        `${outcome === 'inconclusive' ? '????' : outcome.toUpperCase()}  ${name}: ${faces[name].title}\n      ${because}\n`,
      );
    }
    const count = (wanted: string): number => outcomes.filter((each) => each === wanted).length;
    const verdict =
      count('fail') > 0 ? 'nonConformant' : count('inconclusive') > 0 ? 'inconclusive' : 'conformant';
    const word = verdict === 'nonConformant' ? 'non-conformant' : verdict;
    process.stdout.write(
      `\n${word} on the SSPs met: ${count('pass')} passed, ${count('fail')} failed, ${count('inconclusive')} inconclusive\n`,
    );
    return EXIT[verdict];
  } finally {
    for (const each of open) await each.close();
    await wipe();
  }
}

/**
 * Runs the command to its end, whatever that is: what counts is what the SSP saw.
 * @throws ConfigurationError where it cannot be started, or does not end
 */
const run = (
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, ...env },
    });
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    const timer = setTimeout(() => {
      end();
      reject(
        new ConfigurationError(
          'COMMAND',
          `did not end within ${PATIENCE / 1000} s; let it make one request and end`,
        ),
      );
    }, PATIENCE);
    child.on('error', ({ message }) => {
      clearTimeout(timer);
      reject(new ConfigurationError('COMMAND', `cannot be started (${message})`));
    });
    child.on('close', () => {
      process.removeListener('exit', end);
      clearTimeout(timer);
      resolve();
    });
  });
