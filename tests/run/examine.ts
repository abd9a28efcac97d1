import { isClaimable } from '../../certs/claims.ts';
import type { Driven } from '../drive/driver.ts';
import type { Exchange, Observation } from '../model.ts';
import { judge, type Controls } from '../oracle/judge.ts';
import { isPayload } from '../oracle/response.ts';
import { edgeAt } from '../drive/edges.ts';
import type { Edge } from '../oracle/clock.ts';
import { LEAST_ANSWERS } from './clock.ts';
import { merge } from './merge.ts';
import type { Throttle } from './throttle.ts';
import type { Planned } from './plan.ts';
import { headOf, unprepared, type Finding } from './finding.ts';
import { UNSTEERED, keyOf, type Worker } from './worker.ts';
import { observedOnce, driveSteadily, twinOf } from './steadily.ts';

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

/** The last control, where a stand-in of ours answered it a moment ago and the stimulus leaves TLS alone. */
function sharedControl(planned: Planned, worker: Worker): Driven | undefined {
  const { stimulus } = planned.case;
  const last = worker.last.get(keyOf(worker.version, planned.interaction));
  const apart = 'tls' in stimulus || 'hello' in stimulus || 'probe' in stimulus;
  if (!worker.shared || apart || !last || performance.now() - last.at > SHARED_MS) return undefined;
  return { observation: last.control, trace: [] };
}
