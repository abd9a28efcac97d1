import { interactions } from '../ssp/interactions.ts';

/**
 * The scope table of the security page, from the other side: for each resource the interaction that stands for it, and
 * the scopes that do not open it. A registration is not tried: one that was let in could not be undone.
 */
const SCOPES = ['patient/*.read', 'patient/*.write', 'organization/*.read', 'organization/*.write'] as const;
export type Scope = (typeof SCOPES)[number];

const RESOURCES = [
  ['patient', 'read-patient'],
  ['organization', 'read-organization'],
  ['appointment', 'read-appointment'],
  ['practitioner', 'read-practitioner'],
  ['location', 'read-location'],
  ['slot', 'search-slots'],
  ['documentreference', 'search-documents'],
  ['binary', 'retrieve-document'],
  ['booking', 'book-appointment'],
] as const;

/** A resource, the interaction that reads or writes it, and a scope that must not open it. */
export interface Pairing {
  readonly resource: string;
  readonly writes: boolean;
  readonly on: string;
  readonly scope: Scope;
  /** `patient.organization-read`. */
  readonly name: string;
}

export const pairings: readonly Pairing[] = RESOURCES.flatMap(([resource, on]) => {
  const { scope: due, writes } = interactions.find(({ name }) => name === on) ?? {};
  return SCOPES.filter((scope) => scope !== due).map((scope) => ({
    resource,
    writes: writes !== undefined,
    on,
    scope,
    name: `${resource}.${scope.replace('/*.', '-')}`,
  }));
});
