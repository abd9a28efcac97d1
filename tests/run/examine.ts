import { isClaimable } from '../../certs/claims.ts';
import { isSurvey, type Driven, type Driver } from '../drive/driver.ts';
import type { Interaction } from '../../mocks/ssp/interactions.ts';
import type { Case, Exchange, Observation, Profile, Strength, Survey, TlsVersion } from '../model.ts';
import { expectationInWords } from '../oracle/expected.ts';
import { accepted, judge, type Controls } from '../oracle/judge.ts';
import { describe, isPayload } from '../oracle/response.ts';
import { edgeAt, type Edges } from '../drive/edges.ts';
import type { Edge } from '../oracle/clock.ts';
import { LEAST_ANSWERS, type Clock } from './clock.ts';
import { merge } from './merge.ts';
import type { Throttle } from './throttle.ts';
import type { KeyObservation } from '../oracle/key-set.ts';
import type { SteeredIssuer } from './key-set.ts';
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

/** One worker of a run: a driver, and the last time the subject accepted the valid exchange from it. */
export interface Worker {
  readonly drive: Driver;
  readonly enumerate: (exchange: Exchange) => Promise<Driven>;
  readonly survey: (survey: Survey) => Promise<Driven>;
  readonly profile: Profile;
  readonly valid: Exchange;
  /** The valid exchange of an interaction. */
  readonly exchange: (interaction: Interaction) => Exchange;
  readonly version: TlsVersion;
  /** A stand-in of ours: cases that do not touch TLS may share a control. */
  readonly shared: boolean;
  /** What can be presented; a case that names another credential cannot be driven. */
  readonly presents: (certificate: string) => boolean;
  /** How often the subject has asked our revocation service; absent: there is none that it could reach. */
  readonly asked?: () => number;
  /** What the run knows of being throttled; absent on a stand-in of ours, which throttles nobody. */
  readonly throttle?: Throttle;
  /** What is known of the subject's clock. */
  readonly clock: Clock;
  /** How near to an edge of time a token comes. */
  readonly edges: Edges;
  /** By interaction and version, `performance.now()` of the last accepted control, and that control. */
  readonly last: Map<string, { readonly at: number; readonly control: Observation }>;
  /** What bare hellos have shown in this run, by the hello. */
  readonly observed: Map<string, Promise<Observed>>;
  /** The issuer that the subject trusts, and what drives a key-set case on it; absent: it cannot be steered. */
  readonly keySet?: {
    readonly issuer: SteeredIssuer;
    readonly observe: (name: string, issuer: SteeredIssuer) => Promise<KeyObservation>;
  };
}

const UNSTEERED =
  'its issuer cannot be steered: keep `assay serve --cis2 --issuer DIR` up during the run, with DIR as `issuer` of the subject file';

/** The key in `last` of an interaction's valid exchange, or of the profile's own, in one version. */
export const keyOf = (version: TlsVersion, interaction?: Interaction): string =>
  `${interaction?.name ?? ''} ${version}`;

/** A control as old as this still is the "before" of the next stimulus. */
const FRESH_MS = 10_000;
/** On a stand-in of ours, a control as old as this also is the "after" of a stimulus that does not touch TLS. */
const SHARED_MS = 250;

/** Control bodies are not evidence once the payload was recognised. */
const slim = (seen: Observation): Observation => (seen.kind === 'response' ? { ...seen, body: '' } : seen);

/**
 * Drives the valid exchange. As the "before" of a stimulus it may come after a pause, where a throttle had to be
 * waited for; the "after" has to be what the burst of the stimulus got.
 */
async function control(
  worker: Worker,
  valid: Exchange,
  { interaction, payload }: Planned,
  before = false,
): Promise<Driven> {
  const once = async (): Promise<Driven> => {
    const sent = Date.now();
    const seen = await worker.drive(valid, worker.version);
    worker.clock.saw(sent, Date.now(), seen.observation);
    return seen;
  };
  const sound = ({ observation }: Driven): boolean => isPayload(observation, payload);
  const first = await once();
  const cured = sound(first) ? first : ((await worker.throttle?.cure(first, once, sound)) ?? first);
  const driven = before ? cured : first;
  if (!sound(driven)) return driven;
  const observation = slim(driven.observation);
  if (!valid.tls?.unverified)
    worker.last.set(keyOf(worker.version, interaction), { at: performance.now(), control: observation });
  return { ...driven, observation };
}

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

