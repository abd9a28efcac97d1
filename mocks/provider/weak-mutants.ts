import type { Mutant } from './mutants.ts';
import { wrong } from './policy.ts';
import type { Weakness } from './weakness.ts';

/** Providers that give way to one hostile request. */
const WEAK: Readonly<Record<Weakness, string>> = {
  'external-entity': 'fetches the external entities of XML that it is sent',
  traversal: 'serves files from above its root',
  'header-injection': 'writes what it is asked for into a header field',
  'query-injection': 'puts a search value into its SQL',
  'large-header': 'breaks down on 64 kB of header fields',
  'large-token': 'breaks down on a token of 12 kB',
  'large-body': 'breaks down on a body of 5 MB',
  'deep-json': 'breaks down on JSON of 50,000 levels',
  trace: 'echoes a TRACE with the token in it',
  idle: 'has no connection left beside 30 idle ones',
  'slow-headers': 'has no worker left beside 8 requests whose header never ends',
  'slow-body': 'has no worker left beside 8 requests whose body never comes',
};

export const weakMutants: Readonly<Record<string, Mutant>> = Object.fromEntries(
  (Object.entries(WEAK) as [Weakness, string][]).map(([weakness, title]): [string, Mutant] => [
    `gives-way-to-${weakness}`,
    { title, policy: wrong('weakness', weakness), caughtBy: [`hostile/${weakness}`] },
  ]),
);
