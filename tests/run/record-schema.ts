import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

const schema = JSON.parse(readFileSync(new URL('./record.schema.json', import.meta.url), 'utf8')) as object;
let validate: ReturnType<Ajv['compile']> | undefined;

/** Where a record breaks its published schema; `undefined`: nowhere. */
export function recordFault(
  record: unknown,
): { readonly pointer: string; readonly what: string } | undefined {
  validate ??= new Ajv({ strict: true, strictRequired: false, strictTypes: false }).compile(schema);
  if (validate(record)) return undefined;
  const [first] = validate.errors ?? [];
  return { pointer: first?.instancePath || '/', what: first?.message ?? 'unknown' };
}

/**
 * Checks a record against its published schema before it is written.
 * @throws Error with the JSON pointer of the first violation
 */
export function checkRecord(record: unknown): void {
  const fault = recordFault(record);
  if (fault) throw new Error(`the record breaks its schema at ${fault.pointer}: ${fault.what}`);
}
