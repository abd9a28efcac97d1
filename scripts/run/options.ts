import { InvalidArgumentError } from 'commander';
import type { Shard } from '../../tests/run/shard.ts';

/** What `assay run` is told on the command line. */
export interface RunOptions {
  readonly mock?: string;
  readonly profile?: string;
  readonly edition?: string;
  readonly case: readonly string[];
  readonly out: string;
  readonly concurrency: number;
  readonly allowPath: readonly string[];
  readonly env: readonly string[];
  readonly credentials?: string;
  readonly image?: string;
  readonly imagePort?: number;
  readonly imageEnv: Readonly<Record<string, string>>;
  readonly strict?: boolean;
  readonly waivers?: string;
  readonly baseline?: string;
  readonly ledger?: string;
  readonly challenge?: string;
  readonly polite?: number | true;
  readonly lifecycle?: number | true;
  readonly events?: string;
  readonly shard?: Shard;
}

export function variable(
  value: string,
  before: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const [, name, text] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(value) ?? [];
  if (name === undefined) throw new InvalidArgumentError('NAME=VALUE');
  return { ...before, [name]: text ?? '' };
}

export function rate(value: string): number {
  const number = Number(value);
  if (!(number >= 0.1 && number <= 100)) throw new InvalidArgumentError('a number from 0.1 to 100');
  return number;
}

export function seconds(value: string): number {
  const number = Number(value);
  if (!(number >= 1 && number <= 3600)) throw new InvalidArgumentError('seconds, from 1 to 3600');
  return number;
}
