import type { Expectation, Observation, OutcomePart, Verdict } from '../model.ts';
import { answerFaults, partFaults } from './outcome.ts';
import { r4Faults } from './r4-outcome.ts';
import { blames, describe, excerpt, gist, headerValues, isPayload } from './response.ts';
import { fail, inconclusive, pass, refusalOf } from './verdict.ts';

/** Verdicts on what an answer says: status, OperationOutcome, header fields, and what it must not give away. */

export function errorStatus(seen: Observation, payload: string): Verdict {
  if (seen.kind !== 'response') return pass(`no HTTP answer is made: ${describe(seen)}`);
  if (isPayload(seen, payload)) return inconclusive('nothing was refused, so no error was answered');
  return seen.status >= 400
    ? pass(`the refusal carries status ${seen.status}`)
    : fail(`a refusal is answered with ${refusalOf(seen)}`);
}

export function outcome(
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
export function outcomePart(seen: Observation, expected: OutcomePart, payload: string): Verdict {
  if (seen.kind !== 'response') return inconclusive(`no OperationOutcome to look at: ${describe(seen)}`);
  if (isPayload(seen, payload)) return inconclusive('nothing was refused, so no error was answered');
  const faults = partFaults(seen, expected);
  if (!faults) return inconclusive(`no OperationOutcome that says it: ${refusalOf(seen)}`);
  return faults.length > 0
    ? fail(faults.slice(0, 3).join('; '))
    : pass(`${expected.part} of the OperationOutcome as the guidance says`);
}

/** `of: 'error'` and `'answer'` ask for a response; a refusal in TLS makes none, so nothing can be cached. */
export function cacheControl(
  seen: Observation,
  directive: string,
  of: 'answer' | 'error' | 'refusal',
): Verdict {
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

export function headerCarried(
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

export function statusOf(seen: Observation, is: number, payload: string): Verdict {
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

export function freeOf(seen: Observation, what: keyof typeof EXPOSED): Verdict {
  if (seen.kind !== 'response') return inconclusive(`no response to look at: ${describe(seen)}`);
  const text = [seen.body, ...seen.headers.map(([, value]) => value)].join('\n');
  const found = EXPOSED[what].filter(([, look]) => look.test(text)).map(([name]) => name);
  return found.length > 0
    ? fail(`the response holds ${found.join(' and ')}`)
    : pass(`nothing of it in ${seen.bytes} bytes, as far as they were kept`);
}

export function discreet(seen: Observation, payload: string): Verdict {
  if (seen.kind !== 'response') return pass(`no response is made: ${describe(seen)}`);
  if (isPayload(seen, payload)) return inconclusive('nothing was refused, so no error was answered');
  const found = LEAKS.filter(([, look]) => look.test(seen.body)).map(([what]) => what);
  return found.length > 0
    ? fail(`the error gives away ${found.join(' and ')}: “${gist(seen)}”`)
    : pass('the error gives nothing away');
}
