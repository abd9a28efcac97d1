/**
 * The engine: a subject is prepared, its plan is examined, and the record says what was found.
 *
 * ```ts
 * import { judgeSubject } from 'assay/run';
 *
 * const record = await judgeSubject('subject.json');
 * ```
 */
import { baseline, runPlan } from './engine.ts';
import type { Finding } from './examine.ts';
import { inEveryVersion, plan } from './plan.ts';
import { prepareStandIn, prepareSubject, profileNamed, type Prepared } from './prepare.ts';
import type { RunRecord } from './record.ts';
import { recordOf } from './told.ts';
import { inOneSentence, stoppedBy, type Loss, type Stopped } from './vigil.ts';

export { baseline, runPlan } from './engine.ts';
export type { Baseline, Finding } from './examine.ts';
export { inEveryVersion, plan, type Declared, type Planned } from './plan.ts';
export { prepareStandIn, prepareSubject, type Prepared, type SubjectOptions } from './prepare.ts';
export { assemble, rejudge, type RunRecord, type RunVerdict } from './record.ts';
export { ConfigurationError } from '../../certs/configuration-error.ts';

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

async function judged(prepared: Prepared, { concurrency = 4, onFinding }: JudgeOptions): Promise<RunRecord> {
  const { run, declared, notExamined } = prepared;
  const started = new Date();
  let stopped: Stopped | undefined;
  try {
    const start = await baseline(run);
    const planned = plan(run.profile, declared).filter(
      ({ id }) => !notExamined.some((each) => each.case === id),
    );
    const driven = inEveryVersion(planned, start.versions);
    const lost = (loss: Loss): void => void (stopped = stoppedBy(loss, prepared.facts));
    const findings = await runPlan({ ...run, lost }, driven, start, concurrency, onFinding);
    const incomplete = stopped && {
      because: inOneSentence(stopped),
      examined: findings.length,
      planned: driven.length,
    };
    return recordOf(
      findings,
      { ...prepared, profile: run.profile },
      { started, versions: start.versions, ...(incomplete && { incomplete }) },
    );
  } finally {
    await prepared.close();
  }
}
