import { textOf, utf8 } from './archive.ts';
import { signatureHolds, type SigningKey, type TrustedKey, type TrustSet } from './keys.ts';

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
  /** Who ran it, and how sure that is. */
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
    /** Failures that somebody answers for; absent: none. */
    readonly waived?: readonly { readonly case: string; readonly risk: string; readonly expires: string }[];
  }[];
}

/** A DSSE envelope (Dead Simple Signing Envelope v1.0.2). */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** Pre-authentication encoding (DSSE protocol). */
function preAuthenticated(type: string, body: Uint8Array): Uint8Array {
  const head = utf8(`DSSEv1 ${utf8(type).length} ${type} ${body.length} `);
  return Buffer.concat([head, body]);
}

/** Signs a statement with ES256. */
export function seal(statement: Statement, key: SigningKey): Envelope {
  const body = utf8(JSON.stringify(statement));
  return {
    payloadType: PAYLOAD_TYPE,
    payload: Buffer.from(body).toString('base64'),
    signatures: [
      { keyid: key.kid, sig: Buffer.from(key.sign(preAuthenticated(PAYLOAD_TYPE, body))).toString('base64') },
    ],
  };
}

/** What a signed statement says, or why it is not believed. */
export type Opened = { readonly statement: Statement; readonly key: TrustedKey } | { readonly fault: string };

function readEnvelope(bytes: Uint8Array): Envelope | undefined {
  try {
    const value = JSON.parse(textOf(bytes)) as Partial<Envelope>;
    return typeof value.payload === 'string' && Array.isArray(value.signatures)
      ? (value as Envelope)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Opens an envelope: exactly one signature, by a key of the set, whose validity spans the day of issue and today. */
export function openEnvelope(bytes: Uint8Array, trust: TrustSet, today: Date): Opened {
  const envelope = readEnvelope(bytes);
  if (!envelope || envelope.payloadType !== PAYLOAD_TYPE)
    return { fault: 'the statement is no DSSE envelope' };
  const [signature, ...others] = envelope.signatures;
  if (!signature || others.length > 0) return { fault: 'the statement does not carry exactly one signature' };
  const key = trust.keys.find(({ kid }) => kid === signature.keyid);
  if (!key) return { fault: `the statement is signed by the key ${signature.keyid}, which is not trusted` };
  const body = Buffer.from(envelope.payload, 'base64');
  const holds = signatureHolds(
    key,
    preAuthenticated(PAYLOAD_TYPE, body),
    Buffer.from(signature.sig, 'base64'),
  );
  if (!holds)
    return { fault: 'the signature does not hold: the statement was changed, or signed by another key' };
  const statement = JSON.parse(textOf(body)) as Statement;
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
