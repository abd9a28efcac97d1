import { claimsText, type ClaimsEdit, type TokenEdit } from './edits.ts';

/**
 * The audit token that a GP Connect consumer makes and the SSP passes on: an unsecured JWT (RFC 7519 §6).
 * Its header is `{"alg":"none","typ":"JWT"}`, its signature part is empty and the last dot stays.
 */
export interface UnsecuredToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** NumericDate claims (RFC 7519 §2), in seconds from the moment of sending. */
  readonly times: Readonly<Record<string, number>>;
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url');
/** base64url with the padding that JWS leaves out, whether or not the length asks for it. */
const padded = (text: string): string => `${base64url(text)}${'='.repeat(4 - (base64url(text).length % 4))}`;
const plain = (text: string): string => Buffer.from(text).toString('base64').replace(/=+$/, '');
/** Thirty-two bytes of nothing in particular. */
const SIGNATURE = base64url('no key has ever made such a sign');

/**
 * Serialises a token for sending at `now`.
 * @param now milliseconds since the epoch; the times of the token count from it
 */
export function serialise(token: UnsecuredToken, now: number, edit?: TokenEdit, claims?: ClaimsEdit): string {
  const seconds = Math.floor(now / 1000);
  const dates = Object.fromEntries(
    Object.entries(token.times).map(([name, offset]) => [name, seconds + offset]),
  );
  const [head, body] = [JSON.stringify(token.header), claimsText({ ...token.claims, ...dates }, claims)];
  switch (edit) {
    case 'not-base64url':
      return body;
    case 'dot-dropped':
      return `${base64url(head)}.${base64url(body)}`;
    case 'padded':
      return `${padded(head)}.${padded(body)}.`;
    case 'plain-base64':
      return `${plain(head)}.${plain(body)}.`;
    case 'cut':
      return `${base64url(head)}.${base64url(body.slice(0, body.length / 2))}.`;
    case 'with-signature':
      return `${base64url(head)}.${base64url(body)}.${SIGNATURE}`;
    default:
      return `${base64url(head)}.${base64url(body)}.`;
  }
}
