import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { createHierarchy } from '../certs/index.ts';
import { countDials, score, tell, type Score } from '../tests/selftest/fleet/compare.ts';
import { unable } from '../tests/selftest/fleet/configuration.ts';
import { configurations } from '../tests/selftest/fleet/configurations.ts';
import { flawsOf } from '../tests/selftest/fleet/facts.ts';
import { gpconnect } from '../tests/profiles/gpconnect.ts';
import { EXIT, version } from './exit.ts';
import { SCORECARD_FILE } from './scorecard.ts';

/**
 * `npm run fleet [-- NAME…] [--out DIR] [--times N] [--load] [--readme]`: real servers, each in good and in defective
 * configurations, and what the suite finds on them against what their configuration makes true.
 * `--readme` puts the table into the README, and the scorecard where the package and every bundle take it from.
 * NAME narrows to configurations whose `server: title` contains it. `--load` keeps every core busy meanwhile.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: 'assay-out' },
    times: { type: 'string', default: '1' },
    at: { type: 'string', default: '3' },
    load: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const nameOf = ({ server, title }: { readonly server: string; readonly title: string }): string =>
  `${server}: ${title}`;
const COUNTS = [
  'truePasses',
  'trueFails',
  'falsePasses',
  'falseFails',
  'inconclusiveAsExpected',
  'inconclusiveUnexpectedly',
  'connections',
] as const;
const wanted = configurations.filter(
  (each) =>
    positionals.length === 0 ||
    positionals.some((text) => nameOf(each).toLowerCase().includes(text.toLowerCase())),
);
const able = wanted.filter(({ server }) => unable[server] === undefined);
const unrun = wanted.filter(({ server }) => unable[server] !== undefined);

countDials();
const pki = await createHierarchy();
const known = await flawsOf(pki);
const busy = values.load
  ? [0, 1].map(() => new Worker('for (;;) Math.sqrt(Math.random());', { eval: true }))
  : [];

let wrong = 0;
let scores: Score[] = [];
for (let round = 1; round <= Number(values.times); round += 1) {
  const started = performance.now();
  scores = [];
  const queue = able.entries();
  const work = async (): Promise<void> => {
    for (const [at, configuration] of queue) {
      try {
        const found = await score(configuration, pki, known);
        scores[at] = found;
        const { truePasses, trueFails, inconclusiveAsExpected: open, connections, runMs, mismatches } = found;
        const verdict = mismatches.length === 0 ? 'ok   ' : 'WRONG';
        say(
          `${verdict} ${nameOf(configuration)}: ${truePasses} pass, ${trueFails} fail, ${open} open; ${connections} connections, ${runMs} ms`,
        );
        for (const each of mismatches) say(`      ${tell(each)}`);
        wrong += mismatches.length;
      } catch (error) {
        wrong += 1;
        say(`WRONG ${nameOf(configuration)}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Number(values.at) }, work));
  const sum = (key: 'falsePasses' | 'falseFails' | 'inconclusiveUnexpectedly' | 'connections'): number =>
    scores.reduce((total, each) => total + (each?.[key] ?? 0), 0);
  say(
    `round ${round}: ${able.length} configurations, ${sum('falsePasses')} false passes, ${sum('falseFails')} false fails, ` +
      `${sum('inconclusiveUnexpectedly')} unexpected inconclusives, ${sum('connections')} connections, ` +
      `${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
}
for (const worker of busy) await worker.terminate();

mkdirSync(values.out, { recursive: true });
const done = scores.filter((each) => each !== undefined);
writeFileSync(
  join(values.out, 'fleet.json'),
  `${JSON.stringify({ configurations: done, notRun: unrun.map((each) => ({ name: nameOf(each), because: unable[each.server] })) }, undefined, 2)}\n`,
);
const table = tableOf(done);
writeFileSync(join(values.out, 'fleet.md'), `${table}\n`);
if (values.readme) {
  const text = readFileSync('README.md', 'utf8');
  const markers = /(<!-- fleet -->\n)[^]*?(\n<!-- \/fleet -->)/;
  writeFileSync(
    'README.md',
    text.replace(markers, (_whole, from: string, to: string) => `${from}\n${table}\n${to}`),
  );
  if (positionals.length === 0 && unrun.length === 0) writeFileSync(SCORECARD_FILE, scorecardOf(done));
  else say('no scorecard for the release: not the whole fleet was run');
}
const reasons = [...new Set(unrun.map(({ server }) => unable[server] ?? ''))];
say(`scorecard ${join(values.out, 'fleet.json')}`);
say(`${unrun.length} not run${reasons.length > 0 ? `: ${reasons.join(', ')}` : ''}`);
const lost = process.env['CI'] ? unrun.length : 0;
process.exitCode = wrong + lost > 0 ? EXIT.nonConformant : 0;

/** One line a server: what is counted over all of its configurations. */
function tableOf(all: readonly Score[]): string {
  const servers = [...new Set(all.map(({ server }) => server))];
  const total = (of: readonly Score[], key: keyof Score): number =>
    of.reduce((sum, each) => sum + Number(each[key]), 0);
  const row = (label: string, of: readonly Score[]): readonly string[] => [
    label,
    String(of.length),
    ...COUNTS.map((key) => String(total(of, key))),
  ];
  const head = [
    'server',
    'configurations',
    'true passes',
    'true fails',
    'false passes',
    'false fails',
    'inconclusive as expected',
    'inconclusive unexpectedly',
    'connections',
  ];
  const rows = [
    ...servers.map((server) =>
      row(
        server,
        all.filter((each) => each.server === server),
      ),
    ),
    row('**all**', all),
  ];
  const widths = head.map((title, at) =>
    Math.max(title.length, ...rows.map((each) => (each[at] ?? '').length)),
  );
  const line = (cells: readonly string[], pad: string): string =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0, pad) : cell.padStart(widths[at] ?? 0, pad))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head, ' '), rule, ...rows.map((each) => line(each, ' '))].join('\n');
}

/** What this version found on real servers whose configuration says what is true of them: the table, for programs. */
function scorecardOf(all: readonly Score[]): string {
  const servers = [...new Set(all.map(({ server }) => server))].map((server) => ({
    server,
    configurations: all.filter((each) => each.server === server).length,
    ...Object.fromEntries(
      COUNTS.map((key) => [
        key,
        all.filter((each) => each.server === server).reduce((sum, each) => sum + each[key], 0),
      ]),
    ),
  }));
  const scorecard = {
    tool: { name: 'assay', version },
    profile: gpconnect.id,
    edition: gpconnect.editions[0],
    servers,
  };
  return `${JSON.stringify(scorecard, null, 2)}\n`;
}
