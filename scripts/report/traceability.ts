import type { RunRecord } from '../../tests/run/record.ts';
import { clausesOf, entriesOf, headline, WORDS, type ClauseView, type Entry } from './view.ts';

const HEAD = [
  'document',
  'edition',
  'section',
  'requirement',
  'keyword',
  'text',
  'state',
  'case',
  'title',
  'outcome',
  'strength',
  'expected',
  'because',
  'trace',
  'evidence',
] as const;

/** RFC 4180 §2; what a spreadsheet would take for a formula is made text. */
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * The relation of clause and case as a table, a row for each pair and one for each clause without a case:
 * sorted by either column it is the matrix from that side.
 */
export function traceabilityCsv(record: RunRecord): string {
  const edition = new Map(record.documents.map(({ id, edition: own }) => [id, own]));
  const rows = clausesOf(record).flatMap((clause) => {
    const about = [
      clause.document,
      edition.get(clause.document) ?? '',
      clause.section,
      clause.id,
      clause.keyword,
      clause.text,
      WORDS[clause.state],
    ];
    if (clause.entries.length === 0) return [[...about, '', '', '', '', '', clause.because ?? '', '', '']];
    return clause.entries.map((entry) => [
      ...about,
      entry.case,
      entry.title,
      WORDS[entry.mark],
      entry.strength ?? '',
      entry.expected,
      entry.because,
      entry.trace.join(' '),
      (entry.evidence ?? []).join(' '),
    ]);
  });
  const left = record.notExamined.map((each) =>
    HEAD.map((column) => {
      if (column === 'case') return each.case;
      if (column === 'outcome') return 'not examined';
      return column === 'because' ? each.because : '';
    }),
  );
  return `${[HEAD, ...rows, ...left].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

/** Text of anybody's, inert in Markdown and in the HTML that it may become. */
const inert = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~]/g, '\\$&')
    .replace(/(https?|ftp):/gi, '$1&#58;')
    .replace(/@/g, '&#64;');
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** The traceability matrix in Markdown, both ways: from clause to case, and from case to clause. */
export function traceabilityMarkdown(record: RunRecord): string {
  const entries = entriesOf(record);
  const clauses = clausesOf(record, entries);
  const parts = record.documents.map(({ id, title, source, edition, set }) => {
    const own = clauses.filter(({ document }) => document === id);
    return [
      `## ${inert(title)}`,
      `Edition ${inert(edition)}, set ${inert(set.id)} (\`${set.digest}\`). Source: ${inert(source)}`,
      table(
        ['requirement', 'text', 'state', 'cases'],
        own.map((clause) => [
          inert(clause.id),
          inert(`${clause.keyword} ${clause.text}`),
          WORDS[clause.state],
          casesOf(clause),
        ]),
      ),
    ].join('\n\n');
  });
  return [
    `# Traceability: ${inert(record.profile)}, edition ${inert(record.edition)}`,
    `${inert(record.subject.url)}: ${inert(headline(record))}. Assay ${inert(record.tool.version)}, ${record.finished}.`,
    ...parts,
    '## From case to clause',
    table(
      ['case', 'title', 'outcome', 'requirements', 'because', 'trace', 'evidence'],
      entries.map((entry: Entry) => [
        inert(entry.case),
        inert(entry.title),
        WORDS[entry.mark],
        inert(entry.requirements.join(', ')),
        inert(entry.because),
        inert(entry.trace.join(' ')),
        inert((entry.evidence ?? []).join(' ')),
      ]),
    ),
    ...(record.notExamined.length > 0
      ? [
          '## Not examined',
          table(
            ['case', 'because'],
            record.notExamined.map((each) => [inert(each.case), inert(each.because)]),
          ),
        ]
      : []),
    '',
  ].join('\n\n');
}

const casesOf = ({ entries, because }: ClauseView): string =>
  entries.length > 0
    ? entries.map((entry) => `${inert(entry.case)}: ${WORDS[entry.mark]}`).join('<br>')
    : inert(because ?? '');
