import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createDriver } from '../drive/driver.ts';
import { asObservation } from '../drive/offer.ts';
import { hello } from '../drive/hello.ts';
import type { Exchange, Observation } from '../model.ts';
import { describe, headerValues, isPayload, type Response } from '../oracle/response.ts';
import { attribute, unconnected, type Cause, type Culprit } from './attribution.ts';
import { settle, type Baseline } from './baseline.ts';
import { merge } from './merge.ts';
import type { Facts, Prepared } from './prepared.ts';

/** The checks in the order in which they are made. */
const TITLES = {
  file: 'subject file',
  pack: 'trust pack',
  name: 'name',
  connection: 'connection',
  tls: 'TLS',
  'server-certificate': 'server certificate',
  'client-certificate': 'client certificate',
  'valid-exchange': 'valid exchange',
  clock: 'clock',
  token: 'token',
  scope: 'scope',
} as const;
export type CheckId = keyof typeof TITLES;

/** One thing that has to be right before anything can be judged. */
export interface Check {
  readonly id: CheckId;
  readonly title: string;
  /** `warning`: judged all the same; `unreached`: what it rests on failed, or there is nothing to look at. */
  readonly state: 'ok' | 'warning' | 'failed' | 'unreached';
  /** What was found, in one line. */
  readonly said: string;
  /** Who has to act; with a warning or a failure. */
  readonly culprit?: Culprit;
  /** The next thing to try. */
  readonly next?: string;
}

/** What came of the checks. */
export interface Diagnosis {
  readonly checks: readonly Check[];
  /** Whether the subject can be judged: nothing failed. */
  readonly sound: boolean;
  readonly baseline: Baseline;
  /** Wall time, milliseconds. */
  readonly ms: number;
}

type Trouble = readonly [state: 'warning' | 'failed', said: string, culprit: Culprit, next: string];
export const checkOf = (id: CheckId, ...[state, said, culprit, next]: Trouble): Check => ({
  id,
  title: TITLES[id],
  state,
  said,
  culprit,
  next,
});
const fine = (id: CheckId, said: string): Check => ({ id, title: TITLES[id], state: 'ok', said });
const unreached = (id: CheckId, said = 'not reached'): Check => ({
  id,
  title: TITLES[id],
  state: 'unreached',
  said,
});
const failing = ({ step, culprit, said, next }: Cause): Check => checkOf(step, 'failed', said, culprit, next);

/** Milliseconds that a bare hello may take. */
const HELLO_MS = 5_000;
/** Seconds by which a clock may be out before it is told: `Date` has whole seconds, and a network takes its time. */
const TOLERANCE_S = 5;
const DAY = 86_400_000;
const day = (date: Date): string => date.toISOString().slice(0, 10);

/**
 * Everything that has to be right before a case means something: in about six connections, each of them with the valid
 * credential or a bare hello. Never rejects; stops at what the rest rests on.
 */
