import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { checkClaims, isClaimable } from '../../certs/claims.ts';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { derive } from '../../certs/derive.ts';
import type { Credential, Hierarchy, KeptName } from '../../certs/index.ts';
import type { Supplied } from '../../certs/traits.ts';
import { parseStrictJson } from './json.ts';
import type { Mistake } from './locate.ts';
import { asOne, readText, sentence } from './subject.ts';
import { readEntry, readParts, type CredentialFields, type Entry } from './credential-file.ts';

export interface CredentialOptions {
  readonly allowPath?: readonly string[];
  /** Environment variables that sources may name. */
  readonly env?: readonly string[];
  /** A file of the person who runs; what it names takes the place of what the subject file does. */
  readonly credentials?: string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
}

/** What a subject is presented with that Assay did not make. Lives in memory alone. */
export interface OwnCredentials {
  readonly clients: Readonly<Partial<Record<KeptName, Credential>>>;
  readonly warnings: readonly string[];
}

const schema = JSON.parse(
  readFileSync(new URL('./credentials.schema.json', import.meta.url), 'utf8'),
) as object;

/** @throws ConfigurationError naming the file and the JSON pointer of each mistake */
async function ownFile(file: string): Promise<Readonly<Record<string, CredentialFields>>> {
  const value = parseStrictJson(await readText(file), file);
  const validate = new Ajv({ allErrors: true, verbose: true, strict: true, strictTypes: false }).compile(
    schema,
  );
  if (validate(value)) {
    const { $schema: _editor, ...entries } = value as Record<string, CredentialFields>;
    return entries;
  }
  throw asOne(
    file,
    (validate.errors ?? []).flatMap((error) => sentence(error)),
  );
}

/**
 * Reads the credentials of one's own that a subject is to be presented with, and checks that each is what its name
 * says and nothing else besides. Nothing of them is written anywhere.
 * @param pack the trust pack of the subject, where it has one
 * @throws ConfigurationError naming the file and the JSON pointer of each mistake, one a line
 */
export async function readCredentials(
  subject: {
    readonly file: string;
    readonly credentials?: Readonly<Record<string, CredentialFields>> | undefined;
  },
  options: CredentialOptions,
  pack: Pick<Hierarchy, 'root' | 'sub' | 'crls' | 'clients'> | undefined,
  now = new Date(),
): Promise<OwnCredentials> {
  const { allowPath = [], env = [], credentials: file, environment = process.env } = options;
  const reach = { allowPath, env, environment };
  const entries = new Map<string, Entry>();
  for (const [name, fields] of Object.entries(subject.credentials ?? {})) {
    const pointer = `/credentials/${name}`;
    entries.set(name, { name, fields, pointer, reach: { ...reach, file: subject.file, stranger: true } });
  }
  for (const [name, fields] of Object.entries(file === undefined ? {} : await ownFile(file)))
    entries.set(name, {
      name,
      fields,
      pointer: `/${name}`,
      reach: { ...reach, file: file ?? '', stranger: false },
    });
  if (entries.size === 0) return { clients: {}, warnings: [] };

  const read = await Promise.all([...entries.values()].map(readEntry));
  refuse(read.flatMap(({ entry, faults }) => faults.map((mistake) => ({ entry, mistake }))));
  const supplied = read.flatMap(({ entry: { name }, supplied: one }) =>
    one && isClaimable(name) ? [[name, one] as const] : [],
  );
  const crls = [...(pack?.crls ?? []), ...supplied.flatMap(([, one]) => one.crls)];
  const valid = measure(entries, new Map(supplied), pack, subject.file);
  const wrong = await checkClaims(
    supplied.map(([name, one]) => [name, { ...one, crls }] as const),
    { ...valid, crls },
    now,
  );
  refuse(
    wrong.flatMap(([name, faults]) => {
      const entry = entries.get(name);
      return entry ? faults.map((what) => ({ entry, mistake: [entry.pointer, what] as const })) : [];
    }),
  );
  return {
    clients: Object.fromEntries(
      [...(pack ? [] : await derivable(valid, crls, now)), ...supplied].map(
        ([name, { credential }]) => [name, credential] as const,
      ),
    ),
    warnings: read.flatMap(({ warnings }) => warnings),
  };
}

/** What can be made of the valid one, as far as it is what its name says beside just this one. */
async function derivable(
  valid: Supplied,
  crls: readonly string[],
  now: Date,
): Promise<readonly (readonly [KeptName, Supplied])[]> {
  const made = derive(valid).map(([name, each]) => [name, { ...each, crls }] as const);
  const wrong = new Set((await checkClaims(made, { ...valid, crls }, now)).map(([name]) => name));
  return made.filter(([name]) => !wrong.has(name));
}

/** The credential that the others are measured by: one's own, or the pack's. */
function measure(
  entries: ReadonlyMap<string, Entry>,
  supplied: ReadonlyMap<string, Supplied>,
  pack: Pick<Hierarchy, 'root' | 'sub' | 'crls' | 'clients'> | undefined,
  file: string,
): Supplied {
  const own = supplied.get('valid');
  if (own && pack) {
    const { reach, pointer } = entries.get('valid') ?? { reach: { file }, pointer: '' };
    throw new ConfigurationError(
      `${reach.file}#${pointer}`,
      'a provider that trusts the CA of `valid` does not trust that of `pki`, whose credentials it would refuse for that alone; leave one of the two out',
    );
  }
  if (own) return own;
  if (pack)
    return { credential: pack.clients.valid, authorities: [pack.root, pack.sub], crls: [...pack.crls] };
  const [first] = entries.values();
  const where = first ? `${first.reach.file}#${first.pointer.replace(/[^/]+$/, 'valid')}` : file;
  throw new ConfigurationError(
    where,
    'is missing: without `pki`, `credentials` needs the one that the provider has to accept',
  );
}

/** @throws ConfigurationError with every mistake of the first file that has some */
function refuse(
  found: readonly {
    readonly entry: Pick<Entry, 'reach'>;
    readonly mistake: Mistake;
  }[],
): void {
  const [first] = found;
  if (!first) return;
  const { file } = first.entry.reach;
  throw asOne(
    file,
    found.filter(({ entry }) => entry.reach.file === file).map(({ mistake }) => mistake),
  );
}

/**
 * Reads one credential that a subject file holds in another place than under `credentials`: whose it is has no name in
 * the battery, so nothing is claimed of it.
 * @param pointer where it stands in the file
 * @throws ConfigurationError naming the file and the JSON pointer of each mistake, one a line
 */
export async function readCredential(
  file: string,
  pointer: string,
  fields: CredentialFields,
  { allowPath = [], env = [], environment = process.env }: CredentialOptions,
): Promise<{ readonly credential: Credential; readonly warnings: readonly string[] }> {
  const reach = { allowPath, env, environment, file, stranger: true };
  const { entry, faults, warnings, supplied } = await readParts({ name: pointer, fields, reach, pointer });
  refuse(faults.map((mistake) => ({ entry, mistake })));
  if (!supplied) throw new Error('neither read nor refused');
  return { credential: supplied.credential, warnings };
}
