/** What active cases may spend in one run, in all: whoever consents to them consents to this and to no more. */
export const BUDGET = { connections: 50, requests: 2_000, ms: 60_000, bytes: 10_000_000 } as const;

type Spent = { -readonly [Kind in keyof typeof BUDGET]: number };
const accounts = new WeakMap<object, Spent>();

/**
 * Takes from the budget of a run before anything is sent.
 * @param run what stands for it: its target
 * @throws RangeError when that would be more than there is
 */
export function spend(run: object, wanted: Partial<Spent>): void {
  const spent = accounts.get(run) ?? { connections: 0, requests: 0, ms: 0, bytes: 0 };
  accounts.set(run, spent);
  for (const kind of Object.keys(BUDGET) as (keyof typeof BUDGET)[]) {
    const after = spent[kind] + (wanted[kind] ?? 0);
    if (after > BUDGET[kind])
      throw new RangeError(`the budget of active cases is spent: ${after} ${kind}, ${BUDGET[kind]} allowed`);
  }
  for (const kind of Object.keys(BUDGET) as (keyof typeof BUDGET)[]) spent[kind] += wanted[kind] ?? 0;
}
