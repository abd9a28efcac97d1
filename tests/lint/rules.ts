import type { Mention, Page } from './documents.ts';
import { readPage } from './documents.ts';

/** Something that a person has to mend in the documents. */
export interface Remark {
  readonly rule:
    'unreadable' | 'unknown-code' | 'defined-twice' | 'not-in-overview' | 'not-in-index' | 'never-referenced';
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

/** One code and where it stands. */
export interface TraceRow {
  readonly code: string;
  readonly title: string;
  readonly definition: readonly string[];
  readonly overview: readonly string[];
  readonly index: readonly string[];
  readonly references: readonly string[];
}

export interface Linted {
  readonly remarks: readonly Remark[];
  readonly matrix: readonly TraceRow[];
}

/** A code that the documents are held to. */
export interface KnownCode {
  readonly id: string;
  readonly text: string;
}

const place = ({ path, line }: Mention): string => `${path}:${line}`;
const prefixOf = (code: string): string => code.slice(0, code.indexOf('-'));
const isNamed = (name: RegExp) => (page: Page) => name.test(page.path.slice(page.path.lastIndexOf('/') + 1));

/**
 * Checks the references of a set of documents against the codes that they are held to.
 * An overview, an index and references are asked for where the set has such a file or such a field at all.
 * @param known the codes of one family, `SEC-001` and so on
 */
export function lint(pages: readonly Page[], known: readonly KnownCode[]): Linted {
  const readings = pages.map(readPage);
  const mentions = readings.flatMap((reading) => reading.mentions);
  const ids = new Set(known.map(({ id }) => id));
  const families = new Set(known.map(({ id }) => prefixOf(id)));
  const of = (code: string, as: Mention['as']): readonly Mention[] =>
    mentions.filter((each) => each.code === code && each.as === as);

  const unreadable = readings.flatMap(({ faults }) =>
    faults.map(({ path, line, what }): Remark => ({ rule: 'unreadable', path, line, what })),
  );
  // A code of another family is known where these documents define it themselves.
  const defined = new Set(
    mentions.filter(({ as }) => as === 'definition' || as === 'overview').map(({ code }) => code),
  );
  const unknown = mentions
    .filter(({ code, as }) =>
      families.has(prefixOf(code)) ? !ids.has(code) : as === 'reference' && !defined.has(code),
    )
    .map(({ code, path, line }): Remark => ({
      rule: 'unknown-code',
      path,
      line,
      what: `${code} is no requirement`,
    }));
  const twice = [...ids].flatMap((code): readonly Remark[] => {
    const [first, ...others] = of(code, 'definition');
    return first
      ? others.map(({ path, line }) => ({
          rule: 'defined-twice' as const,
          path,
          line,
          what: `${code} is defined at ${place(first)} already`,
        }))
      : [];
  });
  const lacking = (
    rule: Remark['rule'],
    as: Mention['as'],
    page: Page | undefined,
    what: (code: string) => string,
  ): readonly Remark[] =>
    page === undefined
      ? []
      : [...ids]
          .filter((code) => of(code, as).length === 0)
          .map((code) => ({ rule, path: page.path, line: 1, what: what(code) }));

  const overview =
    pages.find(isNamed(/^overview\.md$/i)) ??
    pages.find(({ path }) => mentions.some((each) => each.path === path && each.as === 'overview'));
  const index = pages.find(isNamed(/^index\.ya?ml$/i));
  const referring = mentions.some(({ as }) => as === 'reference');
  const [anywhere] = pages;
  const remarks = [
    ...unreadable,
    ...unknown,
    ...twice,
    ...lacking('not-in-overview', 'overview', overview, (code) => `${code} has no row in the overview`),
    ...lacking('not-in-index', 'index', index, (code) => `${code} is not in the index`),
    ...lacking(
      'never-referenced',
      'reference',
      referring ? anywhere : undefined,
      (code) => `no nfr_refs names ${code}`,
    ).map((remark) => ({ ...remark, path: '.', line: 0 })),
  ];
  const matrix = known.map(({ id, text }): TraceRow => {
    const places = (as: Mention['as']): readonly string[] => of(id, as).map(place);
    return {
      code: id,
      title: text,
      definition: places('definition'),
      overview: places('overview'),
      index: places('index'),
      references: places('reference'),
    };
  });
  return { remarks, matrix };
}

const COLUMNS = ['code', 'title', 'definition', 'overview', 'index', 'references'] as const;
const cell = (row: TraceRow, column: (typeof COLUMNS)[number]): string => {
  const value = row[column];
  return typeof value === 'string' ? value : value.join(' ');
};

/** RFC 4180, with a header; a cell that a spreadsheet would take for a formula is made text. */
export const asCsv = (matrix: readonly TraceRow[]): string =>
  [COLUMNS, ...matrix.map((row) => COLUMNS.map((column) => cell(row, column)))]
    .map((cells) =>
      cells
        .map((text) => `"${(/^[=+\-@\t]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`)
        .join(','),
    )
    .join('\r\n')
    .concat('\r\n');

export const asMarkdown = (matrix: readonly TraceRow[]): string =>
  [
    `| ${COLUMNS.join(' | ')} |`,
    `| ${COLUMNS.map(() => '---').join(' | ')} |`,
    ...matrix.map(
      (row) =>
        `| ${COLUMNS.map((column) => cell(row, column).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`,
    ),
    '',
  ].join('\n');
