import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Node, type Pair } from 'yaml';

/** A document of the provider's team: its path as it is told, and its text. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** Where a code stands, and as what. */
export interface Mention {
  readonly code: string;
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  /**
   * `definition`: an entry of a list of requirements; `overview`: a row of a table; `index`: an entry of `index.yaml`;
   * `reference`: an item of `nfr_refs`; `text`: anywhere else.
   */
  readonly as: 'definition' | 'overview' | 'index' | 'reference' | 'text';
}

/** Something that cannot be read as what it should be. */
export interface Fault {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

export interface Reading {
  readonly mentions: readonly Mention[];
  readonly faults: readonly Fault[];
}

const CODE = /\b[A-Z]{2,8}-\d{3}\b/g;
const WHOLE_CODE = /^[A-Z]{2,8}-\d{3}$/;
const isYaml = (path: string): boolean => /\.ya?ml$/i.test(path);
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).toLowerCase();

/** Reads one page; what stands in it is data, nothing of it is run or followed. */
export function readPage(page: Page): Reading {
  return isYaml(page.path) ? readYaml(page, 0) : readMarkdown(page);
}

function readMarkdown({ path, text }: Page): Reading {
  const lines = text.split('\n');
  const end =
    lines[0]?.trim() === '---' ? lines.findIndex((line, at) => at > 0 && line.trim() === '---') : -1;
  const front =
    end > 0 ? readYaml({ path, text: lines.slice(1, end).join('\n') }, 1) : { mentions: [], faults: [] };
  const body = lines.slice(end + 1).flatMap((line, at): readonly Mention[] => {
    const number = end + 2 + at;
    const [, row] = /^\s*\|\s*`?([A-Z]{2,8}-\d{3})`?\s*\|/.exec(line) ?? [];
    return [...line.matchAll(CODE)].map(({ 0: code }) => ({
      code,
      path,
      line: number,
      as: code === row ? ('overview' as const) : ('text' as const),
    }));
  });
  return { mentions: [...front.mentions, ...body], faults: front.faults };
}

function readYaml({ path, text }: Page, before: number): Reading {
  const counter = new LineCounter();
  const lineOf = (node: Node | null | undefined): number =>
    before + counter.linePos(node?.range?.[0] ?? 0).line;
  const mentions: Mention[] = [];
  const faults: Fault[] = [];
  const isIndex = /^index\.ya?ml$/.test(baseOf(path));

  const told = (node: Node, as: Mention['as']): void => {
    if (!isScalar(node)) return;
    for (const { 0: code } of String(node.value).matchAll(CODE)) {
      mentions.push({ code, path, line: lineOf(node), as });
    }
  };
  const references = (node: Node | null): void => {
    if (!isSeq(node)) {
      faults.push({ path, line: lineOf(node), what: 'nfr_refs is no list' });
      return;
    }
    for (const item of node.items as Node[]) {
      const value = isScalar(item) ? String(item.value) : undefined;
      if (value !== undefined && WHOLE_CODE.test(value)) told(item, 'reference');
      else
        faults.push({
          path,
          line: lineOf(item),
          what: `nfr_refs holds ${JSON.stringify(value ?? 'no text')}, which is no code`,
        });
    }
  };
  const walk = (node: Node | null | undefined, as: Mention['as']): void => {
    if (isMap(node)) {
      for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
        const name = isScalar(key) ? String(key.value) : '';
        if (name === 'nfr_refs') references(value);
        else if ((name === 'code' || name === 'id') && isScalar(value))
          told(value, isIndex ? 'index' : 'definition');
        else {
          told(key, isIndex ? 'index' : 'text');
          walk(value, as);
        }
      }
    } else if (isSeq(node)) for (const item of node.items as Node[]) walk(item, as);
    else if (node && !isAlias(node)) told(node, as);
  };

  for (const document of parseAllDocuments(text, { lineCounter: counter, prettyErrors: false })) {
    for (const { pos, message } of document.errors) {
      faults.push({ path, line: before + counter.linePos(pos[0]).line, what: `is no YAML: ${message}` });
    }
    walk(document.contents as Node | null, isIndex ? 'index' : 'text');
  }
  return { mentions, faults };
}
