import type { Profile } from '../model.ts';
import { inEdition } from '../profiles/edition.ts';
import { library } from '../register/index.ts';
import { alone, digestOf, setsOf, type FrozenSet, type Held } from './sets.ts';

/** A frozen set: what exactly a subject was held to. The digest changes with every clause and every case. */
export interface RequirementSet {
  readonly id: string;
  readonly digest: string;
}

/** The set of one document, or of all documents of a profile, in one edition: the one named, else the newest. */
export function setOf(
  profile: Held,
  edition: string,
  document?: string,
  held: FrozenSet | undefined = setsOf(profile, edition).at(-1),
): RequirementSet {
  if (!held) throw new RangeError(`${profile.id} has no set of ${edition}`);
  const version = held.id.split('/')[1] ?? '';
  return { id: `${document ?? profile.id}@${edition}/${version}`, digest: digestOf(held, document) };
}

const documentNamed = (id: string) => library.find((each) => each.id === id);
const titled = (id: string) => {
  const { title = id, source = '' } = documentNamed(id) ?? {};
  return { id, title, source };
};

/** The documents of a profile with the edition and set that bind. */
export const documentsOf = (profile: Profile, edition: string, held?: FrozenSet) =>
  inEdition(profile, edition).documents.map((id) => ({
    ...titled(id),
    edition: documentNamed(id)?.editions ? edition : 'single',
    set: setOf(profile, edition, id, held),
  }));

/** The documents that inform a profile, each with its frozen set: no case bears on them. */
export const informingOf = (profile: Profile) =>
  profile.informs.map((id) => ({
    ...titled(id),
    edition: 'single',
    set: setOf(alone(id), 'single'),
    informs: true as const,
  }));
