import { createHash, X509Certificate } from 'node:crypto';
import type { Credential } from '../../certs/index.ts';
import type { Observation } from '../model.ts';

/** A probe flight as it left and what came back, in hex. */
export interface Flights {
  readonly sent: string;
  readonly received: string;
}

/** What went out and what came back, redacted: the content of one file of evidence. */
export type Kept =
  | {
      readonly kind: 'exchange';
      readonly servername: string;
      /** The client certificate presented: its name in the trust pack and its SHA-256; absent: none. */
      readonly presented?: { readonly credential: string; readonly fingerprint256: string };
      /** Absent: in clear. */
      readonly version?: string;
      readonly request: string;
      readonly answer: Observation;
    }
  | { readonly kind: 'flights'; readonly flights: readonly Flights[]; readonly answer: Observation };

/** Files of evidence of one run, by what is in them. */
export interface Keeper {
  /** @returns `sha256:…` of the file that holds it */
  readonly keep: (kept: Kept) => string;
  /** Their text by SHA-256 in hex. */
  readonly files: () => ReadonlyMap<string, string>;
}

/** Bytes of a flight that are kept: a certificate chain goes in. */
export const KEPT_BYTES = 8_192;
/** Characters of an accepted payload that are kept: it was recognised, and what else it says is nobody's matter. */
const PAYLOAD = 1_024;

/** The payload of a success is cut; a refusal and its every word stay. */
const brief = (answer: Observation): Observation =>
  answer.kind === 'response' && answer.status < 300
    ? { ...answer, body: answer.body.slice(0, PAYLOAD) }
    : answer;

export function createKeeper(): Keeper {
  const files = new Map<string, string>();
  return {
    keep: (kept) => {
      const text = `${JSON.stringify({ ...kept, answer: brief(kept.answer) }, null, 2)}\n`;
      const digest = createHash('sha256').update(text).digest('hex');
      files.set(digest, text);
      return `sha256:${digest}`;
    },
    files: () => files,
  };
}

/** How a credential is named in evidence. Its key is not looked at. */
export const presentedAs = (name: string, { certificate }: Credential) => ({
  credential: name,
  fingerprint256: new X509Certificate(certificate).fingerprint256,
});
