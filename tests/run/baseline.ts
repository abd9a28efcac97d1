import type { Driven, Driver } from '../drive/driver.ts';
import type { Exchange, Observation, TlsVersion } from '../model.ts';
import { accepted } from '../oracle/judge.ts';
import { saysNothing } from '../oracle/response.ts';

/** What the subject did with the valid exchange before any case was driven. */
export interface Baseline {
  /** The version that cases are driven in: 1.2 where the subject takes it, as the SSP would. */
  readonly version: TlsVersion;
  /** Every version that it takes the valid exchange in, or about which that could not be learnt; `version` first. */
  readonly versions: readonly TlsVersion[];
  readonly accepted: boolean;
  readonly observation: Observation;
}

/** Drives the valid exchange in each version, to learn whether there is anything to judge and in which. */
export async function settle(drive: Driver, valid: Exchange, payload: string): Promise<Baseline> {
  const taken = ({ observation }: Driven): boolean => accepted({ exchange: observation }, payload);
  const older = await drive(valid, 'TLSv1.2');
  const refused = older.observation.kind === 'alert' || older.observation.kind === 'closed';
  if (!taken(older) && !refused)
    return { version: 'TLSv1.2', versions: [], accepted: false, observation: older.observation };
  const newer = await drive(valid, 'TLSv1.3');
  if (taken(older)) {
    // What we could not learn is not left out: the findings will say that it could not be learnt.
    const also = taken(newer) || (await isDoubtful(newer, () => drive(valid, 'TLSv1.3')));
    const versions = also ? (['TLSv1.2', 'TLSv1.3'] as const) : (['TLSv1.2'] as const);
    return { version: 'TLSv1.2', versions, accepted: true, observation: older.observation };
  }
  if (taken(newer))
    return { version: 'TLSv1.3', versions: ['TLSv1.3'], accepted: true, observation: newer.observation };
  return { version: 'TLSv1.2', versions: [], accepted: false, observation: older.observation };
}

/**
 * Whether a valid exchange that was not taken may yet be: an answer of a hop that is down or asks for patience; or
 * neither an alert nor another answer, nor three times the same.
 */
async function isDoubtful({ observation }: Driven, again: () => Promise<Driven>): Promise<boolean> {
  if (observation.kind === 'response') return saysNothing(observation);
  if (observation.kind === 'alert') return false;
  const twice = [await again(), await again()];
  return twice.some((each) => each.observation.kind !== observation.kind);
}
