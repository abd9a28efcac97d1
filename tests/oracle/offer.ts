import type { Observation, SuiteGroup, Verdict } from '../model.ts';
import { describe } from './response.ts';
import { fail, inconclusive, pass, refusal } from './verdict.ts';

/** Verdicts on what a server takes of an offer: version, suites and their order, groups. */

export function offerKept(seen: Observation): Verdict {
  if (seen.kind === 'downgrade') return fail(describe(seen));
  return seen.kind === 'server-hello'
    ? pass(`answered in the version offered: ${describe(seen)}`)
    : refusal(`refused rather than answered in an older version: ${describe(seen)}`, seen);
}

export function suitesRefused(seen: Observation, family: string, suites: readonly string[]): Verdict {
  if (seen.kind !== 'suites') return inconclusive(describe(seen));
  const taken = seen.accepted.filter((suite) => suites.includes(suite));
  return taken.length > 0
    ? fail(`accepts ${taken.join(', ')} (${family})`)
    : pass(`no suite of the family is accepted (${family}; ${suites.length} offered)`);
}

export function suitesPreferred(seen: Observation): Verdict {
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

export function keyExchange(seen: Observation, of: 'DHE' | 'ECDHE'): Verdict {
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

export function helloTrait(seen: Observation, trait: 'secure-renegotiation' | 'no-compression'): Verdict {
  if (seen.kind !== 'server-hello') return inconclusive(describe(seen));
  if (trait === 'no-compression')
    return seen.compressed
      ? fail('the offer to compress with DEFLATE is taken up')
      : pass('no compression is chosen, though offered');
  return seen.secureRenegotiation
    ? pass('renegotiation_info is sent')
    : fail('no renegotiation_info: a handshake can be spliced into another (RFC 5746 §1)');
}

export function suitesSupported(seen: Observation, groups: readonly SuiteGroup[]): Verdict {
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

export function suitesOrdered(seen: Observation, groups: readonly SuiteGroup[]): Verdict {
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
