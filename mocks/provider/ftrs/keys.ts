import { KeyObject } from 'node:crypto';
import { request } from 'node:https';
import { createRemoteJWKSet, customFetch, errors, type CryptoKey } from 'jose';
import type { KeySource } from '../cis2/policy.ts';
import { keysOf } from '../cis2/verify.ts';

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
  /** What becomes of a token whose key cannot be had. */
  readonly onFailure: 'refuse' | 'believe';
  /** Whether it asks again after a fetch that failed. */
  readonly retries: boolean;
}

/** Fit for stand-ins: a real provider would keep a key set for minutes. */
export const patientKeys: KeyPolicy = {
  cacheMs: 1_000,
  cooldownMs: 500,
  timeoutMs: 500,
  limit: 1_000_000,
  onFailure: 'refuse',
  retries: true,
};

/** The keys of the issuer cannot be had: nobody can say whether a token is good. */
export class KeysUnavailable extends Error {}

/** Fetches a small JSON document under a CA of one's own, bounded in time and size. */
function fetchSmall(url: string, ca: string, { timeoutMs, limit }: KeyPolicy): Promise<Response> {
  return new Promise((done, failed) => {
    const sent = request(url, { ca, agent: false, headers: { Accept: 'application/json' } }, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > limit) sent.destroy(new Error('the key set is too large'));
        else chunks.push(chunk);
      });
      answer.on('end', () =>
        done(
          new Response(Buffer.concat(chunks), {
            status: answer.statusCode ?? 500,
            headers: { 'Content-Type': 'application/json' },
          }),
        ),
      );
      answer.on('error', failed);
    });
    const deadline = setTimeout(() => sent.destroy(new Error('the issuer is slow')), timeoutMs);
    sent.on('close', () => clearTimeout(deadline)).on('error', failed);
    sent.end();
  });
}

/** The key set at a URL, by jose's own cache. */
export function remoteKeys(url: string, ca: string, policy: KeyPolicy): KeySource {
  let failed = false;
  const set = createRemoteJWKSet(new URL(url), {
    cacheMaxAge: policy.cacheMs,
    cooldownDuration: policy.cooldownMs,
    timeoutDuration: policy.timeoutMs * 2,
    [customFetch]: async (target) => {
      if (failed && !policy.retries) throw new Error('it failed before');
      try {
        const answer = await fetchSmall(target, ca, policy);
        failed ||= answer.status !== 200;
        return answer;
      } catch (error) {
        failed = true;
        throw error;
      }
    },
  });
  return {
    find: async (kid) => {
      try {
        const key: CryptoKey = await set({ alg: 'RS256', kid });
        return KeyObject.from(key);
      } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey) return undefined;
        throw new KeysUnavailable('the key set of the issuer cannot be had', { cause: error });
      }
    },
    all: () => {
      const known = set.jwks();
      return known ? keysOf(known).all() : [];
    },
  };
}
