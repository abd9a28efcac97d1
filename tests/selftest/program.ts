import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** The root of the repository. */
export const ROOT = new URL('../../', import.meta.url).pathname;

/** What a process leaves. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** Starts the program as a user does, in `folder`; `root`: of another checkout. */
export const start = (
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  root = ROOT,
): ChildProcessByStdio<null, Readable, Readable> & { readonly done: Promise<Ended> } => {
  const child = spawn(process.execPath, [join(root, 'scripts/assay.ts'), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const done = (once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>).then(
    ([code, signal]) => ({
      code,
      signal,
      out: Buffer.concat(out).toString(),
      err: Buffer.concat(err).toString(),
    }),
  );
  return Object.assign(child, { done });
};

/** Runs the program to its end. */
export const assay = (folder: string, ...args: readonly string[]): Promise<Ended> => start(folder, args).done;
