/** Signals by which a person or a CI system ends a run. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Ctrl-C reaches a whole group, and the set-up passes it on as well: one press may arrive twice. */
const SAME_PRESS_MS = 500;

/** Turns the first signal into an abort, with its name as the reason; a later one ends the process at once. */
export function interruption(exitCode: number): {
  readonly signal: AbortSignal;
  readonly release: () => void;
} {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    if (first === 0) {
      first = performance.now();
      controller.abort(name);
    } else if (performance.now() - first > SAME_PRESS_MS) process.exit(exitCode);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of SIGNALS) process.removeListener(name, onSignal);
    },
  };
}
