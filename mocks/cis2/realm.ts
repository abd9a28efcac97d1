import { randomBytes, randomUUID } from 'node:crypto';
import { contextOf } from './claims.ts';
import { KeyRing, type SigningKey } from './keys.ts';
import { DEFAULT_CLIENT, defaultUsers, type Client, type Register, type User } from './users.ts';

/** The path of CIS2's realm for health care, the same in every environment. */
export const REALM_PATH = '/openam/oauth2/realms/root/realms/NHSIdentity/realms/Healthcare';

/** The default issuer: the form of the real ones, explicit `:443` and all, under a name that is nobody's. */
export const DEFAULT_ISSUER = `https://am.cis2.assay.test:443${REALM_PATH}`;

/** What relying parties call, each counted and each able to fail. */
export const endpoints = {
  discovery: '/.well-known/openid-configuration',
  jwks: '/connect/jwk_uri',
  authorize: '/authorize',
  token: '/access_token',
  userinfo: '/userinfo',
  endSession: '/connect/endSession',
} as const;
/** An endpoint of the realm, by its name in the discovery document. */
export type Endpoint = keyof typeof endpoints;
export const endpointNames = Object.keys(endpoints) as readonly Endpoint[];

/** How an endpoint misbehaves. Several at once: it waits, then answers wrongly. */
export interface Fault {
  /** Milliseconds before it answers. */
  readonly delay?: number;
  /** It never answers. */
  readonly hang?: boolean;
  /** It breaks the connection instead of answering. */
  readonly reset?: boolean;
  /** It answers with this status and no body. */
  readonly status?: number;
  /** It answers 200 with what is no JSON. */
  readonly garbage?: boolean;
  /** It answers 200 with so many bytes of well-formed JSON that says nothing. */
  readonly bytes?: number;
}

/** A user who has signed in, for one relying party. */
export interface Session {
  readonly sid: string;
  readonly user: User;
  readonly client: string;
  /** Seconds since the epoch. */
  readonly authTime: number;
  readonly acr: string;
  readonly scopes: readonly string[];
}

/** An authorization code that has not been redeemed, or has been: a second use revokes what came of the first. */
export interface Code {
  readonly session: Session;
  readonly redirectUri: string;
  readonly nonce?: string | undefined;
  readonly state?: string | undefined;
  readonly challenge?: string | undefined;
  readonly until: number;
  used?: string;
}

/** How a realm is kept; all of it has a default. */
export interface RealmOptions {
  /**
   * The issuer, with an explicit port as CIS2 has it, and a path; compared as a string by every relying party.
   * `https://host:port` alone gets CIS2's path.
   */
  readonly issuer?: string;
  readonly register?: Register;
  /** Keys to sign with, the first one now; without them, a new one. */
  readonly keys?: readonly [SigningKey, ...SigningKey[]];
  /** `choose`: a page to choose a user; otherwise the id of the user who signs in without being asked. */
  readonly login?: 'choose' | (string & {});
}

/** A map that forgets its oldest entries, so that nobody fills the memory. */
class Bounded<Value> extends Map<string, Value> {
  override set(key: string, value: Value): this {
    super.set(key, value);
    for (const oldest of this.keys()) {
      if (this.size <= 20_000) break;
      this.delete(oldest);
    }
    return this;
  }
}

/** The state of one issuer: who is known to it, its keys, its clock, its sessions, its faults. */
export class Realm {
  readonly issuer: string;
  readonly users: Map<string, User>;
  readonly clients: Map<string, Client>;
  readonly keys: KeyRing;
  readonly codes = new Bounded<Code>();
  readonly access = new Bounded<Session & { readonly until: number }>();
  readonly sessions = new Bounded<Session>();
  /** `jti` of client assertions, which are good once. */
  readonly assertions = new Bounded<true>();
  readonly faults = new Map<Endpoint, Fault>();
  readonly counts: Record<Endpoint, number> = {
    discovery: 0,
    jwks: 0,
    authorize: 0,
    token: 0,
    userinfo: 0,
    endSession: 0,
  };
  login: string;
  /** Where what a token should never make anybody fetch would be fetched from. */
  canary = 'https://canary.assay.test';
  /** Seconds by which the issuer's clock is ahead. */
  clock = 0;

  private constructor(options: RealmOptions, keys: KeyRing) {
    this.issuer = issuerOf(options.issuer ?? DEFAULT_ISSUER);
    const { users, clients = [defaultClient()] } = options.register ?? { users: defaultUsers };
    this.users = new Map(users.map((user) => [user.id, user]));
    this.clients = new Map(clients.map((client) => [client.client_id, withSecret(client)]));
    this.keys = keys;
    this.login = options.login ?? 'choose';
    if (this.login !== 'choose') this.user(this.login);
  }

  static async create(options: RealmOptions = {}): Promise<Realm> {
    return new Realm(options, await KeyRing.create(options.keys));
  }

  /** Seconds since the epoch by the issuer's clock. */
  now(): number {
    return Math.floor(Date.now() / 1000) + this.clock;
  }

  url(endpoint: Endpoint): string {
    return `${this.issuer}${endpoints[endpoint]}`;
  }

  /**
   * A user by id; without one, the first.
   * @throws RangeError when there is none of that id
   */
  user(id?: string): User {
    const user = id === undefined ? [...this.users.values()][0] : this.users.get(id);
    if (!user)
      throw new RangeError(`no user is called ${id}; there are ${[...this.users.keys()].join(', ')}`);
    return user;
  }

  /** Adds a relying party, or replaces it; one that authenticates by a secret and brings none gets one. */
  addClient(client: Client): Client {
    const added = withSecret(client);
    this.clients.set(client.client_id, added);
    return added;
  }

  signIn(user: User, client: string, scopes: readonly string[], acr?: string): Session {
    const session = {
      sid: randomUUID(),
      user,
      client,
      authTime: this.now(),
      acr: acr ?? contextOf(user).acr,
      scopes,
    };
    this.sessions.set(session.sid, session);
    return session;
  }
}

/** `https://host:port` with CIS2's path, or the issuer as it stands. */
function issuerOf(wanted: string): string {
  if (!/^https:\/\/[^/?#\s]+:\d+(?:\/[^?#\s]*[^/?#\s])?$/.test(wanted))
    throw new RangeError(
      `${JSON.stringify(wanted)} is no issuer: https, a host, an explicit port, and no slash at the end`,
    );
  return new URL(wanted).pathname === '/' ? `${wanted}${REALM_PATH}` : wanted;
}

const defaultClient = (): Client => ({
  client_id: DEFAULT_CLIENT,
  redirect_uris: ['http://127.0.0.1:*', 'http://localhost:*'],
  post_logout_redirect_uris: ['http://127.0.0.1:*', 'http://localhost:*'],
  token_endpoint_auth_method: 'client_secret_post',
});
const withSecret = (client: Client): Client =>
  client.token_endpoint_auth_method === 'client_secret_post' && client.client_secret === undefined
    ? { ...client, client_secret: randomBytes(24).toString('base64url') }
    : client;
