import { textOf, utf8 } from './archive.ts';
import { signatureHolds, type SigningKey, type TrustedKey, type TrustSet } from './keys.ts';

/** A DSSE envelope (Dead Simple Signing Envelope v1.0.2). */
export interface Envelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** Pre-authentication encoding (DSSE protocol). */
function preAuthenticated(type: string, body: Uint8Array): Uint8Array {
  const head = utf8(`DSSEv1 ${utf8(type).length} ${type} ${body.length} `);
  return Buffer.concat([head, body]);
}

/** Signs a value as JSON with ES256. */
export function sealed(type: string, value: unknown, key: SigningKey): Envelope {
  const body = utf8(JSON.stringify(value));
  const sig = Buffer.from(key.sign(preAuthenticated(type, body))).toString('base64');
  return {
    payloadType: type,
    payload: Buffer.from(body).toString('base64'),
    signatures: [{ keyid: key.kid, sig }],
  };
}

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

/** What is signed, and by which key; or why it is not believed. */
export type Unsealed = { readonly body: string; readonly key: TrustedKey } | { readonly fault: string };

/**
 * Opens an envelope: exactly one signature, by a key of the set. Whether the key was valid then is for who reads it.
 * @param what its name, as a fault begins with
 */
export function unsealed(bytes: Uint8Array, type: string, trust: TrustSet, what: string): Unsealed {
  const envelope = readEnvelope(bytes);
  if (!envelope || envelope.payloadType !== type) return { fault: `${what} is no DSSE envelope` };
  const [signature, ...others] = envelope.signatures;
  if (!signature || others.length > 0) return { fault: `${what} does not carry exactly one signature` };
  const key = trust.keys.find(({ kid }) => kid === signature.keyid);
  if (!key) return { fault: `${what} is signed by the key ${signature.keyid}, which is not trusted` };
  const body = Buffer.from(envelope.payload, 'base64');
  if (!signatureHolds(key, preAuthenticated(type, body), Buffer.from(signature.sig, 'base64')))
    return { fault: `the signature does not hold: ${what} was changed, or signed by another key` };
  return { body: textOf(body), key };
}
