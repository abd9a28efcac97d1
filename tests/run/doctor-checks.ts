import type { Cause, Culprit } from './attribution.ts';
import type { Baseline } from './baseline.ts';

/** The checks in the order in which they are made. */
export const TITLES = {
  file: 'subject file',
  pack: 'trust pack',
  name: 'name',
  connection: 'connection',
  tls: 'TLS',
  'server-certificate': 'server certificate',
  'client-certificate': 'client certificate',
  'valid-exchange': 'valid exchange',
  clock: 'clock',
  token: 'token',
  scope: 'scope',
} as const;

/** The checks by name, in their order. */
export type CheckId = keyof typeof TITLES;

/** One thing that has to be right before anything can be judged. */
export interface Check {
  readonly id: CheckId;
  readonly title: string;
  /** `warning`: judged all the same; `unreached`: what it rests on failed, or there is nothing to look at. */
  readonly state: 'ok' | 'warning' | 'failed' | 'unreached';
  /** What was found, in one line. */
  readonly said: string;
  /** Who has to act; with a warning or a failure. */
  readonly culprit?: Culprit;
  /** The next thing to try. */
  readonly next?: string;
}

/** What came of the checks. */
export interface Diagnosis {
  readonly checks: readonly Check[];
  /** Whether the subject can be judged: nothing failed. */
  readonly sound: boolean;
  readonly baseline: Baseline;
  /** Wall time, milliseconds. */
  readonly ms: number;
}

type Trouble = readonly [state: 'warning' | 'failed', said: string, culprit: Culprit, next: string];

/** A check with what came of it. */
export const checkOf = (id: CheckId, ...[state, said, culprit, next]: Trouble): Check => ({
  id,
  title: TITLES[id],
  state,
  said,
  culprit,
  next,
});

/** A check that found nothing wrong. */
export const fine = (id: CheckId, said: string): Check => ({ id, title: TITLES[id], state: 'ok', said });

/** A check that an earlier one stood in the way of. */
export const unreached = (id: CheckId, said = 'not reached'): Check => ({
  id,
  title: TITLES[id],
  state: 'unreached',
  said,
});

/** A check that found what keeps the subject from being judged. */
export const failing = ({ step, culprit, said, next }: Cause): Check =>
  checkOf(step, 'failed', said, culprit, next);
