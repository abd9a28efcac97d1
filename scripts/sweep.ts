import { rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { readEndpoints } from '../tests/run/endpoints.ts';
import { LEDGER } from '../tests/run/ledger.ts';
import { EVIDENCE, evidenceFiles, publish } from '../tests/run/publish.ts';
import { textOf, writeWhole, type RunRecord } from '../tests/run/record.ts';
import { checkRecord } from '../tests/run/record-schema.ts';
import { partOf, shardInWords, type Shard } from '../tests/run/shard.ts';
import { sweep, worstOf, type Swept } from '../tests/run/sweep.ts';
import { openEvents, type SweepEvent } from './events.ts';
import { EXIT, version } from './exit.ts';
import { interruption } from './interruption.ts';
import { collect, shard } from './options.ts';
import { wholeNumber } from './values.ts';
import { screenOf } from './report/console.ts';
import { html } from './report/html.ts';
import { junit } from './report/junit.ts';
import { overviewAsText, overviewPage, row, type Overview } from './report/overview.ts';

interface SweepCommandOptions {
  readonly out: string;
  readonly shard?: Shard;
  readonly connections: number;
  readonly perHost: number;
  readonly case: readonly string[];
  readonly strict?: boolean;
  readonly allowPath: readonly string[];
  readonly env: readonly string[];
  readonly events?: string;
}

/** `assay sweep`: many subjects in one run. */
export function sweepCommand(): Command {
  return new Command('sweep')
    .argument('<endpoints>', 'file of endpoints (JSON): a name and a subject file each')
    .option('--out <dir>', 'where overview.json, overview.html and a folder for each subject go', 'assay-out')
    .option('--shard <i/n>', 'judge one of n parts of the endpoints, counted from 1', shard)
    .option('--connections <n>', 'connections at the same time in all, 1 to 256', wholeNumber(1, 256), 8)
    .option('--per-host <n>', 'connections at the same time to one host, 1 to 32', wholeNumber(1, 32), 2)
    .option('--case <glob>', 'examine only the cases that match; may be repeated', collect, [])
    .option('--strict', 'a failed SHOULD counts')
    .option(
      '--allow-path <dir>',
      'a folder that paths in the files may lead into; may be repeated',
      collect,
      [],
    )
    .option(
      '--env <name>',
      'an environment variable that credentials may be read from; may be repeated',
      collect,
      [],
    )
    .option('--events <file>', 'stream what happens as lines of JSON to a file, or to standard output (-)')
    .addHelpText(
      'after',
      [
        '',
        'The exit code is the worst of the subjects: 4 before 3, 1, 2 and 0.',
        '',
        'Example:',
        '  {"endpoints":[{"name":"a11111","subject":"subjects/a11111.json"}]}',
        '  assay sweep endpoints.json --connections 16 --per-host 2 --out results',
      ].join('\n'),
    )
    .action(async (file: string, options: SweepCommandOptions) => {
      const { signal, release } = interruption(EXIT.ours);
      process.exitCode = await sweepAll(file, options, signal);
      release();
      if (signal.aborted) process.exit(process.exitCode);
    });
}

async function sweepAll(file: string, options: SweepCommandOptions, signal: AbortSignal): Promise<number> {
  const { out, connections, perHost, allowPath, env, strict } = options;
  const screen = screenOf(options.events === '-' ? process.stderr : process.stdout, process.env);
  if (perHost > connections)
    throw new ConfigurationError('--per-host', `is more than --connections allows in all (${connections})`);
  const there = await stat(out).catch(() => undefined);
  if (there && !there.isDirectory()) throw new ConfigurationError('--out', `${out} is not a directory`);
  const all = await readEndpoints(file);
  const endpoints = options.shard ? partOf(all, options.shard) : all;
  const started = new Date();
  const events = openEvents(options.events);
  screen.write(
    `Assay ${version} · ${endpoints.length} endpoints of ${file}${options.shard ? `, shard ${shardInWords(options.shard)}` : ''}\n\n`,
  );
  // More parts than endpoints: there is nothing to do here, and nothing wrong.
  if (endpoints.length > 0) events.emit({ event: 'sweep-start', version, endpoints: endpoints.length });
  const widest = Math.max(0, ...endpoints.map(({ name }) => name.length));
  let done = 0;
  const swept = await sweep(endpoints, {
    file,
    connections,
    perHost,
    cases: options.case,
    allowPath,
    env,
    signal,
    ...(strict && { strict }),
    onStart: ({ name }) => {
      // What an earlier sweep found must not be taken for what this one finds.
      rmSync(join(out, name, 'record.json'), { force: true });
      events.emit({ event: 'endpoint-start', endpoint: name });
    },
    ledgerOf: (name) => join(out, name, LEDGER),
    keep: (name, record, evidence) => keep(join(out, name), record, evidence),
    onEnd: (each) => {
      done += 1;
      screen.write(row(screen, each, widest));
      events.emit(ended(each, done, endpoints.length));
    },
  });
  const overview: Overview = {
    tool: { name: 'assay', version },
    started: started.toISOString(),
    finished: new Date().toISOString(),
    ...(options.shard && { shard: options.shard }),
    exitCode: worstOf(swept.map(({ exitCode }) => exitCode)),
    endpoints: swept,
  };
  await writeWhole(out, [
    { name: 'overview.json', text: `${JSON.stringify(overview, null, 2)}\n` },
    { name: 'overview.html', text: overviewPage(overview) },
  ]);
  screen.write(overviewAsText(screen, overview));
  screen.write(`\noverview  ${out}/overview.json\npage      ${out}/overview.html\n`);
  events.emit({ event: 'sweep-end', exitCode: overview.exitCode });
  events.close();
  return overview.exitCode;
}

const ended = (swept: Swept, done: number, endpoints: number): SweepEvent => ({
  event: 'endpoint-end',
  endpoint: swept.name,
  verdict: swept.verdict ?? 'none',
  exitCode: swept.exitCode,
  ...(swept.because !== undefined && { because: swept.because }),
  ms: swept.ms,
  done,
  endpoints,
});

/** What one subject leaves, as `assay run` leaves it. */
async function keep(folder: string, record: RunRecord, evidence: ReadonlyMap<string, string>): Promise<void> {
  checkRecord(record);
  await publish(
    folder,
    [
      { name: 'record.json', text: textOf(record) },
      { name: 'junit.xml', text: junit(record) },
      { name: 'report.html', text: html(record) },
    ],
    { [EVIDENCE]: evidenceFiles(record, evidence) },
  );
}
