import * as x509 from '../../certs/x509.ts';
import { read, type Certificate, type Trust } from './path-certificate.ts';
import {
  constraintFlaws,
  crlFlaws,
  extensionFlaws,
  mismatched,
  revocationFlaws,
  timeFlaws,
  weaknessOf,
  type Flaw,
  type Place,
} from './path-flaws.ts';
import { traitsOf, type Trait } from './path-traits.ts';

/** A certification path validated rule by rule (RFC 5280 §6.1), so that a mutant can overlook exactly one. */

/**
 * How a path is put together: of all that is known and was sent, whichever leads to the root; of what was sent before
 * what is known; or without a sub CA of its own.
 */
export type Building = 'any-way' | 'as-sent' | 'from-root-alone';

const same = (a: Certificate, b: Certificate): boolean => a.native.fingerprint256 === b.native.fingerprint256;

/** The path from the leaf up, the best issuer at each step, and what is wrong with how it hangs together. */
function build(leaf: Certificate, sent: readonly Certificate[], trust: Trust, building: Building) {
  const anchors = building === 'from-root-alone' ? trust.anchors.slice(0, 1) : trust.anchors;
  const known =
    building === 'as-sent' ? [...sent, ...anchors, ...trust.hidden] : [...anchors, ...sent, ...trust.hidden];
  const path = [leaf];
  const flaws: Flaw[] = [];
  for (let last = leaf; path.length < 8;) {
    const current = last;
    const place: Place = path.length === 1 ? 'leaf' : 'ca';
    if (anchors.some((anchor) => same(anchor, current)) && current.parsed.issuer === current.parsed.subject)
      return { path, flaws };
    const named = known.filter(({ parsed: { subject } }) => subject === current.parsed.issuer);
    const issuer = named.find((each) => current.native.verify(each.native.publicKey)) ?? named[0];
    if (current.parsed.issuer === current.parsed.subject) {
      return {
        path,
        flaws: [...flaws, place === 'leaf' ? 'leaf/self-signed' : 'ca/untrusted-root'] as Flaw[],
      };
    }
    if (!issuer) return { path, flaws: [...flaws, 'leaf/unknown-issuer'] as Flaw[] };
    if (!current.native.verify(issuer.native.publicKey))
      flaws.push(
        place === 'leaf' && mismatched(current) ? 'leaf/mismatched-algorithm' : `${place}/signature`,
      );
    path.push(issuer);
    last = issuer;
  }
  return { path, flaws };
}

/** A path, leaf first, and everything that is wrong with it; empty: nothing. Names are not looked at. */
export interface Path {
  readonly certificates: readonly Buffer[];
  readonly flaws: readonly Flaw[];
  readonly traits: readonly Trait[];
}

/**
 * Builds the path of what a client presented, and validates it.
 * @param chain what the client sent, DER, the leaf first
 */
export function pathOf(
  chain: readonly Buffer[],
  trust: Trust,
  { building = 'any-way', withCrls = true }: { building?: Building; withCrls?: boolean } = {},
): Path {
  const [leaf, ...sent] = chain.map(read);
  if (!leaf) return { certificates: [], flaws: [], traits: [] };
  const { path, flaws } = build(leaf, sent, trust, building);
  const weakness = weaknessOf(leaf);
  const limits = path.flatMap(({ parsed: certificate }, at): readonly Flaw[] => {
    const most = certificate.getExtension(x509.BasicConstraintsExtension)?.pathLength;
    return at > 0 && most !== undefined && at - 1 > most ? ['ca/path-length'] : [];
  });
  const each = path.flatMap((certificate, at): readonly Flaw[] => {
    const place: Place = at === 0 ? 'leaf' : 'ca';
    return [
      ...timeFlaws(certificate, place),
      ...(withCrls ? revocationFlaws(certificate, place, trust) : []),
      ...extensionFlaws(certificate, place),
      ...(withCrls && place === 'ca' && at < path.length - 1 ? crlFlaws(certificate, trust) : []),
    ];
  });
  return {
    certificates: path.map(({ native }) => native.raw),
    flaws: [
      ...new Set([
        ...flaws,
        ...limits,
        ...each,
        ...constraintFlaws(leaf, path.slice(1)),
        ...(weakness ? [weakness] : []),
      ]),
    ],
    traits: traitsOf(leaf, path[1], sent, trust),
  };
}
