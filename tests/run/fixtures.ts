import { test as base } from '@playwright/test';
import { createKeeper } from '../drive/keep.ts';
import { baseline, createWorker } from './engine.ts';
import { examine } from './examine.ts';
import { unreached, type Finding } from './finding.ts';
import type { Baseline } from './baseline.ts';
import { prepareFromEnvironment } from './front.ts';
import { inEveryVersion, type Planned } from './plan.ts';
import { handOn, type Handed } from './publish.ts';
import { createVigil } from './vigil.ts';

/** A case in every version that it is driven in, and those that the subject takes the valid exchange in. */
export interface Judged {
  readonly findings: readonly Finding[];
  readonly versions: Baseline['versions'];
  /** What was sent and came back, by `sha256:…`. */
  readonly evidence: Handed;
  /** The name in the credential that it has to let in. */
  readonly ssp?: string;
}

/** `judged` examines one planned case, in every version that it is driven in, on a subject that is prepared once for each Playwright worker. */
export const test = base.extend<object, { profile: string; judged: (planned: Planned) => Promise<Judged> }>({
  profile: ['gpconnect', { option: true, scope: 'worker' }],
  judged: [
    async ({ profile }, use) => {
      const prepared = await prepareFromEnvironment(profile);
      const { keep, files } = createKeeper();
      const run = { ...prepared.run, target: { ...prepared.run.target, keep } };
      try {
        const start = await baseline(run);
        const worker = createWorker(run, start);
        const vigil = createVigil(worker.drive, worker.profile, worker.valid, start.version);
        let gone = start.accepted ? undefined : start.observation;
        await use(async (planned) => {
          const findings: Finding[] = [];
          for (const each of inEveryVersion([planned], start.versions)) {
            const finding = gone ? unreached(each, gone) : await examine(each, worker);
            findings.push(finding);
            gone ??= (await vigil.look(finding))?.seen;
          }
          const { versions } = start;
          const digests = findings.flatMap(({ evidence = [] }) => evidence);
          const { ssp } = prepared.subject;
          return {
            findings,
            versions,
            evidence: handOn(digests, files()),
            ...(ssp !== undefined && { ssp }),
          };
        });
      } finally {
        await prepared.close();
      }
    },
    { scope: 'worker' },
  ],
});
export { expect } from '@playwright/test';
