import { randomBytes } from 'node:crypto';
import { CHALLENGE_TYPE, challengeIn, type Challenge } from '../run/challenge.ts';
import { textOf } from './archive.ts';
import { sealed, unsealed, type Envelope } from './envelope.ts';
import type { SigningKey, TrustedKey, TrustSet } from './keys.ts';

const DAY = 86_400_000;

/**
 * A new challenge, signed by whoever poses it.
 * @param days until when a run may be begun
 * @param subject the URL of the subject that it is for; absent: any
 */
export function poseChallenge(
  key: SigningKey,
  { days = 14, subject, now = new Date() }: { days?: number; subject?: string; now?: Date } = {},
): Envelope {
  const challenge: Challenge = {
    nonce: randomBytes(32).toString('base64url'),
    issued: now.toISOString(),
    until: new Date(now.getTime() + days * DAY).toISOString(),
    ...(subject !== undefined && { subject }),
  };
  return sealed(CHALLENGE_TYPE, challenge, key);
}

/** A challenge that a trusted key signed while it was valid; or why it is not believed. */
export type Opened = { readonly challenge: Challenge; readonly key: TrustedKey } | { readonly fault: string };

export function openChallenge(bytes: Uint8Array, trust: TrustSet): Opened {
  const opened = unsealed(bytes, CHALLENGE_TYPE, trust, 'the challenge');
  if ('fault' in opened) return opened;
  const challenge = challengeIn(textOf(bytes));
  if (!challenge) return { fault: 'the challenge is none: it lacks a nonce, or the time for which it is' };
  const issued = Date.parse(challenge.issued) / 1000;
  if (!(issued >= opened.key.nbf && issued <= opened.key.exp))
    return { fault: 'the key was not valid when the challenge was issued' };
  return { challenge, key: opened.key };
}
