import type { RunRecord } from '../../tests/run/record.ts';
import { countsOf, entriesOf, headline, type Entry, type Mark } from './view.ts';

/** GitHub shows at most so many annotations of a level that one step makes; the rest would be dropped unsaid. */
const SHOWN = 10;
const LEVELS: Readonly<Partial<Record<Mark, 'error' | 'warning' | 'notice'>>> = {
  fail: 'error',
  inconclusive: 'warning',
  warning: 'warning',
  waived: 'notice',
};

/** What turns a line or hides in it, and controls, but line ends and tabs, which have an escape. */
const visible = (text: string): string =>
  text.replace(
    /[^\P{Cc}\n\r\t]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
/** As the runner's own toolkit escapes the message of a command, so that no text of a stranger is another command. */
const message = (text: string): string =>
  visible(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => message(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/**
 * Workflow commands of GitHub Actions: an annotation for each failure, each open finding and each waiver, the worst
 * first, and a notice with the verdict.
 * @param file where in the repository they are shown; absent: at the run alone
 */
export function github(record: RunRecord, file?: string): string {
  const place = file === undefined ? '' : `file=${property(file)},line=1,`;
  const command = (level: string, title: string, text: string): string =>
    `::${level} ${place}title=${property(title)}::${message(text)}`;
  const entries = entriesOf(record);
  const lines = (['error', 'warning', 'notice'] as const).flatMap((level) => {
    const own = entries.filter(({ mark }) => LEVELS[mark] === level);
    const room = level === 'notice' ? SHOWN - 1 : SHOWN; // the verdict is a notice
    const shown = own.length > room ? own.slice(0, room - 1) : own;
    const rest = own.slice(shown.length);
    return [
      ...shown.map((entry) => command(level, `${WORDS[entry.mark]}: ${entry.case}`, inWords(entry))),
      ...(rest.length === 0
        ? []
        : [command(level, `${rest.length} more`, rest.map((entry) => entry.case).join('\n'))]),
    ];
  });
  const counts = countsOf(entries);
  const counted = `${counts.pass} passed, ${counts.fail} failed, ${counts.inconclusive} inconclusive`;
  return `${[...lines, command('notice', `Assay: ${record.verdict}`, `${headline(record)}: ${counted}`)].join('\n')}\n`;
}

const WORDS: Readonly<Partial<Record<Mark, string>>> = {
  fail: 'Failed',
  inconclusive: 'Inconclusive',
  warning: 'Warning',
  waived: 'Waived',
};

const inWords = ({ title, because, expected, requirements }: Entry): string =>
  `${title}: ${because}\nExpected: ${expected}\n${requirements.join(', ')}`;
