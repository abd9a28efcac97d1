import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Puts files in the place of a folder of an earlier run, all of them or none; without any the folder goes. */
export async function replaceFolder(
  out: string,
  folder: string,
  files: readonly { readonly name: string; readonly text: string }[],
  mode = 0o644,
): Promise<void> {
  const draft = join(out, `.${folder}.${process.pid}.draft`);
  try {
    for (const { name, text } of files) {
      const file = join(draft, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text, { mode });
    }
    await rm(join(out, folder), { recursive: true, force: true });
    if (files.length > 0) await rename(draft, join(out, folder));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
