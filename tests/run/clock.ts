import type { Observation } from '../model.ts';

/** How far a subject's clock is from ours, in seconds: it lies between these, as far as its answers tell. */
export interface ClockBounds {
  readonly from: number;
  readonly to: number;
}

/** What a run learns of the subject's clock from the `Date` of its answers (RFC 9110 §6.6.1). */
export interface Clock {
  /** @param sent when the request went out, and @param received when the answer was there: milliseconds, ours */
  readonly saw: (sent: number, received: number, seen: Observation) => void;
  /** Answers that told the time. */
  readonly answers: () => number;
  /** What they allow together; where they contradict each other, all that any of them allows. */
  readonly bounds: () => ClockBounds | undefined;
}

/** Answers without which no edge is judged. */
export const LEAST_ANSWERS = 5;

/** `Date` has whole seconds, and was written after the request went out and before the answer was there. */
export function createClock(): Clock {
  const all: ClockBounds[] = [];
  return {
    saw: (sent, received, seen) => {
      if (seen.kind !== 'response') return;
      const [, text = ''] = seen.headers.find(([name]) => name.toLowerCase() === 'date') ?? [];
      const date = Date.parse(text);
      if (!Number.isNaN(date)) all.push({ from: (date - received) / 1000, to: (date + 1000 - sent) / 1000 });
    },
    answers: () => all.length,
    bounds: () => {
      if (all.length === 0) return undefined;
      const from = Math.max(...all.map((each) => each.from));
      const to = Math.min(...all.map((each) => each.to));
      return from <= to
        ? { from, to }
        : { from: Math.min(...all.map((each) => each.from)), to: Math.max(...all.map((each) => each.to)) };
    },
  };
}
