import type { Authority } from '../../certs/authority.ts';

/** How the responder answers for one certificate; `honest`: what the CA has decided. */
export const ocspBehaviours = [
  'honest',
  'good',
  'revoked',
  'unknown',
  'try-later',
  'stale',
  'wrong-signer',
  'slow',
  'unreachable',
] as const;
export type OcspBehaviour = (typeof ocspBehaviours)[number];

/** How a CRL is served. `stale` and `wrong-issuer` are well signed, and of no use to whoever asks. */
export const crlBehaviours = ['fresh', 'stale', 'wrong-issuer', 'slow', 'unreachable'] as const;
export type CrlBehaviour = (typeof crlBehaviours)[number];

/** A CA whose certificates are answered for, and the file name of its CRL. */
export interface Issuer {
  /** `sub` is served as `sub.crl`. */
  readonly name: string;
  readonly authority: Authority;
}

/** A certificate by its issuer's name and its serial number, hex, in lower case. */
export interface Entry {
  readonly issuer: string;
  readonly serial: string;
}

export interface Revoked extends Entry {
  readonly at: Date;
}

const keyOf = ({ issuer, serial }: Entry): string => `${issuer}/${normalSerial(serial)}`;

/** A serial number without the zeros in front that some tools print and others do not. */
export const normalSerial = (serial: string): string =>
  serial
    .replace(/[:\s]/g, '')
    .toLowerCase()
    .replace(/^0+(?=.)/, '');

/**
 * What a CA knows of its certificates: which it issued, which it revoked, and which of those are on the CRL that it
 * published last. OCSP answers from the first two at once; a CRL changes by being published.
 */
export class Book {
  readonly #issuers: Issuer[];
  readonly #issued = new Set<string>();
  readonly #revoked = new Map<string, Revoked>();
  readonly #ocsp = new Map<string, OcspBehaviour>();
  readonly #crl = new Map<string, CrlBehaviour>();
  readonly #asked = new Map<string, number>();
  #published: readonly Revoked[];

  constructor(issuers: readonly Issuer[], issued: readonly Entry[], revoked: readonly Revoked[]) {
    this.#issuers = [...issuers];
    for (const entry of issued) this.issue(entry);
    for (const entry of revoked) this.#revoked.set(keyOf(entry), entry);
    this.#published = [...this.#revoked.values()];
  }

  get issuers(): readonly Issuer[] {
    return this.#issuers;
  }

  add(issuer: Issuer): void {
    this.#issuers.push(issuer);
  }

  issue(entry: Entry): void {
    this.#issued.add(keyOf(entry));
  }

  /** Revokes a certificate; the first date stands. */
  revoke(entry: Entry, at = new Date()): void {
    const key = keyOf(entry);
    if (!this.#revoked.has(key)) this.#revoked.set(key, { ...entry, at });
  }

  /** Puts everything that is revoked by now on the CRLs. */
  publish(): void {
    this.#published = [...this.#revoked.values()];
  }

  published(issuer: string): readonly Revoked[] {
    return this.#published.filter((entry) => entry.issuer === issuer);
  }

  /** `unknown` for what was neither issued nor revoked (RFC 6960 §2.2). */
  status(
    entry: Entry,
  ): { readonly status: 'good' | 'unknown' } | { readonly status: 'revoked'; readonly at: Date } {
    const revoked = this.#revoked.get(keyOf(entry));
    if (revoked) return { status: 'revoked', at: revoked.at };
    return { status: this.#issued.has(keyOf(entry)) ? 'good' : 'unknown' };
  }

  behave(entry: Entry, behaviour: OcspBehaviour): void {
    this.#ocsp.set(keyOf(entry), behaviour);
  }

  behaviour(entry: Entry): OcspBehaviour {
    return this.#ocsp.get(keyOf(entry)) ?? 'honest';
  }

  /** @param path as served: `sub.crl`, `stale/sub.crl` */
  behaveAt(path: string, behaviour: CrlBehaviour): void {
    this.#crl.set(path, behaviour);
  }

  behaviourAt(path: string): CrlBehaviour | undefined {
    return this.#crl.get(path);
  }

  /** Counts a fetch: a path of a CRL, or `ocsp/ISSUER/SERIAL`. */
  count(what: string): void {
    this.#asked.set(what, (this.#asked.get(what) ?? 0) + 1);
  }

  /** How often anything was asked for. */
  get total(): number {
    return [...this.#asked.values()].reduce((sum, times) => sum + times, 0);
  }

  /** How often what was asked for, by path. */
  get fetches(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#asked].sort(([a], [b]) => a.localeCompare(b)));
  }

  get revoked(): readonly Revoked[] {
    return [...this.#revoked.values()];
  }

  has({ issuer, serial }: Entry): boolean {
    return this.status({ issuer, serial }).status !== 'unknown';
  }
}

/** What OCSP counts a certificate under. */
export const asked = (entry: Entry): string => `ocsp/${keyOf(entry)}`;
