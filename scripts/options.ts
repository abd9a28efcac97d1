import { InvalidArgumentError, type Command } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { MOST_SHARDS, shardNamed, type Shard } from '../tests/run/shard.ts';

/** Options that several commands share. */

/** For an option that may be repeated. */
export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** Where a subject file may lead, and what it may be given: the tester's word, never the file's own. */
export const withReach = (command: Command, credentials: string): Command =>
  command
    .option(
      '--allow-path <dir>',
      'a folder that paths in the subject file may lead into; may be repeated',
      collect,
      [],
    )
    .option(
      '--env <name>',
      'an environment variable that credentials may be read from; may be repeated',
      collect,
      [],
    )
    .option('--credentials <file>', credentials);

/** @throws ConfigurationError on `--mock` where a subject file is given too */
export function oneSubject(file: string | undefined, mock: string | undefined): void {
  if (file !== undefined && mock !== undefined)
    throw new ConfigurationError('--mock', 'give a subject file or --mock, not both');
}

/** `--shard i/n` */
export function shard(value: string): Shard {
  const named = shardNamed(value);
  if (!named) throw new InvalidArgumentError(`i/n, as 1/4, with n up to ${MOST_SHARDS}`);
  return named;
}
