import type { Case, Profile } from '../model.ts';
import { inEdition } from '../profiles/edition.ts';
import { register, type Clause } from '../register/index.ts';

/** The clauses of a profile in one edition. */
export function scope(profile: Pick<Profile, 'documents' | 'apart'>, edition: string): readonly Clause[] {
  const held = new Set<string>(inEdition(profile, edition).documents);
  return register.filter(
    ({ document, editions }) => held.has(document) && (editions?.includes(edition) ?? true),
  );
}

/** The clauses of the documents that inform a profile. */
export function informing(profile: Profile): readonly Clause[] {
  const held = new Set<string>(profile.informs);
  return register.filter(({ document }) => held.has(document));
}

/** Whether a case decides a clause, by its own name or by that of one that it restates. */
export const bears = (
  { id: name, requirements }: Pick<Case, 'id' | 'requirements'>,
  { id, decidedBy, restates = [], save = [] }: Clause,
): boolean =>
  requirements.includes(id) ||
  (decidedBy === undefined && requirements.some((each) => restates.includes(each)) && !save.includes(name));
