import { challengeIn, traceId, type Challenge } from '../run/challenge.ts';
import { digestOf, nameOf, planOf, readLedger, type Begun, type Ended, type Entry } from '../run/ledger.ts';
import type { RunRecord } from '../run/record.ts';
import { textOf, type Files } from './archive.ts';
import type { Predicate } from './statement.ts';

/** What a ledger says of the subject of a record, as the statement repeats it. */
export type Attempts = Predicate['certified'][number]['attempts'];

/** Ledgers of a record, the challenges that they name, and what follows from them. */
export interface Kept {
  /** What is wrong; empty: nothing. */
  readonly faults: readonly string[];
  readonly attempts: Attempts;
  /** The runs behind the record: one, or that of each shard. */
  readonly own: readonly Ran[];
}

/** One run from its begin to its end. */
export interface Ran {
  readonly begun: Begun;
  readonly ended: Ended;
}

/** No ledger speaks of any. */
export const NONE: Attempts = { begun: 0, unfinished: 0, heads: [] };
/** Files of a record, in its folder: its ledger, those of its shards, and the challenges that they met. */
export const isLedger = (name: string): boolean =>
  /(?:^|\/)(?:ledger|ledgers\/[0-9a-f]{64})\.ndjson$/.test(name);
export const ledgerName = (text: string): string => `ledgers/${digestOf(text).replace('sha256:', '')}.ndjson`;
export const challengeName = (digest: string): string => `challenges/${digest.replace('sha256:', '')}.json`;

type Referring = { readonly trace?: readonly string[]; readonly beneath?: readonly Referring[] };
const idsOf = ({ trace = [], beneath = [] }: Referring): readonly string[] => [
  ...trace,
  ...beneath.flatMap(idsOf),
];

/**
 * Looks a record up in its ledgers: they have to be whole, and one of them has to say that an attempt at this subject
 * ended with it. A record that was merged from shards has to be there as that, and each of the shards too.
 * @param digest of the bytes of the record, `sha256:…`
 */
export function attemptsOf(record: RunRecord, digest: string, ledgers: Files): Kept {
  const nowhere = (...faults: readonly string[]): Kept => ({ faults, attempts: NONE, own: [] });
  const names = Object.keys(ledgers).sort();
  if (names.length === 0) return nowhere('it has no ledger of attempts');
  const faults: string[] = [];
  const read = names.flatMap(
    (name): readonly { readonly entries: readonly Entry[]; readonly head: string }[] => {
      const found = readLedger(textOf(ledgers[name] ?? new Uint8Array()));
      if (!('fault' in found)) return [found];
      faults.push(`its ledger ${name}: ${found.fault}`);
      return [];
    },
  );
  if (faults.length > 0) return nowhere(...faults);
  const plan = planOf(record.profile, record.subject);
  const merged = read
    .flatMap(({ entries }) => entries)
    .find((each) => each.event === 'merged' && each.record === digest);
  const wanted = merged?.event === 'merged' ? merged.parts : [digest];
  const own = wanted.flatMap((part): readonly Ran[] => {
    for (const { entries } of read) {
      const ended = entries.find((each) => each.event === 'ended' && each.record === part) as
        Ended | undefined;
      const begun = entries.find((each) => each.event === 'begun' && each.attempt === ended?.attempt);
      if (ended && begun?.event === 'begun') {
        if (begun.plan !== plan) faults.push(`its attempt ${begun.attempt} was begun for another subject`);
        return [{ begun, ended }];
      }
    }
    faults.push(
      merged
        ? `no attempt in its ledgers ended with its shard ${part}`
        : 'no attempt in its ledger ended with it',
    );
    return [];
  });
  const ofPlan = read.map(({ entries }) => {
    const begun = entries.filter((each) => each.event === 'begun' && each.plan === plan) as readonly Begun[];
    const ended = new Set(entries.flatMap((each) => (each.event === 'ended' ? [each.attempt] : [])));
    return { begun: begun.length, unfinished: begun.filter(({ attempt }) => !ended.has(attempt)).length };
  });
  const sum = (of: 'begun' | 'unfinished'): number => ofPlan.reduce((total, each) => total + each[of], 0);
  const heads = read.map(({ head }) => head);
  return { faults, attempts: { begun: sum('begun'), unfinished: sum('unfinished'), heads }, own };
}

/** The digests of the challenges that the runs behind a record met; `undefined`: one of them met none. */
export function challengesOf(own: readonly Ran[]): readonly string[] | undefined {
  const met = own.flatMap(({ begun: { challenge } }) => (challenge === undefined ? [] : [challenge]));
  return met.length > 0 && met.length === own.length ? [...new Set(met)] : undefined;
}

/**
 * Whether runs met their challenges: begun in its time, for its subject, and every id of the record derived from it.
 * @param challenges by digest, their signatures looked at already
 */
export function unmet(
  record: RunRecord,
  own: readonly Ran[],
  challenges: ReadonlyMap<string, Challenge>,
): readonly string[] {
  const faults: string[] = [];
  const derived = new Set<string>();
  for (const { begun, ended } of own) {
    const challenge = challenges.get(begun.challenge ?? '');
    if (!challenge) continue;
    const { standIn, url } = record.subject;
    const subject = standIn === undefined ? url : `mock:${standIn}`;
    if (challenge.subject !== undefined && challenge.subject !== subject)
      faults.push(`its challenge is for ${challenge.subject}`);
    if (begun.at < challenge.issued || begun.at > challenge.until)
      faults.push(`its attempt ${begun.attempt} was not begun in the time of the challenge`);
    const given = Math.min(ended.ids, MOST_IDS);
    for (let counter = 0; counter < given; counter += 1)
      derived.add(traceId(challenge, nameOf(begun), counter));
  }
  const ids = [...record.findings, ...record.noted].flatMap(idsOf);
  const strange = ids.filter((id) => !derived.has(id));
  if (ids.length === 0) faults.push('it names no trace id that could follow from the challenge');
  if (strange[0] !== undefined)
    faults.push(
      `${strange.length} of its ${ids.length} trace ids do not follow from the challenge, ${strange[0]} first`,
    );
  return faults;
}

/** A run gives out some thousands of ids; a ledger that says more is not followed. */
const MOST_IDS = 1_000_000;

/** What the statement says of the attempts behind a record. */
export function saidOf(
  { attempts, own }: Kept,
  challenge: (digest: string) => Uint8Array | undefined,
): Pick<Predicate['certified'][number], 'attempts' | 'challengedBy'> {
  const challengedBy = challengesOf(own)?.flatMap((digest) => signersOf(challenge(digest)));
  return { attempts, ...(challengedBy && challengedBy.length > 0 && { challengedBy }) };
}

/** The key ids that an envelope names, whether it holds or not. */
function signersOf(bytes: Uint8Array | undefined): readonly string[] {
  if (!bytes || !challengeIn(textOf(bytes))) return [];
  const { signatures = [] } = JSON.parse(textOf(bytes)) as { signatures?: readonly { keyid?: string }[] };
  return signatures.flatMap(({ keyid }) => (keyid === undefined ? [] : [keyid]));
}
