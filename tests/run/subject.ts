import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Ajv, type ErrorObject } from 'ajv';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { endpointData, type Endpoint } from '../../mocks/provider/data.ts';
import type { Capability, Disableable } from '../../mocks/ssp/interactions.ts';
import type { Consent } from './guard.ts';
import type { CredentialFields } from './credential-file.ts';
import type { Declared } from './declared.ts';
import { parseStrictJson } from './json.ts';
import type { Exemption } from './openapi.ts';
import type { EvidenceFields } from './exhibits.ts';
import { folders, locate, shown, type Mistake } from './locate.ts';

/** A subject file, read and checked; its paths are absolute. */
export interface Subject {
  /** The file itself, as it was named. */
  readonly file: string;
  readonly profile: 'gpconnect' | 'nrl' | 'ftrs';
  readonly edition?: string;
  /** Id of the frozen set that it is held to. */
  readonly set?: string;
  /** Byte for byte as written: it is the audience of every token. */
  readonly url: string;
  readonly connect?: string;
  readonly pki?: string;
  readonly trust?: string;
  readonly asid?: { readonly provider: string; readonly consumer: string };
  readonly siblings?: readonly Endpoint[];
  readonly disabled?: Readonly<Partial<Record<Disableable, Endpoint>>>;
  readonly plain?: string;
  readonly unsecured?: string;
  readonly callback?: { readonly listen: string; readonly url: string };
  readonly issuer?: string;
  readonly otherIssuer?: string;
  readonly revocation?: 'file' | 'crldp' | 'ocsp' | 'none';
  readonly options?: {
    readonly enforcesScope?: boolean;
    readonly clockSkew?: number;
    readonly patience?: number;
    readonly keysWithin?: number;
    readonly audience?: string;
    readonly addedLatency?: number;
  };
  readonly fingerprint?: string;
  readonly ports?: readonly number[];
  readonly transfer?: string;
  readonly roles?: string;
  readonly tenants?: readonly [TenantFields, TenantFields];
  readonly openapi?: string;
  readonly exempt?: readonly Exemption[];
  readonly capabilities?: Readonly<Partial<Record<Capability, string>>>;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly credentials?: Readonly<Record<string, CredentialFields>>;
  readonly evidence?: EvidenceFields;
  readonly notExamined?: readonly { readonly case: string; readonly because: string }[];
  readonly consent?: Consent;
}

/** A tenant as a subject file names it: by `user`, by `credential`, or by both. */
export interface TenantFields {
  readonly user?: string;
  readonly credential?: CredentialFields;
  readonly organisation: string;
}

export interface ReadOptions {
  /** Folders outside the file's own that its paths may lead into. */
  readonly allowPath?: readonly string[];
}

/** A file that a person writes, in bytes. */
const LARGEST = 1_000_000;
const PATHS = ['pki', 'trust', 'issuer', 'otherIssuer', 'roles', 'openapi'] as const;

const schema = JSON.parse(readFileSync(new URL('./subject.schema.json', import.meta.url), 'utf8')) as object;
let validate: ReturnType<Ajv['compile']> | undefined;

/**
 * Reads a subject file. It is data from a stranger: nothing in it is run, and its paths stay below its folder
 * unless `allowPath` says otherwise.
 * @throws ConfigurationError naming the file and the JSON pointer of each mistake, one a line
 */
export async function readSubject(file: string, { allowPath = [] }: ReadOptions = {}): Promise<Subject> {
  const value = parseStrictJson(await readText(file), file);
  validate ??= new Ajv({
    allErrors: true,
    verbose: true,
    strict: true,
    strictRequired: false,
    strictTypes: false,
  }).compile(schema);
  if (!validate(value))
    throw asOne(
      file,
      (validate.errors ?? []).flatMap((error) => sentence(error)),
    );
  const written = value as Omit<Subject, 'file'>;
  const wrong = [...urlFaults(written.url), ...dateFaults(written)];
  if (wrong.length > 0) throw asOne(file, wrong);
  const misplaced = rootFaults(written);
  if (misplaced.length > 0) throw asOne(file, misplaced);
  return { ...written, file, ...(await pathsOf(file, written, allowPath)) };
}

