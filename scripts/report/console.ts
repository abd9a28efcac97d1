import { styleText } from 'node:util';
import { excerpt } from '../../tests/oracle/response.ts';
import type { Finding } from '../../tests/run/finding.ts';
import type { RunRecord, RunVerdict } from '../../tests/run/record.ts';
import { recognise, type Recognised } from '../../tests/run/recognise.ts';
import { remedyFor } from '../../tests/run/remedies.ts';
import { changeOf, deadWaivers, ofShard, recognisedInWords, waiverFault } from './view.ts';

/** Where lines go, and what it can show. */
export interface Screen {
  readonly write: (text: string) => void;
  readonly colour: boolean;
  /** Whether a line can be overwritten: a terminal, and no CI. */
  readonly live: boolean;
  readonly columns: number;
}

export const screenOf = (stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Screen => ({
  write: (text) => stream.write(text),
  colour: stream.isTTY === true && env['NO_COLOR'] === undefined && env['TERM'] !== 'dumb',
  live: stream.isTTY === true && env['CI'] === undefined && env['TERM'] !== 'dumb',
  columns: stream.isTTY === true ? Math.max(60, stream.columns || 80) : 200,
});

type Style = Parameters<typeof styleText>[0];
export const painted = (screen: Screen, style: Style, text: string): string =>
  screen.colour ? styleText(style, text, { validateStream: false }) : text;

const MARK = {
  pass: ['green', 'pass'],
  fail: ['red', 'FAIL'],
  inconclusive: ['yellow', 'open'],
  noted: ['cyan', 'note'],
} as const;
const STYLE: Readonly<Record<RunVerdict, Style>> = {
  conformant: ['bold', 'green'],
  'non-conformant': ['bold', 'red'],
  inconclusive: ['bold', 'yellow'],
};

/** The table of a run as it streams by. */
export interface Table {
  readonly row: (finding: Finding) => void;
  /** A line between the rows. */
  readonly tell: (text: string) => void;
  /** The bar goes. */
  readonly end: () => void;
}

/**
 * Rows on `screen`; where `progress` is a terminal, also a bar under them with counts and the slowest case. They may
 * be the same terminal, or one of them a file.
 */
export function createTable(screen: Screen, progress: Screen, total: number, widest: number): Table {
  let done = 0;
  const counts = { pass: 0, fail: 0, inconclusive: 0, noted: 0 };
  let slowest = { name: '', ms: 0 };
  /** Counts and the slowest case, in one line that is never wider than the terminal. */
  const bar = (): string => {
    const full = Math.round((done / total) * 20);
    const text = [
      `${'█'.repeat(full)}${'░'.repeat(20 - full)} ${done}/${total}`,
      `${counts.pass} pass, ${counts.fail} fail, ${counts.inconclusive} open`,
      ...(slowest.name === '' ? [] : [`slowest ${slowest.name} ${(slowest.ms / 1000).toFixed(1)} s`]),
    ].join(' · ');
    return text.slice(0, progress.columns - 1);
  };
  const erase = (): void => void (progress.live && progress.write('\r\u{1b}[2K'));
  const draw = (): void =>
    void (progress.live && done < total && progress.write(painted(progress, 'dim', bar())));
  const tell = (text: string): void => {
    erase();
    screen.write(text);
    draw();
  };
  draw();
  return {
    tell,
    end: erase,
    row: (finding) => {
      done += 1;
      const kind = finding.level === 'noted' ? 'noted' : finding.outcome;
      const [style, word] = MARK[kind];
      const room = screen.columns - widest - 9;
      const because = excerpt(finding.because, Math.max(30, room));
      counts[kind] += 1;
      if (finding.ms > slowest.ms) slowest = { name: finding.case, ms: finding.ms };
      tell(`${painted(screen, style, word)}  ${finding.case.padEnd(widest)}  ${because}\n`);
    },
  };
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Names that stand in one list. */
const NAMES = 24;

/** Names in lines that a terminal holds, under what they belong to; of many the first. */
function listed(names: readonly string[]): readonly string[] {
  const lines: string[] = [];
  const told = names.length > NAMES ? [...names.slice(0, NAMES), `and ${names.length - NAMES} more`] : names;
  for (const name of told) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + name.length < 100) lines[lines.length - 1] = `${last} ${name}`;
    else lines.push(`            ${name}`);
  }
  return lines;
}

const waivedIn = ({ waivers = [] }: RunRecord) => waivers.filter(({ state }) => state === 'applied');

/** How many cases came out how, in words; what is none of is left out where it need not be told. */
export function countsOf(record: RunRecord): readonly string[] {
  const { findings, noted, notExamined } = record;
  const waived = waivedIn(record).length;
  const of = (outcome: string): number => findings.filter((each) => each.outcome === outcome).length;
  return [
    `${of('pass')} passed`,
    `${of('fail') - waived} failed`,
    ...(waived > 0 ? [`${waived} waived`] : []),
    `${of('inconclusive')} inconclusive`,
    ...(noted.length > 0 ? [`${noted.length} noted`] : []),
    ...(notExamined.length > 0 ? [`${notExamined.length} not examined`] : []),
  ];
}

/**
 * The end of a run in a few lines: verdict first, then what it rests on.
 * @param scripts where the script stands that shows a failure again, by case
 */
