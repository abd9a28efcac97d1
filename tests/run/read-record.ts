import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { parseStrictJson } from './json.ts';
import { recordFault } from './record-schema.ts';
import type { RunRecord } from './record.ts';

/** A record of a thousand findings is a few megabytes. */
const LARGEST = 200_000_000;

/**
 * Reads a record that somebody hands in, or that of the directory of a run.
 * @throws ConfigurationError naming the file and, where it breaks the schema, the JSON pointer
 */
export async function readRecord(path: string, place = path): Promise<RunRecord> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new ConfigurationError(place, `there is no ${path}`);
  const file = found.isDirectory() ? join(path, 'record.json') : path;
  if (found.isFile() && found.size > LARGEST)
    throw new ConfigurationError(place, 'is too large for a record');
  const text = await readFile(file, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(
      place,
      code === 'ENOENT' ? `holds no record.json` : `cannot be read (${code})`,
    );
  });
  const record = parseStrictJson(text, file);
  const fault = recordFault(record);
  if (fault)
    throw new ConfigurationError(`${file}#${fault.pointer}`, `is no record of this version: ${fault.what}`);
  return record as RunRecord;
}
