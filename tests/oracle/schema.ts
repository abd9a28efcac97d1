import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';

/** FHIR releases whose JSON Schema of an OperationOutcome stands in `tests/schemas/`. */
export type Release = 'STU3' | 'R4';

const compiled = new Map<Release, ValidateFunction>();

function validatorOf(release: Release): ValidateFunction {
  const known = compiled.get(release);
  if (known) return known;
  const file = new URL(`../schemas/operation-outcome-${release.toLowerCase()}.schema.json`, import.meta.url);
  // The published schemas are of drafts that know no strict mode, and R4's patterns are none of Unicode's.
  const validate = new Ajv({ allErrors: true, strict: false, validateFormats: false, unicodeRegExp: false });
  const made = validate.compile(JSON.parse(readFileSync(file, 'utf8')) as object);
  compiled.set(release, made);
  return made;
}

/** Where a resource breaks the published schema of an OperationOutcome, as JSON pointers; empty: nowhere. */
export function schemaFaults(resource: object, release: Release): readonly string[] {
  const validate = validatorOf(release);
  if (validate(resource)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath || '/'} ${message ?? ''}`,
  );
}
