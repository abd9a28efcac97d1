import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ROOT } from './program.ts';

/** What a person sees of a run as it goes, on a real pseudo-terminal. */

const skip =
  spawnSync('script', ['--version']).status === 0
    ? false
    : 'script is not installed (apt-get install bsdutils)';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-progress-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Runs the program in a terminal of its own, as `shell` puts it; `ASSAY` stands for it. What reached the terminal. */
async function onTerminal(shell: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { CI: _ci, NO_COLOR: _no, FORCE_COLOR: _force, ...rest } = process.env;
  const assay = `${process.execPath} ${join(ROOT, 'scripts/assay.ts')} run --case 'token/*'`;
  const child = spawn('script', ['-qec', shell.replace('ASSAY', assay), '/dev/null'], {
    cwd: folder,
    env: { ...rest, TERM: 'xterm', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let seen = '';
  child.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 0, seen);
  return seen;
}

const ERASE = '\r\u{1b}[2K';
const BAR = /[█░]{20} (\d+)\/(\d+) · \d+ pass, \d+ fail, \d+ open(?: · slowest token\/\S+ \d+\.\d s)?/;
const COLOUR = /\u{1b}\[\d+(?:;\d+)*m/u;

/** What is left on the screen once every line is overwritten that is. */
const settled = (seen: string): string =>
  seen
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf(ERASE) + 1 && line.lastIndexOf(ERASE) + ERASE.length))
    .join('\n');

describe('on a terminal', { skip, concurrency: true }, () => {
  test('a bar with counts and the slowest case, which leaves nothing behind', async () => {
    const seen = await onTerminal('ASSAY --out a');
    const bars = seen.split(ERASE).filter((each) => BAR.test(each));
    assert.ok(bars.length > 3, seen);
    assert.match(seen, /slowest token\/\S+ \d/);
    assert.match(seen, COLOUR);
    assert.doesNotMatch(settled(seen), BAR, 'only what was overwritten had a bar in it');
    assert.match(settled(seen), /conformant[\s\S]*record {2}a\/record\.json/);
    for (const bar of bars) assert.ok((BAR.exec(bar)?.[0].length ?? 99) < 80, 'it fits the line');
  });
  test('rows into a file: there no bar, no escape; the bar on the terminal, without colour under NO_COLOR', async () => {
    await mkdir(join(folder, 'b'));
    const [stale, other] = [`.record.json.${2 ** 22 + 1}.draft`, '.record.json.draft'];
    for (const name of [stale, other]) await writeFile(join(folder, 'b', name), '{');
    const seen = await onTerminal('ASSAY --out b > b.txt', { NO_COLOR: '1' });
    const rows = await readFile(join(folder, 'b.txt'), 'utf8');
    assert.match(rows, /^pass {2}token\/absent/m);
    assert.doesNotMatch(rows, /\u{1b}|[█░]/u);
    assert.match(seen, BAR);
    assert.doesNotMatch(seen, COLOUR);
    assert.doesNotMatch(seen, /^pass/m);
    // What a run that was killed while it wrote has left is swept away, and nothing else.
    await assert.rejects(access(join(folder, 'b', stale)));
    await access(join(folder, 'b', other));
  });
  test('errors into a file: no bar anywhere', async () => {
    const seen = await onTerminal('ASSAY --out c 2> c.txt');
    assert.equal(await readFile(join(folder, 'c.txt'), 'utf8'), '');
    assert.doesNotMatch(seen, BAR);
    assert.match(seen, /token\/absent/);
  });
});
