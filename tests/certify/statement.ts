import { sealed, unsealed, type Envelope } from './envelope.ts';
import type { SigningKey, TrustedKey, TrustSet } from './keys.ts';

/** What a bundle says, in the form of an in-toto Statement v1. */
export interface Statement {
  readonly _type: 'https://in-toto.io/Statement/v1';
  /** The manifest of the bundle, by digest: it lists every other file. */
  readonly subject: readonly [
    { readonly name: 'manifest.json'; readonly digest: { readonly sha256: string } },
  ];
  readonly predicateType: 'https://assay.test/certification/v1';
  readonly predicate: Predicate;
}

export interface Predicate {
  readonly tool: { readonly name: string; readonly version: string };
  /** Who ran it, and how sure that is: witnessed where it met the challenge of an assessor. */
  readonly ranBy: 'assessor' | 'supplier';
  readonly assurance: 'witnessed' | 'self-declared';
  /** True for an embedded provider: it certifies nothing. */
  readonly specimen: boolean;
  /** ISO 8601, UTC. */
  readonly issued: string;
  readonly until: string;
  readonly certified: readonly {
    readonly record: string;
    readonly profile: string;
    readonly edition: string;
    readonly subject: string;
    readonly started: string;
    readonly verdict: string;
    readonly sets: readonly { readonly id: string; readonly digest: string }[];
    /** What its ledger says of this subject: attempts, and those of them that never ended; digests of the last lines. */
    readonly attempts: {
      readonly begun: number;
      readonly unfinished: number;
      readonly heads: readonly string[];
    };
    /** Whose challenges the run met, by key id; absent: none. */
    readonly challengedBy?: readonly string[];
    /** Failures that somebody answers for; absent: none. */
    readonly waived?: readonly { readonly case: string; readonly risk: string; readonly expires: string }[];
  }[];
}

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** Signs a statement with ES256. */
export const seal = (statement: Statement, key: SigningKey): Envelope => sealed(PAYLOAD_TYPE, statement, key);

/** What a signed statement says, or why it is not believed. */
export type Opened = { readonly statement: Statement; readonly key: TrustedKey } | { readonly fault: string };

/** Opens an envelope: exactly one signature, by a key of the set, whose validity spans the day of issue and today. */
export function openEnvelope(bytes: Uint8Array, trust: TrustSet, today: Date): Opened {
  const opened = unsealed(bytes, PAYLOAD_TYPE, trust, 'the statement');
  if ('fault' in opened) return opened;
  const { key } = opened;
  const statement = JSON.parse(opened.body) as Statement;
  const issued = new Date(statement.predicate.issued).getTime() / 1000;
  const now = today.getTime() / 1000;
  if (!(issued >= key.nbf && issued <= key.exp))
    return { fault: 'the key was not valid when the statement was issued' };
  if (now > key.exp)
    return { fault: `the key ended on ${new Date(key.exp * 1000).toISOString().slice(0, 10)}` };
  if (issued > now + 300) return { fault: 'the statement is issued in the future' };
  if (today > new Date(statement.predicate.until))
    return { fault: `the certificate ended on ${statement.predicate.until.slice(0, 10)}` };
  return { statement, key };
}
