import { disableable, type Capability } from '../../mocks/ssp/interactions.ts';
import type { DeclaredField, Learning } from '../model.ts';
import { DATA } from '../../mocks/provider/data.ts';
import type { FrozenSet } from './sets.ts';

/** What a subject declares that decides which clauses bind it; of some fields, that they are there. */
export interface Declared extends Readonly<Partial<Record<DeclaredField, boolean>>> {
  readonly edition: string;
  readonly enforcesScope: boolean;
  /** Whether it names the anchor of its own certificate. */
  readonly trust?: boolean;
  /** The frozen set that it is held to; absent: the newest of the edition. */
  readonly set?: FrozenSet;
  /** How the subject learns of revocation; by files where nothing is said, and held to them where it is `none`. */
  readonly revocation?: Learning | 'none' | 'any';
  /** Capabilities that are on; absent: not told, and only the profile's own valid exchange is driven. */
  readonly capabilities?: readonly Capability[] | undefined;
  /** Whether it says what the controls may add to the latency. */
  readonly addedLatency?: boolean;
  /** Names of the test data given. */
  readonly data?: readonly string[] | undefined;
  /** Operations that need not ask for a token, each with its reason. */
  readonly exempt?: readonly { readonly operation: string; readonly because: string }[] | undefined;
  /** In a sweep, whose connections are bounded: what opens many at once is left out. */
  readonly bounded?: boolean;
  /** Kinds of consent given. */
  readonly consent?: readonly string[] | undefined;
}

/** A subject that has every capability on, gives every consent and holds all data: the whole plan. */
export const everythingOn = (edition: string): Declared => ({
  edition,
  enforcesScope: true,
  trust: true,
  plain: true,
  otherIssuer: true,
  fingerprint: true,
  ports: true,
  transfer: true,
  unsecured: true,
  addedLatency: true,
  roles: true,
  tenants: true,
  capabilities: ['foundations', 'appointments', 'structured', 'documents', 'html', 'retrieval', 'directory'],
  ...Object.fromEntries(disableable.map((name) => [`disabled.${name}`, true])),
  data: [
    ...Object.keys(DATA),
    ...['asid', 'siblingAsid', 'siblingUrl'],
    ...disableable.flatMap((name) => [`${name}OffUrl`, `${name}OffAsid`]),
  ],
  consent: ['write', 'active', 'ports'],
});