/**
 * Applies the stimulus, then the control: a refusal means nothing if the valid exchange is refused too.
 * Never rejects: a fault of ours is an inconclusive finding whose reason starts with `ours:`.
 */
export async function examine(planned: Planned, of: Worker): Promise<Finding> {
  const worker: Worker = planned.version === undefined ? of : { ...of, version: planned.version };
  const started = performance.now();
  const { case: entry, interaction, payload } = planned;
  const finding = (
    verdict: Pick<Finding, 'outcome' | 'because' | 'strength'>,
    observation: Observation,
    controls: Controls,
    times = 1,
    trace: readonly string[] = [],
    kept: readonly string[] = [],
  ): Finding => ({
    ...headOf(planned),
    ...verdict,
    observation,
    times,
    control: controls,
    trace,
    ...(kept.length > 0 && { evidence: [...new Set(kept)] }),
    ms: Math.round((performance.now() - started) * 10) / 10,
  });
  const undriven: Observation = { kind: 'nothing', reason: 'not driven' };

  if (planned.lacks !== undefined) return unprepared(planned, planned.lacks);
  try {
    await worker.throttle?.quiet();
    if (entry.via === 'key-set') {
      const { keySet } = worker;
      if (!keySet)
        return finding({ outcome: 'inconclusive', because: UNSTEERED }, undriven, { exchange: undriven }, 0);
      if (keySet.issuer.within === undefined)
        return unprepared(planned, 'fill options.keysWithin in the subject file');
      const { control: before, ...seen } = await keySet.observe(entry.id, keySet.issuer);
      const observed: Observation = { kind: 'key-set', ...seen };
      const controls = { exchange: before };
      return finding(judge(entry.expect, observed, controls, payload), observed, controls);
    }
    const valid = interaction ? worker.exchange(interaction) : worker.valid;
    const stimulus = merge(valid, entry.stimulus);
    const missing = lacking(entry, stimulus, worker);
    if (missing !== undefined)
      return finding({ outcome: 'inconclusive', because: missing }, undriven, { exchange: undriven }, 0);
    const changes = Object.keys(entry.stimulus).length > 0;
    if (changes && JSON.stringify(stimulus) === JSON.stringify(valid)) {
      const because = 'ours: the stimulus is the valid exchange itself; nothing was changed';
      return finding({ outcome: 'inconclusive', because }, undriven, { exchange: undriven }, 0);
    }
    // An interaction that is asked as it should be cannot be its own control: the profile's own exchange is.
    const apart = interaction !== undefined && (!changes || interaction.writes === 'registration');
    const twinned: Planned = apart ? withoutInteraction(planned, worker) : planned;
    const unverified = stimulus.tls?.unverified && merge(valid, { tls: { unverified: true } });
    const controlled = apart ? worker.valid : (unverified ?? valid);
    const last = worker.last.get(keyOf(worker.version, twinned.interaction));
    if (!last || performance.now() - last.at > FRESH_MS) {
      const before = await control(worker, controlled, twinned, true);
      if (!isPayload(before.observation, twinned.payload)) {
        const controls = {
          exchange: before.observation,
          ...(apart && { payload: twinned.payload }),
          ...throttledIn(worker, false),
        };
        const verdict = judge(entry.expect, undriven, controls, payload);
        return finding(verdict, undriven, controls, 0, before.trace, before.kept);
      }
    }
    const near = stimulus.identity?.edge ?? stimulus.token?.edge;
    const edge = near ? edgeAt(near, worker.edges) : entry.edge;
    for (let more = worker.shared || edge === undefined ? 0 : LEAST_ANSWERS; more > 0; more -= 1)
      if (worker.clock.answers() < LEAST_ANSWERS) await control(worker, controlled, twinned, true);
    const made = Date.now();
    const {
      observation,
      times,
      trace,
      kept = [],
      twin,
      after,
      fetched,
    } = await observedOnce(
      JSON.stringify([entry.via, stimulus.hello, stimulus.probe, planned.interaction?.name]),
      stimulus.hello || unverified || entry.via === 'survey' ? worker.observed : undefined,
      async () => ({
        ...(await driveSteadily(
          entry.via,
          stimulus,
          worker,
          payload,
          () => control(worker, controlled, twinned),
          interaction?.writes !== 'registration' && !entry.consent?.includes('active'),
        )),
        twin: await twinOf(stimulus, worker),
        after: sharedControl(twinned, worker) ?? (await control(worker, controlled, twinned)),
      }),
    );
    const clock = edge === undefined ? undefined : edgeOf(edge, (Date.now() - made) / 1000, worker);
    const beside = entry.beside && (await worker.drive(merge(valid, entry.beside), worker.version));
    const controls: Controls = {
      exchange: after.observation,
      ...(apart && { payload: twinned.payload }),
      ...(twin && { hello: twin }),
      ...(beside && { beside: slim(beside.observation) }),
      ...(fetched !== undefined && { fetched }),
      ...(clock && { clock }),
      ...(worker.asked && learnsByAsking(entry) && { asked: worker.asked() }),
      ...throttledIn(worker, isPayload(after.observation, twinned.payload)),
    };
    const verdict = judge(entry.expect, observation, controls, payload);
    const files = [...kept, ...(after.kept ?? []), ...(beside?.kept ?? [])];
    return finding(verdict, observation, controls, times, [...trace, ...after.trace], files);
  } catch (error) {
    const because = `ours: ${error instanceof Error ? error.message : String(error)}`;
    return finding({ outcome: 'inconclusive', because }, undriven, { exchange: undriven }, 0);
  }
}

