import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from '@playwright/test';
import { profiles } from './tests/profiles/index.ts';

if (Number(process.versions.node.split('.')[0]) < 24) {
  throw new Error('Assay needs Node 24 or newer; `npm run suite -- --project=gpconnect` brings it.');
}

/** From here, and not from the configuration that imports this one. */
const placeOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

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
  projects: profiles.map(({ id }) => ({ name: id, grep: new RegExp(`@${id}\\b`), use: { profile: id } })),
});
