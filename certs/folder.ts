import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and those above it that are not there. Rejects as `mkdir` does.
 * Node's own recursion never ends where a file system lets nobody make a folder and says that the one above it is
 * missing, as `/proc` does.
 * @param mode of every folder that is made
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const whole = resolve(path);
  const made = await mkdir(whole, mode).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  );
  if (made === undefined || (made.code === 'EEXIST' && (await isFolder(whole)))) return;
  if (made.code !== 'ENOENT' || dirname(whole) === whole) throw made;
  await makeFolder(dirname(whole), mode);
  await mkdir(whole, mode).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' || !(await isFolder(whole))) throw error;
  });
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
