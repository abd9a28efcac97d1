import { readFileSync } from 'node:fs';
import { lifecycleCase } from '../cases/revocation.ts';
import type { Profile } from '../model.ts';
import type { Finding } from './finding.ts';
import { untimed } from './lifecycle.ts';
import { unreachable } from './reached.ts';
import type { Declared } from './declared.ts';
import type { Prepared } from './prepared.ts';
import { assemble, type RunFacts, type RunRecord } from './record.ts';

/** The version of this tool. */
export const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { readonly version: string };

/** What every front end knows of a subject before anything is driven. */
export interface Told extends Pick<Prepared, 'subject' | 'notExamined' | 'shown'> {
  readonly profile: Profile;
  readonly declared: Declared;
}

/** What a front end alone knows of its run. */
export type Ran = Pick<
  RunFacts,
  'started' | 'versions' | 'waivers' | 'incomplete' | 'strict' | 'selection' | 'shard'
>;

/** The record of a run that ends now: the same facts, whichever front end drove it. */
export function recordOf(findings: readonly Finding[], told: Told, ran: Ran): RunRecord {
  const { profile, declared, subject, notExamined, shown } = told;
  const lived = findings.some(({ case: id }) => id === lifecycleCase.id);
  return assemble(findings, {
    version,
    profile,
    edition: declared.edition,
    set: declared.set,
    subject,
    notExamined,
    shown,
    unreachable: [...unreachable(profile, declared), ...(lived ? [] : untimed(profile))],
    finished: new Date(),
    ...ran,
  });
}
