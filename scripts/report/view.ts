import type { Finding } from '../../tests/run/finding.ts';
import { SERVER_TITLES, type Recognised } from '../../tests/run/recognise.ts';
import { remedyFor } from '../../tests/run/remedies.ts';
import type { JudgedWaiver, RunRecord } from '../../tests/run/record.ts';
import { shardInWords } from '../../tests/run/shard.ts';

/** What a reader is shown of a case: its outcome, with what does not count told apart. */
export type Mark = 'fail' | 'waived' | 'warning' | 'inconclusive' | 'pass' | 'noted';

/** A finding or what was noted, as every report shows it. */
export type Entry = Omit<Finding, 'outcome'> & {
  readonly mark: Mark;
  readonly waiver?: JudgedWaiver;
};

/** A clause with what came of it, the worst first. */
export interface ClauseView {
  readonly id: string;
  readonly document: string;
  readonly section: string;
  readonly keyword: string;
  readonly text: string;
  /** `pending`, `excluded` and `unexamined` have no entry that binds. */
  readonly state: Mark | 'pending' | 'excluded' | 'unexamined';
  /** Why it has no finding, where it has none. */
  readonly because?: string;
  readonly entries: readonly Entry[];
}

/** Worst first: the order in which a person has to look. */
export const MARKS: readonly Mark[] = ['fail', 'waived', 'inconclusive', 'warning', 'pass', 'noted'];

export const WORDS: Readonly<Record<ClauseView['state'], string>> = {
  fail: 'Fail',
  waived: 'Waived',
  warning: 'Warning',
  inconclusive: 'Inconclusive',
  pass: 'Pass',
  noted: 'Noted',
  pending: 'Pending',
  excluded: 'Excluded',
  unexamined: 'Not examined',
};

function markOf({ outcome, level }: Finding, waiver: JudgedWaiver | undefined, strict: boolean): Mark {
  if (outcome !== 'fail') return outcome;
  if (waiver) return 'waived';
  return /^(SHALL|MUST)/.test(level) || strict ? 'fail' : 'warning';
}

/** Every finding, then everything noted, in the order of the record. */
export function entriesOf(record: RunRecord): readonly Entry[] {
  const applied = new Map(
    (record.waivers ?? []).flatMap((each) => (each.state === 'applied' ? [[each.case, each] as const] : [])),
  );
  return [
    ...record.findings.map((finding): Entry => {
      const waiver = applied.get(finding.case);
      const { outcome: _outcome, ...rest } = finding;
      return {
        ...rest,
        mark: markOf(finding, waiver, record.strict ?? false),
        ...(waiver && { waiver }),
      };
    }),
    ...record.noted.map((each): Entry => ({ ...each, level: 'noted', mark: 'noted' })),
  ];
}

/** How many entries have each mark. */
export function countsOf(entries: readonly Entry[]): Readonly<Record<Mark, number>> {
  const counts = { fail: 0, waived: 0, warning: 0, inconclusive: 0, pass: 0, noted: 0 };
  for (const { mark } of entries) counts[mark] += 1;
  return counts;
}

/** Every clause in scope with its entries: from clause to case. */
export function clausesOf(record: RunRecord, entries = entriesOf(record)): readonly ClauseView[] {
  const byClause = new Map<string, Entry[]>();
  for (const entry of entries) {
    for (const id of entry.requirements) {
      const own = byClause.get(id);
      if (own) own.push(entry);
      else byClause.set(id, [entry]);
    }
  }
  const pending = new Map(record.pending.map(({ requirement, needs }) => [requirement, needs]));
  const excluded = new Map(record.excluded.map(({ requirement, because }) => [requirement, because]));
  return record.requirements.map((clause) => {
    const own = byClause.get(clause.id) ?? [];
    const worst = MARKS.find((mark) => own.some((entry) => entry.mark === mark));
    const needs = pending.get(clause.id);
    const why = excluded.get(clause.id);
    const state = worst ?? (needs !== undefined ? 'pending' : why !== undefined ? 'excluded' : 'unexamined');
    const because = needs ?? why ?? (worst ? undefined : 'no case of this run bears on it');
    return { ...clause, state, entries: own, ...(because !== undefined && { because }) };
  });
}

/** The verdict in words, with what narrows it. */
export function headline(record: RunRecord): string {
  const wire = record.scope === 'wire' ? ' on the wire' : '';
  const waived = (record.waivers ?? []).filter(({ state }) => state === 'applied').length;
  const parts = [
    ...(waived > 0 ? [`${plural(waived, 'failure')} waived`] : []),
    ...(record.incomplete ? ['incomplete'] : []),
    ...(record.selection ? ['only a part was examined'] : []),
    ...(record.shard ? [`shard ${shardInWords(record.shard)} alone`] : []),
  ];
  return `${record.verdict}${wire}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
}

/** What a reader of a shard has to know. */
export const ofShard = (shard: NonNullable<RunRecord['shard']>): string =>
  `This is shard ${shardInWords(shard)} of the run and speaks of that part alone; \`assay merge\` puts the parts together.`;

/** Waivers that make a run fail: not needed any more, or out of date. */
export const deadWaivers = ({ waivers = [] }: Pick<RunRecord, 'waivers'>): readonly JudgedWaiver[] =>
  waivers.filter(({ state }) => state === 'stale' || state === 'expired');

/** What is wrong with a waiver, in a sentence. */
export function waiverFault({ state, expires }: JudgedWaiver): string {
  return state === 'expired'
    ? `expired on ${expires}: renew it with its owner or mend the case`
    : 'is not needed any more, since the case passes: take it out';
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Where a run was driven at. */
export const subjectName = ({ subject }: RunRecord): string =>
  subject.standIn === undefined ? subject.url : `embedded provider ${subject.standIn}`;

/** For which server the remedies are, and what gave it away. */
export const recognisedInWords = ({ server, by }: Recognised): string =>
  server === 'unknown'
    ? 'the server does not say what it is'
    : `the server says that it is ${SERVER_TITLES[server]}, by ${by}`;

/** Cases that are let through because nothing asks for a certificate at all: what mends that mends them. */
const WAYS_ROUND = 'way-round/';
const isAbsent = ({ case: id }: Failing): boolean => /^(?:client-certificate|mutual-tls)\/absent/.test(id);
type Failing = Pick<Finding, 'case' | 'requirements'>;

/** Tells the change that mends a failure from others, so that those that one change mends can stand together. */
export function changeOf(
  failed: readonly Failing[],
  { server }: Recognised,
  ssp: string | undefined,
): (finding: Failing) => string {
  const absent = failed.find(isAbsent);
  return (finding) =>
    JSON.stringify(remedyFor(absent && finding.case.startsWith(WAYS_ROUND) ? absent : finding, server, ssp));
}
