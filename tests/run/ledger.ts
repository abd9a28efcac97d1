import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lock } from 'proper-lockfile';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { makeFolder } from '../../certs/folder.ts';
import { traceId, type Posed } from './challenge.ts';
import type { RunRecord, RunVerdict } from './record.ts';
import type { Shard } from './shard.ts';
import { version } from './told.ts';

/** The file that keeps every attempt, in the folder of a run unless it is named. */
export const LEDGER = 'ledger.ndjson';

interface Link {
  /** From 1, one a line. */
  readonly seq: number;
  /** SHA-256 of the line before, without its end; zeros in the first. */
  readonly previous: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** A run that was begun; with no `ended` after it, it was killed or failed. */
export interface Begun extends Link {
  readonly event: 'begun';
  /** Its number in this file, from 1. */
  readonly attempt: number;
  readonly tool: string;
  /** Digest of profile and subject: attempts at the same subject have the same. The URL itself may be nobody's business. */
  readonly plan: string;
  readonly shard?: Shard;
  readonly selection?: readonly string[];
  /** Digest of the challenge that it meets. */
  readonly challenge?: string;
}

export interface Ended extends Link {
  readonly event: 'ended';
  readonly attempt: number;
  /** Digest of its record.json. */
  readonly record: string;
  readonly verdict: RunVerdict;
  readonly incomplete?: true;
  /** How many trace and correlation ids were given out. */
  readonly ids: number;
}

/** Records of shards that were put together. */
export interface Merged extends Link {
  readonly event: 'merged';
  readonly plan: string;
  readonly record: string;
  readonly verdict: RunVerdict;
  /** Digests of the records that it is made of. */
  readonly parts: readonly string[];
}

/** A line of a ledger. */
export type Entry = Begun | Ended | Merged;
type Unlinked<Each> = Each extends Entry ? Omit<Each, keyof Link> : never;

const NONE = `sha256:${'0'.repeat(64)}`;
export const digestOf = (text: string | Uint8Array): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** What attempts at one subject have in common. */
export const planOf = (profile: string, { url, standIn }: RunRecord['subject']): string =>
  digestOf(JSON.stringify([profile, standIn === undefined ? url : `mock:${standIn}`]));

/** An attempt by its number, and its shard where it has one: what its ids are derived from. */
export const nameOf = ({ attempt, shard }: Pick<Begun, 'attempt' | 'shard'>): string =>
  shard ? `${attempt} ${shard.index}/${shard.of}` : String(attempt);

/** The entries of a ledger, or what is wrong with it. */
export type Read = { readonly entries: readonly Entry[]; readonly head: string } | { readonly fault: string };

const isEntry = (value: unknown): value is Entry => {
  const { seq, previous, at, event, attempt, plan, record, ids, parts } = (value ?? {}) as Readonly<
    Record<string, unknown>
  >;
  const linked = Number.isInteger(seq) && typeof previous === 'string' && typeof at === 'string';
  switch (event) {
    case 'begun':
      return linked && Number.isInteger(attempt) && typeof plan === 'string';
    case 'ended':
      return linked && Number.isInteger(attempt) && typeof record === 'string' && Number.isInteger(ids);
    case 'merged':
      return linked && typeof plan === 'string' && typeof record === 'string' && Array.isArray(parts);
    default:
      return false;
  }
};

/**
 * Reads a ledger: each line has to follow from the one before.
 * @param text whole lines
 */
export function readLedger(text: string): Read {
  const lines = text.split('\n');
  if (lines.pop() !== '') return { fault: 'its last line is cut short' };
  const entries: Entry[] = [];
  let head = NONE;
  const begun = new Set<number>();
  const ended = new Set<number>();
  for (const [at, line] of lines.entries()) {
    let entry: unknown;
    try {
      entry = JSON.parse(line);
    } catch {
      entry = undefined;
    }
    if (!isEntry(entry)) return { fault: `line ${at + 1} is no entry` };
    if (at === 0 && (entry.seq !== 1 || entry.previous !== NONE))
      return { fault: `it begins with entry ${entry.seq}: what came before was cut off` };
    if (entry.seq !== at + 1)
      return {
        fault: `line ${at + 1} is entry ${entry.seq}: entries were taken out or put in another order`,
      };
    if (entry.previous !== head)
      return { fault: `line ${at + 1} does not follow from the one before, which was changed` };
    if (entry.event === 'begun') {
      if (entry.attempt !== begun.size + 1)
        return { fault: `line ${at + 1} begins attempt ${entry.attempt} after ${begun.size}` };
      begun.add(entry.attempt);
    } else if (entry.event === 'ended') {
      if (!begun.has(entry.attempt) || ended.has(entry.attempt))
        return {
          fault: `line ${at + 1} ends attempt ${entry.attempt}, which was not begun, or ended before`,
        };
      ended.add(entry.attempt);
    }
    head = digestOf(line);
    entries.push(entry);
  }
  return { entries, head };
}

/** What a process that was killed while it wrote has left of a line: nothing rests on it. */
const whole = (text: string): string => text.slice(0, text.lastIndexOf('\n') + 1);

/**
 * Adds one entry under a lock, and returns once it is on the disk.
 * @param make told what is there already
 * @throws ConfigurationError where it cannot be written, or is no whole ledger; Error where nothing of a run could be
 */
async function append(
  file: string,
  make: (entries: readonly Entry[]) => Unlinked<Entry>,
  place: string,
): Promise<void> {
  const unable = ({ code }: NodeJS.ErrnoException): never => {
    // Where a record could not be written either: that is no matter of the ledger.
    if (place === '--out' && code !== 'ELOCKED')
      throw new Error(`--out: cannot write ${file} (${code ?? 'unknown'}); nothing was driven`);
    throw new ConfigurationError(
      place,
      code === 'ELOCKED'
        ? `the ledger ${file} is in use by another run`
        : `cannot write the ledger ${file} (${code ?? 'unknown'})`,
    );
  };
  await makeFolder(dirname(file)).catch(unable);
  const release = await lock(file, {
    realpath: false,
    stale: 5_000,
    retries: { retries: 120, factor: 1, minTimeout: 50, maxTimeout: 100 },
  }).catch(unable);
  try {
    const handle = await open(file, 'a+').catch(unable);
    try {
      const there = await handle.readFile('utf8');
      const kept = whole(there);
      const read = readLedger(kept);
      if ('fault' in read)
        throw new ConfigurationError(
          place,
          `${file} is no whole ledger: ${read.fault}; keep it, and name another`,
        );
      const link: Link = {
        seq: read.entries.length + 1,
        previous: read.head,
        at: new Date().toISOString(),
      };
      if (kept.length < there.length) await handle.truncate(Buffer.byteLength(kept));
      await handle.appendFile(`${JSON.stringify({ ...link, ...make(read.entries) })}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } finally {
    await release();
  }
}

/** What is known of a run before it is begun. */
export interface Beginning {
  readonly profile: string;
  readonly subject: RunRecord['subject'];
  readonly shard?: Shard | undefined;
  readonly selection?: readonly string[] | undefined;
  readonly challenge?: Posed | undefined;
}

/** A run that stands in a ledger. */
export interface Attempt {
  readonly number: number;
  /** The next trace or correlation id of a challenged run; absent: chance makes them. */
  readonly fresh?: () => string;
  /** @param text the record as its file holds it */
  readonly end: (record: RunRecord, text: string) => Promise<void>;
}

/**
 * Begins an attempt. It stands in the ledger before anything is sent, and stays there as begun where the run is killed.
 * @throws ConfigurationError at `place`
 */
export async function beginAttempt(
  file: string,
  { profile, subject, shard, selection, challenge }: Beginning,
  place = '--ledger',
): Promise<Attempt> {
  let number = 0;
  await append(
    file,
    (entries) => {
      number = entries.filter(({ event }) => event === 'begun').length + 1;
      return {
        event: 'begun',
        attempt: number,
        tool: version,
        plan: planOf(profile, subject),
        ...(shard && { shard: { index: shard.index, of: shard.of } }),
        ...(selection && { selection }),
        ...(challenge && { challenge: challenge.digest }),
      };
    },
    place,
  );
  let ids = 0;
  const name = nameOf({ attempt: number, ...(shard && { shard }) });
  return {
    number,
    ...(challenge && { fresh: () => traceId(challenge.challenge, name, ids++) }),
    end: (record, text) =>
      append(
        file,
        () => ({
          event: 'ended',
          attempt: number,
          record: digestOf(text),
          verdict: record.verdict,
          ...(record.incomplete && { incomplete: true }),
          ids,
        }),
        place,
      ),
  };
}

/** Notes that records of shards were put together. */
export const noteMerged = (
  file: string,
  record: RunRecord,
  text: string,
  parts: readonly string[],
): Promise<void> =>
  append(
    file,
    () => ({
      event: 'merged',
      plan: planOf(record.profile, record.subject),
      record: digestOf(text),
      verdict: record.verdict,
      parts,
    }),
    '--out',
  );

/** The text of a ledger; `undefined`: there is none. What was cut short at its end is left out. */
export const ledgerAt = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').then(whole, () => undefined);
