import { baseline, runPlan, unlessAborted } from './engine.ts';
import type { Finding } from './finding.ts';
import { inEveryVersion, plan, type Planned } from './plan.ts';
import type { Prepared } from './prepared.ts';
import type { RunRecord } from './record.ts';
import { recordOf } from './told.ts';
import { inOneSentence, stoppedBy, type Loss, type Stopped } from './vigil.ts';

export interface JudgePreparedOptions {
  /** Cases examined at the same time. */
  readonly concurrency: number;
  readonly onFinding?: ((finding: Finding) => void) | undefined;
  /** Narrows the plan; absent: all of it. */
  readonly selection?: { readonly globs: readonly string[]; readonly matches: (planned: Planned) => boolean };
  readonly strict?: boolean;
  /** Ends the run: its record is then incomplete. */
  readonly signal?: AbortSignal;
}

/** Examines the plan of a subject that is prepared, and closes it. Writes nothing. */
export async function judgePrepared(
  prepared: Prepared,
  { concurrency, onFinding, selection, strict, signal }: JudgePreparedOptions,
): Promise<RunRecord> {
  const { run, declared, notExamined } = prepared;
  const started = new Date();
  let stopped: Stopped | undefined;
  try {
    const start = await (signal ? unlessAborted(baseline(run), signal) : baseline(run));
    const planned = plan(run.profile, declared).filter(
      (each) => !notExamined.some(({ case: id }) => id === each.id) && (selection?.matches(each) ?? true),
    );
    const driven = inEveryVersion(planned, start?.versions ?? []);
    const lost = (loss: Loss): void => void (stopped = stoppedBy(loss, prepared.facts));
    const findings = start
      ? await runPlan({ ...run, lost }, driven, start, concurrency, onFinding, signal)
      : [];
    const because = stopped
      ? inOneSentence(stopped)
      : signal?.aborted
        ? `ended by ${String(signal.reason)}`
        : undefined;
    return recordOf(
      findings,
      { ...prepared, profile: run.profile },
      {
        started,
        versions: start?.versions ?? [],
        ...(because !== undefined && {
          incomplete: { because, examined: findings.length, planned: driven.length },
        }),
        ...(strict && { strict }),
        ...(selection && { selection: selection.globs }),
      },
    );
  } finally {
    await prepared.close();
  }
}
