import { matchesGlob } from 'node:path';
import { stat } from 'node:fs/promises';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import type { Posed } from '../../tests/run/challenge.ts';
import { ENFORCED } from '../../tests/run/enforcement.ts';
import type { Planned } from '../../tests/run/plan.ts';
import { prepareStandIn } from '../../tests/run/prepare-stand-in.ts';
import { prepareSubject } from '../../tests/run/prepare-subject.ts';
import { profileNamed, type Prepared } from '../../tests/run/prepared.ts';
import { prepareImage } from '../../tests/run/prepare-image.ts';
import type { RunRecord } from '../../tests/run/record.ts';
import { comesLast, shardInWords, shardOf, type Shard } from '../../tests/run/shard.ts';
import { waiversFor, type Waiver } from '../../tests/run/waivers.ts';
import { oneSubject } from '../options.ts';
import type { RunOptions } from './options.ts';

/**
 * Opens the subject of a run: an embedded provider, an image, or what a subject file names.
 * @throws ConfigurationError naming the flag or the place in the file
 */
export async function prepare(
  file: string | undefined,
  options: RunOptions,
  signal: AbortSignal,
): Promise<Prepared> {
  oneSubject(file, options.mock);
  if (options.shard && options.lifecycle !== undefined)
    throw new ConfigurationError(
      '--lifecycle',
      'changes the CAs under the other shards; run it without --shard',
    );
  if (options.image !== undefined && options.mock !== undefined)
    throw new ConfigurationError('--image', 'give an image or --mock, not both');
  if (options.image === undefined && (options.imagePort ?? Object.keys(options.imageEnv)[0]) !== undefined)
    throw new ConfigurationError(
      options.imagePort === undefined ? '--image-env' : '--image-port',
      'goes with --image',
    );
  const named = options.profile === undefined ? undefined : profileNamed(options.profile, '--profile');
  if (file === undefined && options.credentials !== undefined)
    throw new ConfigurationError('--credentials', 'goes with a subject file');
  if (file === undefined && options.image === undefined)
    return prepareStandIn(
      options.mock ?? 'conformant',
      named ?? profileNamed('gpconnect', ''),
      options.edition,
    );
  if (options.edition !== undefined)
    throw new ConfigurationError('--edition', 'goes with --mock; a subject file says it in its `edition`');
  const { allowPath, env, credentials, image, imagePort: port = 443, imageEnv: environment } = options;
  const reach = { allowPath, env, credentials };
  const prepared =
    image === undefined
      ? await prepareSubject(file ?? '', reach)
      : await prepareImage({ image, port, environment, signal }, file, reach);
  if (named && named.id !== prepared.run.profile.id) {
    await prepared.close();
    throw new ConfigurationError(
      '--profile',
      `${file ?? '--image without a subject file'} is a subject of the profile ${prepared.run.profile.id}`,
    );
  }
  return prepared;
}

/** A glob names a case on every interaction, or one finding. */
const matches = ({ id, case: entry }: Planned, glob: string): boolean =>
  matchesGlob(id, glob) || matchesGlob(entry.id, glob);

/** The cases to examine: those asked for, without those that the subject file names under `notExamined`. */
export function select(
  all: readonly Planned[],
  globs: readonly string[],
  { notExamined }: Prepared,
  file: string | undefined,
): readonly Planned[] {
  for (const [at, { case: id }] of notExamined.entries()) {
    if (!all.some((planned) => planned.id === id)) {
      throw new ConfigurationError(
        `${file}#/notExamined/${at}/case`,
        `there is no case ${JSON.stringify(id)}; \`assay list\` names them`,
      );
    }
  }
  const dead = globs.find((glob) => !all.some((planned) => matches(planned, glob)));
  if (dead !== undefined) {
    throw new ConfigurationError(
      '--case',
      `no case matches ${JSON.stringify(dead)}; \`assay list\` names them`,
    );
  }
  return all
    .filter((planned) => globs.length === 0 || globs.some((glob) => matches(planned, glob)))
    .filter(({ id }) => !notExamined.some((each) => each.case === id));
}

/** @throws ConfigurationError at `--shard` where there are fewer cases than parts */
export function ownPart(asked: readonly Planned[], part: Shard | undefined): readonly Planned[] {
  if (!part) return asked;
  const own = shardOf(asked, part);
  if (own.length > 0) return own;
  throw new ConfigurationError(
    '--shard',
    `${asked.length} cases make no ${part.of} parts: part ${shardInWords(part)} would be empty`,
  );
}

/** What the person who starts the parts has to know. */
export const ofPart = (
  chosen: readonly Planned[],
  part: Shard | undefined,
  { standIn }: RunRecord['subject'],
): readonly string[] =>
  part && part.of > 1 && standIn === undefined && chosen.some(comesLast)
    ? [
        `shard ${shardInWords(part)} has the cases that others must not meet (changes of keys, surveys, hostile input): run it when no other shard is running`,
      ]
    : [];

/** A waiver for a case that does not exist would never be missed. */
export function refuseStray(
  waivers: readonly Waiver[],
  whole: readonly Planned[],
  { shown, subject }: Prepared,
  file: string,
): void {
  const planned = whole.map(({ id }) => id);
  const known = new Set([
    ...planned,
    ...planned.map((id) => [ENFORCED, ...id.split('@').slice(1)].join('@')),
    ...shown.findings.map((finding) => finding.case),
  ]);
  const own = new Set(waiversFor(waivers, subject));
  for (const [at, waiver] of waivers.entries()) {
    if (own.has(waiver) && !known.has(waiver.case)) {
      throw new ConfigurationError(
        `${file}#/waivers/${at}/case`,
        `there is no case ${JSON.stringify(waiver.case)}; \`assay list\` names them`,
      );
    }
  }
}

/** A challenge for another subject would be met in vain. */
export function refuseForeign(
  { challenge }: Posed,
  { url, standIn }: RunRecord['subject'],
  file: string,
): void {
  const own = standIn === undefined ? url : `mock:${standIn}`;
  if (challenge.subject === undefined || challenge.subject === own) return;
  throw new ConfigurationError('--challenge', `${file} is for ${challenge.subject}, and this is ${own}`);
}

/** A run must not find out at its end that it cannot be written. */
export async function refuseFile(out: string): Promise<void> {
  const found = await stat(out).catch(() => undefined);
  if (found && !found.isDirectory()) throw new ConfigurationError('--out', `${out} is not a directory`);
}
