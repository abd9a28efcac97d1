import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Keys that a command makes for itself are gone with it, whenever a signal ends it. */

const PROGRAM = fileURLToPath(new URL('../../scripts/assay.ts', import.meta.url));
const rows = [
  ['serve', ['serve']],
  ['judge-consumer', ['judge-consumer', '--', 'sleep', '60']],
] as const;

describe('a signal while keys are made, or after, leaves no folder', { concurrency: 2 }, () => {
  for (const [name, args] of rows)
    for (const made of [true, false])
      test(`${name}, ${made ? 'its folder just made' : 'two seconds on'}`, async () => {
        const folder = await mkdtemp(join(tmpdir(), 'assay-signal-'));
        try {
          const child = spawn(process.execPath, [PROGRAM, ...args], {
            stdio: 'ignore',
            env: { ...process.env, TMPDIR: folder },
          });
          const gone = once(child, 'exit');
          while ((await readdir(folder)).length === 0) await after(5);
          if (!made) await after(2_000);
          child.kill('SIGTERM');
          await gone;
          assert.deepEqual(await readdir(folder), []);
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      });
});