export async function diagnose(prepared: Prepared): Promise<Diagnosis> {
  const started = performance.now();
  const { run, facts } = prepared;
  const { target, profile } = run;
  const before = [...ofFile(prepared), ofName(facts)];
  const done = (baseline: Baseline, checks: readonly Check[]): Diagnosis => {
    const all = [...before, ...checks];
    const ids = Object.keys(TITLES) as CheckId[];
    return {
      checks: ids.map((id) => all.find((check) => check.id === id) ?? unreached(id)),
      sound: baseline.accepted,
      baseline,
      ms: Math.round(performance.now() - started),
    };
  };
  const nothing = (reason: string): Baseline => ({
    version: 'TLSv1.2',
    versions: [],
    accepted: false,
    observation: { kind: 'nothing', reason },
  });
  if (facts.destination.addresses.length === 0)
    return done(nothing(`${facts.destination.host} has no address`), []);

  const shaken = await shake(prepared);
  if (shaken.over)
    return done(
      { version: 'TLSv1.2', versions: [], accepted: false, observation: shaken.seen },
      shaken.checks,
    );

  const drive = createDriver(target, run.redactor, run.bounds);
  const valid = profile.valid(run.subject);
  const sent = Date.now();
  const baseline = await settle(drive, valid, profile.payload);
  const clock = ofClock(baseline.observation, sent, Date.now(), facts);
  if (!baseline.accepted) {
    const bare =
      baseline.observation.kind === 'response' && baseline.observation.status < 500
        ? (await drive(merge(valid, { tls: { certificate: null } }), baseline.version)).observation
        : undefined;
    const cause = attribute(baseline.observation, facts, bare);
    const passed = cause.step === 'valid-exchange' && baseline.observation.kind === 'response';
    // A hello shows more of TLS and of the certificate than an exchange that failed on them.
    const [seen] = shaken.checks.filter(({ state }) => state === 'failed');
    const early = seen && (seen.id === cause.step || baseline.observation.kind !== 'response');
    const own = early ? seen : failing(cause);
    const checks = shaken.checks.filter(({ id }) => id !== own.id);
    return done(baseline, [
      ...checks,
      ...(passed ? [fine('client-certificate', 'the handshake was finished, and HTTP answered')] : []),
      own,
      ...(own.id === 'valid-exchange' ? [clock] : []),
    ]);
  }
  const ask = async (exchange: Exchange): Promise<Observation> =>
    (await drive(exchange, baseline.version)).observation;
  const { handshake } = baseline.observation as Response;
  return done(baseline, [
    ...shaken.checks.map((check): Check => {
      if (check.id === 'tls' && handshake) return fine('tls', `${handshake.version}, ${handshake.suite}`);
      // OpenSSL has the last word, and took it.
      return check.state === 'failed' ? { ...check, state: 'warning' } : check;
    }),
    fine('client-certificate', `taken: ${facts.pack?.ssp ?? facts.own ?? 'of a hierarchy of this run'}`),
    fine('valid-exchange', describe(baseline.observation)),
    clock,
    await ofToken(valid, ask, profile.payload),
    await ofScope(valid, ask, prepared),
  ]);
}

function ofFile({ facts, run, declared }: Prepared): readonly Check[] {
  const { file, pack } = facts;
  if (file === undefined)
    return [
      fine('file', 'none: an embedded provider'),
      fine('pack', 'a hierarchy of its own, in memory, for this run alone'),
    ];
  const said = `${file}: ${run.profile.id}, edition ${declared.edition}`;
  if (facts.own !== undefined)
    return [fine('file', said), fine('pack', `none: credentials of your own, for ${facts.own}`)];
  if (!pack) {
    return [
      fine('file', said),
      checkOf(
        'pack',
        'warning',
        'the subject file names no `pki`',
        'configuration',
        '`assay pki --out pki` makes a CA that lasts; install pki/provider/ and name it in `pki`',
      ),
    ];
  }
  const left = Math.floor((pack.until.getTime() - Date.now()) / DAY);
  return [
    fine('file', said),
    left < 1
      ? checkOf(
          'pack',
          'warning',
          `${pack.folder} ends today`,
          'configuration',
          `\`assay pki --out ${pack.folder} --renew\` renews it`,
        )
      : fine('pack', `${pack.folder} for ${pack.ssp}, until ${day(pack.until)} (${left} days)`),
  ];
}

function ofName({ destination: { host, addresses } }: Facts): Check {
  if (addresses.length === 0) {
    return checkOf(
      'name',
      'failed',
      `${host} has no address`,
      'network',
      `is it spelt right, and is the VPN or the hosts file in place? \`connect\` in the subject file dials an address without looking the name up`,
    );
  }
  return fine('name', isIP(host) ? `${host}, an address` : `${host} is ${addresses.join(', ')}`);
}

