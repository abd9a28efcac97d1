import type { Observation, Verdict } from '../model.ts';
import { describe, headerValues, isPayload, saysNothing } from './response.ts';
import { fail, inconclusive, pass, refusalOf } from './verdict.ts';

/** Verdicts on hostile input: what the provider did with it, and whether it still answers. */

/** What comes of a file of the system's own, or of a field that the request wrote itself. */
const PASSWD = /\broot:[^:\n]*:0:0:/;
const INJECTED = 'x-assay-injected';

export function withstood(
  seen: Observation,
  accepts: boolean,
  fetched: number | undefined,
  payload: string,
): Verdict {
  if (fetched !== undefined && fetched > 0) return fail('it fetched what the request named (our canary)');
  if (seen.kind === 'alert' || seen.kind === 'closed') return pass(`cut off: ${describe(seen)}`);
  if (seen.kind !== 'response') return inconclusive(describe(seen));
  if (headerValues(seen, INJECTED).length > 0)
    return fail('a header field of the request became one of the answer');
  if (PASSWD.test(seen.body)) return fail("a file of the system's own was served");
  if (isPayload(seen, payload)) {
    const empty = seen.resourceType === 'Bundle' && !/"entry"\s*:\s*\[\s*\{/.test(seen.body);
    return accepts || empty
      ? pass(`answered as if it were valid${empty ? ', with nothing found' : ''}, and answering afterwards`)
      : fail(`accepted: ${describe(seen)}`);
  }
  if ((seen.status >= 400 && seen.status < 500) || seen.status === 501)
    return pass(`refused, and answering afterwards: ${refusalOf(seen)}`);
  return fail(`answered with ${refusalOf(seen)}`);
}

export function answeredBeside(seen: Observation, payload: string): Verdict {
  if (isPayload(seen, payload)) return pass('answered while other connections were held');
  if (seen.kind === 'nothing' && seen.reason.startsWith('ours')) return inconclusive(describe(seen));
  if (seen.kind === 'response' && saysNothing(seen))
    return inconclusive(`${describe(seen)}: held off rather than busy`);
  return fail(`not answered while other connections were held: ${describe(seen)}`);
}
