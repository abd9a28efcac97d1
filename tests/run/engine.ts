import type { RevocableName } from '../../certs/revocable.ts';
import { createDriver, enumerateSuites, type Target } from '../drive/driver.ts';
import { isOfServerCertificate, type Bounds } from '../drive/http.ts';
import type { Redactor } from '../drive/redact.ts';
import type { Addressee, Exchange, Profile } from '../model.ts';
import { restsOnClose } from '../oracle/response.ts';
import { examine, reconsidered } from './examine.ts';
import { keyOf, type Worker } from './worker.ts';
import { settle, type Baseline } from './baseline.ts';
import { unreached, type Finding } from './finding.ts';
import { STAND_IN_EDGES } from '../drive/edges.ts';
import { createClock, type Clock } from './clock.ts';
import { bookingDriver, cancelOpen, createBookings, type Bookings } from './bookings.ts';
import { keySetObserver, type SteeredIssuer } from './key-set.ts';
import type { Planned } from './plan.ts';
import { comesLast } from './shard.ts';
import { surveyor, type Surveyed } from './survey.ts';
import { createThrottle, type Throttle } from './throttle.ts';
import { createVigil, type Loss } from './vigil.ts';

/** Everything that one run of a plan needs. */
export interface Run {
  readonly profile: Profile;
  readonly subject: Addressee;
  readonly target: Target;
  readonly redactor: Redactor;
  readonly bounds?: Partial<Bounds>;
  /** How often our revocation service was asked; absent: the subject has none to ask. */
  readonly asked?: () => number;
  /** Revokes a credential and publishes that; absent: nobody could learn of it. */
  readonly revoke?: (name: RevocableName) => void;
  /** The issuer that the subject trusts; absent: there is none, or it cannot be steered. */
  readonly issuer?: SteeredIssuer;
  /** What there is to survey; absent: nothing. */
  readonly surveyed?: Surveyed;
  /** Told in one sentence what the run leaves behind and a person has to look after. */
  readonly tell?: (sentence: string) => void;
  /** Told once where the subject takes the valid exchange no more; the run has stopped there. */
  readonly lost?: (loss: Loss) => void;
}

/** Drives the valid exchange, to learn whether there is anything to judge. */
export function baseline(run: Run): Promise<Baseline> {
  return settle(driverOf(run), run.profile.valid(run.subject), run.profile.payload);
}

const driverOf = ({ target, redactor, bounds }: Run) => createDriver(target, redactor, bounds);

/**
 * A worker that examines one case after another. Both front ends use it; workers of one run share `observed` and
 * `throttle`, `bookings` and `clock`.
 */
export function createWorker(
  run: Run,
  { version, accepted, observation }: Pick<Baseline, 'version' | 'accepted' | 'observation'>,
  observed: Worker['observed'] = new Map(),
  throttle: Throttle = createThrottle(),
  bookings: Bookings = createBookings(),
  clock: Clock = createClock(),
): Worker {
  return {
    drive: bookingDriver(driverOf(run), run.profile, run.subject, bookings),
    enumerate: (exchange: Exchange) => enumerateSuites(run.target, exchange, run.bounds?.patience),
    survey: surveyor(run, version),
    profile: run.profile,
    valid: run.profile.valid(run.subject),
    exchange: (interaction) => run.profile.exchange(run.subject, interaction),
    version,
    observed,
    clock,
    edges: run.target.edges ?? STAND_IN_EDGES,
    shared: run.target.shared === true,
    ...(run.target.shared !== true && { throttle }),
    presents: (certificate) => Object.hasOwn(run.target.clients, certificate),
    ...(run.asked && { asked: run.asked }),
    ...(run.issuer && { keySet: { issuer: run.issuer, observe: keySetObserver(run, version) } }),
    last: new Map(accepted ? [[keyOf(version), { at: performance.now(), control: observation }]] : []),
  };
}

/**
 * Examines the whole plan with a bounded number of workers.
 * Where the baseline was not accepted every case is inconclusive for that reason, and nothing more is driven, save what
 * looks at the server's certificate where that is the reason.
 * Where the subject takes the valid exchange no more, the run stops: what is left could only be inconclusive.
 * Where `signal` aborts, what is under way is left, but for an appointment that is booked: it is cancelled; and what was found until then is the result.
 * @returns findings in the order of the plan
 */
export async function runPlan(
  run: Run,
  plan: readonly Planned[],
  start: Baseline,
  concurrency: number,
  onFinding: (finding: Finding) => void = () => {},
  signal?: AbortSignal,
): Promise<readonly Finding[]> {
  if (!start.accepted) {
    // What keeps us away is the server's certificate: what is wrong with it can still be told.
    const worker = isOfServerCertificate(start.observation) ? createWorker(run, start) : undefined;
    const findings: Finding[] = [];
    for (const planned of plan) {
      const finding =
        worker && !signal?.aborted && planned.case.stimulus.probe === 'server-certificate'
          ? await examine(planned, worker)
          : unreached(planned, start.observation);
      findings.push(finding);
      onFinding(finding);
    }
    return findings;
  }
  const findings: Finding[] = [];
  const observed: Worker['observed'] = new Map();
  const throttle = createThrottle();
  const bookings = createBookings();
  const clock = createClock();
  const vigil = createVigil(driverOf(run), run.profile, run.profile.valid(run.subject), start.version);
  const losing = new AbortController();
  const ended = signal ? AbortSignal.any([signal, losing.signal]) : losing.signal;
  /** What rests on a close is told at the end: by then it is known whether the run was throttled. */
  const held = new Set<number>();
  const work = async (queue: Iterable<readonly [number, Planned]>): Promise<void> => {
    const worker = createWorker(run, start, observed, throttle, bookings, clock);
    for (const [at, planned] of queue) {
      if (ended.aborted) return;
      const finding = await examine(planned, worker);
      if (ended.aborted) return;
      findings[at] = finding;
      if (worker.throttle && finding.times > 0 && restsOnClose(finding.observation)) held.add(at);
      else onFinding(finding);
      const loss = await vigil.look(finding);
      if (!loss || ended.aborted) continue;
      losing.abort();
      run.lost?.(loss);
    }
  };
  // What steers the issuer would be met by every token of the others: it comes after them, one at a time.
  // So do surveys and active cases: nobody else is to be kept waiting by them, or taken for their doing.
  const steers = ([, planned]: readonly [number, Planned]): boolean => comesLast(planned);
  const queue = [...plan.entries()].filter((each) => !steers(each)).values();
  const workers = Array.from({ length: Math.max(1, Math.min(concurrency, plan.length)) }, () => work(queue));
  const whole = Promise.all(workers).then(() => work([...plan.entries()].filter(steers)));
  await unlessAborted(whole, ended);
  for (const sentence of await cancelOpen(bookings)) run.tell?.(sentence);
  for (const at of held) {
    const [finding, planned] = [findings[at], plan[at]];
    if (!finding || !planned) continue;
    findings[at] = reconsidered(finding, planned, throttle);
    onFinding(findings[at]);
  }
  return findings.filter((finding) => finding !== undefined);
}

/**
 * What work comes to, or `undefined` once a signal aborts. The signal is let go: it outlives many runs, and would hold
 * everything that they had.
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  let leave: () => void = () => {};
  const left = new Promise<undefined>((done) => {
    leave = () => done(undefined);
  });
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
