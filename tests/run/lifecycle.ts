import { setTimeout as sleep } from 'node:timers/promises';
import type { RevocableName } from '../../certs/revocable.ts';
import { createDriver } from '../drive/driver.ts';
import { lifecycleCase } from '../cases/revocation.ts';
import { outlive, type Outliving } from '../drive/outlive.ts';
import type { Observation, Profile } from '../model.ts';
import { judge, type Controls } from '../oracle/judge.ts';
import { describe, isPayload } from '../oracle/response.ts';
import type { Run } from './engine.ts';
import type { Baseline } from './baseline.ts';
import type { Finding } from './finding.ts';
import { merge } from './merge.ts';

/** Bounds of a lifecycle, in milliseconds. */
export interface LifecycleBounds {
  /** How long after publication a refusal is waited for: FtRS asks that CRL or OCSP be polled every five minutes. */
  readonly limit: number;
  /** Between two tries. */
  readonly interval: number;
  /** What is waited for as long is judged, where a document gives a time; absent: that time. */
  readonly binds?: number;
}

/** What gives a subject a time, by profile (FtRS: CRL or OCSP is polled every five minutes). */
const BINDING: Readonly<Record<string, { readonly requirement: string; readonly within: number }>> = {
  ftrs: { requirement: 'SEC-014', within: 300_000 },
};

/** What a run without a lifecycle leaves unsaid, where a document gives a time. */
export const untimed = ({
  id,
}: Profile): readonly { readonly requirement: string; readonly because: string }[] => {
  const binding = BINDING[id];
  if (!binding) return [];
  const because = `whether a revoked certificate is refused within ${binding.within / 60_000} minutes is judged by \`assay run --lifecycle\``;
  return [{ requirement: binding.requirement, because }];
};

const DEFAULTS: LifecycleBounds = { limit: 300_000, interval: 2_000 };

/**
 * The life of one certificate: issued for this run and accepted, revoked, published, and tried with fresh handshakes
 * until it is refused beside an accepted control. It tells the time; it binds where a document gives one and so long
 * was waited, and is noted everywhere else. What becomes of a connection and of a session that were
 * established before is noted in any case.
 * @param way how the subject learns; the certificate names that way alone
 */
export async function lifecycle(
  run: Run,
  { version }: Pick<Baseline, 'version'>,
  way: 'ocsp' | 'crldp',
  given: Partial<LifecycleBounds> = {},
): Promise<readonly [Finding, ...Finding[]]> {
  const started = performance.now();
  const { limit, interval } = { ...DEFAULTS, ...given };
  const { profile, subject, target, redactor, bounds } = run;
  const name: RevocableName = way === 'ocsp' ? 'ocsp-good' : 'crl-good';
  const { id, title, expect } = lifecycleCase;
  const binding = BINDING[run.profile.id];
  const binds = binding !== undefined && limit >= (given.binds ?? binding.within);
  const drive = createDriver(target, redactor, bounds);
  const valid = profile.valid(subject);
  const revoked = merge(valid, { tls: { certificate: name } });
  const undriven: Observation = { kind: 'nothing', reason: 'not driven' };
  const trace: string[] = [];
  let times = 0;
  const finding = (
    outcome: Finding['outcome'],
    because: string,
    observation: Observation,
    control: Controls,
  ): Finding => ({
    case: id,
    title,
    payload: profile.payload,
    level: binds ? 'MUST' : 'noted',
    requirements: binding ? [binding.requirement] : [],
    expected: `refused within ${limit / 1000} s of publication`,
    outcome,
    because,
    observation,
    times,
    control,
    trace,
    ms: Math.round(performance.now() - started),
  });
  if (!run.revoke || !Object.hasOwn(target.clients, name)) {
    const because = 'needs `callback` (and `pki`) in the subject file, and `revocation` to be ocsp or crldp';
    return [finding('inconclusive', because, undriven, { exchange: undriven })];
  }
  const first = await drive(revoked, version);
  trace.push(...first.trace);
  times += 1;
  if (!isPayload(first.observation, profile.payload)) {
    const because = `not accepted before it was revoked: ${describe(first.observation)}`;
    return [finding('inconclusive', because, first.observation, { exchange: undriven })];
  }
  const outliving = await outlive(target, revoked, version, redactor, bounds);
  run.revoke(name);
  const published = performance.now();
  for (;;) {
    const tried = (performance.now() - published) / 1000;
    const { observation, trace: own } = await drive(revoked, version);
    const after = await drive(valid, version);
    trace.splice(1, trace.length, ...own, ...after.trace);
    times += 1;
    const control: Controls = {
      exchange: after.observation,
      ...(run.asked && { asked: run.asked() }),
    };
    const verdict = judge(expect, observation, control, profile.payload);
    const seconds = tried.toFixed(1);
    if (verdict.outcome === 'pass') {
      const because = `${seconds} s after publication ${verdict.because}`;
      return [
        finding('pass', because, observation, control),
        ...(await survivors(finding('pass', '', observation, control), outliving)),
      ];
    }
    if (performance.now() - published + interval > limit) {
      const because = `${seconds} s after publication, the last try: ${verdict.because}`;
      return [finding(verdict.outcome, because, observation, control)];
    }
    await sleep(interval);
  }
}

/**
 * What was established before the revocation, once fresh handshakes are refused. A certificate is looked at in the
 * handshake, and a session carries it along: servers that read CRLs let both go on (measured on ten); nginx with
 * `ssl_ocsp` asks of a resumed session as well.
 */
async function survivors(refused: Finding, outliving: Outliving): Promise<readonly Finding[]> {
  const { payload, control } = refused;
  const judged = (name: string, title: string, observation: Observation): Finding => ({
    ...refused,
    case: `lifecycle/${name}`,
    level: 'noted',
    requirements: [],
    title,
    expected: 'refused, as a fresh handshake is',
    observation,
    times: 1,
    trace: [],
    ms: 0,
    ...judge({ kind: 'refused-connection', rule: 'certificate' }, observation, control, payload),
  });
  const open = isPayload(outliving.before, payload)
    ? await outliving.again()
    : ({ kind: 'nothing', reason: 'no connection was open before' } as const);
  return [
    judged('open-connection', 'a connection that was open before the certificate was revoked', open),
    judged(
      'resumed-session',
      'a session that was established before the certificate was revoked, resumed',
      await outliving.resumed(),
    ),
  ];
}
