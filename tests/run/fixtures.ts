import { test as base } from '@playwright/test';
import { baseline, createWorker } from './engine.ts';
import { examine, unreached, type Finding } from './examine.ts';
import { prepareFromEnvironment } from './front.ts';
import type { Planned } from './plan.ts';

/** `judged` examines one planned case, on a subject that is prepared once for each Playwright worker. */
export const test = base.extend<object, { profile: string; judged: (planned: Planned) => Promise<Finding> }>({
  profile: ['gpconnect', { option: true, scope: 'worker' }],
  judged: [
    async ({ profile }, use) => {
      const prepared = await prepareFromEnvironment(profile);
      try {
        const start = await baseline(prepared.run);
        const worker = createWorker(prepared.run, start);
        await use(async (planned) =>
          start.accepted ? examine(planned, worker) : unreached(planned, start.observation),
        );
      } finally {
        await prepared.close();
      }
    },
    { scope: 'worker' },
  ],
});
export { expect } from '@playwright/test';
