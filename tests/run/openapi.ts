import { readFile, stat } from 'node:fs/promises';
import { compileErrors, dereference, validate } from '@readme/openapi-parser';
import { parse as parseYaml } from 'yaml';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import type { Interaction } from '../../mocks/ssp/interactions.ts';
import { FRESH } from '../../mocks/ssp/outbound.ts';
import type { Profile } from '../model.ts';
import { isObject, objects, type Json } from '../oracle/json.ts';

/**
 * The operations that a provider's OpenAPI file describes, each as an interaction: SEC-029 wants a token on all of them.
 * What a request needs is taken from the examples in the file. Nothing is ever fetched.
 */

/** An operation that need not ask for a token, as the subject file says, and why. */
export interface Exemption {
  /** Method and path template: `GET /_ping`. */
  readonly operation: string;
  readonly because: string;
}

const LARGEST = 5_000_000;
const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace'] as const;
/** Header parameters that OpenAPI 3 leaves to the rest of the description, and those of the profile's own exchange. */
const OWN_HEADERS = new Set([
  'accept',
  'content-type',
  'authorization',
  'version',
  'x-request-id',
  'x-correlation-id',
]);

const pointer = (path: readonly string[]): string =>
  path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** Where a document refers to another, which would have to be fetched; `undefined`: nowhere. */
