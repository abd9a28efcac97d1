import type { Observation, Offer } from '../model.ts';
import { suiteName } from '../oracle/suites.ts';
import { hello, versionName, type HelloAnswer, type HelloTarget } from './hello.ts';

/** Some servers choke on hellos with more suites than a byte can count. */
const AT_ONCE = 100;

/**
 * Makes an offer, in as many hellos as its suites need, and says what the subject did.
 * The first that is accepted is the observation; without one, the last refusal.
 */
export async function offer(target: HelloTarget, wanted: Offer, patience?: number): Promise<Observation> {
  const { version, suites } = wanted;
  const parts = suites
    ? Array.from({ length: Math.ceil(suites.length / AT_ONCE) }, (_, at) =>
        suites.slice(at * AT_ONCE, (at + 1) * AT_ONCE),
      )
    : [undefined];
  let last: Observation = { kind: 'nothing', reason: 'ours: an offer without suites' };
  for (const part of parts) {
    const { answer } = await hello(target, { version, ...(part && { suites: part }) }, patience);
    last = asObservation(answer, wanted);
    // An acceptance decides; a failure to ask leaves the question open, whatever the rest would answer.
    if (last.kind === 'server-hello' || last.kind === 'nothing') return last;
  }
  return last;
}

function asObservation(answer: HelloAnswer, { version }: Offer): Observation {
  switch (answer.kind) {
    case 'server-hello': {
      const got = versionName(answer.version);
      // A ServerHello of another version answers an offer that was not made: the client would refuse it.
      return got === version
        ? {
            kind: 'server-hello',
            version: got,
            suite: version === 'SSLv2' ? 'SSLv2' : suiteName(answer.suite),
          }
        : { kind: 'broken', what: `a ServerHello of ${got} for an offer of ${version}` };
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

/**
 * Finds by elimination which of the suites offered are accepted, in the order in which the server picks them:
 * one hello for each, and one that is refused. One more, in reverse order, tells whose order rules.
 */
export async function enumerateOffer(
  target: HelloTarget,
  { version, suites = [] }: Offer,
  patience?: number,
): Promise<Observation> {
  const accepted: number[] = [];
  const pick = async (left: readonly number[]): Promise<number | Observation> => {
    const { answer } = await hello(target, { version, suites: left }, patience);
    const seen = asObservation(answer, { version });
    return answer.kind === 'server-hello' && seen.kind === 'server-hello' ? answer.suite : seen;
  };
  for (
    let left: readonly number[] = [...new Set(suites)];
    left.length > 0;
    left = left.filter((code) => !accepted.includes(code))
  ) {
    const picked = await pick(left);
    if (typeof picked === 'object') {
      if (picked.kind === 'alert' || picked.kind === 'closed') break;
      return picked;
    }
    if (!left.includes(picked))
      return { kind: 'broken', what: `a suite that was not offered: ${suiteName(picked)}` };
    accepted.push(picked);
  }
  const names = accepted.map(suiteName);
  const [first] = accepted;
  if (first === undefined || accepted.length === 1)
    return { kind: 'suites', accepted: names, order: 'single' };
  const reversed = await pick([...accepted].reverse());
  if (typeof reversed === 'object') return reversed;
  return { kind: 'suites', accepted: names, order: reversed === first ? 'server' : 'client' };
}
