import type { Observation, Rule } from '../model.ts';

export type Response = Extract<Observation, { kind: 'response' }>;

/** Every value of a header, in order; names are case-insensitive (RFC 9110 §5.1). */
export const headerValues = (seen: Response, name: string): readonly string[] =>
  seen.headers.filter(([given]) => given.toLowerCase() === name.toLowerCase()).map(([, value]) => value);

/**
 * The payload of the valid exchange: a success status and the expected resource.
 * @param payload `resourceType`, or a media type where there is a slash in it; `|` between alternatives
 */
export const isPayload = (seen: Observation, payload: string): boolean =>
  seen.kind === 'response' &&
  seen.status >= 200 &&
  seen.status < 300 &&
  payload
    .split('|')
    .some((each) => (each.includes('/') ? mediaTypeOf(seen) === each : seen.resourceType === each));

/** Type and subtype of the content, in lower case and without parameters (RFC 9110 §8.3.1). */
const mediaTypeOf = (seen: Response): string | undefined =>
  headerValues(seen, 'content-type')[0]?.split(';')[0]?.trim().toLowerCase();

/** Statuses by which the peer says nothing about the stimulus: misdirected, throttled, or its hop is down. */
const SILENT = new Set([421, 429, 502, 503, 504]);
export const saysNothing = (seen: Response): boolean => SILENT.has(seen.status);

/** The answers by which a peer says that it was asked too often (RFC 6585 §4, RFC 9110 §10.2.3). */
export const throttles = (seen: Observation): seen is Response =>
  seen.kind === 'response' &&
  (seen.status === 429 || (seen.status === 503 && headerValues(seen, 'retry-after').length > 0));

/**
 * Whether an observation rests on a connection that was closed without a word: what a throttle does too. Suites are
 * found by elimination, which a close ends as well.
 */
export const restsOnClose = (seen: Observation): boolean =>
  seen.kind === 'closed' ||
  seen.kind === 'suites' ||
  (seen.kind === 'unsteady' && seen.seen.some(restsOnClose)) ||
  seen.kind === 'nothing';

/** The words by which a refusal names a rule. Specific before general: `Ssp-To` is not `Ssp-TraceID`. */
const NAMES: Readonly<Record<string, RegExp>> = {
  certificate: /\b(?:client|ssl|tls)[\s-]*certificate|certificate (?:error|required|verif)|\bcertificate\b/i,
  'Ssp-TraceID': /ssp-?\s*trace-?\s*id/i,
  'Ssp-From': /ssp-?\s*from\b/i,
  'Ssp-To': /ssp-?\s*to\b|\basid\b/i,
  'Ssp-InteractionID': /interaction-?\s*id|\binteraction\b/i,
  token: /authori[sz]ation|bearer|\bjwt\b|\btoken\b|\bclaims?\b|requested_scope/i,
};
const family = (rule: Rule): string => (rule.startsWith('token') ? 'token' : rule);

/**
 * The other rule that an answer blames by name, where it does not name its own.
 * `undefined`: the answer may be believed to be about `rule`.
 */
export function blames(seen: Response, rule: Rule): string | undefined {
  // A request as a whole can rightly be blamed on any part of it.
  if (rule === 'request') return undefined;
  const own = NAMES[family(rule)];
  if (own?.test(seen.body)) return undefined;
  return Object.entries(NAMES).find(([, words]) => words.test(seen.body))?.[0];
}

/** The rule that an answer names, whichever it is; `undefined`: none. */
export const ruleNamed = (seen: Response): string | undefined =>
  Object.entries(NAMES).find(([, words]) => words.test(seen.body))?.[0];

/** A text of a subject, cut and without control characters, to be shown in one line. */
export const excerpt = (text: string, length = 160): string => {
  const line = text
    .replace(/<[^>]*>/g, ' ')
    .replace(/[^\P{C}\n]|\s+/gu, ' ')
    .trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
};

/** What an answer says, in one line: of an OperationOutcome its codes and diagnostics, of another page its text. */
export function gist(seen: Response): string {
  if (seen.resourceType !== 'OperationOutcome') return excerpt(seen.body);
  const said = [...seen.body.matchAll(/"(?:code|diagnostics|text)"\s*:\s*("(?:[^"\\]|\\.)*")/g)].map(
    ([, text = '""']) => text,
  );
  return said.length > 0 ? excerpt([...new Set(said)].join(' ').replaceAll('"', '')) : excerpt(seen.body);
}

/** One line that says what was seen. */
export function describe(seen: Observation): string {
  switch (seen.kind) {
    case 'nothing':
      // A fault of ours is told as such, and not as a silence of the peer's.
      return seen.reason.startsWith('ours: ') ? seen.reason : `nothing of the peer: ${seen.reason}`;
    case 'alert':
      return `fatal alert ${seen.alert} ${seen.name}`;
    case 'closed':
      if (seen.during === 'connect') return 'the connection is refused';
      return `${seen.how === 'fin' ? 'closed' : 'reset'} with no byte of application data (${seen.during})`;
    case 'response':
      return `HTTP ${seen.status}${seen.resourceType ? ` with ${seen.resourceType}` : ''}${seen.handshake?.resumed ? ', in a resumed session' : ''}`;
    case 'broken':
      return seen.what;
    case 'server-hello':
      return `ServerHello ${seen.version} ${seen.suite}`;
    case 'downgrade':
      return `a ServerHello of ${seen.version} for an offer of ${seen.offered}`;
    case 'suites':
      return seen.accepted.length > 0
        ? `accepts ${seen.accepted.join(', ')}`
        : 'accepts none of the suites offered';
    case 'renegotiation':
      return `a renegotiation is ${seen.taken ? 'taken' : 'refused'}: ${seen.how}`;
    case 'certificate':
      return `the certificate of ${seen.chain[0]?.subject ?? 'nobody'}`;
    case 'evidence':
      return `${seen.file} of ${seen.exported}`;
    case 'key-set':
      return `${seen.steps.length} tokens presented; the last ${seen.steps.at(-1)?.what ?? ''}: ${describe(seen.steps.at(-1)?.seen ?? { kind: 'nothing', reason: 'none' })}`;
    case 'ports':
      return `open ports: ${seen.open.map(({ port }) => port).join(', ') || 'none'}`;
    case 'versions':
      return seen.accepted.length > 0 ? `takes ${seen.accepted.join(', ')}` : describe(seen.answer);
    case 'latency':
      return `p95 ${seen.secured.p95} ms with the controls, ${seen.unsecured.p95} ms without`;
    case 'grants':
      return `${seen.steps.length} requests of several clients`;
    case 'unsteady':
      return `three tries, different answers: ${seen.seen.map(describe).join('; ')}`;
  }
}