interface Shaken {
  readonly checks: readonly Check[];
  readonly seen: Observation;
  /** There is nothing to drive an exchange at. */
  readonly over: boolean;
}

/** Connection, TLS and server certificate, by a bare hello: it needs no credential and sees the certificate in clear. */
async function shake({ run, facts }: Prepared): Promise<Shaken> {
  const { target, bounds } = run;
  const patience = Math.min(HELLO_MS, bounds?.patience ?? HELLO_MS);
  const offer = { version: 'TLSv1.2' } as const;
  const { answer } = await hello(target, offer, patience);
  const seen = asObservation(answer, offer);
  const at = `${target.address}:${target.port}`;
  if (answer.kind === 'nothing') {
    const { host, port } = facts.destination;
    if (/no connection|no TCP/.test(answer.reason))
      return { over: true, seen, checks: [failing(unconnected(answer.reason, host, port))] };
    const cause: Cause = {
      step: 'tls',
      culprit: answer.reason.startsWith('ours:') ? 'ours' : 'target',
      said: answer.reason,
      next: 'it takes the connection and does not answer a hello: is this the TLS port, and is the server busy?',
    };
    return { over: true, seen, checks: [fine('connection', at), failing(cause)] };
  }
  const connection = fine('connection', at);
  if (answer.kind === 'other') {
    const cause: Cause = {
      step: 'tls',
      culprit: 'configuration',
      said: describe(seen),
      next: 'that port speaks no TLS: do `url` and `connect` name the one that does?',
    };
    return { over: true, seen, checks: [connection, failing(cause)] };
  }
  if (answer.kind !== 'server-hello') {
    const newer = await hello(target, { version: 'TLSv1.3' }, patience);
    const checks =
      newer.answer.kind === 'server-hello'
        ? [fine('tls', `TLSv1.3 alone; to TLS 1.2: ${describe(seen)}`)]
        : [
            checkOf(
              'tls',
              'failed',
              `${describe(seen)}, to TLS 1.2 and 1.3 alike`,
              'target',
              `a bare hello is turned away before any certificate: does it speak TLS 1.2 or 1.3, let this address in, and know the name ${target.servername}? \`assay scan\` shows what it takes`,
            ),
          ];
    return { over: false, seen, checks: [connection, ...checks] };
  }
  return {
    over: false,
    seen,
    checks: [connection, fine('tls', describe(seen)), ofServer(answer.chain, run.target, facts)],
  };
}

/** The certificate that the server shows, as the exchange will look at it. */
function ofServer(
  chain: readonly Buffer[],
  { servername, trust }: Prepared['run']['target'],
  facts: Facts,
): Check {
  const id = 'server-certificate';
  const shown = chain.map((der) => new X509Certificate(der));
  const [leaf] = shown;
  if (!leaf) return unreached(id, 'none was seen in clear');
  const names = (leaf.subjectAltName ?? leaf.subject).replaceAll('\n', ', ');
  const now = Date.now();
  if (new Date(leaf.validTo).getTime() < now)
    return checkOf(id, 'failed', `it expired on ${leaf.validTo}`, 'target', 'renew it, or check this clock');
  if (new Date(leaf.validFrom).getTime() > now)
    return checkOf(id, 'failed', `it is valid from ${leaf.validFrom}`, 'target', 'check both clocks');
  const carried = isIP(servername) ? leaf.checkIP(servername) : leaf.checkHost(servername);
  if (carried === undefined) {
    return checkOf(
      id,
      'failed',
      `it is for ${names}, and the URL says ${servername}`,
      'configuration',
      `\`assay pki --host ${servername}\` makes one for that name; or put the name that it has into \`url\``,
    );
  }
  if (!anchored(leaf, shown.slice(1), trust)) {
    const where =
      facts.trust ?? (facts.pack ? `${facts.pack.folder}/provider/root.pem` : 'the CA of this run');
    return checkOf(
      id,
      'failed',
      `its chain does not lead to ${where}; it is issued by ${leaf.issuer.replaceAll('\n', ', ')}`,
      'configuration',
      'name the CA of its certificate in `trust`, or give the server provider/provider.pem of the pack, which holds the sub CA too',
    );
  }
  return fine(id, `for ${names}, trusted, until ${day(new Date(leaf.validTo))}`);
}

