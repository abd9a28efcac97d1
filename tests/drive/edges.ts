import type { EdgeName } from '../model.ts';

/** How near to an edge a token comes, in seconds. */
export interface Edges {
  /** By how much the subject's clock may be out, as its file says. */
  readonly skew: number;
  /** How far beyond that, or within, a moment lies that has passed. */
  readonly past: number;
  /** The same of a moment to come, towards which time runs while the token travels. */
  readonly ahead: number;
}

/** What is allowed for clocks where a subject file says nothing. */
export const USUAL_SKEW = 60;
/** Stand-ins of ours have our clock and allow for a minute. */
export const STAND_IN_EDGES: Edges = { skew: USUAL_SKEW, past: 1, ahead: 5 };
/** Against a subject no edge is nearer. */
export const NEAREST = 10;

/** Where an edge lies, in seconds from now. What is good before it, or after it, is so without any allowance. */
export function edgeAt(edge: EdgeName, { skew, past, ahead }: Edges): number {
  switch (edge) {
    case 'exp-past':
      return -(skew + past);
    case 'exp-ahead':
      return ahead;
    case 'nbf-past':
      return -past;
    case 'nbf-ahead':
    case 'iat-ahead':
      return skew + ahead;
  }
}

/** The claim that puts a token at an edge: a NumericDate (RFC 7519 §2). */
export const claimsAt = (edge: EdgeName, edges: Edges): Readonly<Record<string, number>> => ({
  [edge.slice(0, 3)]: Math.floor(Date.now() / 1000) + edgeAt(edge, edges),
});