function foreign(value: unknown, path: readonly string[] = []): string | undefined {
  if (Array.isArray(value)) {
    for (const [at, each] of value.entries()) {
      const found = foreign(each, [...path, String(at)]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { $ref } = value;
  if (typeof $ref === 'string' && !$ref.startsWith('#')) return pointer([...path, '$ref']);
  for (const [name, each] of Object.entries(value)) {
    const found = foreign(each, [...path, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Reads and checks an OpenAPI 3 file, JSON or YAML, with its references put in place.
 * @throws ConfigurationError naming the file and what is wrong in it
 */
async function readDescription(file: string): Promise<Json> {
  const { size } = await stat(file);
  if (size > LARGEST) throw new ConfigurationError(file, `is too large for an OpenAPI file (${size} bytes)`);
  let value: unknown;
  try {
    value = parseYaml(await readFile(file, 'utf8'));
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new ConfigurationError(file, `is neither JSON nor YAML: ${line}`);
  }
  if (!isObject(value) || !/^3\.[01]\./.test(String(value['openapi'])))
    throw new ConfigurationError(`${file}#/openapi`, 'is no OpenAPI 3.0 or 3.1 description');
  const elsewhere = foreign(value);
  if (elsewhere !== undefined)
    throw new ConfigurationError(
      `${file}#${elsewhere}`,
      'leads to another document; nothing is fetched: bundle the description into one file',
    );
  const options = { resolve: { external: false }, dereference: { circular: 'ignore' as const } };
  try {
    const checked = await validate(structuredClone(value) as never, options);
    if (!checked.valid) throw new Error(compileErrors(checked));
    return (await dereference(value as never, options)) as unknown as Json;
  } catch (error) {
    const told = (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim();
    throw new ConfigurationError(file, `is no OpenAPI description: ${told.slice(0, 300)}`);
  }
}

/** The first example of a parameter or a media type, or what its schema allows. */
function exampleOf(of: Json): unknown {
  const schema = isObject(of['schema']) ? of['schema'] : {};
  const [named] = Object.values(isObject(of['examples']) ? of['examples'] : {}).filter(isObject);
  const list = (name: string): unknown => (Array.isArray(schema[name]) ? schema[name][0] : undefined);
  return [
    of['example'],
    named?.['value'],
    schema['example'],
    list('examples'),
    schema['const'],
    schema['default'],
    list('enum'),
  ].find((each) => each !== undefined);
}

const simple = (value: unknown): string =>
  Array.isArray(value) ? value.map(String).join(',') : String(value);

/** What tells the answer to a good request: the resource that its schema names, or its media type. */
function payloadOf(operation: Json): string | undefined {
  const responses = isObject(operation['responses']) ? operation['responses'] : {};
  const good = Object.entries(responses).find(([status]) => /^2(?:\d\d|XX)$/.test(status))?.[1];
  const content = isObject(good) && isObject(good['content']) ? good['content'] : {};
  const [type, media] = Object.entries(content)[0] ?? [];
  if (type === undefined) return undefined;
  const schema = isObject(media) && isObject(media['schema']) ? media['schema'] : {};
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const resource = exampleOf({ schema: properties['resourceType'] });
  return typeof resource === 'string' ? resource : type.split(';')[0]?.trim().toLowerCase();
}

const named = (method: string, path: string): string =>
  `${method}-${path}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.]+/g, '-')
    .replaceAll(/^-|-$/g, '');

function operationOf(method: string, path: string, operation: Json, shared: readonly Json[]): Interaction {
  const own = objects(operation['parameters']);
  const parameters = [
    ...shared.filter(
      (each) => !own.some((other) => other['name'] === each['name'] && other['in'] === each['in']),
    ),
    ...own,
  ];
  const missing: string[] = [];
  const valueOf = (parameter: Json): string => {
    const value = exampleOf(parameter);
    if (value === undefined)
      missing.push(`an example of the ${String(parameter['in'])} parameter ${String(parameter['name'])}`);
    return simple(value ?? '');
  };
  const of = (place: string): readonly Json[] =>
    parameters.filter((each) => each['in'] === place && (each['required'] === true || place === 'path'));
  const filled = of('path').reduce(
    (text, each) => text.replaceAll(`{${String(each['name'])}}`, encodeURIComponent(valueOf(each))),
    path,
  );
  const query = of('query').map(
    (each) => `${encodeURIComponent(String(each['name']))}=${encodeURIComponent(valueOf(each))}`,
  );
  const headers = of('header')
    .filter((each) => !OWN_HEADERS.has(String(each['name']).toLowerCase()))
    .map((each) => [
      String(each['name']),
      /request-id|correlation-id/i.test(String(each['name'])) ? FRESH : valueOf(each),
    ]);
  const body = isObject(operation['requestBody']) ? operation['requestBody'] : undefined;
  const [media, content] = Object.entries(isObject(body?.['content']) ? body['content'] : {})[0] ?? [];
  const sent = isObject(content) ? exampleOf(content) : undefined;
  if (body?.['required'] === true && sent === undefined) missing.push('an example of the request body');
  const payload = payloadOf(operation);
  if (payload === undefined) missing.push('the content of its answer, by which it is told from a refusal');
  if (/\{\w+\}/.test(filled)) missing.push('a parameter for each name in its path');
  return {
    name: named(method, path),
    capability: 'directory',
    method: method.toUpperCase(),
    path: `${filled.replaceAll(/[{}]/g, '')}${query.length > 0 ? `?${query.join('&')}` : ''}`,
    id: '',
    scope: '',
    media: media ?? 'application/fhir+json',
    ...(sent !== undefined && { body: typeof sent === 'string' ? sent : JSON.stringify(sent) }),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) as Readonly<Record<string, string>> }),
    needs: [],
    payload: payload ?? '',
    ...(missing.length > 0 && {
      lacks: `${method.toUpperCase()} ${path} in the OpenAPI file lacks ${missing.join(', ')}`,
    }),
    ...(!['get', 'head', 'options'].includes(method) && { writes: 'resource' as const }),
  };
}

/**
 * The profile with every operation that a file describes, but for those exempt. Searches that the profile knows stay
 * its own, with the subject's test data.
 * @throws ConfigurationError naming the file, or at `place` an exemption for an operation that it does not describe
 */
export async function withOperations(
  profile: Profile,
  file: string,
  exemptions: readonly Exemption[],
  place: string,
): Promise<Profile> {
  const { paths } = await readDescription(file);
  const described = Object.entries(isObject(paths) ? paths : {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = isObject(item) ? item[method] : undefined;
      return isObject(operation) && isObject(item)
        ? [{ method, path, operation, shared: objects(item['parameters']) }]
        : [];
    }),
  );
  const operations = described.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  for (const [at, { operation }] of exemptions.entries()) {
    if (!operations.includes(operation))
      throw new ConfigurationError(
        `${place}/${at}/operation`,
        `${JSON.stringify(operation)} is not described in ${file}; it has ${operations.join(', ')}`,
      );
  }
  const [own, ...others] = profile.interactions;
  const known = (method: string, path: string): Interaction | undefined =>
    profile.interactions.find(
      (each) => each.method === method.toUpperCase() && each.path.split('?')[0] === path,
    );
  const examined = described
    .filter((_each, at) => !exemptions.some(({ operation }) => operation === operations[at]))
    .map(
      ({ method, path, operation, shared }) =>
        known(method, path) ?? operationOf(method, path, operation, shared),
    );
  const names = new Set(others.map(({ name }) => name));
  for (const { name } of examined) {
    if (!names.has(name) && examined.filter((each) => each.name === name).length > 1)
      throw new ConfigurationError(file, `has two operations that would both be called ${name}`);
  }
  return { ...profile, interactions: [...(own ? [own] : []), ...examined.filter((each) => each !== own)] };
}
