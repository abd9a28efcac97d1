import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import type { Consent } from './guard.ts';
import { parseStrictJson } from './json.ts';
import { readFile } from 'node:fs/promises';

const schema = JSON.parse(readFileSync(new URL('./subject.schema.json', import.meta.url), 'utf8')) as {
  readonly properties: { readonly consent: object };
};
const LARGEST = 100_000;

/**
 * Reads a file that holds a consent and nothing else: the object that a subject file has under `consent`.
 * @throws ConfigurationError naming the file and the JSON pointer
 */
export async function readConsent(file: string): Promise<Consent> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigurationError(
      file,
      error.code === 'ENOENT' ? 'there is no such file' : `cannot be read (${error.code ?? 'unknown'})`,
    );
  });
  if (text.length > LARGEST) throw new ConfigurationError(file, 'is too large for a consent');
  const value = parseStrictJson(text, file);
  const validate = new Ajv({ strict: true, strictRequired: false, strictTypes: false }).compile<Consent>(
    schema.properties.consent,
  );
  if (validate(value)) return value;
  const [first] = validate.errors ?? [];
  throw new ConfigurationError(
    `${file}#${first?.instancePath ?? ''}`,
    `is no consent: ${first?.message ?? 'unknown'}; it holds {"environment","host","by","until","allow"}`,
  );
}
