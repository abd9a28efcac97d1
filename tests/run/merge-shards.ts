import { ConfigurationError } from '../../certs/configuration-error.ts';
import { collapse, flattened } from './enforcement.ts';
import type { Finding } from './finding.ts';
import { conclude, type Noted, type RunRecord } from './record.ts';
import { shardInWords } from './shard.ts';

/** The record of one shard, and where it stands. */
export interface Part {
  readonly place: string;
  readonly record: RunRecord;
}

/** Shards of one run are made on one day: a verdict is about one state of a subject. */
const APART_MS = 86_400_000;

type Sharded = RunRecord & { readonly shard: NonNullable<RunRecord['shard']> };
interface ShardPart {
  readonly place: string;
  readonly record: Sharded;
}

const few = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');

/** What has to be the same of every shard, by the name that a person knows it by. */
const common = (record: Sharded): Readonly<Record<string, unknown>> => ({
  'the version of Assay': record.tool.version,
  'the profile': record.profile,
  'the edition': record.edition,
  // An embedded provider is another one in each shard, on a port of its own.
  'the subject':
    record.subject.standIn ??
    [record.subject.url, record.subject.connect, record.subject.ssp, record.subject.image].filter(
      (each) => each !== undefined,
    ),
  'the set of requirements': record.documents.map(({ id, edition, set }) => [
    id,
    edition,
    set.id,
    set.digest,
  ]),
  'the list of requirements': record.requirements,
  '--case': record.selection ?? [],
  '--strict': record.strict ?? false,
  'the file of waivers': record.waivers?.map(({ state: _state, ...waiver }) => waiver) ?? [],
  'what is not examined': record.notExamined,
  'what is excluded': record.excluded,
  'what waits for evidence': record.pending,
  'the evidence': shownIn(record).map(({ case: id, observation, because }) => [id, observation, because]),
  'the plan': record.shard.plan,
  'the number of shards': record.shard.of,
  'what the subject takes of TLS': record.versions ?? [],
});

const isShown = ({ observation }: Pick<Finding, 'observation'>): boolean => observation.kind === 'evidence';
const shownIn = ({ findings, noted }: RunRecord): readonly Noted[] => [...findings, ...noted].filter(isShown);

const brief = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
};

/** @throws ConfigurationError at the first part that is of another run than the first */
function refuseStrangers([first, ...others]: readonly [ShardPart, ...ShardPart[]]): void {
  const expected = common(first.record);
  for (const { place, record } of others) {
    const own = common(record);
    const name = Object.keys(expected).find(
      (each) => JSON.stringify(own[each]) !== JSON.stringify(expected[each]),
    );
    if (name === undefined) continue;
    throw new ConfigurationError(
      place,
      `is of another run than ${first.place}: ${name} is not the same (${brief(own[name])}, and there ${brief(expected[name])})`,
    );
  }
}

/** @throws ConfigurationError naming what is no shard, was not finished, is there twice or is missing */
function shardsOf(parts: readonly Part[]): readonly [ShardPart, ...ShardPart[]] {
  const shards = parts.map(({ place, record }): ShardPart => {
    const { shard, incomplete } = record;
    if (!shard)
      throw new ConfigurationError(place, 'is the record of no shard; `assay run --shard i/n` makes one');
    if (incomplete)
      throw new ConfigurationError(
        place,
        `shard ${shardInWords(shard)} was not finished (${incomplete.because}): run it again`,
      );
    return { place, record: { ...record, shard } };
  });
  const [first, ...others] = shards;
  if (!first) throw new ConfigurationError('merge', 'name the records of all shards');
  refuseStrangers([first, ...others]);
  const { of } = first.record.shard;
  for (let index = 1; index <= of; index += 1) {
    const [own, twice] = shards.filter(({ record }) => record.shard.index === index);
    if (own && twice)
      throw new ConfigurationError(
        twice.place,
        `shard ${index}/${of} is there twice; the other is ${own.place}`,
      );
  }
  const missing = Array.from({ length: of }, (_, at) => at + 1).filter(
    (index) => !shards.some(({ record }) => record.shard.index === index),
  );
  if (missing.length > 0)
    throw new ConfigurationError(
      'merge',
      `${missing.length === 1 ? 'a shard is' : 'shards are'} missing: ${few(missing.map((index) => `${index}/${of}`))}`,
    );
  const times = shards.map(({ record }) => Date.parse(record.started));
  if (Math.max(...times) - Math.min(...times) > APART_MS)
    throw new ConfigurationError(
      'merge',
      'the shards were made on different days, and may speak of different states of the subject: run them again',
    );
  return [first, ...others];
}

/** The case of the plan that a finding is of: in another protocol version its name has that behind it. */
const plannedFor = (id: string, plan: ReadonlyMap<string, number>): string =>
  plan.has(id) ? id : id.replace(/@TLSv1\.[23]$/, '');

/**
 * Puts the records of all shards of one run together. What comes out is what a run of the whole plan would have left:
 * order, findings over a list, waivers and verdicts are made anew from the findings.
 * @throws ConfigurationError naming the record, and what is missing, there twice or of another run
 */
export function mergeShards(parts: readonly Part[]): RunRecord {
  const shards = shardsOf(parts);
  const [{ record: first }] = shards;
  const place = new Map(first.shard.plan.map((id, at) => [id, at]));
  const order = (id: string): number => place.get(plannedFor(id, place)) ?? -1;
  const seen = new Map<string, ShardPart>();
  const driven: (Finding | Noted)[] = [];
  for (const part of shards) {
    for (const each of [...flattened(part.record.findings), ...part.record.noted]) {
      if (isShown(each)) continue;
      if (order(each.case) < 0)
        throw new ConfigurationError(part.place, `${each.case} is no case of the plan`);
      const before = seen.get(each.case);
      if (before)
        throw new ConfigurationError(part.place, `${each.case} is there twice; it is in ${before.place} too`);
      seen.set(each.case, part);
      driven.push(each);
    }
  }
  const found = new Set([...seen.keys()].map((id) => plannedFor(id, place)));
  const missing = first.shard.plan.filter((id) => !found.has(id));
  if (missing.length > 0) throw new ConfigurationError('merge', `no shard has examined ${few(missing)}`);
  // In one place of the plan the version of the run comes first, and its name is the shortest.
  const inOrder = driven.toSorted((a, b) => order(a.case) - order(b.case) || a.case.length - b.case.length);
  const isFinding = (each: Finding | Noted): each is Finding => 'level' in each;
  const { shard: _shard, ...head } = first;
  return conclude({
    ...head,
    started: shards.map(({ record }) => record.started).toSorted()[0] ?? first.started,
    finished:
      shards
        .map(({ record }) => record.finished)
        .toSorted()
        .at(-1) ?? first.finished,
    findings: [...collapse(inOrder.filter(isFinding)), ...first.findings.filter(isShown)],
    noted: [...inOrder.filter((each) => !isFinding(each)), ...first.noted.filter(isShown)],
  });
}
