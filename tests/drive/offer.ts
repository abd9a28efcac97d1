import type { Observation, Offer } from '../model.ts';
import { isChaCha, suiteName } from '../oracle/suites.ts';
import { describe } from '../oracle/response.ts';
import { keyExchangeOf } from './groups.ts';
import { hello, suitesOf, versionName, type HelloAnswer, type HelloTarget } from './hello.ts';

/** Some servers choke on hellos with more suites than a byte can count, or of more than 512 bytes. */
const AT_ONCE = 100;
/**
 * OpenSSL's PrioritizeChaCha puts ChaCha20 first for clients that put it first, whatever the server's order. A suite
 * that OpenSSL knows and a server takes only with a pre-shared key stands before it, so that the order is not faked.
 */
const DECOY = 0x00a8;

const chunked = (suites: readonly number[]): readonly (readonly number[])[] =>
  Array.from({ length: Math.ceil(suites.length / AT_ONCE) }, (_, at) =>
    suites.slice(at * AT_ONCE, (at + 1) * AT_ONCE),
  );

/**
 * Makes an offer, in as many hellos as its suites need, and says what the subject did.
 * The first that is accepted is the observation; without one, the last refusal.
 */
export async function offer(target: HelloTarget, wanted: Offer, patience?: number): Promise<Observation> {
  const parts = wanted.suites ? chunked(wanted.suites) : [undefined];
  let last: Observation = { kind: 'nothing', reason: 'ours: an offer without suites' };
  for (const part of parts) {
    const made = { ...wanted, ...(part && { suites: part }) };
    const { answer } = await hello(target, made, patience);
    last = asObservation(answer, made);
    // An acceptance decides; a failure to ask leaves the question open, whatever the rest would answer.
    if (last.kind === 'server-hello' || last.kind === 'nothing') return last;
  }
  return last;
}

/** What an answer to an offer comes to. */
export function asObservation(answer: HelloAnswer, made: Offer): Observation {
  const { version } = made;
  switch (answer.kind) {
    case 'server-hello': {
      const got = versionName(answer.version);
      const suite = version === 'SSLv2' && got === 'SSLv2' ? 'SSLv2' : suiteName(answer.suite);
      // Another version answers an offer that was not made: the client would refuse it (RFC 5246 appendix E.1).
      if (got !== version) return { kind: 'downgrade', offered: version, version: got, suite };
      if (version !== 'SSLv2' && !suitesOf(made).includes(answer.suite))
        return { kind: 'broken', what: `a suite that was not offered: ${suite}` };
      const exchange = keyExchangeOf(answer);
      return {
        kind: 'server-hello',
        version: got,
        suite,
        ...(answer.compression !== 0 && { compressed: true }),
        ...(answer.version > 0x0300 &&
          answer.version < 0x0304 && { secureRenegotiation: answer.extensions.includes(0xff01) }),
        ...(exchange && { keyExchange: exchange }),
      };
    }
    case 'alert':
      return { kind: 'alert', alert: answer.alert, name: answer.name };
    case 'closed':
      return { kind: 'closed', how: answer.how, during: 'handshake' };
    case 'other':
      return { kind: 'broken', what: `no TLS in the answer to the hello (${answer.head})` };
    case 'nothing':
      return answer;
  }
}

type Suites = Extract<Observation, { kind: 'suites' }>;

/**
 * Finds by elimination which of the suites offered are accepted, in the order in which the server picks them: one
 * hello for each, and one that is refused. One more, in reverse order, tells whose order rules.
 * What one hello cannot hold is offered in parts; where more than one part is accepted, the order is found once more
 * among what was. With `covering` the search ends once each group has shown a suite.
 */
export async function enumerateOffer(
  target: HelloTarget,
  { version, suites = [], covering, unordered }: Offer,
  patience?: number,
): Promise<Observation> {
  const pick = async (left: readonly number[]): Promise<Pick | Observation> => {
    const made = { version, suites: isChaCha(left[0]) ? [DECOY, ...left] : left };
    const { answer } = await hello(target, made, patience);
    const seen = asObservation(answer, made);
    return answer.kind === 'server-hello' && seen.kind === 'server-hello'
      ? { code: answer.suite, exchange: seen.keyExchange }
      : seen;
  };
  /** The picks from one hello's worth of suites, or what was seen instead of an answer. */
  let refusal: Observation | undefined;
  const eliminate = async (part: readonly number[]): Promise<readonly Pick[] | Observation> => {
    const picks: Pick[] = [];
    for (let left = part; left.length > 0; left = remaining(left, picks, covering)) {
      const picked = await pick(left);
      if ('code' in picked) picks.push(picked);
      else if (picked.kind === 'alert' || picked.kind === 'closed') {
        refusal = picked;
        break;
      } else return picked;
    }
    return picks;
  };
  const found: (readonly Pick[])[] = [];
  for (const part of chunked([...new Set(suites)])) {
    const picks = await eliminate(part);
    if ('kind' in picks) return picks;
    if (picks.length > 0) found.push(picks);
    // An alert about the version is about every suite of it (RFC 5246 §7.2.2).
    else if (refusal?.kind === 'alert' && refusal.name === 'protocol_version') break;
  }
  const together = [...found.flat()];
  const [only] = together;
  if (covering && only && together.length === 1) {
    // One suite shows every group that there is; whose order rules takes a second.
    const second = await pick(suites.filter((code) => code !== only.code));
    if ('code' in second) together.push(second);
    else if (second.kind !== 'alert' && second.kind !== 'closed') return second;
  }
  if (together.length === 0 && refusal) return { ...suitesSeen([], 'single'), refusal: describe(refusal) };
  if (unordered || together.length < 2) return suitesSeen(together, unordered ? 'untold' : 'single');
  const codes = together.map(({ code }) => code);
  if (codes.length > AT_ONCE) return suitesSeen(together, 'untold');
  const picks = found.length > 1 ? await eliminate(codes) : together;
  if ('kind' in picks) return picks;
  const reversed = await pick(picks.map(({ code }) => code).reverse());
  if (!('code' in reversed)) return reversed;
  return suitesSeen(picks, reversed.code === picks[0]?.code ? 'server' : 'client');
}

function suitesSeen(picks: readonly Pick[], order: Suites['order']): Suites {
  const keyExchanges = picks.flatMap(({ code, exchange }) =>
    exchange ? [{ suite: suiteName(code), ...exchange }] : [],
  );
  const accepted = picks.map(({ code }) => suiteName(code));
  return { kind: 'suites', accepted, order, ...(keyExchanges.length > 0 && { keyExchanges }) };
}

interface Pick {
  readonly code: number;
  readonly exchange: ReturnType<typeof keyExchangeOf>;
}

/** What is still worth offering: whatever was not picked; with groups, only of those that have shown no suite. */
function remaining(
  offered: readonly number[],
  picks: readonly Pick[],
  covering: Offer['covering'],
): readonly number[] {
  const picked = new Set(picks.map(({ code }) => code));
  if (!covering) return offered.filter((code) => !picked.has(code));
  const open = covering.filter((group) => !group.some((code) => picked.has(code)));
  return offered.filter((code) => open.some((group) => group.includes(code)));
}
