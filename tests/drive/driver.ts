import type { Credential, CredentialName } from '../../certs/index.ts';
import type { RevocableName } from '../../certs/revocable.ts';
import { attack } from '../../mocks/ssp/attacks.ts';
import { compose, rootPath, type Forwarded, type Leg } from '../../mocks/ssp/outbound.ts';
import { detour } from '../../mocks/ssp/rounds.ts';
import type { UnsecuredToken } from '../../mocks/ssp/token.ts';
import type { Exchange, IdentityToken, Observation, Survey, TlsVersion } from '../model.ts';
import { spend } from './budget.ts';
import { LINGER_MS, openCanary, type Perch } from './canary.ts';
import { enumerateOffer, offer } from './offer.ts';
import { besiege, HELD, SETTLING_MS, type Siege } from './siege.ts';
import type { HelloTarget } from './hello.ts';
import { KEPT_BYTES, presentedAs, type Flights, type Keeper } from './keep.ts';
import { send, type Bounds } from './http.ts';
import { claimsAt, edgeAt, STAND_IN_EDGES, type Edges } from './edges.ts';
import { createLine, type Line } from './line.ts';
import type { Pace } from './pace.ts';
import { probe as makeProbe, type PlainPort } from './probe.ts';
import type { Redactor, Secret } from './redact.ts';

/** A subject as it is dialled, with what the harness presents to it. */
export interface Target {
  /** The address that was judged; nothing is looked up again. */
  readonly address: string;
  readonly port: number;
  /** The provider's registered name. */
  readonly servername: string;
  /** `Host` header: the URL's authority. */
  readonly host: string;
  /** Path of the service root. */
  readonly basePath: string;
  /** Trust anchors of the server's certificate, PEM. */
  readonly trust: readonly string[];
  /** What there is to present. */
  readonly clients: Readonly<Partial<Record<CredentialName | RevocableName, Credential>>>;
  /** The plain-HTTP port that the subject file declares. */
  readonly plain?: PlainPort;
  /** SHA-256 of the certificate that the subject file names, in hexadecimal. */
  readonly fingerprint?: string;
  /** Where a canary listens, and how the subject reaches it; absent: on loopback, for a subject that is there. */
  readonly canary?: Perch;
  /** Waits for the turn of the next connection; absent: at once. */
  readonly pace?: Pace;
  /** Makes the trace and correlation ids of a challenged run; absent: chance does. */
  readonly fresh?: () => string;
  /** Keeps what was sent and what came back; absent: nothing is kept. */
  readonly keep?: Keeper['keep'];
  /** A stand-in of ours: exchanges that change nothing in TLS may share a connection. */
  readonly shared?: boolean;
  /** Mints an ID token of the issuer that the subject trusts; claims replace those that it would have. */
  readonly mint?: (wanted: Minted) => Promise<string>;
  /** How near to an edge of time a token comes; absent: a stand-in's. */
  readonly edges?: Edges;
}

/** What is minted: an edge is told as claims. */
export type Minted = Omit<IdentityToken, 'edge'> & { readonly claims?: Readonly<Record<string, number>> };

/** What came of one exchange, and the trace ids under which the subject may have logged it. */
export interface Driven {
  readonly observation: Observation;
  readonly trace: readonly string[];
  /** How often the canary was fetched that the request named; absent: it named none. */
  readonly fetched?: number;
  /** Digests of the files that hold what was sent and what came back. */
  readonly kept?: readonly string[];
}

/** Drives one exchange in the version the run settled on. Observations are redacted before anybody judges. */
export type Driver = (exchange: Exchange, version: TlsVersion) => Promise<Driven>;

const asMinted = ({ edge, ...wanted }: IdentityToken, edges: Edges = STAND_IN_EDGES): Minted =>
  edge === undefined ? wanted : { ...wanted, claims: claimsAt(edge, edges) };
