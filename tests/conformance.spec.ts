import { profiles } from './profiles/index.ts';
import { frontOf } from './run/front.ts';
import { expect, test } from './run/fixtures.ts';
import { isAlone } from './run/plan.ts';

for (const profile of profiles) {
  const { planned } = await frontOf(profile);
  test.describe(profile.title, { tag: `@${profile.id}` }, () => {
    for (const each of planned) {
      const { id, case: entry, clauses, level } = each;
      const tag = [...clauses.map((clause) => `@${clause.id}`), ...(isAlone(each) ? ['@alone'] : [])];
      test(id, { tag }, async ({ judged }, info) => {
        const { shard } = info.config;
        // Playwright runs a project that tears down in every shard.
        test.skip(isAlone(each) && shard !== null && shard.current < shard.total, 'in the last shard alone');
        info.annotations.push({ type: level, description: entry.title });
        const { findings, versions, evidence, ssp } = await judged(each);
        info.annotations.push({ type: 'versions', description: versions.join(' ') });
        if (ssp !== undefined) info.annotations.push({ type: 'ssp', description: ssp });
        for (const finding of findings) {
          await info.attach('finding', {
            body: JSON.stringify(finding, null, 2),
            contentType: 'application/json',
          });
          info.annotations.push({ type: finding.outcome, description: finding.because });
        }
        if (Object.keys(evidence).length > 0)
          await info.attach('evidence', {
            body: JSON.stringify(evidence, null, 2),
            contentType: 'application/json',
          });
        for (const { case: found, outcome, because } of findings) {
          const warns = outcome === 'fail' && /^(SHOULD|MAY)/.test(level);
          if (level !== 'noted' && !warns) expect(outcome, `${found}: ${because}`).toBe('pass');
        }
      });
    }
  });
}
