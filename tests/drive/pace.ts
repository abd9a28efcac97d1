import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for the turn of the next connection. */
export type Pace = () => Promise<void>;

/**
 * At most so many connections a second, evenly spaced, whoever of a run makes them: for environments that throttle.
 * @param perSecond above 0
 */
export function createPace(perSecond: number): Pace {
  let next = 0;
  return async () => {
    const now = performance.now();
    const turn = Math.max(now, next);
    next = turn + 1000 / perSecond;
    if (turn > now) await sleep(turn - now);
  };
}
