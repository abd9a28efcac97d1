import { profiles } from './profiles/index.ts';
import { frontOf } from './run/front.ts';
import { expect, test } from './run/fixtures.ts';

for (const profile of profiles) {
  const { planned } = await frontOf(profile);
  test.describe(profile.title, { tag: `@${profile.id}` }, () => {
    for (const each of planned) {
      const { id, case: entry, clauses, level } = each;
      test(id, { tag: clauses.map((clause) => `@${clause.id}`) }, async ({ judged }, info) => {
        info.annotations.push({ type: level, description: entry.title });
        const finding = await judged(each);
        await info.attach('finding', {
          body: JSON.stringify(finding, null, 2),
          contentType: 'application/json',
        });
        info.annotations.push({ type: finding.outcome, description: finding.because });
        const warns = finding.outcome === 'fail' && /^(SHOULD|MAY)/.test(level);
        if (level !== 'noted' && !warns) expect(finding.outcome, finding.because).toBe('pass');
      });
    }
  });
}
