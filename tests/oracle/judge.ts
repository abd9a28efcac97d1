import type { Expectation, Observation, OutcomePart, Strength, SuiteGroup, Verdict } from '../model.ts';
import { blurred, type Edge } from './clock.ts';
import { judgeKeySet } from './key-set.ts';
import { answerFaults, madeBySsp, partFaults } from './outcome.ts';
import { groundOf } from './grounds.ts';
import { r4Faults } from './r4-outcome.ts';
import {
  blames,
  describe,
  excerpt,
  gist,
  headerValues,
  isPayload,
  restsOnClose,
  saysNothing,
  throttles,
  type Response,
} from './response.ts';
import { serverCertificate } from './server-certificate.ts';
import { judgeGrants, judgeLatency, judgePorts, judgeVersions } from './survey.ts';

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

const pass = (because: string, strength?: Strength): Verdict => ({
  outcome: 'pass',
  because,
  ...(strength && { strength }),
});
/** A refusal that is believed, and on what ground. */
const refusal = (because: string, seen: Observation): Verdict => {
  const strength = strengthOf(seen);
  return pass(`${because}${groundOf(strength)}`, strength);
};
const fail = (because: string): Verdict => ({ outcome: 'fail', because });
const inconclusive = (because: string): Verdict => ({ outcome: 'inconclusive', because });

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

/** A refusal in words, with the text of the page where there is one. */
function refusalOf(seen: Observation): string {
  const text = seen.kind === 'response' ? gist(seen) : '';
  return text ? `${describe(seen)}: “${text}”` : describe(seen);
}

function strengthOf(seen: Observation): Strength | undefined {
  if (seen.kind === 'alert') return 'alert';
  if (seen.kind === 'closed') return seen.how === 'fin' ? 'closed' : 'reset';
  if (seen.kind !== 'response') return undefined;
  if (seen.status < 400) return 'other-page';
  return seen.resourceType ? 'application' : 'terminator';
}

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

