import type { HttpHandler } from 'msw';
import { handlersOf, metadata } from './handlers.ts';
import { defectNames, mint, type MintOptions } from './mint.ts';
import { Realm, type Endpoint, type RealmOptions } from './realm.ts';

/** A CIS2 issuer: MSW handlers for a test of yours, and what steers it. */
export interface Issuer {
  /** The `iss` of its tokens, to be compared as a string: it has an explicit port. */
  readonly issuer: string;
  /** Handlers for `setupServer(...issuer.handlers)` of `msw/node`. */
  readonly handlers: readonly HttpHandler[];
  /** What its discovery document says. */
  readonly metadata: object;
  /**
   * Mints an ID token, good or with a named defect (`defectNames`).
   * @throws RangeError when there is no such user or defect
   */
  readonly mint: (options?: MintOptions) => Promise<string>;
  /** How often each endpoint has been called. */
  readonly counts: Readonly<Record<Endpoint, number>>;
  /** Its state: users, clients, keys, clock, faults, all of which a test may change. */
  readonly realm: Realm;
}

/**
 * Makes a CIS2 issuer with a key born for it. It listens nowhere: its handlers answer where MSW intercepts.
 * @throws RangeError when `issuer` has not the form of one, or `login` names no user
 */
export async function createIssuer(options: RealmOptions = {}): Promise<Issuer> {
  const realm = await Realm.create(options);
  return {
    issuer: realm.issuer,
    handlers: handlersOf(realm),
    metadata: metadata(realm),
    mint: (wanted) => mint(realm, wanted),
    counts: realm.counts,
    realm,
  };
}

export { defectNames, type MintOptions, type RealmOptions };
export { DEFAULT_CLIENT, defaultUsers, type Client, type Register, type Role, type User } from './users.ts';
export { DEFAULT_ISSUER, REALM_PATH, type Endpoint, type Fault } from './realm.ts';
