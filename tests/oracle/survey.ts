import type { GrantStep, Observation, Verdict } from '../model.ts';
import { describe, isPayload, saysNothing } from './response.ts';
import { fail, inconclusive, pass } from './verdict.ts';

/** What surveys saw, judged: ports, versions of an endpoint, latency, what roles and tenants are served. */

type Seen<Kind extends Observation['kind']> = Extract<Observation, { readonly kind: Kind }>;

/** A survey that found none of its own ports open looked at the wrong place. */
export function judgePorts({ looked, open }: Seen<'ports'>, of: 'approved' | 'encrypted'): Verdict {
  const list = (ports: Seen<'ports'>['open']): string => ports.map(({ port }) => port).join(', ');
  const approved = open.filter((each) => each.approved);
  if (approved.length === 0) return inconclusive(`no approved port was found open (${looked} looked at)`);
  if (of === 'approved') {
    const others = open.filter((each) => !each.approved);
    return others.length > 0
      ? fail(`open, and in no approved list: ${list(others)} (${looked} looked at)`)
      : pass(`of ${looked} ports looked at ${list(open)} are open, and all approved`);
  }
  const clear = approved.filter(({ speaks }) => speaks === 'clear');
  if (clear.length > 0) return fail(`no TLS in the answer to a ClientHello on ${list(clear)}`);
  const silent = approved.filter(({ speaks }) => speaks === 'nothing');
  if (silent.length > 0) return inconclusive(`no answer to a ClientHello on ${list(silent)}`);
  const secure = approved.filter(({ speaks }) => speaks === 'tls');
  return secure.length > 0
    ? pass(`TLS is spoken on ${list(secure)}`)
    : inconclusive('no approved port was found open but the declared one in clear');
}

const CURRENT: readonly string[] = ['TLSv1.2', 'TLSv1.3'];

export function judgeVersions({ accepted, untold, answer }: Seen<'versions'>): Verdict {
  const old = accepted.filter((version) => !CURRENT.includes(version));
  if (old.length > 0) return fail(`the transfer endpoint takes ${old.join(', ')}`);
  if (accepted.length === 0)
    return answer.kind === 'broken'
      ? fail(`the transfer endpoint speaks no TLS: ${describe(answer)}`)
      : inconclusive(`the transfer endpoint takes no version of TLS: ${describe(answer)}`);
  return untold.length > 0
    ? inconclusive(`whether the transfer endpoint takes ${untold.join(', ')} could not be learnt`)
    : pass(`the transfer endpoint takes ${accepted.join(', ')} and nothing older`);
}

const ms = (value: number): string => `${Math.round(value)} ms`;

export function judgeLatency({ samples, secured, unsecured, within }: Seen<'latency'>): Verdict {
  const added = secured.p95 - unsecured.p95;
  const told = `p95 ${ms(secured.p95)} with the controls and ${ms(unsecured.p95)} without (${samples} exchanges each)`;
  return added <= within
    ? pass(`${ms(Math.max(0, added))} added, at most ${ms(within)} agreed: ${told}`)
    : fail(`${ms(added)} added, at most ${ms(within)} agreed: ${told}`);
}

/** A Bundle without entries gives nothing away; a 404 says that there is nothing for this client. */
function cameOf({ entries, seen, payload: own }: GrantStep, usual: string): GrantStep['want'] | undefined {
  if (isPayload(seen, own ?? usual)) return entries === 0 ? 'withheld' : 'served';
  if (seen.kind === 'alert' || seen.kind === 'closed') return 'withheld';
  const refused = seen.kind === 'response' && seen.status >= 400 && seen.status < 500 && !saysNothing(seen);
  return refused ? 'withheld' : undefined;
}

/**
 * What is withheld is believed only where the same was served to somebody else: else nobody can tell that it is there.
 * Of a tenant's own, or of a role's due, what is missing for want of data is no refusal.
 */
export function judgeGrants({ steps }: Seen<'grants'>, of: 'roles' | 'tenants', payload: string): Verdict {
  if (steps.length === 0) return inconclusive('ours: nothing was asked for');
  const came = steps.map((step) => ({ step, came: cameOf(step, payload) }));
  const given = came.find((each) => each.step.want === 'withheld' && each.came === 'served');
  if (given) return fail(`${given.step.what}: served, and had to be withheld (${describe(given.step.seen)})`);
  const missing = came.find((each) => each.came !== each.step.want);
  if (!missing) return pass(`as it had to be in ${steps.length} requests`);
  const { step } = missing;
  const told = `${step.what}: wanted ${step.want}, got ${describe(step.seen)}`;
  const denied = step.seen.kind === 'response' && (step.seen.status === 401 || step.seen.status === 403);
  return of === 'roles' && step.want === 'served' && denied ? fail(told) : inconclusive(told);
}
