import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { run } from 'node:test';
import { checkAll } from './check.ts';

/**
 * `npm test [-- NAME…]`: types, format, arrows and every test whose file matches one of the names.
 * Ends in two plain lines: what did not run and why, then `N passed, N failed`.
 * With `CI` set a test that does not run has failed: a missing server is no success.
 */

const TEST_LIMIT_MS = 180_000;
/** Longer than any test may take: whoever is silent for so long has no test under way, and does not end. */
const SILENCE_MS = TEST_LIMIT_MS + 20_000;
const names = process.argv.slice(2);
const strict = Boolean(process.env['CI']);
const started = performance.now();

let passed = 0;
let failed = 0;
const unrun: { readonly name: string; readonly reason: string }[] = [];
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const indent = (text: string): string => text.replace(/^/gm, '    ');

function failedOn(name: string, why: string): void {
  failed += 1;
  say(`FAIL  ${name}\n${indent(why)}`);
}

/** Files that take longest begin first: else the last of them runs alone, and the other cores wait for it. */
const LONGEST = ['fleet', 'matrix', 'cli', 'retrieval', 'revocation', 'report-page', 'fronts', 'waivers'];
const rank = (file: string): number => {
  const at = LONGEST.findIndex((name) => file.endsWith(`/${name}.test.ts`));
  return at === -1 ? LONGEST.length : at;
};

const files = globSync('tests/selftest/**/*.test.ts')
  .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
  .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));

if (names.length === 0) {
  for (const { name, wrong } of await checkAll()) {
    if (wrong) failedOn(`check: ${name}`, wrong);
    else {
      passed += 1;
      say(`pass  check: ${name}`);
    }
  }
}

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  ms: number;
}
const byFile = new Map<string, Tally>();
const tallyOf = (file: string): Tally => {
  const tally = byFile.get(file) ?? { passed: 0, failed: 0, skipped: 0, ms: 0 };
  byFile.set(file, tally);
  return tally;
};

const stuck = new AbortController();
const stream = run({
  files: files.map((file) => resolve(file)),
  concurrency: availableParallelism() + 2, // many a file waits for a patience to end, and works at nothing
  timeout: TEST_LIMIT_MS,
  signal: stuck.signal,
});
/** A suite counts by its tests; a file counts only where it broke outside of them. */
const isLeaf = (details: { readonly type?: string }): boolean => details.type !== 'suite';
const short = (file: string | undefined): string => (file ?? '').replace(`${process.cwd()}/`, '');

stream.on('test:pass', ({ name, file, details, skip }) => {
  if (details.type === 'suite' && skip === undefined) return;
  const tally = tallyOf(short(file));
  tally.ms += details.duration_ms;
  if (skip === undefined) {
    tally.passed += 1;
    passed += 1;
    return;
  }
  tally.skipped += 1;
  const reason = typeof skip === 'string' && skip !== '' ? skip : 'skipped';
  unrun.push({ name, reason });
  if (strict) failedOn(name, `did not run: ${reason}`);
});
stream.on('test:fail', ({ name, file, details }) => {
  const { error } = details;
  const cause = error.cause instanceof Error ? error.cause : error;
  // A suite or a file fails because of a test in it that has been told, unless it broke itself.
  const kind = (error as { readonly failureType?: string }).failureType;
  if (!isLeaf(details) && kind === 'subtestsFailed') return;
  if (stuck.signal.aborted && cause.name === 'AbortError') return; // told by then
  tallyOf(short(file)).failed += 1;
  failedOn(`${short(file)}: ${name}`, cause.stack ?? cause.message);
});
stream.on('test:stderr', ({ message }) => process.stderr.write(message));

/** Files that have begun and not ended: a server that a test has left up keeps its process alive for ever. */
const open = new Set<string>();
let silence: NodeJS.Timeout | undefined;
function heard(): void {
  clearTimeout(silence);
  silence = setTimeout(() => {
    for (const file of open)
      failedOn(file, 'it does not end: something that its tests have started is still up');
    stuck.abort();
  }, SILENCE_MS);
}
const isFile = ({ name, file }: { readonly name: string; readonly file?: string }): boolean => name === file;
stream.on('test:dequeue', (event) => {
  if (isFile(event)) open.add(short(event.file));
  heard();
});
stream.on('test:complete', (event) => {
  if (isFile(event)) open.delete(short(event.file));
  heard();
});
await new Promise<void>((done) => {
  stream.on('close', done).on('end', done).resume();
});
clearTimeout(silence);

for (const [file, { passed: good, failed: bad, skipped, ms }] of [...byFile].sort()) {
  const counts = [
    `${good} passed`,
    ...(bad ? [`${bad} failed`] : []),
    ...(skipped ? [`${skipped} not run`] : []),
  ];
  say(`${bad ? 'FAIL' : 'pass'}  ${file}: ${counts.join(', ')} (${(ms / 1000).toFixed(1)} s)`);
}
say(`${((performance.now() - started) / 1000).toFixed(1)} s in all`);
if (passed + failed === 0) failedOn('npm test', `no test file matches ${names.join(', ')}`);
const reasons = [...new Set(unrun.map(({ reason }) => reason))];
say(`${unrun.length} not run${reasons.length > 0 ? `: ${reasons.join(', ')}` : ''}`);
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