/** What a run knows of a throttle, as it bears on a case whose own control was accepted, or was not. */
const throttledIn = ({ throttle }: Worker, controlled: boolean): Pick<Controls, 'throttled'> => {
  const throttled = controlled ? throttle?.certain() : throttle?.seen();
  return throttled === undefined ? {} : { throttled };
};

/** A finding as it is judged once it is known that the run was throttled. */
export function reconsidered(finding: Finding, { case: entry }: Planned, throttle: Throttle): Finding {
  const throttled = throttle.certain();
  if (throttled === undefined || finding.times === 0 || finding.control.throttled !== undefined)
    return finding;
  const control: Controls = { ...finding.control, throttled };
  const verdict = judge(entry.expect, finding.observation, control, finding.payload);
  const { strength: _strength, ...rest } = finding;
  return { ...rest, ...verdict, control };
}

/** What is known of a subject's clock, as it bears on an edge. That of a stand-in is ours. */
function edgeOf(edge: number, took: number, { clock, edges: { skew }, shared }: Worker): Edge {
  const answers = shared ? 0 : clock.answers();
  const told = shared ? { from: 0, to: 0 } : answers < LEAST_ANSWERS ? undefined : clock.bounds();
  return { edge, ...told, skew, took, answers };
}

/** The same case on the profile's own valid exchange. */
function withoutInteraction({ interaction: _interaction, ...rest }: Planned, worker: Worker): Planned {
  return { ...rest, payload: worker.profile.payload };
}

const learnsByAsking = ({ learns }: Planned['case']): boolean => learns === 'ocsp' || learns === 'crldp';

/** What a case needs and this run has not; `undefined`: nothing. */
function lacking(entry: Planned['case'], { tls }: Exchange, worker: Worker): string | undefined {
  if (learnsByAsking(entry) && !worker.asked) {
    return 'needs `callback` (and `pki`) in the subject file: where the subject reaches our OCSP responder and CRLs';
  }
  const name = [tls?.certificate, entry.beside?.tls?.certificate].find(
    (each) => typeof each === 'string' && !worker.presents(each),
  );
  if (typeof name !== 'string') return undefined;
  return isClaimable(name)
    ? `nobody has a credential ${name} for this subject: give \`credentials.${name}\` in the subject file, or say why not under \`notExamined\``
    : `nobody has a credential ${name} for this subject`;
}

