import type { Case, Profile } from '../model.ts';
import { register, type Clause } from '../register/index.ts';

/** The clauses of a profile in one edition. */
export function scope(profile: Pick<Profile, 'documents'>, edition: string): readonly Clause[] {
  const held = new Set<string>(profile.documents);
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
  { requirements }: Pick<Case, 'requirements'>,
  { id, decidedBy, restates = [] }: Clause,
): boolean =>
  requirements.includes(id) ||
  (decidedBy === undefined && requirements.some((each) => restates.includes(each)));
