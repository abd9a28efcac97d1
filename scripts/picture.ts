import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from '@playwright/test';

/**
 * `npm run picture [-- FILE]`: the top of the HTML report of a real run, as a PNG for the README. The run is of an
 * embedded provider that is wrong in one thing. It takes Debian's Chromium.
 */

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const [file = join(ROOT, '.github/report.png')] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'assay-picture-'));
try {
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'scripts/assay.ts'), 'run', '--mock', 'accepts-revoked-certificate', '--out', folder],
    { encoding: 'utf8' },
  );
  if (status !== 1) throw new Error(`the run ended with ${status}: ${stderr}`);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-lcd-text'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 960, height: 980 } });
    await page.goto(`${pathToFileURL(join(folder, 'report.html')).href}#client-certificate/revoked`);
    const finding = page.locator('details.finding[open]').first();
    // The head of the page, and of what failed the first finding: what lies between is left out.
    await page.evaluate(
      "document.querySelectorAll('.toolbar, .clause:not(:has(details[open])), .document > :not(h2, .clause)').forEach((each) => each.remove())",
    );
    await finding.waitFor();
    await page.evaluate('scrollTo(0, 0)');
    await page.screenshot({ path: file });
  } finally {
    await browser.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${file}\n`);