/** The paths of the file, absolute with links resolved. */
async function pathsOf(
  file: string,
  written: Omit<Subject, 'file'>,
  allowPath: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const inside = await folders(file, allowPath);
  const named = PATHS.flatMap((field) => {
    const path = written[field];
    return path === undefined ? [] : [{ field, path }];
  });
  const located = await Promise.all(
    named.map(async ({ field, path }) => ({ field, found: await locate(file, path, inside) })),
  );
  const wrong = located.flatMap(({ field, found }): readonly Mistake[] =>
    'fault' in found ? [[`/${field}`, found.fault]] : [],
  );
  if (wrong.length > 0) throw asOne(file, wrong);
  return Object.fromEntries(
    located.flatMap(({ field, found }) => ('path' in found ? [[field, found.path]] : [])),
  );
}

export async function readText(file: string): Promise<string> {
  try {
    const found = await stat(file);
    if (found.isDirectory()) throw new ConfigurationError(file, 'is a directory; name a subject file');
    if (found.size > LARGEST)
      throw new ConfigurationError(file, `is too large for a subject file (${found.size} bytes)`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(
      file,
      code === 'ENOENT'
        ? 'there is no such file; `assay serve` prints the path of one that is whole, to start from'
        : `cannot be read (${code ?? 'unknown'})`,
    );
  }
}

export function asOne(file: string, mistakes: readonly Mistake[]): ConfigurationError {
  const [[pointer, what] = ['', 'is no subject file'], ...rest] = mistakes;
  const more = rest.map(([at, sentenceOf]) => `\n       ${file}#${at}: ${sentenceOf}`).join('');
  return new ConfigurationError(`${file}#${pointer}`, `${what}${more}`);
}

/** That a field is missing, and what goes into it where its schema says so. */
function missing(parent: ErrorObject['parentSchema'], params: ErrorObject['params']): string {
  const fields = (parent?.['properties'] ?? {}) as Record<string, { readonly description?: string }>;
  const what = fields[String(params['missingProperty'])]?.description;
  return what === undefined ? 'is missing' : `is missing: ${what}`;
}

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

export function sentence({
  instancePath,
  keyword,
  params,
  data,
  parentSchema,
  message,
}: ErrorObject): readonly Mistake[] {
  switch (keyword) {
    case 'if':
      return []; // what its branch says is told by itself
    case 'additionalProperties': {
      const name = String(params['additionalProperty']);
      const known = Object.keys((parentSchema?.['properties'] ?? {}) as object);
      const near = nearest(name, known);
      return [
        [
          `${instancePath}/${escaped(name)}`,
          `is no known field; ${near ? `did you mean ${near}?` : `known: ${known.join(', ')}`}`,
        ],
      ];
    }
    case 'required':
      return [[`${instancePath}/${String(params['missingProperty'])}`, missing(parentSchema, params)]];
    case 'enum':
      return [
        [instancePath, `${shown(data)} is none of ${(params['allowedValues'] as unknown[]).join(', ')}`],
      ];
    case 'minProperties':
    case 'maxProperties': {
      const known = Object.keys((parentSchema?.['properties'] ?? {}) as object);
      return [[instancePath, `names one of ${known.join(', ')}`]];
    }
    case 'pattern': {
      const [example] = (parentSchema?.['examples'] ?? []) as unknown[];
      return [
        [
          instancePath,
          `${shown(data)} has not the right form${example === undefined ? '' : `; for example ${shown(example)}`}`,
        ],
      ];
    }
    default:
      return [[instancePath, `${message ?? 'is wrong'}, and is ${shown(data)}`]];
  }
}

/** Letters to insert, delete or replace (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of [...a].entries()) {
    let corner = i;
    row = row.map((above, j) => {
      if (j === 0) return i + 1;
      const cost = Math.min(above + 1, corner + (letter === b[j - 1] ? 0 : 1));
      corner = above;
      return cost;
    });
    for (let j = 1; j < row.length; j += 1)
      row[j] = Math.min(row[j] ?? Infinity, (row[j - 1] ?? Infinity) + 1);
  }
  return row.at(-1) ?? Infinity;
}
export const nearest = (name: string, known: readonly string[]): string | undefined =>
  known
    .map((each) => [distance(name.toLowerCase(), each.toLowerCase()), each] as const)
    .filter(([far]) => far <= 2)
    .sort(([a], [b]) => a - b)[0]?.[1];

export function urlFaults(url: string): readonly Mistake[] {
  const fault = (what: string): readonly Mistake[] => [['/url', what]];
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed) return fault(`${shown(url)} is no URL`);
  if (parsed.protocol === 'http:')
    return fault('a provider is reached over https; a plain-HTTP port goes in `plain`');
  if (parsed.protocol !== 'https:')
    return fault(`${shown(parsed.protocol)} is no scheme for a provider; write https://`);
  if (parsed.username !== '' || parsed.password !== '')
    return fault('a URL carries no user name or password');
  if (parsed.search !== '' || url.includes('?')) return fault('a service root URL has no query');
  if (parsed.hash !== '' || url.includes('#')) return fault('a service root URL has no fragment');
  if (url.endsWith('/')) return fault('a service root URL has no slash at its end');
  if (/\s/.test(url)) return fault('a URL has no white space');
  return [];
}

const isDay = (text: string): boolean => {
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
};
/** What a subject file declares that decides which cases bind it and can be driven; consent is the guard's to say. */
export const declaredBy = (subject: Omit<Subject, 'file'>, edition: string): Omit<Declared, 'consent'> => ({
  edition,
  enforcesScope: subject.options?.enforcesScope ?? false,
  trust: subject.trust !== undefined,
  plain: subject.plain !== undefined,
  otherIssuer: subject.otherIssuer !== undefined,
  fingerprint: subject.fingerprint !== undefined,
  ports: subject.ports !== undefined,
  transfer: subject.transfer !== undefined,
  unsecured: subject.unsecured !== undefined,
  addedLatency: subject.options?.addedLatency !== undefined,
  roles: subject.roles !== undefined,
  tenants: subject.tenants !== undefined,
  ...Object.fromEntries(Object.keys(subject.disabled ?? {}).map((name) => [`disabled.${name}`, true])),
  capabilities:
    subject.profile === 'ftrs'
      ? ['directory']
      : subject.capabilities && (Object.keys(subject.capabilities) as Capability[]),
  data: Object.keys(dataOf(subject)),
  exempt: subject.exempt,
});

/** Test data by the names that interactions need: a slot window is two of them. */
export function dataOf(
  subject: Pick<Subject, 'url' | 'data' | 'asid' | 'siblings' | 'disabled'>,
): Readonly<Record<string, string>> {
  const { url, data = {}, asid, siblings: [first] = [], disabled } = subject;
  // Another server is not dialled; that its ASID is not this one's can be tried all the same.
  const sibling = first && (isAt(url, first.url) ? first : { asid: first.asid });
  const { slot, ...rest } = data as { slot?: { from: string; to: string } } & Record<string, string>;
  return {
    ...rest,
    ...(slot && { slotFrom: slot.from, slotTo: slot.to }),
    ...(asid && { asid: asid.provider }),
    ...endpointData(sibling, disabled),
  };
}

const isAt = (url: string, root: string): boolean =>
  URL.canParse(root) && new URL(root).origin === new URL(url).origin;

/** A capability, on or disabled, is another path of the same server: what answers elsewhere is another subject. */
const rootFaults = ({ url, capabilities = {}, disabled = {} }: Omit<Subject, 'file'>): readonly Mistake[] =>
  [
    ...Object.entries(capabilities).map(([name, root]) => [`/capabilities/${name}`, root] as const),
    ...Object.entries<Endpoint>(disabled).map(
      ([name, { url: root }]) => [`/disabled/${name}/url`, root] as const,
    ),
  ].flatMap(([place, root]): readonly Mistake[] =>
    isAt(url, root) && !root.endsWith('/')
      ? []
      : [[place, `${shown(root)} is no service root URL of the server in /url`]],
  );

const dateFaults = ({ consent }: Omit<Subject, 'file'>): readonly Mistake[] =>
  consent && !isDay(consent.until)
    ? [['/consent/until', `${shown(consent.until)} is no day of the calendar`]]
    : [];
