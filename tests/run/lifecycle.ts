import { setTimeout as sleep } from 'node:timers/promises';
import type { RevocableName } from '../../certs/revocable.ts';
import { createDriver } from '../drive/driver.ts';
import type { Observation } from '../model.ts';
import { judge, type Controls } from '../oracle/judge.ts';
import { describe, isPayload } from '../oracle/response.ts';
import type { Run } from './engine.ts';
import type { Baseline, Finding } from './examine.ts';
import { merge } from './merge.ts';

/** Bounds of a lifecycle, in milliseconds. */
export interface LifecycleBounds {
  /** How long after publication a refusal is waited for: FtRS asks that CRL or OCSP be polled every five minutes. */
  readonly limit: number;
  /** Between two tries. */
  readonly interval: number;
}

const DEFAULTS: LifecycleBounds = { limit: 300_000, interval: 2_000 };

/**
 * The life of one certificate: issued for this run and accepted, revoked, published, and tried with fresh handshakes
 * until it is refused beside an accepted control. It is noted: it tells the time, and binds nobody by itself.
 * @param way how the subject learns; the certificate names that way alone
 */
export async function lifecycle(
  run: Run,
  { version }: Pick<Baseline, 'version'>,
  way: 'ocsp' | 'crldp',
  given: Partial<LifecycleBounds> = {},
): Promise<Finding> {
  const started = performance.now();
  const { limit, interval } = { ...DEFAULTS, ...given };
  const { profile, subject, target, redactor, bounds } = run;
  const name: RevocableName = way === 'ocsp' ? 'ocsp-good' : 'crl-good';
  const expect = { kind: 'refused-once-asked', rule: 'certificate' } as const;
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
    case: 'lifecycle/revoked',
    title: 'a certificate accepted, then revoked and published, with fresh handshakes until it is refused',
    payload: profile.payload,
    level: 'noted',
    requirements: [],
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
    return finding('inconclusive', because, undriven, { exchange: undriven });
  }
  const first = await drive(revoked, version);
  trace.push(...first.trace);
  times += 1;
  if (!isPayload(first.observation, profile.payload)) {
    const because = `not accepted before it was revoked: ${describe(first.observation)}`;
    return finding('inconclusive', because, first.observation, { exchange: undriven });
  }
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
      return finding('pass', because, observation, control);
    }
    if (performance.now() - published + interval > limit) {
      const because = `${seconds} s after publication, the last try: ${verdict.because}`;
      return finding(verdict.outcome, because, observation, control);
    }
    await sleep(interval);
  }
}
