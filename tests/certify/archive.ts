import { createHash } from 'node:crypto';
import { unzipSync, zipSync, type Zippable } from 'fflate';

/** Files of a bundle by name. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** A ZIP knows no time before this day; every file of a bundle has it. */
const EPOCH = new Date(1980, 0, 1, 0, 0, 0);

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

/**
 * A bundle in its one byte form: names sorted, stored as they are, no times, no attributes. Compression would make the
 * bytes depend on the version of a library.
 */
export function pack(files: Files): Uint8Array {
  const sorted = Object.keys(files).sort();
  const entries: Zippable = {};
  for (const name of sorted) {
    const bytes = files[name];
    if (bytes) entries[name] = [bytes, { level: 0, mtime: EPOCH, os: 0, attrs: 0 }];
  }
  return zipSync(entries, { level: 0, mtime: EPOCH });
}

/**
 * The files of a bundle.
 * @returns `undefined` where the bytes are no ZIP, or not in the one byte form: hidden members, other order, a comment
 */
export function unpack(bytes: Uint8Array): Files | undefined {
  try {
    const files = unzipSync(bytes);
    const again = pack(files);
    return again.length === bytes.length && Buffer.compare(again, bytes) === 0 ? files : undefined;
  } catch {
    return undefined;
  }
}
