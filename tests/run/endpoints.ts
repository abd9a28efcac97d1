import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { parseStrictJson } from './json.ts';
import { shown, type Mistake } from './locate.ts';
import { asOne, sentence } from './subject.ts';

/** One subject of a sweep: a subject file as it is named in the file of endpoints, or an embedded provider. */
export type Endpoint = {
  readonly name: string;
  /** Where it stands in the file: `endpoints.json#/endpoints/3`. */
  readonly place: string;
} & ({ readonly subject: string } | { readonly mock: string; readonly profile: string });

/** Ten thousand endpoints are about a megabyte. */
const LARGEST = 20_000_000;

const schema = JSON.parse(
  readFileSync(new URL('./endpoints.schema.json', import.meta.url), 'utf8'),
) as object;

interface Written {
  readonly endpoints: readonly {
    readonly name: string;
    readonly subject?: string;
    readonly mock?: string;
    readonly profile?: string;
  }[];
}

/**
 * Reads a file of endpoints. The subject files that it names are read when their turn comes: a bad one is that
 * endpoint's matter.
 * @throws ConfigurationError naming the file and the JSON pointer of each mistake, one a line
 */
export async function readEndpoints(file: string): Promise<readonly Endpoint[]> {
  const value = parseStrictJson(await textOf(file), file);
  const validate = new Ajv({
    allErrors: true,
    verbose: true,
    strict: true,
    strictRequired: false,
    strictTypes: false,
  }).compile<Written>(schema);
  if (!validate(value)) {
    const wrong = (validate.errors ?? []).flatMap((error): readonly Mistake[] => {
      if (error.keyword === 'oneOf') return [[error.instancePath, 'names either `subject` or `mock`']];
      return error.schemaPath.includes('/oneOf/') ? [] : sentence(error);
    });
    throw asOne(file, wrong.slice(0, 20));
  }
  const { endpoints } = value;
  const wrong: Mistake[] = [];
  const first = new Map<string, number>();
  for (const [at, { name, subject, profile }] of endpoints.entries()) {
    // Folders of some systems do not tell the case of letters apart.
    const before = first.get(name.toLowerCase());
    if (before === undefined) first.set(name.toLowerCase(), at);
    else wrong.push([`/endpoints/${at}/name`, `${shown(name)} is the name of /endpoints/${before} too`]);
    if (/^overview\.(?:json|html)$/i.test(name))
      wrong.push([`/endpoints/${at}/name`, `${shown(name)} is the name of a file of the sweep itself`]);
    if (subject !== undefined && profile !== undefined)
      wrong.push([`/endpoints/${at}/profile`, 'goes with `mock`; a subject file says its own']);
  }
  if (wrong.length > 0) throw asOne(file, wrong);
  return endpoints.map(({ name, subject, mock = '', profile = 'gpconnect' }, at) => {
    const head = { name, place: `${file}#/endpoints/${at}` };
    return subject === undefined ? { ...head, mock, profile } : { ...head, subject };
  });
}

async function textOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  if (!found) throw new ConfigurationError(file, 'there is no such file');
  if (!found.isFile()) throw new ConfigurationError(file, 'is no file; name a file of endpoints (JSON)');
  if (found.size > LARGEST)
    throw new ConfigurationError(file, `is too large for a file of endpoints (${found.size} bytes)`);
  return readFile(file, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(file, `cannot be read (${code ?? 'unknown'})`);
  });
}
