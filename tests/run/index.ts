/**
 * The engine: a subject is prepared, its plan is examined, and the record says what was found.
 *
 * ```ts
 * import { judgeSubject } from 'assay/run';
 *
 * const record = await judgeSubject('subject.json');
 * ```
 */
import type { Finding } from './finding.ts';
import { judgePrepared } from './judge-prepared.ts';
import { prepareStandIn } from './prepare-stand-in.ts';
import { prepareSubject } from './prepare-subject.ts';
import { profileNamed, type Prepared } from './prepared.ts';
import type { RunRecord } from './record.ts';

export { baseline, runPlan } from './engine.ts';
export type { Baseline } from './baseline.ts';
export type { Finding } from './finding.ts';
export { inEveryVersion, plan, type Planned } from './plan.ts';
export type { Declared } from './declared.ts';
export { prepareStandIn } from './prepare-stand-in.ts';
export { prepareSubject, type SubjectOptions } from './prepare-subject.ts';
export type { Prepared } from './prepared.ts';
export { assemble, rejudge, type RunRecord, type RunVerdict } from './record.ts';
export { ConfigurationError } from '../../certs/configuration-error.ts';

/** How a subject is examined. */
export interface JudgeOptions {
  /** Cases examined at the same time; 4 where nothing is said. */
  readonly concurrency?: number;
  /** Called with each finding as it is made. */
  readonly onFinding?: (finding: Finding) => void;
}

/**
 * Judges the provider that a subject file describes. Writes nothing.
 * @throws ConfigurationError naming the file and the JSON pointer
 */
export const judgeSubject = async (file: string, options: JudgeOptions = {}): Promise<RunRecord> =>
  judged(await prepareSubject(file), options);

/**
 * Judges an embedded provider: `conformant`, or a mutant by its name.
 * @throws ConfigurationError when nothing is called so
 */
export const judgeStandIn = async (
  name: string,
  profile = 'gpconnect',
  options: JudgeOptions = {},
): Promise<RunRecord> => judged(await prepareStandIn(name, profileNamed(profile, 'profile')), options);

const judged = (prepared: Prepared, { concurrency = 4, onFinding }: JudgeOptions): Promise<RunRecord> =>
  judgePrepared(prepared, { concurrency, onFinding });