/** A stimulus with its controls, and what came of them. */
export interface Observed extends Driven {
  readonly times: number;
  readonly twin: Observation | undefined;
  readonly after: Driven;
}

/** The same bare hello is made once in a run, however many cases judge what it shows. */
function observedOnce(
  key: string,
  known: Worker['observed'] | undefined,
  drive: () => Promise<Observed>,
): Promise<Observed> {
  const seen = known?.get(key) ?? drive();
  known?.set(key, seen);
  return seen;
}

/** The last control, where a stand-in of ours answered it a moment ago and the stimulus leaves TLS alone. */
function sharedControl(planned: Planned, worker: Worker): Driven | undefined {
  const { stimulus } = planned.case;
  const last = worker.last.get(keyOf(worker.version, planned.interaction));
  const apart = 'tls' in stimulus || 'hello' in stimulus || 'probe' in stimulus;
  if (!worker.shared || apart || !last || performance.now() - last.at > SHARED_MS) return undefined;
  return { observation: last.control, trace: [] };
}

/**
 * Drives a stimulus, and a weak refusal three times. On a subject a control stands before the third: what throttles
 * and has let that pass lets the stimulus pass too.
 */
async function driveSteadily(
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
async function twinOf({ hello }: Exchange, worker: Worker): Promise<Observation | undefined> {
  if (!hello) return undefined;
  const valid: Exchange = { ...worker.valid, hello: { version: worker.version } };
  return (await worker.drive(valid, worker.version)).observation;
}

/** What the subject did with the valid exchange before any case was driven. */
export interface Baseline {
  /** The version that cases are driven in: 1.2 where the subject takes it, as the SSP would. */
  readonly version: TlsVersion;
  /** Every version that it takes the valid exchange in, or about which that could not be learnt; `version` first. */
  readonly versions: readonly TlsVersion[];
  readonly accepted: boolean;
  readonly observation: Observation;
}

/** Drives the valid exchange in each version, to learn whether there is anything to judge and in which. */
export async function settle(drive: Driver, valid: Exchange, payload: string): Promise<Baseline> {
  const taken = ({ observation }: Driven): boolean => accepted({ exchange: observation }, payload);
  const older = await drive(valid, 'TLSv1.2');
  const refused = older.observation.kind === 'alert' || older.observation.kind === 'closed';
  if (!taken(older) && !refused)
    return { version: 'TLSv1.2', versions: [], accepted: false, observation: older.observation };
  const newer = await drive(valid, 'TLSv1.3');
  if (taken(older)) {
    // What we could not learn is not left out: the findings will say that it could not be learnt.
    const also = taken(newer) || (await isDoubtful(newer, () => drive(valid, 'TLSv1.3')));
    const versions = also ? (['TLSv1.2', 'TLSv1.3'] as const) : (['TLSv1.2'] as const);
    return { version: 'TLSv1.2', versions, accepted: true, observation: older.observation };
  }
  if (taken(newer))
    return { version: 'TLSv1.3', versions: ['TLSv1.3'], accepted: true, observation: newer.observation };
  return { version: 'TLSv1.2', versions: [], accepted: false, observation: older.observation };
}

/** Whether a valid exchange that was not taken may yet be: neither an alert nor an answer, nor three times the same. */
async function isDoubtful({ observation }: Driven, again: () => Promise<Driven>): Promise<boolean> {
  if (observation.kind === 'alert' || observation.kind === 'response') return false;
  const twice = [await again(), await again()];
  return twice.some((each) => each.observation.kind !== observation.kind);
}

const headOf = ({ id, case: entry, clauses, level, payload }: Planned) => ({
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
const unprepared = (planned: Planned, lacks: string): Finding =>
  undrivenFinding(planned, `not driven: ${lacks}`, {
    kind: 'nothing',
    reason: 'not driven',
  });
