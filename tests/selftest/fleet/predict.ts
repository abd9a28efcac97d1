import type { Case, SuiteGroup } from '../../model.ts';
import { suiteName } from '../../oracle/suites.ts';
import type { Facts, Flaw, Flaws } from './facts.ts';

/**
 * What a case has to find on a server of these facts. This is the fleet's own reading of the clauses, written apart from
 * the oracle and from the observations: it knows the configuration, the oracle knows the wire, and the two have to agree.
 * `untold` is a case that nobody taught it yet, and always a mismatch.
 */
export type Expected =
  | { readonly outcome: 'pass' | 'fail'; readonly because: string }
  | { readonly outcome: 'inconclusive'; readonly because: string }
  | { readonly outcome: 'untold'; readonly because: string };

const pass = (because: string): Expected => ({ outcome: 'pass', because });
const fail = (because: string): Expected => ({ outcome: 'fail', because });
const open = (because: string): Expected => ({ outcome: 'inconclusive', because });
const untold = (because: string): Expected => ({ outcome: 'untold', because });
const failIf = (wrong: boolean, because: string): Expected => (wrong ? fail(because) : pass('as configured'));

const nameFlaw = (credential: string): Flaw => {
  if (credential === 'name-nul') return { kind: 'name', as: 'nul' };
  return credential === 'name-wildcard' ? { kind: 'name', as: 'wildcard' } : { kind: 'name' };
};

/** What the stimulus presents that is wrong; empty: nothing; `undefined`: a credential that nobody looked at. */
function flawsIn({ stimulus, expect }: Case, known: Flaws): readonly Flaw[] | undefined {
  const given = stimulus.tls && 'certificate' in stimulus.tls ? stimulus.tls.certificate : undefined;
  if (given === undefined) return [];
  if (given === null) return [{ kind: 'absent' }];
  const found = known.get(given);
  // Sound to a verifier and still to be refused: the name is all that is left.
  return found?.length === 0 && expect.kind === 'refused-connection' ? [nameFlaw(given)] : found;
}

/** Whether an order of suites has one of a later group before one of an earlier. */
function inverted(suites: readonly string[], groups: readonly SuiteGroup[]): boolean {
  const ranks = suites
    .map((suite) => groups.findIndex((group) => group.suites.includes(suite)))
    .filter((rank) => rank >= 0);
  return ranks.some((rank, at) => ranks.slice(at + 1).some((next) => next < rank));
}

/** TLS_FALLBACK_SCSV (RFC 7507). */
const FALLBACK = 0x5600;

/** Cases that are settled by a ClientHello. */
function ofHello({ expect, stimulus }: Case, facts: Facts): Expected {
  const { version, suites: codes } = stimulus.hello ?? {};
  const offered = codes?.map(suiteName);
  const met = facts.suites.filter((suite) => !offered || offered.includes(suite));
  switch (expect.kind) {
    case 'offer-refused':
      // Every stack of the fleet but Java's honours TLS_FALLBACK_SCSV where it speaks a newer version.
      if (codes?.includes(FALLBACK) && facts.versions.includes('TLSv1.2') && !facts.ignoresFallback)
        return pass('a fallback is refused');
      if (!version || !facts.versions.includes(version)) return pass(`${version} is not spoken`);
      return failIf(
        !offered || met.length > 0,
        `${version} is spoken${offered ? ` with ${met.join(', ')}` : ''}`,
      );
    case 'suites-supported': {
      const wanting = expect.groups.filter((group) => !group.suites.some((suite) => met.includes(suite)));
      return failIf(wanting.length > 0, `no suite of ${wanting.map(({ name }) => name).join(', ')}`);
    }
    case 'suites-ordered':
      if (met.length === 0) return open('no suite of the list is accepted');
      if (met.length > 1 && facts.order === 'client') return fail("the client's order rules");
      return failIf(inverted(met, expect.groups), `its order is ${met.join(', ')}`);
    case 'offer-kept': {
      const older = facts.versions.filter((spoken) => ['SSLv3', 'TLSv1', 'TLSv1.1'].includes(spoken));
      return failIf(
        !facts.versions.includes('TLSv1.2') && older.length > 0,
        `speaks only ${older.join(', ')}`,
      );
    }
    case 'suites-refused': {
      const taken = met.filter((suite) => expect.suites.includes(suite));
      return failIf(taken.length > 0, `accepts ${taken.join(', ')}`);
    }
    case 'suites-preferred':
      if (met.length === 0) return open('no suite is accepted');
      return failIf(met.length > 1 && facts.order === 'client', "the client's order rules");
    case 'key-exchange':
    case 'hello-trait':
      if (!facts.versions.includes('TLSv1.2') && expect.kind === 'hello-trait')
        return open('TLS 1.2 is not spoken');
      return pass('what every stack of the fleet does');
    default:
      return untold(`how does ${expect.kind} follow from the facts of a server?`);
  }
}

/** Cases that are settled by what a client presents. */
function ofCertificate({ expect, stimulus }: Case, facts: Facts, flaws: readonly Flaw[]): Expected {
  const version = stimulus.tls?.version;
  if (version && !facts.versions.includes(version))
    return expect.kind === 'accepted' ? fail(`${version} is not spoken`) : pass(`${version} is not spoken`);
  const admitted = flaws.every(facts.overlooks);
  const why = flaws.map((flaw) => (flaw.kind === 'error' ? `error ${flaw.error}` : flaw.kind)).join(', ');
  switch (expect.kind) {
    case 'accepted':
      return failIf(!admitted, `not overlooked: ${why}`);
    case 'refused-connection':
      return failIf(admitted, `overlooked: ${why}`);
    case 'error-status':
      if (admitted) return open('nothing is refused, so no error is answered');
      return failIf(facts.refusal === 'welcome-page', 'a refusal is answered with 200');
    case 'cache-control':
      if (admitted) return ofRequest(expect, facts);
      return failIf(facts.refusal === 'cacheable-page', 'the refusal page may be cached');
    default:
      return untold(`how does ${expect.kind} follow from what a client presents?`);
  }
}

/** Cases that are settled by the application: the reference keeps every rule of it, as the matrix shows. */
const ofRequest = (expect: Case['expect'], facts: Facts): Expected =>
  failIf(facts.application === 'one-file' && expect.kind !== 'accepted', 'one file answers every request');

export function predict(entry: Case, facts: Facts, known: Flaws): Expected {
  const { stimulus, expect } = entry;
  if (facts.admits === 'nobody') return open('the valid exchange is refused as well');
  if (stimulus.hello) return ofHello(entry, facts);
  if (stimulus.tls === null) return pass('turned away in clear');
  if (stimulus.round && facts.opens?.includes(stimulus.round))
    return fail('another server is met under that name');
  if (stimulus.tls) {
    const flaws = flawsIn(entry, known);
    return flaws ? ofCertificate(entry, facts, flaws) : untold('what is wrong with this credential?');
  }
  return ofRequest(expect, facts);
}
