import { createHash } from 'node:crypto';
import { catalogue } from '../cases/index.ts';
import type { Case, Learning, Profile } from '../model.ts';
import { library, register, type Clause } from '../register/index.ts';

/** A case with the clauses of the profile that it bears on, and how much it counts. */
export interface Planned {
  readonly case: Case;
  readonly clauses: readonly Clause[];
  /** The strongest keyword among its clauses, or `noted`: binds nobody. */
  readonly level: string;
}

/** What a subject declares that decides which clauses bind it. */
export interface Declared {
  readonly edition: string;
  readonly enforcesScope: boolean;
  /** How the subject learns of revocation; by files where nothing is said, and held to them where it is `none`. */
  readonly revocation?: Learning | 'none' | 'any';
}

const WEIGHT = ['SHALL', 'SHALL NOT', 'MUST', 'MUST NOT', 'SHOULD', 'SHOULD NOT', 'MAY'];

/** The strongest keyword among clauses. */
export const strongest = (clauses: readonly Clause[]): string =>
  clauses.map(({ keyword }) => keyword).sort((a, b) => WEIGHT.indexOf(a) - WEIGHT.indexOf(b))[0] ?? 'MAY';

/** The clauses of a profile in one edition. */
export function scope(profile: Profile, edition: string): readonly Clause[] {
  const held = new Set<string>(profile.documents);
  return register.filter(
    ({ document, editions }) => held.has(document) && (editions?.includes(edition) ?? true),
  );
}

const learns = ({ learns: way }: Case, declared: Learning | 'none' | 'any'): boolean =>
  way === undefined || declared === 'any' || way === (declared === 'none' ? 'file' : declared);

/** The cases that bear on a clause in scope, in the catalogue's order. */
export function plan(profile: Profile, declared: Declared): readonly Planned[] {
  const clauses = scope(profile, declared.edition);
  return catalogue.flatMap((entry) => {
    if (!learns(entry, declared.revocation ?? 'file')) return [];
    const borne = clauses.filter(({ id }) => entry.requirements.includes(id));
    if (borne.length === 0) return [];
    const bound = entry.bearing !== 'noted' && (!entry.onlyIf || declared[entry.onlyIf]);
    return [{ case: entry, clauses: borne, level: bound ? strongest(borne) : 'noted' }];
  });
}

/** Clauses that nothing could show, each with its reason. */
export const excludedClauses = (profile: Profile, edition: string): readonly Clause[] =>
  scope(profile, edition).filter(({ decidedBy }) => decidedBy === 'excluded');

/** A frozen set: what exactly a subject was held to. The digest changes with every clause and every case. */
export interface RequirementSet {
  readonly id: string;
  readonly digest: string;
}

const digestOf = (value: unknown): string =>
  `sha256:${createHash('sha256').update(JSON.stringify(value)).digest('hex')}`;

/** The set of one document, or of all documents of a profile, in one edition. */
export function setOf(profile: Profile, edition: string, document?: string): RequirementSet {
  const clauses = scope(profile, edition).filter(
    (clause) => document === undefined || clause.document === document,
  );
  const ids = clauses.map(({ id }) => id);
  const held = catalogue
    .filter(({ requirements }) => requirements.some((id) => ids.includes(id)))
    .map(({ id, requirements, expect, stimulus }) => ({ id, requirements, expect, stimulus }));
  return { id: `${document ?? profile.id}@${edition}/1`, digest: digestOf([clauses, held]) };
}

/** The documents of a profile with the edition and set that bind. */
export const documentsOf = (profile: Profile, edition: string) =>
  profile.documents.map((id) => {
    const document = library.find((each) => each.id === id);
    return {
      id,
      title: document?.title ?? id,
      source: document?.source ?? '',
      edition: document?.editions ? edition : 'single',
      set: setOf(profile, edition, id),
    };
  });
