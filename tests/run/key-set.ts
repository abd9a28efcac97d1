import { createDriver } from '../drive/driver.ts';
import { observeKeySet, type Steering } from '../drive/key-set.ts';
import type { KeyObservation } from '../oracle/key-set.ts';
import type { Observation, TlsVersion } from '../model.ts';
import type { Run } from './engine.ts';

/** The issuer that a subject trusts, as far as a run can steer it. */
export interface SteeredIssuer {
  readonly steering: Steering;
  /** Milliseconds within which the subject takes a change of the key set up, as its file states; absent: not told. */
  readonly within?: number;
}

/** Bodies are no evidence here: whether the payload came, the kind and status tell. */
const slim = (seen: Observation): Observation => (seen.kind === 'response' ? { ...seen, body: '' } : seen);

/** Drives one key-set case, on connections of its own. */
export function keySetObserver({ target, redactor, bounds, profile, subject }: Run, version: TlsVersion) {
  return async (name: string, { steering, within = 0 }: SteeredIssuer): Promise<KeyObservation> => {
    const seen = await observeKeySet(name, {
      issuer: steering,
      payload: profile.payload,
      within,
      present: async (token) => {
        const drive = createDriver({ ...target, shared: false, mint: async () => token }, redactor, bounds);
        return (await drive(profile.valid(subject), version)).observation;
      },
    });
    return {
      ...seen,
      control: slim(seen.control),
      steps: seen.steps.map((step) => ({ ...step, seen: slim(step.seen), ms: Math.round(step.ms) })),
    };
  };
}
