import type { KeyStep, Observation, Verdict } from '../model.ts';
import { describe, isPayload } from './response.ts';

/** What was seen of a subject while the key set of its issuer changed. */
export interface KeyObservation {
  /** A good token, before anything changed. */
  readonly control: Observation;
  readonly steps: readonly KeyStep[];
  /** Fetches of the key set counted at the issuer, and how many may be. */
  readonly fetches?: { readonly counted: number; readonly atMost: number };
}

const refused = (seen: Observation): boolean =>
  seen.kind === 'response' && (seen.status === 401 || seen.status === 403);

/** Whether a step was seen to be as it was wanted. */
export function asWanted({ want, seen }: Pick<KeyStep, 'want' | 'seen'>, payload: string): boolean {
  if (want === 'accepted') return isPayload(seen, payload);
  if (want === 'refused') return refused(seen);
  return seen.kind === 'response' && seen.status >= 400;
}

/**
 * From what was seen to a verdict. Nothing of a peer is no evidence, except where it answered the control and is
 * asked to answer at all: then it hangs.
 */
export function judgeKeySet(seen: KeyObservation, payload: string): Verdict {
  const { control, steps, fetches } = seen;
  if (!isPayload(control, payload))
    return { outcome: 'inconclusive', because: `the good token was not accepted: ${describe(control)}` };
  if (steps.length === 0) return { outcome: 'inconclusive', because: 'ours: nothing was presented' };
  const broken = steps.find((step) => !asWanted(step, payload));
  if (broken) {
    const { what, want, seen: last, ms } = broken;
    const silent = last.kind === 'nothing' && want !== 'not-accepted';
    return {
      outcome: silent ? 'inconclusive' : 'fail',
      because: `${what}: wanted ${want}, after ${Math.round(ms)} ms still ${describe(last)}`,
    };
  }
  if (fetches && fetches.counted > fetches.atMost)
    return {
      outcome: 'fail',
      because: `the issuer counted ${fetches.counted} fetches of its key set, at most ${fetches.atMost} may be`,
    };
  const slowest = Math.max(...steps.map(({ ms }) => ms));
  return {
    outcome: 'pass',
    because: `as wanted in ${steps.length} steps, the slowest ${Math.round(slowest)} ms`,
  };
}
