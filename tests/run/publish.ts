import { createHash } from 'node:crypto';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../certs/folder.ts';
import { evidenceIn, type RunRecord } from './record.ts';

/** One file of a run, below its folder. */
export interface OutFile {
  readonly name: string;
  readonly text: string;
  readonly mode?: number;
}

/** The folder of evidence in that of a run; files in it are named by what is in them. */
export const EVIDENCE = 'evidence';

/**
 * The files that a record refers to, each below `sha256/` by its digest.
 * @param kept texts by their SHA-256 in hex
 */
export function evidenceFiles(record: RunRecord, kept: ReadonlyMap<string, string>): readonly OutFile[] {
  const wanted = evidenceIn(record);
  return [...kept]
    .filter(([digest]) => wanted.has(`sha256:${digest}`))
    .map(([digest, text]) => ({ name: `sha256/${digest}`, text }));
}

/** Evidence of one finding as it is handed on: what was kept, by `sha256:…` of its text. */
export type Handed = Readonly<Record<string, unknown>>;

export const handOn = (digests: readonly string[], kept: ReadonlyMap<string, string>): Handed =>
  Object.fromEntries(
    digests.flatMap((digest) => {
      const text = kept.get(digest.replace('sha256:', ''));
      return text === undefined ? [] : [[digest, JSON.parse(text) as unknown]];
    }),
  );

/**
 * Texts by SHA-256 in hex, as they were kept.
 * @throws Error where one is not what its digest says
 */
export const takeOver = (handed: Handed): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(handed).map(([digest, kept]) => {
      const text = `${JSON.stringify(kept, null, 2)}\n`;
      const own = createHash('sha256').update(text).digest('hex');
      if (digest !== `sha256:${own}`) throw new Error(`evidence ${digest} was changed on its way`);
      return [own, text];
    }),
  );

const draftOf = (directory: string, name: string): string => join(directory, `.${name}.${process.pid}.draft`);

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** What a process that was killed while it wrote has left: names that nothing reads, until the next one comes. */
async function sweep(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const pid = /^\..+\.(\d+)\.draft$/.exec(name)?.[1];
    if (pid !== undefined && !alive(Number(pid)))
      await rm(join(directory, name), { recursive: true, force: true });
  }
}

/**
 * Puts the outcome of a run in the place of that of an earlier one. Everything stands beside its place before anything
 * is renamed, the record first goes and comes last: where there is one, all that it refers to is there and is its own,
 * whenever the process is killed. A folder without files goes.
 */
export async function publish(
  directory: string,
  files: readonly OutFile[],
  folders: Readonly<Record<string, readonly OutFile[]>> = {},
): Promise<void> {
  await makeFolder(directory);
  await sweep(directory);
  const [record, ...others] = files;
  const names = [...files.map(({ name }) => name), ...Object.keys(folders)];
  try {
    for (const { name, text, mode = 0o644 } of files)
      await writeFile(draftOf(directory, name), text, { mode });
    for (const [folder, own] of Object.entries(folders)) {
      const draft = draftOf(directory, folder);
      const places = new Set(own.map(({ name }) => dirname(join(draft, name))));
      await Promise.all([...places].map((place) => makeFolder(place)));
      await Promise.all(
        own.map(({ name, text, mode = 0o644 }) => writeFile(join(draft, name), text, { mode })),
      );
    }
    if (record) await rm(join(directory, record.name), { force: true });
    for (const [folder, own] of Object.entries(folders)) {
      await rm(join(directory, folder), { recursive: true, force: true });
      if (own.length > 0) await rename(draftOf(directory, folder), join(directory, folder));
    }
    for (const { name } of others) await rename(draftOf(directory, name), join(directory, name));
    if (record) await rename(draftOf(directory, record.name), join(directory, record.name));
  } finally {
    await Promise.all(names.map((name) => rm(draftOf(directory, name), { recursive: true, force: true })));
  }
}
