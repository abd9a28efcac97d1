import type { KeyObject } from 'node:crypto';
import type { Flaw } from '../../cis2/forge.ts';

/** What a provider knows when a token is presented to it. */
export interface Setting {
  /** The issuer that it trusts, compared as a string. */
  readonly issuer: string;
  /** Its own audience. */
  readonly audience: string;
  /** Signature keys of the issuer by kid, as far as it has them. */
  readonly keys: KeySource;
  /** The roles that it knows, by `person_roleid`. */
  readonly roles: ReadonlyMap<string, KnownRole>;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

export interface KnownRole {
  /** `sub` of whose role it is. */
  readonly uid: string;
  readonly role_code: string;
  readonly org_code: string;
}

/** Where signature keys come from. */
export interface KeySource {
  /** The key of that kid; `undefined`: there is none. Rejects when nobody can say. */
  readonly find: (kid: string) => Promise<KeyObject | undefined>;
  /** Every key that is known now. */
  readonly all: () => readonly KeyObject[];
}

/** A token taken apart as far as it can be, for those who believe what they should not. */
export interface Evidence {
  readonly token: string;
  readonly parts: readonly string[];
  /** The header, or an empty object where it is none. */
  readonly header: Readonly<Record<string, unknown>>;
  /** Header and claims as JSON text, decoded leniently. */
  readonly text: { readonly header: string; readonly claims: string };
  /** The first two parts with their dot: what is signed. */
  readonly input: string;
  readonly signature: Buffer;
  /** The key of its kid, else the first key known. */
  readonly key: KeyObject;
  readonly setting: Setting;
}

/** What is believed of a token: the text of its claims, or (`true`) whatever it says. */
export type Belief = string | true | undefined;

type Claims = Readonly<Record<string, unknown>>;

/** The decisions that a provider takes about a CIS2 token, one field each. A mutant gets exactly one wrong. */
export interface TokenPolicy {
  /** What it believes beside a compact JWS that the issuer signed with RS256 under a known kid. */
  readonly alsoBelieves: (evidence: Evidence) => Belief | Promise<Belief>;
  /** What of such a JWS it turns away all the same. */
  readonly mistrusts: (header: Claims, text: Evidence['text']) => boolean;
  /** How the claims are read; a member that stands there twice counts as its last (RFC 7519 §4). */
  readonly parse: (text: string) => unknown;
  /** Tokens of another kind that it takes without looking at their claims. */
  readonly vouches: (claims: Claims, header: Claims, setting: Setting) => boolean;
  readonly issuer: (iss: unknown, expected: string) => boolean;
  readonly audience: (aud: unknown, expected: string) => boolean;
  /** Whether a token with this `exp` is still good. */
  readonly expiry: (exp: unknown, now: number) => boolean;
  readonly notBefore: (nbf: unknown, now: number) => boolean;
  readonly issuedAt: (iat: unknown, now: number) => boolean;
  readonly kind: (claims: Claims) => boolean;
  readonly subject: (sub: unknown) => boolean;
  /** An assurance level as a number; NaN: it is none. */
  readonly authentication: (level: unknown) => number;
  readonly identity: (level: unknown) => number;
  /** Whether the role selected lets its bearer in. */
  readonly role: (selected: unknown, roles: Setting['roles'], sub: unknown) => boolean;
  /** What else it turns away, though no document says so. */
  readonly demands: (claims: Claims, now: number) => boolean;
}

/** Seconds by which clocks may differ. */
export const SKEW = 60;
/** The least levels: AAL2_OR_AAL3_ANY, and a verified identity. */
export const FLOOR = { authentication: 2, identity: 3 } as const;

const isDate = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** A level as CIS2 sends it, a whole number or a string of one digit. */
export const levelOf = (value: unknown): number =>
  (typeof value === 'number' && Number.isInteger(value)) || (typeof value === 'string' && /^\d$/.test(value))
    ? Number(value)
    : NaN;

/** A provider that takes what CIS2 signs for it, and nothing else (FtRS SEC-029). */
export const strict: TokenPolicy = {
  alsoBelieves: () => undefined,
  mistrusts: () => false,
  parse: (text) => JSON.parse(text) as unknown,
  vouches: () => false,
  issuer: (iss, expected) => iss === expected,
  audience: (aud, expected) => aud === expected || (Array.isArray(aud) && aud.includes(expected)),
  expiry: (exp, now) => isDate(exp) && exp > now - SKEW,
  notBefore: (nbf, now) => nbf === undefined || (isDate(nbf) && nbf <= now + SKEW),
  issuedAt: (iat, now) => isDate(iat) && iat <= now + SKEW,
  kind: ({ events, tokenName = 'id_token' }) => events === undefined && tokenName === 'id_token',
  subject: (sub) => typeof sub === 'string' && sub !== '',
  authentication: levelOf,
  identity: levelOf,
  role: (selected, roles, sub) => {
    const role = typeof selected === 'string' ? roles.get(selected) : undefined;
    // Who the subject is, is another rule's matter.
    const owned = role?.uid === sub || !strict.subject(sub);
    return role !== undefined && owned && role.org_code !== '';
  },
  demands: () => true,
};

/** Why a token was refused; `because` is for the log, and says nothing of the token itself. */
export interface Refusal {
  readonly flaw: Exclude<Flaw, 'nothing'>;
  readonly because: string;
}
