import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { ConfigurationError } from '../../certs/configuration-error.ts';

/** A mistake in a file: its JSON pointer and a sentence. */
export type Mistake = readonly [pointer: string, what: string];

/** A text of a stranger's, safe on a terminal: control, format and separator characters are escaped. */
export const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );

/** A text in at most `length` characters. */
export const cut = (text: string, length = 60): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

/** The value in question, short and printable; what stands before an `@` may be a password and is left out. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return String(value);
  // Masked before it is cut: a cut could take the `@` away and leave the password.
  return printable(JSON.stringify(cut(value.replace(/^.*@/s, '‹…›@'))).replace(/\\u00([01].)/g, '\\u{$1}'));
}

/** A path of a file, absolute with links resolved; or why it is refused. */
export type Located = { readonly path: string } | { readonly fault: string };

/**
 * The folders that the paths of a file may lead into: its own and those allowed, links resolved.
 * @throws ConfigurationError at `--allow-path` where one does not exist
 */
export async function folders(file: string, allowPath: readonly string[]): Promise<readonly string[]> {
  return Promise.all(
    [dirname(file), ...allowPath].map(async (folder) => {
      const real = await realpath(resolve(folder)).catch(() => undefined);
      if (real !== undefined) return real;
      throw new ConfigurationError(
        '--allow-path',
        `${JSON.stringify(folder)} is no folder; name one that exists`,
      );
    }),
  );
}

/**
 * Where a path of a file leads. It is refused where it leaves the folders of `inside`, links resolved; so is a
 * directory that holds a link out of them, at the two levels that a trust pack has.
 * @param file the file that holds the path, and that it is relative to
 * @param inside as from `folders`
 */
export async function locate(file: string, path: string, inside: readonly string[]): Promise<Located> {
  if (path.includes('\0')) return { fault: 'a path holds no NUL' };
  const wanted = resolve(dirname(file), path);
  try {
    // The real path is handed on, so that what is opened is what was judged.
    const real = await realpath(wanted);
    const stray = isInside(real, inside) ? await strayLink(real, inside, 2) : { from: path, to: real };
    if (!stray) return { path: real };
    const folder = printable(dirname(stray.to));
    return {
      fault: `${shown(stray.from)} leads out of the subject file's folder; if you mean it, add --allow-path ${folder}`,
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      fault:
        code === 'ENOENT' || code === 'ENOTDIR'
          ? `${shown(path)} does not exist (it would be ${printable(wanted)})`
          : `${shown(path)} cannot be read (${code ?? 'unknown'})`,
    };
  }
}

/** The first link below a directory that leads out, and where to; a dangling one leads nowhere. */
async function strayLink(
  directory: string,
  inside: readonly string[],
  levels: number,
): Promise<{ readonly from: string; readonly to: string } | undefined> {
  if (levels === 0 || !(await stat(directory)).isDirectory()) return undefined;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isFile()) continue;
    const from = join(directory, entry.name);
    const to = await realpath(from).catch(() => undefined);
    if (to === undefined) continue;
    if (!isInside(to, inside)) return { from, to };
    const deeper = await strayLink(to, inside, levels - 1);
    if (deeper) return deeper;
  }
  return undefined;
}

const isInside = (path: string, inside: readonly string[]): boolean =>
  inside.some((folder) => {
    const way = relative(folder, path);
    // On another drive of Windows `relative` gives an absolute path.
    return way !== '..' && !way.startsWith(`..${sep}`) && resolve(folder, way) === path && way !== path;
  });
