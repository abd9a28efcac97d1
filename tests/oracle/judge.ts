import type { Expectation, Observation, Verdict } from '../model.ts';
import {
  cacheControl,
  discreet,
  errorStatus,
  freeOf,
  headerCarried,
  outcome,
  outcomePart,
  statusOf,
} from './answer.ts';
import { blurred, type Edge } from './clock.ts';
import { connectionRefused, noRenegotiation, notInClear, requestRefused } from './connection.ts';
import { judgeKeySet } from './key-set.ts';
import {
  helloTrait,
  keyExchange,
  offerKept,
  suitesOrdered,
  suitesPreferred,
  suitesRefused,
  suitesSupported,
} from './offer.ts';
import { madeBySsp } from './outcome.ts';
import { describe, isPayload, restsOnClose, saysNothing, throttles } from './response.ts';
import { serverCertificate } from './server-certificate.ts';
import { judgeGrants, judgeLatency, judgePorts, judgeVersions } from './survey.ts';
import { fail, inconclusive, pass, refusal, refusalOf } from './verdict.ts';
import { answeredBeside, withstood } from './withstood.ts';

/** What was seen of the subject beside the stimulus: the same exchange without the one change. */
export interface Controls {
  /** The valid exchange, driven just after the stimulus (or, where that was not reached, before it). */
  readonly exchange: Observation;
  /** What answers the control, where that is another interaction than the stimulus's. */
  readonly payload?: string;
  /** For a bare ClientHello: the same hello in a version that the subject takes. */
  readonly hello?: Observation;
  /** The case's own second control: the stimulus without its one defect. */
  readonly beside?: Observation;
  /** How often the subject had asked our revocation service by the end of the case, about anything. */
  readonly asked?: number;
  /** How often the canary was fetched that the stimulus names; absent: it names none. */
  readonly fetched?: number;
  /** For a case at an edge of time: what is known of the subject's clock. */
  readonly clock?: Edge;
  /** What was seen of a throttle in this run, in words; absent: nothing. */
  readonly throttled?: string;
}

/** Whether a control shows that the subject was there and willing. */
export function accepted({ exchange, payload: own, hello, beside }: Controls, payload: string): boolean {
  return (
    isPayload(exchange, own ?? payload) &&
    (hello === undefined || hello.kind === 'server-hello') &&
    (beside === undefined || isPayload(beside, payload))
  );
}

/**
 * Expectation and observation in, verdict out. No clock, no network, no memory.
 * A refusal is believed only beside a control that was accepted; what is no evidence is inconclusive.
 * @param payload `resourceType` that answers the valid exchange
 */