export const atEdge = (
  token: Exchange['token'],
  edges: Edges = STAND_IN_EDGES,
): UnsecuredToken | undefined => {
  if (token?.edge === undefined) return token;
  const exp = edgeAt(token.edge, edges);
  const { iat = 0, exp: until = 0 } = token.times;
  return { ...token, times: { ...token.times, iat: exp - (until - iat), exp } };
};
const isSiege = (probe: Exchange['probe']): probe is Siege => probe !== undefined && probe in HELD;
const SURVEYS: ReadonlySet<string> = new Set<Survey>(['ports', 'transfer', 'latency', 'roles', 'tenants']);
export const isSurvey = (probe: Exchange['probe']): probe is Survey =>
  probe !== undefined && SURVEYS.has(probe);
const isLoopback = (address: string): boolean => /^(?:127\.|::1$)/.test(address);

/** Characters of a body that an observation keeps; an OperationOutcome is far smaller. */
const KEPT = 16_384;

export function createDriver(target: Target, redactor: Redactor, bounds: Partial<Bounds> = {}): Driver {
  const lines = new Map<TlsVersion, Line>();
  const lineFor = (version: TlsVersion): Line => {
    const known = lines.get(version);
    if (known) return known;
    const line = createLine({ ...target, identity: target.clients.valid, version }, bounds);
    lines.set(version, line);
    return line;
  };
  return async (exchange, version) => {
    const bare = exchange.hello;
    if (bare) {
      const made = await keepingFlights(target, (watched) => offer(watched, bare, bounds.patience));
      return { ...made, trace: [] };
    }
    const { tls, http, data, token, identity: wanted, raw, round, probe, attack: hostile } = exchange;
    if (wanted && !target.mint)
      return { observation: { kind: 'nothing', reason: 'ours: no issuer mints tokens for it' }, trace: [] };
    if (isSurvey(probe)) throw new Error(`${probe} is no exchange`);
    const bearer = wanted && (await target.mint?.(asMinted(wanted, target.edges)));
    await target.pace?.();
    const keepAlive =
      target.shared === true &&
      tls?.certificate === 'valid' &&
      tls.version === undefined &&
      !tls.unverified &&
      !probe &&
      !hostile;
    const valid = target.clients.valid;
    if (round && !valid) throw new Error('no valid credential to tell of');
    const around = round && valid ? detour(round, valid) : undefined;
    const perch = target.canary ?? (isLoopback(target.address) ? { host: '127.0.0.1', port: 0 } : undefined);
    if (hostile === 'external-entity' && !perch)
      return {
        observation: {
          kind: 'nothing',
          reason: 'ours: `callback` in the subject file is where a canary listens',
        },
        trace: [],
      };
    const canary = hostile === 'external-entity' && perch ? await openCanary(perch) : undefined;
    const plainly: Forwarded = {
      keepAlive,
      method: http.method,
      target: `${rootPath(http.root, data) ?? target.basePath}${http.path}`,
      host: (probe === 'plain-port' ? target.plain?.host : around?.host) ?? target.host,
      headers: { ...http.headers, ...around?.headers },
      body: http.body,
      data,
      token: atEdge(token, target.edges),
      bearer,
      raw,
      fresh: target.fresh,
    };
    const request = compose(hostile ? attack(hostile, plainly, canary?.url) : plainly);
    if (hostile) spend(target, { requests: 1, bytes: request.bytes.length });
    const identity = tls?.certificate && target.clients[tls.certificate];
    // Without it nothing would be presented, and the refusal of nothing be taken for a refusal of this.
    if (tls?.certificate && !identity) throw new Error(`no credential ${tls.certificate} to present`);
    const secure: Leg = {
      ...target,
      identity,
      version: tls?.version ?? version,
      ...(tls?.unverified && { unverified: true }),
      ...(around?.sni !== undefined && { sni: around.sni }),
    };
    const leg = tls ? secure : { address: target.address, port: target.port, clear: true as const };
    const sending = { bytes: request.bytes, method: hostile === 'trace' ? 'TRACE' : http.method, bounds };
    if (isSiege(probe)) spend(target, { connections: HELD[probe], requests: 1, ms: SETTLING_MS + 5_000 });
    const seen = isSiege(probe)
      ? await besiege(probe, { leg: secure, host: target.host, ...sending })
      : probe
        ? await makeProbe(probe, {
            leg: secure,
            valid: { ...secure, identity: valid },
            plain: target.plain,
            fingerprint: target.fingerprint,
            ...sending,
          })
        : ((keepAlive ? await lineFor(version).exchange(request.bytes, http.method) : undefined) ??
          (await send(leg, request.bytes, sending.method, bounds)));
    if (canary) await new Promise((lingered) => setTimeout(lingered, LINGER_MS));
    const fetched = canary?.fetched();
    canary?.close();
    const secrets: readonly Secret[] = [
      ...(request.token === undefined ? [] : [{ kind: 'token', value: request.token } as const]),
      ...(identity ? [{ kind: 'key', value: identity.key.trim() } as const] : []),
    ];
    const observation: Observation =
      identity && identity !== valid && saysNoneCame(seen)
        ? { kind: 'nothing', reason: NOT_PRESENTED }
        : redacted(seen, redactor, secrets);
    const kept = target.keep?.({
      kind: 'exchange',
      servername: secure.sni ?? target.servername,
      ...(tls?.certificate && identity && { presented: presentedAs(tls.certificate, identity) }),
      ...(tls && { version: secure.version }),
      // Long before what is kept is redacted with it: a secret that is cut in two lies beyond the cut.
      request: redactor.redact(request.bytes.subarray(0, 4 * KEPT).toString('utf8'), secrets).slice(0, KEPT),
      answer: observation,
    });
    return {
      observation,
      trace: request.trace,
      ...(fetched !== undefined && { fetched }),
      ...(kept !== undefined && { kept: [kept] }),
    };
  };
}

