import { ConfigurationError } from '../../certs/configuration-error.ts';

/** Where a position is in a text, counted from 1. */
const place = (text: string, position: number): string => {
  const before = text.slice(0, position).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
};

/**
 * Parses JSON (RFC 8259) as a person wrote it: a byte order mark is let pass, a member named twice is refused.
 * @throws ConfigurationError at `file` with line and column
 */
export function parseStrictJson(source: string, file: string): unknown {
  const text = source.replace(/^\u{FEFF}/u, '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = /position (\d+)/.exec(message)?.[1];
    const where = place(text, position === undefined ? firstForeign(text) : Number(position));
    throw new ConfigurationError(file, `is no JSON (${where})`);
  }
  const doubled = memberNamedTwice(text);
  if (doubled)
    throw new ConfigurationError(
      `${file}#${doubled.pointer}`,
      `stands there twice (${place(text, doubled.position)})`,
    );
  return value;
}

/** Where the first thing stands that is no token of JSON, or the end: V8 tells the position of some mistakes only. */
function firstForeign(text: string): number {
  const tokens = /\s+|[{}[\],:]|"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true\b|false\b|null\b/y;
  let at = 0;
  while (tokens.test(text)) at = tokens.lastIndex;
  return at;
}

/** Walks a text that is known to be JSON; `JSON.parse` keeps the last of two members without a word. */
function memberNamedTwice(text: string): { readonly pointer: string; readonly position: number } | undefined {
  const stack: { readonly names: Set<string> | undefined; key: string; index: number }[] = [];
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;
  let isKey = false;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    const top = stack.at(-1);
    if (token === '{' || token === '[') {
      stack.push({ names: token === '{' ? new Set() : undefined, key: '', index: 0 });
      isKey = token === '{';
    } else if (token === '}' || token === ']') {
      stack.pop();
      isKey = false;
    } else if (token === ',') {
      isKey = top?.names !== undefined;
      if (top && !top.names) top.index += 1;
    } else if (token === ':') isKey = false;
    else if (isKey && top?.names) {
      const name = JSON.parse(token) as string;
      top.key = name;
      if (top.names.has(name)) {
        const pointer = stack.map(
          ({ names, key, index: at }) => `/${names ? key.replaceAll('~', '~0').replaceAll('/', '~1') : at}`,
        );
        return { pointer: pointer.join(''), position: index };
      }
      top.names.add(name);
    }
  }
  return undefined;
}
