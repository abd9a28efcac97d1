import { Ajv } from 'ajv';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { USUAL_PORTS } from '../drive/survey.ts';
import type { Profile } from '../model.ts';
import { readCredential, type CredentialOptions } from './credentials.ts';
import { guard, resolveDestination, type Destination } from './guard.ts';
import { parseStrictJson } from './json.ts';
import { asOne, readText, sentence, type Subject, type TenantFields } from './subject.ts';
import type { RoleRule, Surveyed, Tenant } from './survey.ts';

/** What a subject file names for surveys, with every place that would be dialled resolved and judged. */

/** The roles of a policy file and what each may read: names of interactions. */
const roleSchema = {
  type: 'object',
  required: ['roles'],
  additionalProperties: false,
  properties: {
    $schema: { type: 'string' },
    roles: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['user', 'may', 'mayNot'],
        additionalProperties: false,
        properties: {
          user: { type: 'string', minLength: 1 },
          may: { type: 'array', items: { type: 'string' } },
          mayNot: { type: 'array', items: { type: 'string' } },
        },
      },
    },
  },
} as const;
const validate = new Ajv({ allErrors: true, verbose: true }).compile(roleSchema);

/**
 * Reads a policy file.
 * @throws ConfigurationError naming the file and the JSON pointer
 */
export async function readRoles(file: string, profile: Profile): Promise<readonly RoleRule[]> {
  const value = parseStrictJson(await readText(file), file);
  if (!validate(value))
    throw asOne(
      file,
      (validate.errors ?? []).flatMap((error) => sentence(error)),
    );
  const { roles } = value as { readonly roles: readonly RoleRule[] };
  const readable = profile.interactions.filter(({ writes, lacks }) => !writes && lacks === undefined);
  const known = readable.map(({ name }) => name);
  for (const [at, role] of roles.entries())
    for (const field of ['may', 'mayNot'] as const)
      for (const [place, name] of role[field].entries())
        if (!known.includes(name))
          throw new ConfigurationError(
            `${file}#/roles/${at}/${field}/${place}`,
            `${JSON.stringify(name)} is no operation that can be read; known: ${known.join(', ')}`,
          );
  // What is withheld is believed only where the same is served to another.
  for (const [at, { mayNot }] of roles.entries())
    for (const [place, name] of mayNot.entries())
      if (!roles.some(({ may }) => may.includes(name)))
        throw new ConfigurationError(
          `${file}#/roles/${at}/mayNot/${place}`,
          `no role may ${name}: name one that may, beside which the refusal can be believed`,
        );
  return roles;
}

/** @throws ConfigurationError naming the field: no such address, no such operation, or as the guard does */
export async function surveyedBy(
  subject: Subject,
  profile: Profile,
  url: URL,
  { host }: Destination,
  options: CredentialOptions = {},
): Promise<Surveyed> {
  const { file, consent, ports, transfer, unsecured, roles, tenants, plain } = subject;
  const dialled = async (field: 'transfer' | 'unsecured', wanted: string) => {
    const place = `${file}#/${field}`;
    if (!URL.canParse(wanted)) throw new ConfigurationError(place, `${JSON.stringify(wanted)} is no URL`);
    const there = await resolveDestination(wanted, undefined, place);
    guard(there, ['wire'], consent, { place, today: new Date(), spot: `${file}#/consent` });
    const [address] = there.addresses;
    if (address === undefined) throw new ConfigurationError(place, `${there.host} has no address`);
    const { hostname, host: authority, pathname } = new URL(wanted);
    return {
      address,
      port: there.port,
      servername: hostname.replace(/^\[|\]$/g, ''),
      host: authority,
      basePath: pathname.replace(/\/$/, ''),
    };
  };
  const readTenant = async ({ credential, ...tenant }: TenantFields, at: number): Promise<Tenant> => {
    const pointer = `/tenants/${at}`;
    if (tenant.user === undefined && credential === undefined)
      throw new ConfigurationError(
        `${file}#${pointer}`,
        'names neither `user` nor `credential`: nothing would tell the tenants apart',
      );
    if (credential === undefined) return tenant;
    const read = await readCredential(file, `${pointer}/credential`, credential, options);
    return { ...tenant, identity: read.credential };
  };
  const clear = plain === undefined || !URL.canParse(plain) ? undefined : new URL(plain);
  const clearIsHere = clear?.hostname === url.hostname || clear?.hostname === host;
  return {
    ...(ports && {
      ports: {
        approved: ports,
        looked: USUAL_PORTS,
        ...(clear && clearIsHere && { plain: Number(clear.port || 80) }),
      },
    }),
    ...(transfer !== undefined && { transfer: await dialled('transfer', transfer) }),
    ...(unsecured !== undefined && { unsecured: await dialled('unsecured', unsecured) }),
    ...(subject.options?.addedLatency !== undefined && { within: subject.options.addedLatency }),
    ...(roles !== undefined && { roles: await readRoles(roles, profile) }),
    ...(tenants && { tenants: await Promise.all(tenants.map(readTenant)) }),
  };
}
