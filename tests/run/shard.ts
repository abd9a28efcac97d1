import { isAlone, type Planned } from './plan.ts';

/** One of so many parts of a plan, counted from 1 as Playwright's `--shard` is. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** The most parts that a plan is cut into. */
export const MOST_SHARDS = 1_000;

/**
 * `i/n`, or `k+1/n` for who counts from 0 and has no shell to reckon in (the index of a Kubernetes Job); `undefined`: it
 * is not of that form, or there is no such part.
 */
export function shardNamed(text: string): Shard | undefined {
  const [, counted, one, of] = (/^(0(?=\+)|[1-9]\d{0,3})(\+1)?\/([1-9]\d{0,3})$/.exec(text) ?? []).map(
    (part: string | undefined) => (part === undefined ? 0 : Number(part)),
  );
  const index = counted === undefined ? undefined : counted + (one ?? 0);
  if (index === undefined || of === undefined || index > of || of > MOST_SHARDS) return undefined;
  return { index, of };
}

export const shardInWords = ({ index, of }: Shard): string => `${index}/${of}`;

/** The items of one part of a list: each is in one part alone, and no part has more than one above another. */
export const partOf = <T>(items: readonly T[], { index, of }: Shard): readonly T[] =>
  items.filter((_, at) => at % of === index - 1);

/** What steers the issuer, surveys or is active: nobody else is to meet it, so that it comes last, one at a time. */
export const comesLast = (planned: Planned): boolean =>
  isAlone(planned) || planned.case.consent?.includes('active') === true;

/** What writes, or has a budget for the whole run: parts that run at the same time would get into each other's way. */
const undivided = (planned: Planned): boolean =>
  comesLast(planned) ||
  planned.interaction?.writes !== undefined ||
  planned.case.consent?.includes('write') === true;

/**
 * One part of a plan, in the order of the plan. The same plan is always cut in the same way. What must not run twice at
 * a time is all in the last part; the others, those that bind before those that are noted, go where there is least.
 */
export function shardOf(plan: readonly Planned[], { index, of }: Shard): readonly Planned[] {
  const together = plan.filter(undivided);
  const apart = plan.filter((each) => !undivided(each));
  const load = Array.from({ length: of }, (_, at) => (at === of - 1 ? together.length : 0));
  const own = new Set(index === of ? together : []);
  const isNoted = ({ level }: Planned): boolean => level === 'noted';
  for (const planned of [...apart.filter((each) => !isNoted(each)), ...apart.filter(isNoted)]) {
    const least = load.indexOf(Math.min(...load));
    load[least] = (load[least] ?? 0) + 1;
    if (least === index - 1) own.add(planned);
  }
  return plan.filter((planned) => own.has(planned));
}
