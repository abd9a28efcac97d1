import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import type { Reached } from '../../mocks/ssp/forward.ts';
import type { Endpoint, Registry } from '../../mocks/ssp/registry.ts';
import { guard, resolveDestination, type Consent } from './guard.ts';
import { parseStrictJson } from './json.ts';
import { folders, locate, type Mistake } from './locate.ts';
import { asOne, readText, sentence, urlFaults } from './subject.ts';

/** A registry file, read and checked, with the one address at which each endpoint is dialled. */
export interface OpenedRegistry {
  readonly registry: Registry;
  readonly reached: ReadonlyMap<Endpoint, Reached>;
  /** Trust anchors of the providers, PEM; absent: the pack's. */
  readonly trust?: string;
}

type Written = Registry & { readonly trust?: string; readonly consent?: Consent };

const schemaAt = (name: string): object =>
  JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as object;
let validate: ReturnType<Ajv['compile']> | undefined;

/** Compiled once; what a consent looks like is said in the schema of the subject file alone. */
const compile = () =>
  new Ajv({ allErrors: true, verbose: true, useDefaults: true, strictRequired: false, strictTypes: false })
    .addSchema(schemaAt('./subject.schema.json'))
    .compile(schemaAt('./registry.schema.json'));

/**
 * Reads the registry of the listening SSP, resolves its endpoints once and keeps to the guard for each.
 * @throws ConfigurationError naming the file and the JSON pointer of each mistake, one a line
 */
export async function readRegistry(file: string): Promise<OpenedRegistry> {
  const value = parseStrictJson(await readText(file), file);
  validate ??= compile();
  if (!validate(value))
    throw asOne(
      file,
      (validate.errors ?? []).flatMap((error) => sentence(error)),
    );
  const written = value as Written;
  const wrong = mistakes(written);
  if (wrong.length > 0) throw asOne(file, wrong);
  const reached = new Map<Endpoint, Reached>();
  for (const [at, endpoint] of written.endpoints.entries()) {
    const place = `${file}#/endpoints/${at}`;
    const destination = await resolveDestination(endpoint.url, endpoint.connect, `${place}/connect`);
    guard(destination, ['wire'], written.consent, { place: file, today: new Date() });
    const [address] = destination.addresses;
    if (address === undefined)
      throw new ConfigurationError(place, `${destination.host} has no address; \`connect\` can name one`);
    reached.set(endpoint, { address, port: destination.port });
  }
  const trust = written.trust === undefined ? undefined : await anchorOf(file, written.trust);
  return { registry: written, reached, ...(trust !== undefined && { trust }) };
}

async function anchorOf(file: string, path: string): Promise<string> {
  const found = await locate(file, path, await folders(file, []));
  if ('fault' in found) throw asOne(file, [['/trust', found.fault]]);
  const text = await readFile(found.path, 'utf8').catch(() => '');
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw asOne(file, [['/trust', 'holds no PEM certificate']]);
  return text;
}

/** What no schema says. */
function mistakes({ senders, endpoints, sharing = [] }: Written): readonly Mistake[] {
  const doubled = senders.flatMap(({ asid }, at): readonly Mistake[] =>
    senders.findIndex((each) => each.asid === asid) === at
      ? []
      : [[`/senders/${at}/asid`, 'stands there twice; a system has one ASID for one FQDN']],
  );
  const urls = endpoints.flatMap(({ url }, at) =>
    urlFaults(url).map(([, what]): Mistake => [`/endpoints/${at}/url`, what]),
  );
  const read = [
    ...senders.map((each, at) => [`/senders/${at}`, each.interactions] as const),
    ...endpoints.map((each, at) => [`/endpoints/${at}`, each.interactions] as const),
  ].flatMap(([place, ids]) =>
    ids.flatMap((id, at): readonly Mistake[] =>
      id.endsWith(':nrl:DocumentReference.content.read')
        ? [[`${place}/interactions/${at}`, 'SDS registers it without `.read`; only the header has that']]
        : [],
    ),
  );
  const known = sharing.flatMap(({ from, to }, at): readonly Mistake[] => [
    ...(senders.some(({ asid }) => asid === from)
      ? []
      : [[`/sharing/${at}/from`, 'is no ASID of `senders`'] as Mistake]),
    ...(endpoints.some(({ asid }) => asid === to)
      ? []
      : [[`/sharing/${at}/to`, 'is no ASID of `endpoints`'] as Mistake]),
  ]);
  return [...doubled, ...urls, ...read, ...known];
}
