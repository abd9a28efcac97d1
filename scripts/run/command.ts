import { Command } from 'commander';
import { LEDGER } from '../../tests/run/ledger.ts';
import { interruption } from '../interruption.ts';
import { EXIT } from '../exit.ts';
import { collect, shard, withReach } from '../options.ts';
import { wholeNumber } from '../values.ts';
import { rate, seconds, variable, type RunOptions } from './options.ts';
import { run } from './run.ts';

/** `assay run`: examines a subject, streams the table, writes the record. */
export function runCommand(): Command {
  return withReach(
    new Command('run')
      .argument('[subject]', 'subject file (JSON); without it: --mock conformant')
      .option(
        '--mock <name>',
        'judge an embedded provider: conformant, a mutant, or dead, mute, hermit, always-400',
      )
      .option(
        '--profile <name>',
        'hold the subject to this profile (default: gpconnect, or what the file says)',
      )
      .option('--edition <name>', 'with --mock: hold it to this edition of its profile (default: the newest)')
      .option('--case <glob>', 'examine only the cases that match; may be repeated', collect, [])
      .option('--out <dir>', 'where record.json, junit.xml and report.html go', 'assay-out')
      .option('--concurrency <n>', 'cases examined at the same time, 1 to 32', wholeNumber(1, 32), 4),
    'credentials of your own beside those of the subject file; commands may stand in it',
  )
    .option(
      '--image <image>',
      "start the provider under test from a container image, the trust pack's provider/ mounted at /assay, and remove it at the end",
    )
    .option(
      '--image-port <n>',
      'with --image: the TLS port that it listens on, inside (default: 443)',
      wholeNumber(1, 65_535, 'a port'),
    )
    .option('--image-env <k=v>', 'with --image: a variable of its environment; may be repeated', variable, {})
    .option('--strict', 'a failed SHOULD counts')
    .option(
      '--waivers <file>',
      'failures that somebody answers for; one not needed or out of date fails the run',
    )
    .option(
      '--baseline <record>',
      'compare with an earlier record: the exit code is then that of `assay diff`',
    )
    .option(
      '--polite [n]',
      'at most n connections a second, one case at a time, for environments that throttle (default: 2)',
      rate,
    )
    .option(
      '--lifecycle [seconds]',
      'at the end revoke a certificate and tell after how long it is refused, or give up (default: 300)',
      seconds,
    )
    .option(
      '--shard <i/n>',
      'examine one of n parts of the plan, counted from 1; `assay merge` puts them together',
      shard,
    )
    .option(
      '--ledger <file>',
      `where every attempt is kept, whatever comes of it (default: ${LEDGER} in --out)`,
    )
    .option(
      '--challenge <file>',
      "meet what `assay challenge` made: every trace and correlation id is derived from it, so that the subject's log shows this attempt",
    )
    .option('--events <file>', 'stream what happens as lines of JSON to a file, or to standard output (-)')
    .addHelpText('after', "\nExample:\n  assay run subject.json --case 'client-certificate/*' --out results")
    .action(async (subject: string | undefined, options: RunOptions) => {
      const { signal, release } = interruption(EXIT.ours);
      process.exitCode = await run(subject, options, signal);
      release();
      // What was under way when the run was ended may last as long as a subject's patience.
      if (signal.aborted || process.exitCode === EXIT.ours) process.exit(process.exitCode);
    });
}
