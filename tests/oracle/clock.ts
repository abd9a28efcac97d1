import type { Expectation } from '../model.ts';

/** A moment in a token that is near to now, and what is known of the subject's clock. All in seconds. */
export interface Edge {
  /** Where the edge lies from now on our clock, when the token was made: negative, it has passed. */
  readonly edge: number;
  /** The subject's clock is ahead of ours by no less and no more; absent: too few answers told the time. */
  readonly from?: number;
  readonly to?: number;
  /** By how much it may be out, as the subject file says. */
  readonly skew: number;
  /** From the making of the token until the answer was there. */
  readonly took: number;
  /** Answers that told the time; none on a stand-in of ours, whose clock is ours. */
  readonly answers: number;
}

const number = (value: number): string => `${Math.round(value * 100) / 100} s`;

/**
 * Why an edge cannot be judged; `undefined`: it can. A refusal is due only beyond bounds and skew. An acceptance is due
 * beyond the bounds: what a subject allows for clocks only ever lets more in.
 */
export function blurred(
  expected: Expectation,
  { edge, from, to, skew, took, answers }: Edge,
): string | undefined {
  if (from === undefined || to === undefined)
    return `the subject's clock could not be read: of its answers ${answers} had a Date, and five are wanted`;
  const allowed = expected.kind === 'accepted' ? 0 : skew;
  if (edge < 0 ? edge < from - allowed : edge - took > to + allowed) return undefined;
  return `the subject's clock is between ${number(from)} and ${number(to)} ahead of ours (${answers} answers), it may be ${skew} s out (\`options.clockSkew\`), and the answer took ${number(took)}: an edge at ${number(edge)} cannot be judged`;
}