/** Whether a chain leads to an anchor: issuer by issuer, signatures checked. */
function anchored(
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  trust: readonly string[],
): boolean {
  const anchors = trust.flatMap((pem) =>
    (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map(
      (each) => new X509Certificate(each),
    ),
  );
  let at = leaf;
  for (let steps = 0; steps < 8; steps += 1) {
    const issuedBy = (each: X509Certificate): boolean => at.checkIssued(each) && at.verify(each.publicKey);
    if (anchors.some((anchor) => anchor.fingerprint256 === at.fingerprint256 || issuedBy(anchor)))
      return true;
    const next = chain.find((each) => each.fingerprint256 !== at.fingerprint256 && issuedBy(each));
    if (!next) return false;
    at = next;
  }
  return false;
}

/** Our own clock against the `Date` of an answer (RFC 9110 §6.6.1): bounds, since it has whole seconds. */
function ofClock(seen: Observation, sent: number, received: number, { clockSkew = 0 }: Facts): Check {
  const id = 'clock';
  if (seen.kind !== 'response') return unreached(id);
  const date = Date.parse(headerValues(seen, 'date')[0] ?? '');
  if (Number.isNaN(date)) return unreached(id, 'the answer has no Date');
  const [least, most] = [(date - received) / 1000, (date + 1000 - sent) / 1000];
  const off = least > 0 ? least : most < 0 ? most : 0;
  if (Math.abs(off) <= clockSkew + TOLERANCE_S)
    return fine(id, `the target's Date is within ${Math.max(1, Math.ceil(Math.abs(off)))} s of ours`);
  return checkOf(
    id,
    'warning',
    `the target's clock is ${Math.round(Math.abs(off))} s ${off > 0 ? 'ahead of' : 'behind'} ours`,
    'target',
    'times in tokens and certificates are judged by it: set both by NTP, or say so in options.clockSkew',
  );
}

async function ofToken(
  valid: Exchange,
  ask: (exchange: Exchange) => Promise<Observation>,
  payload: string,
): Promise<Check> {
  if (!valid.token && !valid.identity) return unreached('token', 'the valid exchange has none');
  const seen = await ask(merge(valid, { token: null, identity: null }));
  if (!isPayload(seen, payload)) return fine('token', `taken; without one: ${describe(seen)}`);
  return checkOf(
    'token',
    'warning',
    'the same is served without a token',
    'target',
    'is the check of the token on in this environment? The cases will say',
  );
}

/** Whether scopes are looked at, and whether the subject file says the same. */
async function ofScope(
  valid: Exchange,
  ask: (exchange: Exchange) => Promise<Observation>,
  { declared, run, facts }: Prepared,
): Promise<Check> {
  if (typeof valid.token?.claims['requested_scope'] !== 'string')
    return unreached('scope', 'the valid exchange has no requested_scope');
  const seen = await ask(merge(valid, { token: { claims: { requested_scope: 'patient/*.write' } } }));
  if (seen.kind !== 'response') return unreached('scope', describe(seen));
  const enforced = !isPayload(seen, run.profile.payload);
  const said = enforced
    ? `enforced: ${describe(seen)} to patient/*.write`
    : 'not enforced: patient/*.write reads';
  if (facts.file === undefined || enforced === declared.enforcesScope) return fine('scope', said);
  return checkOf(
    'scope',
    'warning',
    said,
    'configuration',
    enforced
      ? '`options.enforcesScope` is not set in the subject file: the clauses on it stay noted unless it is true'
      : '`options.enforcesScope` is true in the subject file: the cases will hold it to that',
  );
}
