import { setTimeout as sleep } from 'node:timers/promises';
import type { Driven } from '../drive/driver.ts';
import type { Observation } from '../model.ts';
import { describe, headerValues, throttles } from '../oracle/response.ts';

/** What one run knows of being throttled. Its workers share it. */
export interface Throttle {
  /** Waits while the run keeps quiet. */
  readonly quiet: () => Promise<void>;
  /**
   * A valid exchange failed that was accepted before. Where it failed as under a throttle, the whole run keeps quiet
   * and the exchange is made again: that a pause cures it is what tells a throttle from a subject that went down.
   * @returns the exchange after the pause, or the one that failed
   */
  readonly cure: (
    failed: Driven,
    again: () => Promise<Driven>,
    cured: (driven: Driven) => boolean,
  ) => Promise<Driven>;
  /** What was seen of a throttle, in words; `undefined`: nothing. */
  readonly seen: () => string | undefined;
  /** The same, once it cannot have been one blip of a network: said by the peer, or cured by a pause more than once. */
  readonly certain: () => string | undefined;
}

/** Milliseconds of quiet before the first and the second try; `Retry-After` may ask for more, up to the last. */
const PAUSES: readonly number[] = [1_000, 3_000];
const LONGEST = 10_000;
/** So many pauses, cured or not, and the run goes on without: it has been said what to do. */
const ENOUGH = { cured: 4, vain: 2 } as const;

/** A reset or a refusal of the connection, and the two statuses that say it. */
const isAsUnderThrottle = (seen: Observation): boolean =>
  throttles(seen) ||
  seen.kind === 'closed' ||
  (seen.kind === 'nothing' && /no connection$/.test(seen.reason));

export function createThrottle(pauses = PAUSES): Throttle {
  let said: string | undefined;
  let told = false;
  let until = 0;
  const count = { cured: 0, vain: 0 };
  const quiet = async (): Promise<void> => {
    for (let left = until - performance.now(); left > 0; left = until - performance.now()) await sleep(left);
  };
  return {
    quiet,
    seen: () => said,
    certain: () => (told || count.cured > 1 ? said : undefined),
    cure: async (failed, again, cured) => {
      const { observation } = failed;
      if (!isAsUnderThrottle(observation)) return failed;
      if (throttles(observation)) {
        told = true;
        said ??= `the valid exchange got ${describe(observation)}`;
      }
      if (count.cured >= ENOUGH.cured || count.vain >= ENOUGH.vain) return failed;
      let last = failed;
      for (const pause of pauses) {
        const wait = Math.min(LONGEST, Math.max(pause, retryAfter(last.observation)));
        until = Math.max(until, performance.now() + wait);
        await quiet();
        last = await again();
        if (cured(last)) {
          count.cured += 1;
          said ??= `the valid exchange failed in a burst (${describe(observation)}), and a pause of ${wait / 1000} s cured it`;
          return last;
        }
      }
      count.vain += 1;
      return failed;
    },
  };
}

/** `Retry-After` in milliseconds, where it is given in seconds (RFC 9110 §10.2.3). */
function retryAfter(seen: Observation): number {
  const [value = ''] = seen.kind === 'response' ? headerValues(seen, 'retry-after') : [];
  return /^\d{1,6}$/.test(value) ? Number(value) * 1000 : 0;
}
