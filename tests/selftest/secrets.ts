import { execFile, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { lintSource } from '@secretlint/core';
import { creator as recommended } from '@secretlint/secretlint-rule-preset-recommend';

/** A secret where none may be: keys, tokens and passwords, by secretlint's recommended rules. The value is not told. */
export interface Leak {
  /** Path; of what stands in the history, the id of its blob and the path. */
  readonly place: string;
  readonly line: number;
  readonly rule: string;
}

/** What the rules take for a secret and is none, by path and rule; whoever adds one says why. */
const KNOWN: Readonly<Record<string, string>> = {
  'tests/selftest/subject.test.ts basicauth': 'an example of a URL that is refused for carrying a password',
};

const run = promisify(execFile);
const git = async (root: string, ...args: readonly string[]): Promise<string> =>
  (await run('git', ['-C', root, ...args], { maxBuffer: 64_000_000 })).stdout;
/** A picture or an archive: its text is no text. */
const isBinary = (bytes: Buffer): boolean => bytes.subarray(0, 8_000).includes(0);

/** Every secret in one text. */
async function secretsIn(place: string, content: string): Promise<readonly Leak[]> {
  const { messages } = await lintSource({
    source: { filePath: place, content, contentType: 'text' },
    options: {
      config: { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: recommended }] },
      maskSecrets: true,
      noPhysicFilePath: true,
    },
  });
  return messages
    .map(({ loc, ruleId }) => ({
      place,
      line: loc.start.line,
      rule: ruleId.replace('@secretlint/secretlint-rule-', ''),
    }))
    .filter(({ rule }) => KNOWN[`${place.replace(/^[0-9a-f]+:/, '')} ${rule}`] === undefined);
}

async function inFiles(root: string, names: readonly string[]): Promise<readonly Leak[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(join(root, name)).catch(() => Buffer.alloc(0));
      return isBinary(bytes) ? [] : secretsIn(name, bytes.toString('utf8'));
    }),
  );
  return found.flat();
}

/** What git tracks below a folder, and what it neither tracks nor ignores. */
export const inTree = async (root: string): Promise<readonly Leak[]> =>
  inFiles(
    root,
    (await git(root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'))
      .split('\0')
      .filter(Boolean),
  );

/** Everything that ever stood in a repository, each version of a file once; `shallow`: most of it is not here. */
export async function inHistory(root: string): Promise<readonly Leak[] | 'shallow'> {
  if ((await git(root, 'rev-parse', '--is-shallow-repository')).trim() === 'true') return 'shallow';
  const listed = (await git(root, 'rev-list', '--objects', '--all')).split('\n').flatMap((line) => {
    const [id = '', ...path] = line.split(' ');
    return path.length > 0 && path.join(' ') !== '' ? [[id, path.join(' ')] as const] : [];
  });
  const paths = new Map(listed);
  const leaks: Leak[] = [];
  for await (const { id, bytes } of objects(root, [...paths.keys()])) {
    if (isBinary(bytes)) continue;
    const path = paths.get(id) ?? '';
    leaks.push(...(await secretsIn(`${id.slice(0, 12)}:${path}`, bytes.toString('utf8'))));
  }
  return leaks;
}

/** The blobs among some objects, with their bytes. */
async function* objects(root: string, ids: readonly string[]) {
  const child = spawn('git', ['-C', root, 'cat-file', '--batch'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(ids.join('\n') + '\n');
  let left = Buffer.alloc(0);
  for await (const chunk of child.stdout) {
    left = Buffer.concat([left, chunk as Buffer]);
    for (;;) {
      const end = left.indexOf(10);
      if (end < 0) break;
      const [id = '', type, size = '0'] = left.subarray(0, end).toString().split(' ');
      const stop = end + 1 + Number(size);
      if (left.length < stop + 1) break;
      if (type === 'blob') yield { id, bytes: left.subarray(end + 1, stop) };
      left = left.subarray(stop + 1);
    }
  }
}

/** Every file below a folder, whoever wrote it: what a run leaves. */
export async function inFolder(folder: string): Promise<readonly Leak[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return inFiles(
    folder,
    files.map(({ parentPath, name }) => relative(folder, join(parentPath, name))),
  );
}

export const told = ({ place, line, rule }: Leak): string => `${place}:${line}: ${rule}`;
