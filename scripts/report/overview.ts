import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { excerpt } from '../../tests/oracle/response.ts';
import { shardInWords, type Shard } from '../../tests/run/shard.ts';
import type { Swept } from '../../tests/run/sweep.ts';
import { painted, type Screen } from './console.ts';
import { Markup, markup } from './markup.ts';

/** What a sweep leaves beside the record of each subject. */
export interface Overview {
  readonly tool: { readonly name: 'assay'; readonly version: string };
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly finished: string;
  /** Present where these are one part of the endpoints. */
  readonly shard?: Shard;
  /** The worst of its endpoints: 4 before 3, 1, 2 and 0. */
  readonly exitCode: number;
  /** In the order of the file; the record of each is `NAME/record.json`, where it has a verdict. */
  readonly endpoints: readonly Swept[];
}

const STYLE = {
  conformant: 'green',
  'non-conformant': 'red',
  inconclusive: 'yellow',
  'not judged': 'magenta',
} as const;
type Word = keyof typeof STYLE;
const wordOf = ({ verdict, exitCode }: Swept): Word =>
  exitCode >= 3 || verdict === undefined ? 'not judged' : verdict;
const WORDS: readonly Word[] = ['not judged', 'non-conformant', 'inconclusive', 'conformant'];

const numbersOf = (swept: Swept): string =>
  swept.verdict === undefined
    ? ''
    : `${swept.passed} passed, ${swept.failed} failed, ${swept.inconclusive} inconclusive, ${swept.noted} noted`;

/** One endpoint in a line. */
export function row(screen: Screen, swept: Swept, widest: number): string {
  const word = wordOf(swept);
  const rest = excerpt(swept.because ?? numbersOf(swept), 160);
  return `${painted(screen, STYLE[word], word.padEnd(14))}  ${swept.name.padEnd(widest)}  ${rest}\n`;
}

/** The end of a sweep: how many came out how. */
export function overviewAsText(screen: Screen, { endpoints }: Overview): string {
  const counts = WORDS.flatMap((word) => {
    const count = endpoints.filter((each) => wordOf(each) === word).length;
    return count > 0 ? [painted(screen, STYLE[word], `${count} ${word}`)] : [];
  });
  return `\n${endpoints.length} endpoint${endpoints.length === 1 ? '' : 's'}: ${counts.join(', ')}\n`;
}

/** The same as a page: without network or script, every name and reason escaped. */
export function overviewPage(overview: Overview): string {
  const style = readFileSync(new URL('./page/style.css', import.meta.url), 'utf8');
  const digest = createHash('sha256').update(style).digest('base64');
  const { endpoints, shard, started, finished, tool } = overview;
  const sorted = endpoints.toSorted((a, b) => WORDS.indexOf(wordOf(a)) - WORDS.indexOf(wordOf(b)));
  const page = markup`<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${`default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Sweep – Assay</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
<h1>Sweep of ${endpoints.length} endpoints${shard && ` (shard ${shardInWords(shard)})`}</h1>
<p>${WORDS.map((word) => `${endpoints.filter((each) => wordOf(each) === word).length} ${word}`).join(', ')}. From ${started} to ${finished}, by Assay ${tool.version}.</p>
<table>
<thead><tr><th scope="col">Endpoint</th><th scope="col">Verdict</th><th scope="col">Passed</th><th scope="col">Failed</th><th scope="col">Inconclusive</th><th scope="col">Subject, and why it was not judged to the end</th></tr></thead>
<tbody>
${sorted.map(
  (
    each,
  ) => markup`<tr><th scope="row">${each.verdict === undefined ? each.name : markup`<a href="${each.name}/report.html">${each.name}</a>`}</th><td>${wordOf(each)}</td><td>${each.passed}</td><td>${each.failed}</td><td>${each.inconclusive}</td><td>${[each.subject, each.because].filter((text) => text !== undefined).join(': ')}</td></tr>
`,
)}</tbody>
</table>
</main>
</body>
</html>
`;
  return page.text;
}