/**
 * OpenSSL keeps a certificate back whose key or signature is of no algorithm that the server's CertificateRequest
 * names (RFC 8446 §4.4.2.3), and sends an empty list instead: what is refused then is another stimulus than ours.
 */
const NOT_PRESENTED =
  'ours: our TLS did not present the certificate, whose algorithms the server does not ask for (RFC 8446 §4.4.2.3)';
/** Where nothing is sent, TLS 1.3 has an alert of its own, and nginx a page. */
const saysNoneCame = (seen: Observation): boolean =>
  seen.kind === 'alert'
    ? seen.alert === 116
    : seen.kind === 'response' &&
      seen.status === 400 &&
      seen.body.includes('No required SSL certificate was sent');

/** Finds by elimination which suites of an offer are accepted, and whose order rules. */
export async function enumerateSuites(
  target: Target,
  exchange: Exchange,
  patience?: number,
): Promise<Driven> {
  const { hello: wanted } = exchange;
  if (!wanted)
    return { observation: { kind: 'nothing', reason: 'ours: an enumeration needs an offer' }, trace: [] };
  const made = await keepingFlights(target, (watched) => enumerateOffer(watched, wanted, patience));
  return { ...made, trace: [] };
}

/** Makes hellos, and keeps them with what came back. They hold no secret: nothing of a hello is anybody's. */
async function keepingFlights(
  target: Target,
  make: (watched: HelloTarget) => Promise<Observation>,
): Promise<Pick<Driven, 'observation' | 'kept'>> {
  const { keep } = target;
  if (!keep) return { observation: await make(target) };
  const flights: Flights[] = [];
  const hex = (bytes: Buffer): string => bytes.subarray(0, KEPT_BYTES).toString('hex');
  const observation = await make({
    ...target,
    onFlight: (sent, received) => flights.push({ sent: hex(sent), received: hex(received) }),
  });
  return { observation, kept: [keep({ kind: 'flights', flights, answer: observation })] };
}

/** Redacts first and cuts then: a secret cut in two would be met by no pattern. */
function redacted(seen: Observation, redactor: Redactor, secrets: readonly Secret[]): Observation {
  if (seen.kind !== 'response') return seen;
  return {
    ...seen,
    headers: seen.headers.map(([name, value]) => [name, redactor.redact(value, secrets)] as const),
    body: redactor.redact(seen.body, secrets).slice(0, KEPT),
  };
}
