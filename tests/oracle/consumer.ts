import type { Verdict } from '../model.ts';
import { inconclusive } from './verdict.ts';

/** What a consumer's own command did with one SSP. */
export interface Visit {
  /** TCP connections that it opened. */
  readonly connections: number;
  /** Statuses of the requests that arrived. */
  readonly statuses: readonly (number | undefined)[];
}

const isServed = ({ statuses }: Visit): boolean =>
  statuses.some((status) => status !== undefined && status >= 200 && status < 300);

/**
 * Whether a consumer keeps away from an SSP that is wrong in one thing. A request that arrives is a fail: bearer
 * token and patient went to whoever this is. That it kept away is believed only beside the good SSP, which the same
 * command was served by just after.
 */
export function judgeVisit(visit: Visit, control: Visit): Verdict {
  if (visit.statuses.length > 0)
    return { outcome: 'fail', because: `${visit.statuses.length} requests were sent to it` };
  if (!isServed(control)) {
    const seen =
      control.connections === 0 ? 'it never connected' : `statuses: ${control.statuses.join(', ') || 'none'}`;
    return inconclusive(`the good SSP did not serve the command either (${seen})`);
  }
  if (visit.connections === 0)
    return inconclusive('it never connected: does the command take the address from the environment?');
  return { outcome: 'pass', because: `connected ${visit.connections} times and sent nothing` };
}