function connectionRefused(seen: Observation, rule: Parameters<typeof blames>[1], payload: string): Verdict {
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
function notInClear(seen: Observation, payload: string): Verdict {
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

function noRenegotiation(seen: Observation): Verdict {
  if (seen.kind !== 'renegotiation') return inconclusive(describe(seen));
  return seen.taken ? fail(`taken: ${seen.how}`) : pass(`refused: ${seen.how}`);
}

function requestRefused(
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

function errorStatus(seen: Observation, payload: string): Verdict {
  if (seen.kind !== 'response') return pass(`no HTTP answer is made: ${describe(seen)}`);
  if (isPayload(seen, payload)) return inconclusive('nothing was refused, so no error was answered');
  return seen.status >= 400
    ? pass(`the refusal carries status ${seen.status}`)
    : fail(`a refusal is answered with ${refusalOf(seen)}`);
}

function outcome(
  seen: Observation,
  expected: Extract<Expectation, { kind: 'outcome' }>,
  payload: string,
): Verdict {
  if (seen.kind !== 'response') return fail(`no OperationOutcome: ${describe(seen)}`);
  if (isPayload(seen, payload)) return fail(`no error at all: ${describe(seen)}`);
  const faultsOf = expected.shape === 'R4' ? r4Faults : answerFaults;
  const judged = expected.answers.map((answer) => ({ answer, faults: faultsOf(seen, answer) }));
  const met = judged.find(({ faults }) => faults.length === 0);
  if (met) return pass(`as the source says: ${met.answer.source}`);
  const other = blames(seen, expected.rule);
  if (other) return inconclusive(`the answer blames another rule (${other}): “${gist(seen)}”`);
  const [preferred] = judged;
  const nearest = judged.find(({ answer }) => answer.status === seen.status) ?? preferred;
  return fail(`${nearest?.faults.join('; ')} (${nearest?.answer.source})`);
}

/** Whether there is an outcome at all, and for what, the other cases of the same stimulus say. */
function outcomePart(seen: Observation, expected: OutcomePart, payload: string): Verdict {
  if (seen.kind !== 'response') return inconclusive(`no OperationOutcome to look at: ${describe(seen)}`);
  if (isPayload(seen, payload)) return inconclusive('nothing was refused, so no error was answered');
  const faults = partFaults(seen, expected);
  if (!faults) return inconclusive(`no OperationOutcome that says it: ${refusalOf(seen)}`);
  return faults.length > 0
    ? fail(faults.slice(0, 3).join('; '))
    : pass(`${expected.part} of the OperationOutcome as the guidance says`);
}

/** `of: 'error'` and `'answer'` ask for a response; a refusal in TLS makes none, so nothing can be cached. */
function cacheControl(seen: Observation, directive: string, of: 'answer' | 'error' | 'refusal'): Verdict {
  if (seen.kind !== 'response') {
    return of === 'refusal'
      ? pass(`no response is made: ${describe(seen)}`)
      : inconclusive(`no response to look at: ${describe(seen)}`);
  }
  const values = headerValues(seen, 'cache-control');
  const directives = values.flatMap((value) => value.split(',')).map((each) => each.trim().toLowerCase());
  if (directives.includes(directive)) return pass(`Cache-Control: ${values.join(', ')}`);
  const got = values.length > 0 ? `Cache-Control: ${excerpt(values.join(', '))}` : 'no Cache-Control';
  return fail(`HTTP ${seen.status} with ${got}, expected ${directive}`);
}

function offerKept(seen: Observation): Verdict {
  if (seen.kind === 'downgrade') return fail(describe(seen));
  return seen.kind === 'server-hello'
    ? pass(`answered in the version offered: ${describe(seen)}`)
    : refusal(`refused rather than answered in an older version: ${describe(seen)}`, seen);
}

function suitesRefused(seen: Observation, family: string, suites: readonly string[]): Verdict {
  if (seen.kind !== 'suites') return inconclusive(describe(seen));
  const taken = seen.accepted.filter((suite) => suites.includes(suite));
  return taken.length > 0
    ? fail(`accepts ${taken.join(', ')} (${family})`)
    : pass(`no suite of the family is accepted (${family}; ${suites.length} offered)`);
}

function suitesPreferred(seen: Observation): Verdict {
  if (seen.kind !== 'suites') return inconclusive(describe(seen));
  switch (seen.order) {
    case 'server':
      return pass(`the server's order rules: offered in either order, ${seen.accepted[0]} is picked`);
    case 'client':
      return fail("the client's order of preference is followed, not the server's");
    case 'single':
      return seen.accepted.length === 1
        ? pass(`one suite is accepted, so there is none to prefer: ${describe(seen)}`)
        : inconclusive(`no suite is accepted, so none is preferred: ${describe(seen)}`);
    case 'untold':
      return inconclusive(`no two suites to choose between: ${describe(seen)}`);
  }
}

/** Smallest prime that NIST SP 800-52r2 §3.3.1 and RFC 9325 §4.2 let pass, and curves of less than 224 bits. */
const LEAST_PRIME = 2_048;
const WEAK_CURVES = /^(?:sect16|secp160|secp19)/;

function keyExchange(seen: Observation, of: 'DHE' | 'ECDHE'): Verdict {
  if (seen.kind !== 'suites') return inconclusive(describe(seen));
  const shown = (seen.keyExchanges ?? []).filter(({ kind }) => kind === of);
  if (shown.length === 0) return pass(`no ${of} suite is accepted, so no group is chosen`);
  const words = shown.map((each) =>
    each.kind === 'DHE' ? `${each.bits} bits (${each.suite})` : `${each.group} (${each.suite})`,
  );
  const weak = shown.some((each) =>
    each.kind === 'DHE' ? each.bits < LEAST_PRIME : WEAK_CURVES.test(each.group),
  );
  return weak ? fail(`weak ${of} group: ${words.join(', ')}`) : pass(`${of} group: ${words.join(', ')}`);
}

function helloTrait(seen: Observation, trait: 'secure-renegotiation' | 'no-compression'): Verdict {
  if (seen.kind !== 'server-hello') return inconclusive(describe(seen));
  if (trait === 'no-compression')
    return seen.compressed
      ? fail('the offer to compress with DEFLATE is taken up')
      : pass('no compression is chosen, though offered');
  return seen.secureRenegotiation
    ? pass('renegotiation_info is sent')
    : fail('no renegotiation_info: a handshake can be spliced into another (RFC 5746 §1)');
}

function suitesSupported(seen: Observation, groups: readonly SuiteGroup[]): Verdict {
  if (seen.kind !== 'suites') return inconclusive(describe(seen));
  const { accepted: suites } = seen;
  // A server with an EC key alone cannot pick an RSA suite: strings that name no other are not demanded of it,
  // unless the document has RSA suites alone.
  const rsa = suites.some((suite) => suite.includes('_RSA_'));
  const mixed = groups.some((group) => group.suites.some((suite) => suite.includes('_ECDSA_')));
  const due = groups.filter(
    (group) => rsa || !mixed || group.suites.some((suite) => suite.includes('_ECDSA_')),
  );
  const wanting = due.filter((group) => !group.suites.some((suite) => suites.includes(suite)));
  return wanting.length > 0
    ? fail(`no suite of ${wanting.map(({ name }) => name).join(', ')} is accepted`)
    : pass(`of each of ${due.map(({ name }) => name).join(', ')} at least one suite is accepted`);
}

function suitesOrdered(seen: Observation, groups: readonly SuiteGroup[]): Verdict {
  if (seen.kind !== 'suites') return inconclusive(describe(seen));
  if (seen.accepted.length === 0)
    return inconclusive('no suite of the list is accepted, so none is preferred');
  if (seen.order === 'client') return fail("the client's order of preference is followed, not the server's");
  const rank = (suite: string): number => groups.findIndex((group) => group.suites.includes(suite));
  const ranked = seen.accepted.filter((suite) => rank(suite) >= 0);
  const late = ranked.find((suite, at) => ranked.slice(at + 1).some((next) => rank(next) < rank(suite)));
  return late
    ? fail(`${late} (${groups[rank(late)]?.name}) is picked before a suite of a string above it`)
    : pass(`picked in the order of the list: ${ranked.join(', ')}`);
}

function headerCarried(
  seen: Observation,
  { name, pattern, of }: Extract<Expectation, { kind: 'header' }>,
  payload: string,
): Verdict {
  if (seen.kind !== 'response') return inconclusive(`no response to look at: ${describe(seen)}`);
  if ((of === 'answer') !== isPayload(seen, payload))
    return inconclusive(`no ${of} to look at: ${describe(seen)}`);
  const values = headerValues(seen, name);
  return values.some((value) => new RegExp(pattern, 'i').test(value))
    ? pass(`${name}: ${excerpt(values.join(', '))}`)
    : fail(
        `HTTP ${seen.status} with ${values.length > 0 ? `${name}: ${excerpt(values.join(', '))}` : `no ${name}`}`,
      );
}

function statusOf(seen: Observation, is: number, payload: string): Verdict {
  if (seen.kind !== 'response' || !isPayload(seen, payload))
    return inconclusive(`no answer to look at: ${describe(seen)}`);
  return seen.status === is ? pass(describe(seen)) : fail(`${describe(seen)}, not ${is}`);
}

/** What an error must not give away, by its look; secrets were redacted to marks before. */
const LEAKS: readonly (readonly [what: string, look: RegExp])[] = [
  ['a token', /‹token:\d+›|\beyJ[\w-]{10,}\./],
  ['a key', /‹key:\d+›|PRIVATE KEY/],
  [
    'a stack trace',
    /\bat [\w$.]+\([\w.]+\.(?:java|cs|ts|js|py|go):\d+\)|Traceback \(most recent|\n\s+at .+:\d+/,
  ],
  ['SQL', /\bORA-\d{5}|\bSQLSTATE\b|\bselect\b.+\bfrom\b.+\bwhere\b/i],
  ['a file path', /(?:^|[\s"'(])(?:\/(?:var|etc|usr|home|opt|srv|root)\/[\w./-]+|[A-Z]:\\\\?[\w\\.-]+)/],
];

/** Marks are what the driver puts in the place of secrets; keys are also met in the forms that have no armour. */
const EXPOSED: Readonly<Record<'private-key' | 'patient', readonly (readonly [string, RegExp])[]>> = {
  'private-key': [
    ['a private key', /‹key:/],
    ['a private key as a JWK', /"d"\s*:\s*"[\w-]{40,}"/],
  ],
  patient: [
    ['an NHS number', /‹nhs-number:/],
    ['a birth date', /"birthDate"\s*:/],
    ['a Patient', /"resourceType"\s*:\s*"Patient"/],
  ],
};

function freeOf(seen: Observation, what: keyof typeof EXPOSED): Verdict {
  if (seen.kind !== 'response') return inconclusive(`no response to look at: ${describe(seen)}`);
  const text = [seen.body, ...seen.headers.map(([, value]) => value)].join('\n');
  const found = EXPOSED[what].filter(([, look]) => look.test(text)).map(([name]) => name);
  return found.length > 0
    ? fail(`the response holds ${found.join(' and ')}`)
    : pass(`nothing of it in ${seen.bytes} bytes, as far as they were kept`);
}

/** What comes of a file of the system's own, or of a field that the request wrote itself. */
const PASSWD = /\broot:[^:\n]*:0:0:/;
const INJECTED = 'x-assay-injected';

function withstood(
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

function answeredBeside(seen: Observation, payload: string): Verdict {
  if (isPayload(seen, payload)) return pass('answered while other connections were held');
  if (seen.kind === 'nothing' && seen.reason.startsWith('ours')) return inconclusive(describe(seen));
  if (seen.kind === 'response' && saysNothing(seen))
    return inconclusive(`${describe(seen)}: held off rather than busy`);
  return fail(`not answered while other connections were held: ${describe(seen)}`);
}

function discreet(seen: Observation, payload: string): Verdict {
  if (seen.kind !== 'response') return pass(`no response is made: ${describe(seen)}`);
  if (isPayload(seen, payload)) return inconclusive('nothing was refused, so no error was answered');
  const found = LEAKS.filter(([, look]) => look.test(seen.body)).map(([what]) => what);
  return found.length > 0
    ? fail(`the error gives away ${found.join(' and ')}: “${gist(seen)}”`)
    : pass('the error gives nothing away');
}
