import type { Observation, Strength, Verdict } from '../model.ts';
import { groundOf } from './grounds.ts';
import { describe, gist } from './response.ts';

/** How a verdict is put together, and in what words a refusal is told. */

export const pass = (because: string, strength?: Strength): Verdict => ({
  outcome: 'pass',
  because,
  ...(strength && { strength }),
});

/** A refusal that is believed, and on what ground. */
export const refusal = (because: string, seen: Observation): Verdict => {
  const strength = strengthOf(seen);
  return pass(`${because}${groundOf(strength)}`, strength);
};

export const fail = (because: string): Verdict => ({ outcome: 'fail', because });
export const inconclusive = (because: string): Verdict => ({ outcome: 'inconclusive', because });

/** A refusal in words, with the text of the page where there is one. */
export function refusalOf(seen: Observation): string {
  const text = seen.kind === 'response' ? gist(seen) : '';
  return text ? `${describe(seen)}: “${text}”` : describe(seen);
}

export function strengthOf(seen: Observation): Strength | undefined {
  if (seen.kind === 'alert') return 'alert';
  if (seen.kind === 'closed') return seen.how === 'fin' ? 'closed' : 'reset';
  if (seen.kind !== 'response') return undefined;
  if (seen.status < 400) return 'other-page';
  return seen.resourceType ? 'application' : 'terminator';
}
