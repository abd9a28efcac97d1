/** Signals by which a person or a CI system ends a run. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Ctrl-C reaches a whole group, and the set-up passes it on as well: one press may arrive twice. */
const SAME_PRESS_MS = 500;

/** Turns the first signal into an abort, with its name as the reason; a later one ends the process at once. */
export function interruption(exitCode: number): {
  readonly signal: AbortSignal;
  readonly release: () => void;
} {
  const controller = new AbortController();
  let again = false;
  // A signal that waited while the loop was busy is met after timers and before immediates: it is of the same press.
  const arm = (): void => void setImmediate(() => (again = true));
  const onSignal = (name: NodeJS.Signals): void => {
    if (again) process.exit(exitCode);
    if (controller.signal.aborted) return;
    setTimeout(arm, SAME_PRESS_MS).unref();
    controller.abort(name);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of SIGNALS) process.removeListener(name, onSignal);
    },
  };
}

/** Resolves at the first signal. */
export const untilSignalled = (): Promise<void> =>
  new Promise((done) => {
    for (const name of SIGNALS) process.once(name, () => done());
  });
