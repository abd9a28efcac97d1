import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

const schema = JSON.parse(readFileSync(new URL('./record.schema.json', import.meta.url), 'utf8')) as object;
let validate: ReturnType<Ajv['compile']> | undefined;

/**
 * Checks a record against its published schema before it is written or believed.
 * @throws Error with the JSON pointer of the first violation
 */
export function checkRecord(record: unknown): void {
  validate ??= new Ajv({ strict: true, strictRequired: false, strictTypes: false }).compile(schema);
  if (validate(record)) return;
  const [first] = validate.errors ?? [];
  throw new Error(
    `the record breaks its schema at ${first?.instancePath || '/'}: ${first?.message ?? 'unknown'}`,
  );
}
