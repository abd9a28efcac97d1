import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { defineConfig } from '@playwright/test';
import type { Profile } from './tests/model.ts';
import { profiles } from './tests/profiles/index.ts';
import { ALONE } from './tests/run/front.ts';
import { everythingOn } from './tests/run/declared.ts';
import { isAlone, plan } from './tests/run/plan.ts';

if (Number(process.versions.node.split('.')[0]) < 24) {
  throw new Error('Assay needs Node 24 or newer; `npm run suite -- --project=gpconnect` brings it.');
}

/** From here, and not from the configuration that imports this one. */
const placeOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** `--grep` and `--grep-invert` as they were typed: Playwright does not narrow a project that tears down by them. */
const { values: narrowing } = parseArgs({
  args: process.argv.slice(2),
  strict: false,
  options: { grep: { type: 'string', short: 'g' }, 'grep-invert': { type: 'string' } },
});
const pattern = (typed: string | boolean): string => String(typed).replace(/^\/(.*)\/\w*$/, '$1');
const narrowed = [
  ...(narrowing.grep === undefined ? [] : [`(?=.*(?:${pattern(narrowing.grep)}))`]),
  ...(narrowing['grep-invert'] === undefined ? [] : [`(?!.*(?:${pattern(narrowing['grep-invert'])}))`]),
].join('');

/**
 * A project for each profile. What wants the subject to itself is driven by one worker once the others have ended,
 * whatever came of them: a project that tears down is not left out where they failed.
 */
function projectsOf(profile: Profile) {
  const { id } = profile;
  const [edition] = profile.editions;
  const main = { name: id, grep: new RegExp(`@${id}\\b`), use: { profile: id } };
  if (!plan(profile, everythingOn(edition)).some(isAlone)) return [main];
  const alone = `${id}${ALONE}`;
  return [
    { ...main, grepInvert: /@alone\b/, teardown: alone },
    {
      ...main,
      name: alone,
      grep: new RegExp(`^(?=.*@${id}\\b)(?=.*@alone\\b)${narrowed}`, 'i'),
      workers: 1,
      fullyParallel: false,
    },
  ];
}

/** The second front end: a test for each case, for teams who want Playwright's report, UI and sharding. */
export default defineConfig<object, { profile: string }>({
  testDir: placeOf('tests'),
  testMatch: /conformance\.spec\.[jt]s$/,
  outputDir: 'test-results/artifacts',
  fullyParallel: true,
  forbidOnly: true,
  retries: 0, // a verdict that changes on retry is not a verdict
  reporter: [
    ['list'],
    ['html', { outputFolder: 'playwright-report', open: 'never' }],
    [
      placeOf(`tests/run/recorder${extname(import.meta.url)}`),
      { directory: process.env['ASSAY_RECORD_DIR'] ?? 'test-results' },
    ],
  ],
  projects: profiles.flatMap(projectsOf),
});
