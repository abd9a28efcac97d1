import { strictKeys, type Failure, type KeyPolicy } from './keys.ts';

/** A provider with one known defect in how it keeps the issuer's keys. */
export interface KeyMutant {
  readonly title: string;
  readonly policy: KeyPolicy;
  /** The cases that fail on it and no others, its own first. */
  readonly caughtBy: readonly [own: string, ...others: string[]];
  /** Why more than four cases catch it. */
  readonly because?: string;
}

const wrong = <Decision extends keyof KeyPolicy>(
  decision: Decision,
  taken: KeyPolicy[Decision],
): KeyPolicy => ({ ...strictKeys, [decision]: taken });

const OUTAGES: readonly Failure[] = ['status', 'reset', 'slow', 'garbage', 'large'];
const outage = (failure: Failure): string => `key-set/issuer-${failure}`;
const NEVER = Number.MAX_SAFE_INTEGER;

export const keyMutants: Readonly<Record<string, KeyMutant>> = {
  'never-refetches-keys': {
    title: 'fetches the key set once and for all',
    policy: { ...strictKeys, cacheMs: NEVER, cooldownMs: NEVER },
    caughtBy: ['key-set/new-kid', 'key-set/retired-kid', 'key-set/reused-kid', ...OUTAGES.map(outage)],
    because: 'every case ends with a key that was not there at the start',
  },
  'keeps-retired-keys': {
    title: 'fetches again for an unknown kid alone: a key that it has, it keeps',
    policy: wrong('cacheMs', NEVER),
    caughtBy: ['key-set/retired-kid', 'key-set/reused-kid'],
  },
  'pins-kids': {
    title: 'keeps the first key that it saw under a kid',
    policy: wrong('pins', true),
    caughtBy: ['key-set/reused-kid'],
  },
  ...Object.fromEntries(
    OUTAGES.map((failure): readonly [string, KeyMutant] => [
      `believes-when-issuer-${failure}`,
      {
        title: `believes a token whose key it cannot have: ${failure}`,
        policy: wrong('believesAfter', new Set([failure])),
        caughtBy: [outage(failure)],
      },
    ]),
  ),
  'waits-for-the-issuer': {
    title: 'waits for the key set as long as it takes',
    policy: wrong('timeoutMs', 600_000),
    caughtBy: [outage('slow')],
  },
  'gives-the-issuer-up': {
    title: 'never asks again after a fetch that failed',
    policy: wrong('retries', false),
    caughtBy: ['key-set/issuer-status', ...OUTAGES.filter((failure) => failure !== 'status').map(outage)],
    because: 'each kind of outage is a failed fetch to it',
  },
};

/** Conformant providers that decide otherwise where nothing binds: the cases that are noted and come out otherwise. */
export const keyVariants: Readonly<
  Record<string, { readonly title: string; readonly policy: KeyPolicy; readonly differs: readonly string[] }>
> = {
  'fetches-for-every-unknown-kid': {
    title: 'fetches the key set for every unknown kid',
    policy: wrong('cooldownMs', 0),
    differs: ['key-set/unknown-kid'],
  },
};
