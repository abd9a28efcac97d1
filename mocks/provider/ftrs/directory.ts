import type { FtrsRefusal } from './policy.ts';

/** The directory that the reference serves: two organisations and their services. */

/** The path of the directory search. */
export const FTRS_PATH = '/dos-search/FHIR/R4';
/** The organisation that the reference knows. */
export const FTRS_ODS = 'A11111';

const ODS = /^https:\/\/fhir\.nhs\.uk\/Id\/ods-organization-code\|([0-9A-Za-z]{5,12})$/;

/** What comes of a request: what is served, or why nothing is. */
export interface Found {
  readonly refusal?: FtrsRefusal;
  readonly token?: string;
  readonly payload?: object;
}

/** The organisations that it knows, one of each tenant. */
export const ORGANISATIONS: readonly string[] = [FTRS_ODS, 'B22222'];
/** A resource as it is about another organisation. */
const about = (resource: object, ods: string): unknown =>
  JSON.parse(JSON.stringify(resource).replaceAll(FTRS_ODS, ods));

const organization = {
  resourceType: 'Organization',
  id: 'assay-organization',
  identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: FTRS_ODS }],
  active: true,
  name: 'Assay Test Practice',
};
const healthcareService = {
  resourceType: 'HealthcareService',
  id: 'assay-service',
  active: true,
  providedBy: { identifier: { system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: FTRS_ODS } },
  name: 'Assay Test Service',
};

/** What an interaction reads, once who asks is known; `tenant`: the one organisation whose data it may be. */
export function served(
  method: string,
  path: string,
  query: URLSearchParams,
  tenant: string | undefined,
): Found {
  if (method === 'PUT' && path === `/Organization/${organization.id}`) return { payload: organization };
  if (method !== 'GET') return { refusal: 'not-found' };
  const [parameter, resource] =
    path === '/Organization'
      ? ['identifier', organization]
      : path === '/HealthcareService'
        ? ['organization.identifier', healthcareService]
        : [];
  if (parameter === undefined || resource === undefined) return { refusal: 'not-found' };
  const ods = ODS.exec(query.get(parameter) ?? '')?.[1];
  const known = [parameter, '_revinclude'];
  if (ods === undefined || [...query.keys()].some((name) => !known.includes(name)))
    return { refusal: 'parameter' };
  const found = ORGANISATIONS.includes(ods) && (tenant === undefined || tenant === ods);
  const entry = found ? [{ resource: about(resource, ods), search: { mode: 'match' } }] : [];
  return { payload: { resourceType: 'Bundle', type: 'searchset', total: entry.length, entry } };
}
