import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { folders, locate, printable, shown } from './locate.ts';

/** Where a secret, or what belongs to it, is had from. Exactly one member is given. */
export interface Source {
  /** A path, relative to the file that names it. */
  readonly file?: string;
  /** An environment variable; what is no text stands in it as base64. */
  readonly env?: string;
  /** Program and arguments, for no shell; what it prints. Only in a file of the person who runs. */
  readonly command?: readonly [string, ...string[]];
}

/** Who wrote the file that names a source, and what the person who runs lets it reach. */
export interface Reach {
  readonly file: string;
  /** A stranger's file: its paths stay below its folder or `allowPath`. */
  readonly stranger: boolean;
  readonly allowPath: readonly string[];
  /** Environment variables that were named on the command line. */
  readonly env: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** Bytes, or one sentence on why there are none. It says nothing of what was read. */
export type Fetched = { readonly bytes: Buffer; readonly warning?: string } | { readonly fault: string };

const LARGEST = 1_000_000;
const PATIENCE_MS = 15_000;

/** Reads a source. Never rejects; nothing of it is kept or written. */
export async function fetchSource({ file, env, command }: Source, reach: Reach): Promise<Fetched> {
  if (file !== undefined) return fromFile(file, reach);
  if (env !== undefined) return fromEnvironment(env, reach);
  return command ? fromCommand(command) : { fault: 'names neither file nor env' };
}

async function fromFile(path: string, { file, stranger, allowPath }: Reach): Promise<Fetched> {
  const found = stranger
    ? await locate(file, path, await folders(file, allowPath))
    : { path: resolve(dirname(file), path) };
  if ('fault' in found) return found;
  try {
    const { size, mode, ...kind } = await stat(found.path).then((each) => ({
      size: each.size,
      mode: each.mode,
      regular: each.isFile(),
    }));
    if (!kind.regular) return { fault: `${shown(path)} is no file` };
    if (size > LARGEST) return { fault: `${shown(path)} is too large (${size} bytes)` };
    const bytes = await readFile(found.path);
    const open = process.platform !== 'win32' && (mode & 0o077) !== 0;
    return {
      bytes,
      ...(open && { warning: `others can read ${printable(path)}; type \`chmod 600 ${printable(path)}\`` }),
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      fault:
        code === 'ENOENT' || code === 'ENOTDIR'
          ? `${shown(path)} does not exist`
          : `${shown(path)} cannot be read (${code ?? 'unknown'})`,
    };
  }
}

function fromEnvironment(name: string, { env, environment }: Reach): Fetched {
  if (!env.includes(name))
    return {
      fault: `the environment variable ${name} is not named on the command line; if you mean it, add --env ${name}`,
    };
  const value = environment[name];
  if (value === undefined || value === '') return { fault: `the environment variable ${name} is not set` };
  return value.length > LARGEST
    ? { fault: `the environment variable ${name} is too large` }
    : { bytes: Buffer.from(value) };
}

/** Runs a program without a shell and takes what it prints; what it says on standard error is dropped, it may be secret. */
function fromCommand([program, ...args]: readonly [string, ...string[]]): Promise<Fetched> {
  return new Promise((done) => {
    // A group of its own, so that what it started in turn ends with it.
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (fetched: Fetched): void => {
      clearTimeout(deadline);
      done(fetched);
    };
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // it has ended by itself
      }
      child.stdout.destroy();
    };
    const deadline = setTimeout(() => {
      kill();
      settle({ fault: `the command ${shown(program)} did not end within ${PATIENCE_MS / 1000} s` });
    }, PATIENCE_MS);
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= LARGEST) return;
      kill();
      settle({ fault: `the command ${shown(program)} prints more than ${LARGEST} bytes` });
    });
    child.on('error', ({ code }: NodeJS.ErrnoException) =>
      settle({
        fault:
          code === 'ENOENT'
            ? `there is no command ${shown(program)}`
            : `the command ${shown(program)} cannot be started (${code ?? 'unknown'})`,
      }),
    );
    child.on('close', (code, signal) =>
      settle(
        code === 0
          ? { bytes: Buffer.concat(chunks) }
          : { fault: `the command ${shown(program)} failed (${signal ?? `exit code ${code}`})` },
      ),
    );
  });
}
