import { interactions } from '../ssp/interactions.ts';

/**
 * The scope table of the security page, from the other side: for each resource the interaction that stands for it, and
 * the scopes that do not open it.
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
  ['amendment', 'amend-appointment'],
  ['cancellation', 'cancel-appointment'],
  ['registration', 'register-patient'],
] as const;

/** What a pairing is about, in words. */
export const inWords = ({ resource, writes }: Pick<Pairing, 'resource' | 'writes'>): string =>
  writes ? `${resource.startsWith('a') ? 'an' : 'a'} ${resource}` : `a read of ${resource}`;

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

/** Cases of the pairings of one interaction, by its name. (Names only: this folder knows no case.) */
export const scopeCasesOf = (...names: readonly string[]): readonly string[] =>
  pairings.filter(({ on }) => names.includes(on)).map(({ name }) => `scope/${name}`);
