import { KeyObject } from 'node:crypto';
import { request } from 'node:https';
import { createRemoteJWKSet, customFetch, errors, type CryptoKey } from 'jose';
import type { KeySource } from '../cis2/policy.ts';
import { keysOf } from '../cis2/verify.ts';

/** Why a key set cannot be had. */
export type Failure = 'status' | 'reset' | 'slow' | 'garbage' | 'large';

/** How a provider keeps the key set of its issuer. */
export interface KeyPolicy {
  /** Milliseconds for which a key set is taken as it is: a retired key is good for so long. */
  readonly cacheMs: number;
  /** Milliseconds after a fetch in which an unknown kid causes no other. */
  readonly cooldownMs: number;
  /** Milliseconds that a fetch may take. */
  readonly timeoutMs: number;
  /** Bytes that a key set may have. */
  readonly limit: number;
  /** Failures after which it believes a token whose key it cannot have. */
  readonly believesAfter: ReadonlySet<Failure>;
  /** Whether it asks again after a fetch that failed. */
  readonly retries: boolean;
  /** Whether the first key seen under a kid stays its key. */
  readonly pins: boolean;
}

/** Fit for stand-ins, which nobody waits for; a real provider keeps a key set for minutes. */
export const strictKeys: KeyPolicy = {
  cacheMs: 300,
  cooldownMs: 200,
  timeoutMs: 1_000,
  limit: 1_000_000,
  believesAfter: new Set(),
  retries: true,
  pins: false,
};

/** The keys of the issuer cannot be had: nobody can say whether a token is good. */
export class KeysUnavailable extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(`the key set of the issuer cannot be had: ${failure}`);
    this.failure = failure;
  }
}

/** Fetches a key set under a CA of one's own, bounded in time and size. */
function fetchSmall(url: string, ca: string, { timeoutMs, limit }: KeyPolicy): Promise<Response> {
  return new Promise((done, refuse) => {
    const failed = (failure: Failure): void => refuse(new KeysUnavailable(failure));
    const sent = request(url, { ca, agent: false, headers: { Accept: 'application/json' } }, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= limit) chunks.push(chunk);
        else {
          failed('large');
          sent.destroy();
        }
      });
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (answer.statusCode !== 200) failed('status');
        else if (isJson(text)) done(new Response(text, { headers: { 'Content-Type': 'application/json' } }));
        else failed('garbage');
      });
      answer.on('error', () => failed('reset'));
    });
    const deadline = setTimeout(() => {
      failed('slow');
      sent.destroy();
    }, timeoutMs);
    sent.on('close', () => clearTimeout(deadline)).on('error', () => failed('reset'));
    sent.end();
  });
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** The key set at a URL, by jose's own cache. */
export function remoteKeys(url: string, ca: string, policy: KeyPolicy): KeySource {
  let failure: KeysUnavailable | undefined;
  const pinned = new Map<string, KeyObject>();
  const set = createRemoteJWKSet(new URL(url), {
    cacheMaxAge: policy.cacheMs,
    cooldownDuration: policy.cooldownMs,
    timeoutDuration: policy.timeoutMs * 2,
    [customFetch]: async (target) => {
      if (failure && !policy.retries) throw failure;
      try {
        return await fetchSmall(target, ca, policy);
      } catch (error) {
        failure = error instanceof KeysUnavailable ? error : new KeysUnavailable('reset');
        throw failure;
      }
    },
  });
  return {
    find: async (kid) => {
      try {
        const key: CryptoKey = await set({ alg: 'RS256', kid });
        const found = (policy.pins ? pinned.get(kid) : undefined) ?? KeyObject.from(key);
        pinned.set(kid, found);
        return found;
      } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey) return undefined;
        if (error instanceof KeysUnavailable) throw error;
        throw new KeysUnavailable('garbage'); // JSON, and no key set
      }
    },
    all: () => {
      const known = set.jwks();
      return known ? keysOf(known).all() : [];
    },
  };
}
