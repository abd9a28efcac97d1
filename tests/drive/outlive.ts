import { compose, type Leg } from '../../mocks/ssp/outbound.ts';
import type { Exchange, Observation, TlsVersion } from '../model.ts';
import type { Target } from './driver.ts';
import { send, type Bounds } from './http.ts';
import { createLine } from './line.ts';
import { sessionOf } from './probe.ts';
import type { Redactor } from './redact.ts';

/** A connection and a session that were established, and what comes of them later. */
export interface Outliving {
  /** What came of the first request over the connection that is kept open. */
  readonly before: Observation;
  /** Another request over that same connection. */
  readonly again: () => Promise<Observation>;
  /** A request over a new connection that presents the session, and the same credential. */
  readonly resumed: () => Promise<Observation>;
}

/** Characters of a body that an observation keeps. */
const KEPT = 16_384;

/** Opens a connection and establishes a session as a client of this exchange, to see later whether they still carry. */
export async function outlive(
  target: Target,
  exchange: Exchange,
  version: TlsVersion,
  redactor: Redactor,
  bounds: Partial<Bounds> = {},
): Promise<Outliving> {
  const { http, tls, data, token, identity: wanted, raw } = exchange;
  const identity = tls?.certificate && target.clients[tls.certificate];
  const leg: Leg = { ...target, version, ...(identity && { identity }) };
  const request = async (keepAlive: boolean) =>
    compose({
      keepAlive,
      method: http.method,
      target: `${http.root ?? target.basePath}${http.path}`,
      host: target.host,
      headers: http.headers,
      body: http.body,
      data,
      token,
      bearer: wanted && (await target.mint?.(wanted)),
      raw,
      fresh: target.fresh,
    });
  const line = createLine(leg, bounds, true);
  const safe = (seen: Observation, secret = ''): Observation => {
    if (seen.kind !== 'response') return seen;
    const redact = (text: string): string =>
      redactor.redact(text, secret === '' ? [] : [{ kind: 'token', value: secret }]);
    return {
      ...seen,
      headers: seen.headers.map(([name, value]) => [name, redact(value)] as const),
      body: redact(seen.body).slice(0, KEPT),
    };
  };
  const over = async (): Promise<Observation> => {
    const { bytes, token: secret } = await request(true);
    const seen = await line.exchange(bytes, http.method);
    return safe(seen ?? { kind: 'closed', how: 'fin', during: 'exchange' }, secret);
  };
  const session = await sessionOf(leg, (await request(false)).bytes, bounds.patience);
  return {
    before: await over(),
    again: over,
    resumed: async () => {
      if (!session) return { kind: 'nothing', reason: 'no session was established' };
      const { bytes, token: secret } = await request(false);
      return safe(await send({ ...leg, session }, bytes, http.method, bounds), secret);
    },
  };
}
