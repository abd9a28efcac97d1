import { ConfigurationError } from '../../certs/configuration-error.ts';
import { guard, resolveDestination, type Activity, type Consent, type Destination } from './guard.ts';
import type { Declared } from './declared.ts';
import { setsOf, type FrozenSet } from './sets.ts';
import { declaredBy, type Subject } from './subject.ts';
import { profileNamed } from './prepared.ts';

/** What a subject declares, with the kinds of consent that the guard sees given. Looks its name up; sends nothing. */
export async function declaredOf(subject: Subject, edition: string): Promise<Declared> {
  const { url, connect, consent, file } = subject;
  const destination = await resolveDestination(url, connect, `${file}#/connect`);
  const given = (['write', 'active', 'ports'] as const).filter((each) =>
    allows(destination, each, consent, file),
  );
  const set = setNamed(subject, edition);
  return {
    ...declaredBy(subject, edition),
    ...(set && { set }),
    consent: given,
    // Our responder and CRLs speak for the CAs of a pack alone; another CA's revocations are on its own CRL.
    ...(subject.revocation && subject.pki !== undefined && { revocation: subject.revocation }),
  };
}

/** The frozen set that a subject names. @throws ConfigurationError when there is none of that name */
function setNamed({ set, file, profile: name }: Subject, edition: string): FrozenSet | undefined {
  if (set === undefined) return undefined;
  const sets = setsOf(profileNamed(name, `${file}#/profile`), edition);
  const found = sets.find(({ id }) => id === set);
  if (found) return found;
  throw new ConfigurationError(
    `${file}#/set`,
    `there is no set ${set} of ${name} in the edition ${edition}; choose one of: ${sets.map(({ id }) => id).join(', ')}`,
  );
}

/** Whether the guard lets a kind of activity happen at a destination. */
function allows(
  destination: Destination,
  activity: Activity,
  consent: Consent | undefined,
  place: string,
): boolean {
  try {
    guard(destination, [activity], consent, { place, today: new Date() });
    return true;
  } catch {
    return false;
  }
}