export function summary(
  screen: Screen,
  record: RunRecord,
  scripts: ReadonlyMap<string, string> = new Map(),
): string {
  const { findings, pending, notExamined, verdict, selection, shard } = record;
  const waived = waivedIn(record);
  const isWaived = (finding: Finding): boolean => waived.some((each) => each.case === finding.case);
  const wire = record.scope === 'wire' ? ' on the wire' : '';
  const lines = ['', `${painted(screen, STYLE[verdict], verdict)}${wire}: ${countsOf(record).join(', ')}`];
  if (record.incomplete) {
    const { because, examined, planned } = record.incomplete;
    lines.push(`Incomplete: ${excerpt(because)}; ${examined} of ${planned} cases were examined.`);
  }
  if (selection) lines.push(`Only the cases that match ${excerpt(selection.join(', '), 300)} were examined.`);
  if (shard) lines.push(ofShard(shard));
  const waiting = [...new Set(pending.map(({ requirement }) => requirement))];
  if (waiting.length > 0) {
    const wait = waiting.length === 1 ? 'waits' : 'wait';
    lines.push(
      `${plural(waiting.length, 'requirement')} ${wait} for evidence or attestation (\`assay list\` says which): ${waiting.join(', ')}`,
    );
  }
  const throttled = findings.filter(({ because }) => because.startsWith('throttled: ')).length;
  if (throttled > 0)
    lines.push(
      `The subject throttles: ${plural(throttled, 'case')} could not be judged for it. Run again with --polite.`,
    );
  const silent = findings.filter(
    ({ outcome, because }) => outcome === 'inconclusive' && SILENT.test(because),
  ).length;
  if (silent > 0)
    lines.push(
      `No answer came in time in ${plural(silent, 'case')}. Some TLS stacks hold a refusal back (s2n-tls: 10 to 30 s): options.patience in the subject file is how many seconds to wait, 10 without it.`,
    );
  for (const { case: id, because } of notExamined)
    lines.push(excerpt(`Not examined: ${id}: ${because}`, 300));
  for (const each of waived) {
    lines.push(
      excerpt(
        `Waived: ${each.case} until ${each.expires} by ${each.owner} (${each.risk}): ${each.reason}`,
        300,
      ),
    );
  }
  for (const each of deadWaivers(record)) {
    lines.push(painted(screen, 'red', `The waiver for ${each.case} ${waiverFault(each)}.`));
  }
  const failed = findings.filter((finding) => finding.outcome === 'fail' && !isWaived(finding));
  if (failed.length > 0) {
    const recognised = recognise(record);
    lines.push('', `Failed (${recognisedInWords(recognised)}):`);
    const change = changeOf(failed, recognised, record.subject.ssp);
    for (const [first, ...others] of Map.groupBy(failed, change).values())
      if (first) lines.push('', ...failure(screen, first, others, recognised, record.subject.ssp, scripts));
  }
  // Where nothing could be driven that has been said, once for all.
  const open = findings.filter(
    ({ outcome, because }) => outcome === 'inconclusive' && !because.startsWith(UNACCEPTED),
  );
  if (open.length > 0) {
    lines.push('', 'Open:');
    const groups = [...Map.groupBy(open, ({ because }) => because)];
    for (const [because, own] of groups.slice(0, MOST))
      lines.push(`  ${excerpt(because, 300)}`, ...listed(own.map((each) => each.case)));
    if (groups.length > MOST) lines.push(`  and ${groups.length - MOST} more reasons, in the report`);
  }
  return `${lines.join('\n')}\n`;
}

/** A time-out of an exchange that was begun, as the driver words it. */
const SILENT = /^nothing of the peer: no (?:answer|end of the TLS handshake) within \d+ ms$/;
const UNACCEPTED = 'the valid exchange was not accepted';

/** Reasons for what is open that are told at the end of a run. */
const MOST = 8;

function failure(
  screen: Screen,
  first: Finding,
  others: readonly Finding[],
  { server }: Recognised,
  ssp: string | undefined,
  scripts: ReadonlyMap<string, string>,
): readonly string[] {
  const { case: id, title, because, beneath = [] } = first;
  const { say, change } = remedyFor(first, server, ssp);
  const script = scripts.get(id);
  const requirements = new Set([first, ...others].flatMap((each) => each.requirements));
  return [
    `  ${painted(screen, 'red', id)} – ${excerpt(title)}`,
    `    got     ${excerpt(because, 300)}`,
    ...listed(beneath.map((each) => each.case.replace(`${id.split('/')[0]}/`, ''))),
    ...(others.length === 0 ? [] : [`    and     ${others.length} more that the same change mends:`]),
    ...listed(others.map((each) => each.case)),
    `    clause  ${[...requirements].join(' ')}`,
    `    change  ${say}`,
    ...(change ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => `            ${painted(screen, 'bold', line)}`),
    ...(script === undefined ? [] : [`    again   bash ${script}`]),
  ];
}

/** A record as the end of a run shows it, with every row. */
export function asText(record: RunRecord): string {
  const lines: string[] = [];
  const screen = {
    ...screenOf(process.stdout, process.env),
    live: false,
    write: (text: string) => lines.push(text),
  };
  const rows = [
    ...record.findings,
    ...record.noted.map((each): Finding => ({ ...each, level: 'noted', outcome: 'pass' })),
  ];
  const table = createTable(
    screen,
    screen,
    rows.length,
    Math.max(0, ...rows.map((each) => each.case.length)),
  );
  rows.forEach(table.row);
  lines.push(summary(screen, record));
  return lines.join('');
}
