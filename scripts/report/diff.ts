import type { RunRecord } from '../../tests/run/record.ts';
import { describe } from '../../tests/oracle/response.ts';
import { entriesOf, headline, plural, WORDS, type Entry, type Mark } from './view.ts';

/** What a finding is to the one of the same name in the record before. */
export type Kind = 'new' | 'fixed' | 'changed' | 'gone' | 'same';

export interface Difference {
  readonly kind: Kind;
  readonly case: string;
  readonly title: string;
  readonly before?: Mark;
  readonly after?: Mark;
  readonly because: string;
}

export interface Comparison {
  readonly differences: readonly Difference[];
  /** What makes the two hard to compare, a sentence each. */
  readonly cautions: readonly string[];
  /** 0: nothing new; 1: new failures that bind; 2: new inconclusives, or cases not examined any more. */
  readonly exitCode: 0 | 1 | 2;
}

/** What of a finding has to be the same for it not to have changed: never a time, a port or a trace id. */
function essence({ mark, strength, observation, because }: Entry): string {
  const seen = observation.kind === 'closed' ? 'closed' : describe(observation);
  const told = mark === 'pass' || mark === 'noted' ? '' : because;
  const text = [mark, observation.kind === 'closed' ? '' : strength, seen, told].join(' | ');
  return text
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi, '…')
    .replace(/\d{3,}/g, (digits) => (digits.length === 3 ? digits : '…'));
}

/** Worse than before, or not seen before and bad. */
const isNew = (before: Mark | undefined, after: Mark): boolean =>
  (after === 'fail' || after === 'warning' || after === 'inconclusive') && after !== before;

/** Compares two records by what their findings mean. */
export function compare(before: RunRecord, after: RunRecord): Comparison {
  const earlier = new Map(entriesOf(before).map((entry) => [entry.case, entry]));
  const later = entriesOf(after);
  const names = new Set(later.map((entry) => entry.case));
  const differences = later.map((entry): Difference => {
    const old = earlier.get(entry.case);
    const { case: id, title, because, mark } = entry;
    const bad = old && old.mark !== 'pass' && old.mark !== 'noted';
    const kind = isNew(old?.mark, mark)
      ? 'new'
      : bad && mark === 'pass'
        ? 'fixed'
        : old && essence(old) === essence(entry)
          ? 'same'
          : 'changed';
    return { kind, case: id, title, because, after: mark, ...(old && { before: old.mark }) };
  });
  const part = after.selection !== undefined || after.shard !== undefined;
  const gone = [...earlier.values()]
    .filter((entry) => !names.has(entry.case))
    .map(({ case: id, title, mark }): Difference => ({
      kind: 'gone',
      case: id,
      title,
      before: mark,
      because: part ? 'outside of what was asked for' : 'not examined any more',
    }));
  const fresh = differences.filter(({ kind }) => kind === 'new');
  const lost = !part && gone.some((each) => each.before !== 'noted');
  const failed = fresh.some((each) => each.after === 'fail');
  const open = lost || after.incomplete !== undefined || fresh.some((each) => each.after === 'inconclusive');
  return {
    differences: [...differences, ...gone],
    cautions: cautionsOf(before, after),
    exitCode: failed ? 1 : open ? 2 : 0,
  };
}

function cautionsOf(before: RunRecord, after: RunRecord): readonly string[] {
  const sets = (record: RunRecord): string =>
    record.documents.map(({ id, set }) => `${id} ${set.digest}`).join();
  return [
    ...(before.profile === after.profile && before.edition === after.edition
      ? []
      : [`the profiles differ: ${before.profile} ${before.edition}, then ${after.profile} ${after.edition}`]),
    ...(sets(before) === sets(after) ? [] : ['the requirement sets differ']),
    ...(before.tool.version === after.tool.version
      ? []
      : [`the tools differ: ${before.tool.version}, then ${after.tool.version}`]),
    ...(before.subject.url === after.subject.url || before.subject.standIn !== undefined
      ? []
      : [`the subjects differ: ${before.subject.url}, then ${after.subject.url}`]),
    ...(before.incomplete ? ['the record before is incomplete'] : []),
    ...(after.incomplete ? ['the record after is incomplete'] : []),
  ];
}

const ORDER: readonly Kind[] = ['new', 'gone', 'changed', 'fixed'];

/** A comparison for people; what is the same is counted only. */
export function differencesAsText(before: RunRecord, after: RunRecord, compared: Comparison): string {
  const of = (kind: Kind) => compared.differences.filter((each) => each.kind === kind);
  const lines = [
    `before: ${headline(before)}, ${before.finished}`,
    `after:  ${headline(after)}, ${after.finished}`,
    ...compared.cautions.map((caution) => `caution: ${caution}`),
    '',
    [
      ...ORDER.map((kind) => `${of(kind).length} ${kind}`),
      `${plural(of('same').length, 'case')} the same`,
    ].join(', '),
  ];
  for (const kind of ORDER) {
    for (const each of of(kind)) {
      const was = each.before === undefined ? 'not examined' : WORDS[each.before].toLowerCase();
      const is = each.after === undefined ? 'not examined' : WORDS[each.after].toLowerCase();
      lines.push(`${kind.padEnd(7)}  ${each.case}: ${was} → ${is}`, `         ${inOneLine(each.because)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const inOneLine = (text: string): string => text.replace(/[^\P{C}\n]|\s+/gu, ' ').slice(0, 300);
