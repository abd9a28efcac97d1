/** A piece of work, and what nobody else may hold while it runs. */
export interface Job {
  readonly holds: readonly string[];
  /** Never rejects. */
  readonly work: () => Promise<void>;
}

/**
 * Runs jobs in so many lanes, in their order; one that waits for what another holds lets later ones go first.
 * Where `signal` aborts, no more are started; it resolves once those that run have ended.
 */
export async function inLanes(jobs: readonly Job[], lanes: number, signal?: AbortSignal): Promise<void> {
  const waiting = [...jobs];
  const held = new Set<string>();
  const running = new Set<Promise<void>>();
  for (;;) {
    const at =
      signal?.aborted === true || running.size >= lanes
        ? -1
        : waiting.findIndex(({ holds }) => !holds.some((each) => held.has(each)));
    const [job] = at < 0 ? [] : waiting.splice(at, 1);
    if (!job) {
      if (running.size === 0) return;
      await Promise.race(running);
      continue;
    }
    job.holds.forEach((each) => held.add(each));
    const run = job.work().finally(() => {
      job.holds.forEach((each) => held.delete(each));
      running.delete(run);
    });
    running.add(run);
  }
}
