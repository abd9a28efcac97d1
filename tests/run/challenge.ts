import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigurationError } from '../../certs/configuration-error.ts';

/**
 * What an assessor asks of a run, so that the subject's own audit log shows it: every trace and correlation id is
 * derived from this nonce. It is no secret of the run: whoever holds it recognises the ids in a log.
 */
export interface Challenge {
  /** 32 bytes of chance, base64url. */
  readonly nonce: string;
  /** ISO 8601, UTC: a run that is begun before or after does not meet it. */
  readonly issued: string;
  readonly until: string;
  /** The subject's URL, or `mock:NAME`; absent: any. */
  readonly subject?: string;
}

/** The file of a challenge, beside the record of the run that met it. */
export const CHALLENGE = 'challenge.json';

/** The payload type of its DSSE envelope. */
export const CHALLENGE_TYPE = 'application/vnd.assay.challenge+json';

const LARGEST = 100_000;
const isInstant = (value: unknown): boolean => typeof value === 'string' && !Number.isNaN(Date.parse(value));

/** What a challenge says, whoever signed it; `undefined`: it is none. */
export function challengeIn(text: string): Challenge | undefined {
  try {
    const { payloadType, payload } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    if (payloadType !== CHALLENGE_TYPE || typeof payload !== 'string') return undefined;
    const value = JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as Challenge;
    const { nonce, issued, until, subject } = value;
    const sound =
      typeof nonce === 'string' &&
      /^[\w-]{43}$/.test(nonce) &&
      isInstant(issued) &&
      isInstant(until) &&
      (subject === undefined || typeof subject === 'string');
    return sound ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A challenge as its file holds it. */
export interface Posed {
  readonly challenge: Challenge;
  readonly text: string;
  /** SHA-256 of the file, as `sha256:…`. */
  readonly digest: string;
}

/**
 * Reads a challenge that is to be met now. Its signature is for whoever verifies.
 * @throws ConfigurationError at `place`
 */
export async function readChallenge(file: string, place: string, now = new Date()): Promise<Posed> {
  const text = await readFile(file, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(
      place,
      code === 'ENOENT' ? `there is no ${file}` : `cannot read ${file} (${code ?? 'unknown'})`,
    );
  });
  const challenge = text.length > LARGEST ? undefined : challengeIn(text);
  if (!challenge)
    throw new ConfigurationError(place, `${file} is no challenge; \`assay challenge\` makes one`);
  if (now > new Date(challenge.until))
    throw new ConfigurationError(place, `${file} ended on ${challenge.until}; ask for a new challenge`);
  if (now.getTime() + 60_000 < Date.parse(challenge.issued))
    throw new ConfigurationError(
      place,
      `${file} is issued in the future, on ${challenge.issued}; one of the two clocks is wrong`,
    );
  return { challenge, text, digest: `sha256:${createHash('sha256').update(text).digest('hex')}` };
}

/**
 * One id of a challenged run: HMAC-SHA-256 under the nonce, cut to the form of a random UUID (RFC 9562 §5.4), which a
 * subject that looks at the version may insist on.
 * @param attempt its number in the ledger, with the shard where there is one
 * @param counter from 0
 */
export function traceId({ nonce }: Challenge, attempt: string, counter: number): string {
  const bytes = createHmac('sha256', Buffer.from(nonce, 'base64url'))
    .update(`assay trace v1\n${attempt}\n${counter}`)
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
