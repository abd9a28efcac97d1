import { isIP } from 'node:net';
import { createDriver } from '../drive/driver.ts';
import type { Exchange, Observation } from '../model.ts';
import { describe, isPayload, type Response } from '../oracle/response.ts';
import { attribute } from './attribution.ts';
import { settle, type Baseline } from './baseline.ts';
import { merge } from './merge.ts';
import type { Facts, Prepared } from './prepared.ts';
import {
  TITLES,
  checkOf,
  fine,
  unreached,
  failing,
  type CheckId,
  type Check,
  type Diagnosis,
} from './doctor-checks.ts';
import { DAY, day, shake, ofClock } from './doctor-server.ts';

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
