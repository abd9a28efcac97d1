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

/** One named edit of the serialised token, for what no claim set can say. */
export type TokenEdit =
  /** The token as raw JSON where base64url is due (RFC 7515 §3.1). */
  'not-base64url';

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * Serialises a token for sending at `now`.
 * @param now milliseconds since the epoch; the times of the token count from it
 */
export function serialise(token: UnsecuredToken, now: number, edit?: TokenEdit): string {
  const seconds = Math.floor(now / 1000);
  const dates = Object.fromEntries(
    Object.entries(token.times).map(([name, offset]) => [name, seconds + offset]),
  );
  const claims = { ...token.claims, ...dates };
  if (edit === 'not-base64url') return JSON.stringify(claims);
  return `${part(token.header)}.${part(claims)}.`;
}
