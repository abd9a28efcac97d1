import { isSurvey, type Driven } from '../drive/driver.ts';
import type { Case, Exchange, Observation } from '../model.ts';
import { isPayload } from '../oracle/response.ts';
import type { Worker } from './worker.ts';

/**
 * What of an observation has to be the same for a repeated one to confirm it. FIN or RST is a race between the
 * peer's close and our request, on one and the same peer: both are a close without a byte.
 */
const gist = (seen: Observation): string =>
  seen.kind === 'response'
    ? `${seen.status} ${seen.resourceType ?? ''}`
    : seen.kind === 'suites'
      ? `suites ${seen.accepted.join()}`
      : seen.kind;

/** FIN, RST, and another page with a success status: forms that chance can also take. */
const isWeak = (seen: Observation, payload: string): boolean =>
  seen.kind === 'closed' ||
  (seen.kind === 'suites' && seen.refusal !== undefined && !seen.refusal.startsWith('fatal alert')) ||
  (seen.kind === 'response' && seen.status < 300 && !isPayload(seen, payload));

/** A stimulus with its controls, and what came of them. */
export interface Observed extends Driven {
  readonly times: number;
  readonly twin: Observation | undefined;
  readonly after: Driven;
}

/** The same bare hello is made once in a run, however many cases judge what it shows. */
export function observedOnce(
  key: string,
  known: Worker['observed'] | undefined,
  drive: () => Promise<Observed>,
): Promise<Observed> {
  const seen = known?.get(key) ?? drive();
  known?.set(key, seen);
  return seen;
}

/**
 * Drives a stimulus, and a weak refusal three times. On a subject a control stands before the third: what throttles
 * and has let that pass lets the stimulus pass too.
 */
export async function driveSteadily(
  via: Case['via'],
  stimulus: Exchange,
  worker: Worker,
  payload: string,
  between: () => Promise<Driven>,
  undoable: boolean,
) {
  const { probe } = stimulus;
  const once = async (): Promise<Driven> =>
    isSurvey(probe)
      ? worker.survey(probe)
      : via === 'enumeration'
        ? worker.enumerate(stimulus)
        : worker.drive(stimulus, worker.version);
  const first = await once();
  // What cannot be undone, or has a budget, is not done again, however weak the answer was.
  if (!undoable || !isWeak(first.observation, payload)) return { ...first, times: 1 };
  const second = await once();
  const witness = worker.shared ? undefined : await between();
  const all = [first, second, await once()];
  const trace = [...all, ...(witness ? [witness] : [])].flatMap((each) => each.trace);
  const kept = all.flatMap((each) => each.kept ?? []);
  const seen = all.map(({ observation }) => observation);
  const steady = new Set(seen.map(gist)).size === 1;
  const weakest = seen.find((each) => each.kind === 'closed' && each.how === 'reset') ?? first.observation;
  return { observation: steady ? weakest : ({ kind: 'unsteady', seen } as const), times: 3, trace, kept };
}

/** For a bare hello: the same hello as the run's own version would have it, which has to be taken. */
export async function twinOf({ hello }: Exchange, worker: Worker): Promise<Observation | undefined> {
  if (!hello) return undefined;
  const valid: Exchange = { ...worker.valid, hello: { version: worker.version } };
  return (await worker.drive(valid, worker.version)).observation;
}
