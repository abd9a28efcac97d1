import { setTimeout as sleep } from 'node:timers/promises';
import type { Driver } from '../drive/driver.ts';
import type { Exchange, Observation, Profile, TlsVersion } from '../model.ts';
import { accepted } from '../oracle/judge.ts';
import { describe } from '../oracle/response.ts';
import { attribute, type Culprit } from './attribution.ts';
import type { Finding } from './finding.ts';
import { merge } from './merge.ts';
import type { Facts } from './prepared.ts';

/** A subject that took the valid exchange at first and takes it no more: nothing that follows could be judged. */
export interface Loss {
  /** What came of the valid exchange at last. */
  readonly seen: Observation;
  /** What came of it without a client certificate, where it was answered. */
  readonly bare?: Observation;
  /** The case whose control failed. */
  readonly after: string;
  /** When it was last accepted. */
  readonly since: Date;
}

/** Asks whether the subject is still there, where a control has failed. The workers of a run share it. */
export interface Vigil {
  /** @returns the loss, where the subject takes the profile's own valid exchange no more */
  readonly look: (finding: Finding) => Promise<Loss | undefined>;
}

/** Milliseconds before each try: one restart of a server, or one bad node of several, ends no run. */
const PAUSES: readonly number[] = [0, 1_000, 3_000];

const driven = ({ control: { exchange } }: Finding): boolean =>
  exchange.kind !== 'nothing' || exchange.reason !== 'not driven';

/** @param drive makes the profile's own exchange, with a connection of its own each time */
export function createVigil(
  drive: Driver,
  profile: Pick<Profile, 'payload'>,
  valid: Exchange,
  version: TlsVersion,
  pauses = PAUSES,
): Vigil {
  let since = new Date();
  let asking: Promise<Loss | undefined> | undefined;
  const ask = async (after: string): Promise<Loss | undefined> => {
    let seen: Observation = { kind: 'nothing', reason: 'not driven' };
    for (const pause of pauses) {
      if (pause > 0) await sleep(pause);
      ({ observation: seen } = await drive(valid, version));
      if (accepted({ exchange: seen }, profile.payload)) {
        since = new Date();
        return undefined;
      }
    }
    if (seen.kind !== 'response') return { seen, after, since };
    const { observation: bare } = await drive(merge(valid, { tls: { certificate: null } }), version);
    return { seen, bare, after, since };
  };
  return {
    look: async (finding) => {
      if (!driven(finding)) return undefined;
      if (accepted(finding.control, finding.payload)) {
        since = new Date();
        return undefined;
      }
      asking ??= ask(finding.case).finally(() => (asking = undefined));
      return asking;
    },
  };
}

/** Why a run stopped before its end, who has to act and the next thing to try. */
export interface Stopped {
  readonly culprit: Culprit;
  readonly said: string;
  readonly next: string;
  readonly after: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

/** Who has to act where the valid exchange was accepted a moment ago: what was right then is no question any more. */
export function stoppedBy({ seen, bare, after, since }: Loss, facts: Facts): Stopped {
  const { step, culprit, said, next } = attribute(seen, facts, bare);
  const at = since.toISOString();
  const clock = `${at.slice(11, 19)} UTC`;
  const told = (who: Culprit, what: string): Stopped => ({
    culprit: who,
    said,
    next: what,
    after,
    since: at,
  });
  const { host, port } = facts.destination;
  if (facts.pack && facts.pack.until < new Date())
    return told(
      'configuration',
      `the trust pack has ended: \`assay pki --out ${facts.pack.folder} --renew\` renews it`,
    );
  if (seen.kind === 'nothing' && seen.reason.startsWith('ECONNREFUSED'))
    return told(
      'target',
      `nothing listens at ${host}:${port} any more: its own log says why it ended after ${clock}; start it again and run again`,
    );
  if (culprit === 'throttled' || culprit === 'ours' || culprit === 'network') return told(culprit, next);
  if (step === 'client-certificate' || step === 'tls')
    return told(
      'target',
      `it took the same certificate until ${clock}: was its configuration, its trust store or its CRL changed (or the CRL ended) since, or does it shut a client out after so many refusals? Its log says which; \`--polite\` helps with the last`,
    );
  if (step === 'server-certificate')
    return told(
      culprit,
      `it showed a good certificate until ${clock}: is there more than one server behind that address?`,
    );
  if (seen.kind === 'response' && /^(?:502|503|504)$/.test(String(seen.status))) return told('target', next);
  return told(
    'target',
    `it took the same request until ${clock}: its own log says what changed, ${describe(seen)} is all that it told us`,
  );
}

/** The reason in one sentence, as a record keeps it. */
export const inOneSentence = ({ culprit, said, next, after }: Stopped): string =>
  `the subject took the valid exchange no more at ${after} (${culprit}): ${said}; ${next}`;
