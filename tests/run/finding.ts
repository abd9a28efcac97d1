import type { Observation, Strength } from '../model.ts';
import { expectationInWords } from '../oracle/expected.ts';
import type { Controls } from '../oracle/judge.ts';
import { describe } from '../oracle/response.ts';
import type { Planned } from './plan.ts';

/** A case, what was seen, and what follows from it. */
export interface Finding {
  /** The case's id, with `@interaction` where it is not driven on its representative one. */
  readonly case: string;
  readonly title: string;
  /** What recognised the answer to the valid exchange. */
  readonly payload: string;
  /** Strongest keyword of the clauses it bears on, or `noted`. */
  readonly level: string;
  readonly requirements: readonly string[];
  /** What had to come of the stimulus, in words. */
  readonly expected: string;
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  readonly because: string;
  readonly strength?: Strength;
  readonly observation: Observation;
  /** How often the stimulus was driven: a weak refusal three times. */
  readonly times: number;
  readonly control: Controls;
  /** Trace ids sent with the stimulus and its control: the subject's audit log may know them. */
  readonly trace: readonly string[];
  /** Files of evidence with what was sent and what came back, by digest: the stimulus first, then its controls. */
  readonly evidence?: readonly string[];
  readonly ms: number;
  /** The findings that this one stands for, where a control is not there at all. */
  readonly beneath?: readonly Finding[];
}

/** What a finding has of its plan. */
export const headOf = ({ id, case: entry, clauses, level, payload }: Planned) => ({
  case: id,
  title: entry.title,
  payload,
  level,
  requirements: clauses.map((clause) => clause.id),
  expected: expectationInWords(entry.expect),
});

/** A finding for a case that was not driven. */
const undrivenFinding = (planned: Planned, because: string, exchange: Observation): Finding => ({
  ...headOf(planned),
  outcome: 'inconclusive',
  because,
  observation: { kind: 'nothing', reason: 'not driven' },
  times: 0,
  control: { exchange },
  trace: [],
  ms: 0,
});

/** A case that was not driven because the subject did not take the valid exchange at all. */
export const unreached = (planned: Planned, exchange: Observation): Finding =>
  undrivenFinding(planned, `the valid exchange was not accepted: ${describe(exchange)}`, exchange);

/** A case that was not driven because the subject file does not give what it needs. */
export const unprepared = (planned: Planned, lacks: string): Finding =>
  undrivenFinding(planned, `not driven: ${lacks}`, {
    kind: 'nothing',
    reason: 'not driven',
  });
