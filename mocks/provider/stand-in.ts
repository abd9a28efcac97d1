import type { Hierarchy } from '../../certs/index.ts';
import { absentees } from './absentees.ts';
import { mutants, variants } from './mutants.ts';
import type { Policy } from './policy.ts';
import { startProvider, type Provider } from './server.ts';

/** Every name that a provider can be started by: the reference and its variants, mutants, absentees. */
export const standInNames: readonly string[] = [
  ...Object.keys(variants),
  ...Object.keys(mutants),
  ...Object.keys(absentees),
];

/** The policy behind a name; `undefined` for an absentee or an unknown name. */
export const policyOf = (name: string): Policy | undefined => (variants[name] ?? mutants[name])?.policy;

/**
 * Starts a stand-in by its name.
 * @throws RangeError when there is none of that name
 */
export async function startStandIn(name: string, hierarchy: Hierarchy, port?: number): Promise<Provider> {
  const policy = policyOf(name);
  if (policy) return startProvider({ policy, hierarchy, ...(port !== undefined && { port }) });
  const absentee = Object.entries(absentees).find(([known]) => known === name)?.[1];
  if (!absentee) throw new RangeError(`no stand-in is called ${name}`);
  return absentee(hierarchy);
}
