import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { arrows } from '../tests/selftest/arrows.ts';

/** One part of the check: its name, and what is wrong; empty: nothing. */
export interface Checked {
  readonly name: string;
  readonly wrong: string;
}

async function program(name: string, file: string, ...args: readonly string[]): Promise<Checked> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { name, wrong: code === 0 ? '' : text.trim() || `exit code ${code}` };
}

/** Types, format, frozen sets, the interface of the package, licences, secrets in the tree, arrows. */
export const checkAll = (): Promise<readonly Checked[]> =>
  Promise.all([
    program('types', 'node_modules/typescript/bin/tsc', '-p', '.'),
    program('format', 'node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'),
    program('sets', 'scripts/freeze.ts', '--check'),
    program('interface', 'scripts/package/api.ts', '--check'),
    program('licences', 'scripts/licences.ts'),
    program('secrets', 'scripts/secrets.ts', '--tree'),
    Promise.resolve({ name: 'arrows', wrong: arrows().join('\n') }),
  ]);

// Not `import.meta.main`: the set-up imports this file where the Node at hand is new enough.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const checked = await checkAll();
  for (const { name, wrong } of checked)
    process.stdout.write(wrong ? `${name} failed\n${wrong}\n` : `${name} ok\n`);
  process.exitCode = checked.some(({ wrong }) => wrong) ? 1 : 0;
}