export function judge(
  expected: Expectation,
  seen: Observation,
  controls: Controls,
  payload: string,
): Verdict {
  // The control hello is an offer of its own: a downgrade of it is one.
  if (
    expected.kind === 'offer-kept' &&
    controls.hello?.kind === 'downgrade' &&
    isPayload(controls.exchange, payload)
  )
    return fail(describe(controls.hello));
  const throttled = throttledBy(seen, controls, accepted(controls, payload));
  if (throttled !== undefined)
    return inconclusive(`throttled: ${throttled}; run again with --polite, or ask for a higher limit`);
  // It was there to answer, and is not any more.
  if (
    expected.kind === 'withstood' &&
    seen.kind === 'response' &&
    (controls.exchange.kind === 'nothing' || controls.exchange.kind === 'closed')
  )
    return fail(`it does not answer the valid exchange any more: ${describe(controls.exchange)}`);
  if (!accepted(controls, payload)) {
    const { exchange, hello, beside } = controls;
    if (!isPayload(exchange, controls.payload ?? payload))
      return inconclusive(`the valid exchange was not accepted: ${refusalOf(exchange)}`);
    return hello && hello.kind !== 'server-hello'
      ? inconclusive(`the control hello was not accepted: ${describe(hello)}`)
      : inconclusive(`the case's own control was not accepted: ${beside ? refusalOf(beside) : ''}`);
  }
  const blur = controls.clock && blurred(expected, controls.clock);
  if (blur !== undefined) return inconclusive(blur);
  if (expected.kind === 'answered-beside') return answeredBeside(seen, payload);
  if (seen.kind === 'nothing' || seen.kind === 'unsteady') return inconclusive(describe(seen));
  // To a bare hello, whatever is no ServerHello of the version offered is a refusal, plain HTTP included.
  if ((seen.kind === 'broken' || seen.kind === 'downgrade') && !isOfOffer(expected))
    return inconclusive(describe(seen));
  const misdirected = expected.kind === 'refused-connection' && expected.misdirected;
  if (seen.kind === 'response' && saysNothing(seen) && !(misdirected && seen.status === 421)) {
    return inconclusive(`HTTP ${seen.status}: misdirected, or a hop that is down; no answer to the stimulus`);
  }
  if (seen.kind === 'response' && madeBySsp(seen)) {
    return inconclusive(`the SSP answered, not the provider: ${refusalOf(seen)}`);
  }
  switch (expected.kind) {
    case 'accepted':
      // Another interaction than the control's speaks of test data: where these are not there, nothing was tried.
      if (controls.payload !== undefined && seen.kind === 'response' && seen.status === 404)
        return inconclusive(`${refusalOf(seen)}: does the subject hold the test data of its subject file?`);
      return isPayload(seen, payload)
        ? pass(`accepted: ${describe(seen)}`)
        : fail(`the exchange was refused: ${refusalOf(seen)}`);
    case 'refused-connection':
      return connectionRefused(seen, expected.rule, payload);
    case 'refused-once-asked':
      return isPayload(seen, payload) && !controls.asked
        ? inconclusive(
            `${describe(seen)}, but our revocation service was never asked: does the subject check, and does it reach \`callback\`?`,
          )
        : connectionRefused(seen, expected.rule, payload);
    case 'refused-request':
      return requestRefused(seen, expected, payload);
    case 'error-status':
      return errorStatus(seen, payload);
    case 'outcome':
      return outcome(seen, expected, payload);
    case 'outcome-part':
      return outcomePart(seen, expected, payload);
    case 'cache-control':
      return cacheControl(seen, expected.directive, expected.of);
    case 'header':
      return headerCarried(seen, expected, payload);
    case 'status':
      return statusOf(seen, expected.is, payload);
    case 'discreet':
      return discreet(seen, payload);
    case 'not-in-clear':
      return notInClear(seen, payload);
    case 'server-certificate':
      return seen.kind === 'certificate'
        ? serverCertificate(seen, expected.aspect)
        : inconclusive(describe(seen));
    case 'no-renegotiation':
      return noRenegotiation(seen);
    case 'free-of':
      return freeOf(seen, expected.what);
    case 'ports':
      return seen.kind === 'ports' ? judgePorts(seen, expected.of) : inconclusive(describe(seen));
    case 'versions':
      return seen.kind === 'versions' ? judgeVersions(seen) : inconclusive(describe(seen));
    case 'latency':
      return seen.kind === 'latency' ? judgeLatency(seen) : inconclusive(describe(seen));
    case 'grants':
      return seen.kind === 'grants' ? judgeGrants(seen, expected.of, payload) : inconclusive(describe(seen));
    case 'key-set':
      return seen.kind === 'key-set'
        ? judgeKeySet({ ...seen, control: controls.exchange }, payload)
        : inconclusive(describe(seen));
    case 'withstood':
      return withstood(seen, expected.accepts === true, controls.fetched, payload);
    case 'offer-refused':
      return seen.kind === 'server-hello'
        ? fail(`accepted: ${describe(seen)}`)
        : refusal(`refused: ${describe(seen)}`, seen);
    case 'offer-kept':
      return offerKept(seen);
    case 'suites-refused':
      return suitesRefused(seen, expected.family, expected.suites);
    case 'suites-preferred':
      return suitesPreferred(seen);
    case 'key-exchange':
      return keyExchange(seen, expected.of);
    case 'hello-trait':
      return helloTrait(seen, expected.trait);
    case 'suites-supported':
      return suitesSupported(seen, expected.groups);
    case 'suites-ordered':
      return suitesOrdered(seen, expected.groups);
  }
}

/**
 * What makes an observation one of a throttle; `undefined`: nothing. In a run that was throttled a close without a word
 * is nobody's refusal, and a control that failed has failed for that.
 */
function throttledBy(
  seen: Observation,
  { exchange, hello, beside, throttled }: Controls,
  controlled: boolean,
): string | undefined {
  const said = [seen, exchange, hello, beside].find((each) => each !== undefined && throttles(each));
  if (said) return describe(said);
  return throttled !== undefined && (!controlled || restsOnClose(seen)) ? throttled : undefined;
}

/** Expectations of what is, or is not, answered to a bare hello. */
const isOfOffer = ({ kind }: Expectation): boolean => kind === 'offer-refused' || kind === 'offer-kept';
