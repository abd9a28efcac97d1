import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

/** The set-up, without the network: what it decides, and what it does where nothing is missing. */

const ROOT = new URL('../../', import.meta.url).pathname;
const SETUP = join(ROOT, 'scripts/setup.mjs');
interface SetUp {
  parseArguments: (argv: readonly string[]) => {
    programs: string[];
    yes: boolean;
    file: string;
    args: string[];
  };
  nodePlan: (process: { version: string; platform: string; arch: string }) => string;
  locked: <T>(lock: string, work: () => T, patience?: number) => Promise<T>;
  withoutServices: <T>(work: () => T, policy: string) => T;
  debianPlan: (
    missing: readonly string[],
    where: { uid: number; debian: boolean; ci: boolean; yes: boolean },
  ) => { kind: string; text?: string; command?: string };
}
const setUp = (await import(SETUP)) as SetUp;
const folder = mkdtempSync(join(tmpdir(), 'assay setup '));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('Node', () => {
  test('new enough is used', () =>
    assert.equal(setUp.nodePlan({ version: 'v24.1.0', platform: 'darwin', arch: 'arm64' }), 'use'));
  test('older is replaced on Linux x64', () =>
    assert.equal(setUp.nodePlan({ version: 'v20.20.2', platform: 'linux', arch: 'x64' }), 'bring'));
  test('elsewhere one sentence says what to do', () => {
    assert.throws(
      () => setUp.nodePlan({ version: 'v20.1.0', platform: 'darwin', arch: 'arm64' }),
      /this is v20\.1\.0\. Install Node 24/,
    );
    assert.throws(() => setUp.nodePlan({ version: 'v22.1.0', platform: 'linux', arch: 'arm64' }), {
      exitCode: 4,
    });
  });
});

describe('Debian packages', () => {
  const where = { uid: 0, debian: true, ci: false, yes: false };
  test('nothing missing', () => assert.equal(setUp.debianPlan([], where).kind, 'nothing'));
  test('installed only by root, on Debian, with CI or --yes', () => {
    assert.equal(setUp.debianPlan(['nginx'], { ...where, ci: true }).kind, 'install');
    assert.equal(setUp.debianPlan(['nginx'], { ...where, yes: true }).kind, 'install');
    for (const change of [{}, { ci: true, uid: 1000 }, { ci: true, debian: false }]) {
      assert.equal(setUp.debianPlan(['nginx'], { ...where, ...change }).kind, 'tell');
    }
  });
  test('otherwise the one command is told', () => {
    const { text } = setUp.debianPlan(['nginx'], { ...where, uid: 1000 });
    assert.match(text ?? '', /`sudo apt-get install -y --no-install-recommends nginx-light`/);
  });
  test('services stay down meanwhile, and what stood there is put back, also on failure', () => {
    const policy = join(folder, 'policy-rc.d');
    setUp.withoutServices(() => assert.equal(spawnSync(policy).status, 101), policy);
    assert.ok(!existsSync(policy));
    writeFileSync(policy, '#!/bin/sh\nexit 0\n');
    chmodSync(policy, 0o755);
    assert.throws(
      () =>
        setUp.withoutServices(() => {
          throw new Error('apt');
        }, policy),
      /apt/,
    );
    assert.equal(readFileSync(policy, 'utf8'), '#!/bin/sh\nexit 0\n');
    assert.equal(statSync(policy).mode & 0o777, 0o755);
  });
});

describe('one set-up at a time', () => {
  test('the second waits for the first', async () => {
    const lock = join(folder, 'lock');
    const order: string[] = [];
    const slow = setUp.locked(lock, async () => {
      await new Promise((wake) => setTimeout(wake, 150));
      order.push('first');
    });
    await Promise.all([slow, setUp.locked(lock, () => order.push('second'))]);
    assert.deepEqual(order, ['first', 'second']);
    assert.ok(!existsSync(lock));
  });
  test('a lock whose owner died is taken over', async () => {
    const lock = join(folder, 'orphan');
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    mkdirSync(lock);
    writeFileSync(join(lock, 'pid'), String(pid));
    assert.equal(await setUp.locked(lock, () => 'taken'), 'taken');
  });
  test('a lock is given back when the work fails', async () => {
    const lock = join(folder, 'failing');
    await assert.rejects(
      setUp.locked(lock, () => Promise.reject(new Error('npm'))),
      /npm/,
    );
    assert.ok(!existsSync(lock));
  });
});

describe('as a launcher', () => {
  /** A clone with its packages there and stamped: nothing is missing. */
  const clone = join(folder, 'a clone');
  mkdirSync(join(clone, 'scripts'), { recursive: true });
  for (const name of ['scripts/setup.mjs', 'scripts/node', 'package.json', 'package-lock.json'])
    cpSync(join(ROOT, name), join(clone, name), { recursive: true });
  mkdirSync(join(clone, 'node_modules/.bin'), { recursive: true });
  cpSync(join(ROOT, 'node_modules/.assay-setup'), join(clone, 'node_modules/.assay-setup'));
  writeFileSync(
    join(clone, 'program.ts'),
    'console.log(JSON.stringify(process.argv.slice(2) as string[])); process.exitCode = Number(process.argv[2] ?? 0);',
  );
  writeFileSync(
    join(clone, 'endless.ts'),
    "process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1000); console.log('up');",
  );
  const launch = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['scripts/setup.mjs', ...args], { cwd: clone, encoding: 'utf8' });

  test('arguments and exit code pass through, spaces and all', () => {
    const { stdout, stderr, status } = launch('program.ts', '5', 'a b', '--flag=c d', '');
    assert.equal(stdout, '["5","a b","--flag=c d",""]\n', stderr);
    assert.equal(status, 5);
    assert.equal(stderr, '');
  });
  test('a signal reaches the program', async () => {
    const child = spawn(process.execPath, ['scripts/setup.mjs', 'endless.ts'], { cwd: clone });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [7, null]);
  });
  test('flags of its own come first; what it does not know is refused', () => {
    assert.deepEqual(setUp.parseArguments(['--with', 'nginx,java', 'x.ts', '--yes', '--with']), {
      programs: ['nginx', 'java'],
      yes: true,
      file: 'x.ts',
      args: ['--with'],
    });
    assert.equal(launch('--zebra', 'x.ts').status, 4);
    assert.equal(launch().status, 4);
  });
  test('a failing npm is told in its own words, and leaves no stamp', () => {
    const broken = join(folder, 'broken');
    cpSync(clone, broken, { recursive: true });
    rmSync(join(broken, 'node_modules'), { recursive: true });
    const bin = join(folder, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'npm'), '#!/bin/sh\necho "npm error the disk is full" >&2\nexit 1\n', {
      mode: 0o755,
    });
    symlinkSync(process.execPath, join(bin, 'node'));
    const { status, stderr } = spawnSync(process.execPath, ['scripts/setup.mjs', 'program.ts'], {
      cwd: broken,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${bin}:/usr/bin:/bin` },
    });
    assert.equal(status, 3);
    assert.match(stderr, /npm could not install the packages:\nnpm error the disk is full/);
    assert.ok(
      !existsSync(join(broken, 'node_modules/.assay-setup')) &&
        !existsSync(join(broken, '.cache/setup.lock')),
    );
  });
  test('the check checks, also where the Node at hand is new enough to be used', () => {
    const { status, stdout } = spawnSync(process.execPath, ['scripts/setup.mjs', 'scripts/check.ts'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    assert.match(stdout, /types .*\n(.*\n)*format .*\n(.*\n)*arrows /);
    assert.equal(status, /failed/.test(stdout) ? 1 : 0);
  });
});
