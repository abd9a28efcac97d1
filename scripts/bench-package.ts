import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './bench-floor.ts';

/** What the packed program takes to say something, and the whole suite beside a runner of tests that has none to run. */

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TIMES = 10;
const SUITES = 5;

async function timed(work: () => Promise<unknown>, times: number): Promise<readonly number[]> {
  await work();
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const begun = performance.now();
    await work();
    taken.push(performance.now() - begun);
  }
  return taken;
}

/** An installation of the packed package beside one of a package whose program does nothing. */
async function installed(folder: string): Promise<string> {
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT });
  const [tarball = ''] = readdirSync(folder);
  const home = join(folder, 'home');
  const modules = join(home, 'node_modules');
  mkdirSync(join(modules, 'assay'), { recursive: true });
  mkdirSync(join(modules, 'idle'));
  mkdirSync(join(modules, '.bin'));
  await run('tar', ['xzf', join(folder, tarball), '--strip-components=1', '-C', join(modules, 'assay')]);
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (!['.bin', 'assay', 'idle'].includes(name) && !name.startsWith('.'))
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  writeFileSync(join(home, 'package.json'), '{"type":"module","private":true}\n');
  writeFileSync(join(modules, 'idle/package.json'), '{"name":"idle","version":"1.0.0","bin":"idle.js"}\n');
  writeFileSync(join(modules, 'idle/idle.js'), '#!/usr/bin/env node\n', { mode: 0o755 });
  symlinkSync('../assay/dist/scripts/assay.js', join(modules, '.bin/assay'));
  symlinkSync('../idle/idle.js', join(modules, '.bin/idle'));
  return home;
}

/** A configuration of Playwright with one test that is empty. */
function emptySuite(folder: string): string {
  const at = join(folder, 'empty');
  mkdirSync(at);
  symlinkSync(join(ROOT, 'node_modules'), join(at, 'node_modules'));
  writeFileSync(join(at, 'package.json'), '{"type":"module","private":true}\n');
  writeFileSync(join(at, 'playwright.config.js'), "export default { testDir: '.', reporter: 'line' };\n");
  writeFileSync(
    join(at, 'empty.spec.js'),
    "import { test } from '@playwright/test';\ntest('nothing', () => {});\n",
  );
  return at;
}

/** `--help` of the packed program, by Node and by npx; and the whole suite, against Playwright alone. */
export async function packageRows() {
  const folder = await mkdtemp(join(tmpdir(), 'assay-bench-package-'));
  try {
    const cwd = await installed(folder);
    const node = (...args: readonly string[]) =>
      timed(() => run(process.execPath, [...args], { cwd }), TIMES);
    const npx = (name: string) => timed(() => run('npx', ['--no-install', name, '--help'], { cwd }), TIMES);
    const [help, idle] = [
      await node('node_modules/.bin/assay', '--help'),
      await node('node_modules/.bin/idle'),
    ];
    const [byNpx, idleByNpx] = [await npx('assay'), await npx('idle')];
    const out = ['--out', join(folder, 'out')];
    const suite = await timed(
      () => run(process.execPath, ['scripts/assay.ts', 'run', ...out], { cwd: ROOT, maxBuffer: 64_000_000 }),
      SUITES,
    );
    const empty = emptySuite(folder);
    const playwright = join(ROOT, 'node_modules/@playwright/test/cli.js');
    const alone = await timed(() => run(process.execPath, [playwright, 'test'], { cwd: empty }), SUITES);
    const row = (what: string, against: string, ours: number, floor: number) => ({
      ...{ what, against, ours, floor, ratio: ours / floor },
    });
    return [
      {
        ...row('assay --help, packed', 'a program of Node that does nothing', median(help), median(idle)),
        limit: 150,
      },
      {
        ...row('npx assay --help, packed', 'npx of an empty package', median(byNpx), median(idleByNpx)),
        limit: median(idleByNpx) + 100,
      },
      row(
        'the whole suite against the embedded reference, as a process',
        'Playwright alone: one empty test',
        median(suite),
        median(alone),
      ),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await packageRows(), null, 2)}\n`);
