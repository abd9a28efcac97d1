import type { Expectation, Observation, Verdict } from '../model.ts';
import { blames, describe, excerpt, gist, headerValues, isPayload, type Response } from './response.ts';
import { fail, inconclusive, pass, refusal, refusalOf, strengthOf } from './verdict.ts';

/** Verdicts on a connection or a request that is to be refused, and on what is served in clear. */

/** A 4xx that the control did not get, unless it blames another rule by name. */
function clientError(seen: Response, rule: Parameters<typeof blames>[1]): Verdict {
  const other = blames(seen, rule);
  return other
    ? inconclusive(`HTTP ${seen.status}, but it blames another rule (${other}): “${gist(seen)}”`)
    : refusal(`refused over HTTP: ${refusalOf(seen)}`, seen);
}

const inTls = (seen: Observation): Verdict | undefined =>
  seen.kind === 'alert' || seen.kind === 'closed'
    ? refusal(`refused in TLS: ${describe(seen)}`, seen)
    : undefined;

export function connectionRefused(
  seen: Observation,
  rule: Parameters<typeof blames>[1],
  payload: string,
): Verdict {
  const refused = inTls(seen);
  if (refused) return refused;
  if (seen.kind !== 'response') return inconclusive(describe(seen));
  if (isPayload(seen, payload)) return fail(`accepted: ${describe(seen)}, as for the valid exchange`);
  if (seen.status >= 400 && seen.status < 500) return clientError(seen, rule);
  if (seen.status >= 200 && seen.status < 300) {
    return refusal(`not served, but another page than the valid exchange's: ${refusalOf(seen)}`, seen);
  }
  return inconclusive(`HTTP ${seen.status} is no answer to a certificate: “${gist(seen)}”`);
}

/** A redirect is looked at for where it leads; a page that is not the payload is none of the application's. */
export function notInClear(seen: Observation, payload: string): Verdict {
  if (seen.kind === 'closed' && seen.during === 'connect')
    return pass('nobody listens on the plain-HTTP port');
  if (seen.kind !== 'response') return inTls(seen) ?? inconclusive(describe(seen));
  if (isPayload(seen, payload)) return fail(`served in clear: ${describe(seen)}, as for the valid exchange`);
  if (seen.status >= 300 && seen.status < 400) {
    const [location = ''] = headerValues(seen, 'location');
    return /^https:\/\//i.test(location)
      ? pass(`redirected to ${excerpt(location)}`)
      : fail(`HTTP ${seen.status} to ${location ? excerpt(location) : 'nowhere'}, which is not https`);
  }
  if (seen.status >= 400 && seen.status < 500)
    return pass(`refused over HTTP: ${refusalOf(seen)}`, strengthOf(seen));
  if (seen.status >= 200 && seen.status < 300)
    return pass(`another page than the valid exchange's (${refusalOf(seen)}): not served`, strengthOf(seen));
  return inconclusive(`HTTP ${seen.status} does not say whether it would be served: “${gist(seen)}”`);
}

export function noRenegotiation(seen: Observation): Verdict {
  if (seen.kind !== 'renegotiation') return inconclusive(describe(seen));
  return seen.taken ? fail(`taken: ${seen.how}`) : pass(`refused: ${seen.how}`);
}

export function requestRefused(
  seen: Observation,
  { rule, orServerError }: Extract<Expectation, { kind: 'refused-request' }>,
  payload: string,
): Verdict {
  const refused = inTls(seen);
  if (refused) return refused;
  if (seen.kind !== 'response') return inconclusive(describe(seen));
  if (isPayload(seen, payload)) return fail(`accepted: ${describe(seen)}, as for the valid exchange`);
  if (seen.status >= 400 && seen.status < 500) return clientError(seen, rule);
  if (orServerError && seen.status >= 500) return refusal(`refused over HTTP: ${refusalOf(seen)}`, seen);
  return fail(
    `answered with ${refusalOf(seen)}; a refused request is answered with 4xx${orServerError ? ' or 5xx' : ''}`,
  );
}
