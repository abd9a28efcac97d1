import { everyCase } from '../cases/index.ts';
import type { Profile } from '../model.ts';
import type { Clause } from '../register/index.ts';
import { bears, scope } from './scope.ts';
import { holds, type FrozenSet } from './sets.ts';
import type { Declared } from './declared.ts';
import { isWide, plan } from './plan.ts';

const laterThan = (set: FrozenSet, clause: string): boolean =>
  !set.lines.some((line) => line.startsWith('clause ') && line.split(' ')[2] === clause);

function whyUnreached(clause: string, declared: Declared): string {
  const { set, bounded } = declared;
  if (set && laterThan(set, clause)) return `came later than ${set.id}`;
  const cases = everyCase.filter(({ requirements }) => requirements.some((id) => id === clause));
  if (bounded && cases.some(isWide))
    return 'opens many connections at once, which a sweep does not; `assay run` drives it';
  if (cases.some(({ consent }) => consent?.includes('active')))
    return 'driven only with "active" in consent.allow';
  const field = cases.find(({ declares }) => declares && !declared[declares])?.declares?.replace(/\..*/, '');
  return field === undefined
    ? 'binds the capabilities that are on; `capabilities` in the subject file names none of those it needs'
    : `driven only with \`${field}\` in the subject file`;
}

/** Operations that are exempt, and clauses that only cases of capabilities decide which the subject has not said to be on, each with that reason. */
export function unreachable(
  profile: Profile,
  declared: Declared,
): readonly { readonly requirement: string; readonly because: string }[] {
  const reached = new Set(plan(profile, declared).flatMap(({ clauses }) => clauses.map(({ id }) => id)));
  const exempt = (declared.exempt ?? []).map(({ operation, because }) => ({
    requirement: 'SEC-029',
    because: `${operation} is exempt: ${because}`,
  }));
  const unreached = scope(profile, declared.edition)
    .filter(({ id, decidedBy }) => decidedBy === undefined && !reached.has(id))
    .map(({ id }) => ({ requirement: id, because: whyUnreached(id, declared) }));
  return [...unreached, ...exempt];
}

/** Cases that the set held otherwise than they are today: what they were can be examined by an older version alone. */
export const changedSince = (
  profile: Profile,
  { set, edition }: Declared,
): readonly { readonly case: string; readonly because: string }[] =>
  set === undefined
    ? []
    : everyCase
        .filter((entry) => scope(profile, edition).some((clause) => bears(entry, clause)))
        .filter((entry) => holds(set, entry) === 'changed')
        .map(({ id }) => ({
          case: id,
          because: `it is not what ${set.id} held; that takes an older version`,
        }));

/** Clauses that nothing could show, each with its reason. */
export const excludedClauses = (profile: Profile, edition: string): readonly Clause[] =>
  scope(profile, edition).filter(({ decidedBy }) => decidedBy === 'excluded');
