import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium, type Browser, type Page } from '@playwright/test';
import type { Noted, RunRecord } from '../run/record.ts';
import { hostile } from './hostile.ts';
import { assay } from './program.ts';

/** The HTML report in a real browser: what it shows, what it lets happen, and whether everybody can use it. */

/** Debian's; Playwright's own would have to be downloaded. */
const CHROMIUM = '/usr/bin/chromium';
const skip = existsSync(CHROMIUM) ? false : 'chromium is not installed';

let folder: string;
let browser: Browser | undefined;
let record: RunRecord;
const urlOf = (name: string): string => pathToFileURL(join(folder, name)).href;

async function render(name: string, of: RunRecord): Promise<void> {
  await writeFile(join(folder, `${name}.json`), JSON.stringify(of));
  const { code, err } = await assay(
    folder,
    'report',
    `${name}.json`,
    '--format',
    'html',
    '--out',
    `${name}.html`,
  );
  assert.equal(code, 0, err);
}

/**
 * Of the findings that the page shows by the same markup, the first: each level, outcome, refusal and kind of
 * observation once. An audit of a finding takes as long as the finding is long, and hundreds differ in words alone.
 */
function sample(of: RunRecord): RunRecord {
  const met = new Set<string>();
  const first = (
    { observation, control, strength, requirements, trace }: Noted,
    ...more: unknown[]
  ): boolean => {
    const shape = JSON.stringify([
      ...[observation.kind, 'handshake' in observation, control.hello?.kind, strength],
      ...[requirements.length > 1, trace.length > 0, ...more],
    ]);
    return !met.has(shape) && Boolean(met.add(shape));
  };
  const kept = of.findings.filter(
    (each) =>
      first(each, each.outcome, each.level) || of.waivers?.some((waiver) => waiver.case === each.case),
  );
  return { ...of, findings: kept, noted: of.noted.filter((each) => first(each, 'noted')) };
}

/** The record with its findings repeated under other names. */
function large(count: number): RunRecord {
  const { findings } = record;
  return {
    ...record,
    findings: Array.from({ length: count }, (_, at) => {
      const [first] = findings;
      const each = findings[at % findings.length] ?? first;
      assert.ok(each);
      return { ...each, case: `${each.case}-${at}` };
    }),
  };
}

before(async () => {
  if (skip) return;
  folder = await mkdtemp(join(tmpdir(), 'assay-page-'));
  await assay(folder, 'run', '--mock', 'answers-without-outcome', '--out', 'run');
  record = JSON.parse(await readFile(join(folder, 'run/record.json'), 'utf8')) as RunRecord;
  const [failed] = record.findings.filter(({ outcome }) => outcome === 'fail');
  const open = record.findings.map((each, at) =>
    at === 0 ? { ...each, outcome: 'inconclusive' as const, because: 'no answer within 2000 ms' } : each,
  );
  const plain: RunRecord = {
    ...record,
    findings: open,
    notExamined: [{ case: 'token/signed', because: 'no signing key in this environment' }],
    waivers: [
      {
        case: failed?.case ?? '',
        target: record.subject.url,
        owner: 'A. Owner',
        reason: 'the supplier mends it in the next release',
        risk: 'RISK-12',
        expires: '2999-01-01',
        state: 'applied',
      },
    ],
  };
  await render('plain', plain);
  await render('sample', sample(plain));
  await render('hostile', hostile(record));
  await render('large', large(1_000));
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
});
after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

interface Look {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly javaScriptEnabled?: boolean;
  /** What the browser has to say on its console. */
  readonly complains?: RegExp;
}
/** Opens a page, and fails where it asked for anything or complained. */
async function open(name: string, work: (page: Page) => Promise<void>, look: Look = {}): Promise<void> {
  const { width = 1280, complains, ...rest } = look;
  assert.ok(browser);
  const context = await browser.newContext({ ...rest, viewport: { width, height: 900 } });
  try {
    const page = await context.newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', ({ message }) => said.push(message));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) said.push(`asked for ${request.url()}`);
    });
    await page.goto(urlOf(name));
    await work(page);
    if (complains) assert.match(said.join('\n'), complains);
    else assert.deepEqual(said, []);
  } finally {
    await context.close();
  }
}
const visible = (page: Page): Promise<number> => page.locator('details.finding:visible').count();

describe('the page', { skip }, () => {
  // Colours do not depend on the width, nor the layout on the colours: each of both is audited once.
  for (const [colorScheme, width] of [
    ['light', 390],
    ['dark', 1280],
  ] as const) {
    test(`${colorScheme}, ${width} pixels: no accessibility violation, nothing wider than the window`, () =>
      open(
        'sample.html',
        async (page) => {
          await page.getByRole('button', { name: 'Open all' }).click();
          // What was never in view has a guessed height, on which nothing of its layout can be judged.
          await page.evaluate(
            '(async () => { for (let y = 0; y < document.documentElement.scrollHeight; y += 700) { scrollTo(0, y); await new Promise(requestAnimationFrame); } scrollTo(0, 0); await new Promise(requestAnimationFrame); })()',
          );
          const { violations } = await new AxeBuilder({ page })
            .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
            .analyze();
          assert.deepEqual(
            violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map((node) => node.html)]),
            [],
          );
          assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
        },
        { colorScheme, width },
      ));
  }

  test('says the verdict first, then what needs attention, then each clause', () =>
    open('plain.html', async (page) => {
      assert.match(await page.locator('h1').innerText(), /Non-conformant on the wire/);
      const first = page.locator('.attention li').first();
      assert.match(await first.innerText(), /the body is no OperationOutcome/);
      assert.equal(await page.locator('[data-clause] h3').count(), record.requirements.length);
      assert.equal(
        await page.locator('details.finding').count(),
        record.findings.length + record.noted.length,
      );
      const text = await page.locator('body').innerText();
      for (const part of ['1 failure waived', 'RISK-12', 'token/signed', 'no signing key']) {
        assert.ok(text.includes(part), part);
      }
    }));

  test('a link opens the finding that it names, with expected, got and the exchange', () =>
    open('plain.html', async (page) => {
      await page.goto(`${urlOf('plain.html')}#error/token-expired`);
      const finding = page.locator('details.finding[open]');
      assert.equal(await finding.count(), 1);
      const text = await finding.innerText();
      for (const part of [
        'Expected',
        'Got',
        'Answer to the stimulus',
        'HTTP 400',
        'OperationOutcome',
        'TLSv1.2',
      ])
        assert.ok(text.includes(part), part);
      await page.waitForFunction(
        "(({ top }) => top >= 0 && top < innerHeight)(document.querySelector('details.finding[open]').getBoundingClientRect())",
      );
    }));

  test('search and filters narrow, say how many are left, and a link reaches what they hide', () =>
    open('plain.html', async (page) => {
      const all = await visible(page);
      await page.keyboard.press('/');
      await page.keyboard.type('token expired');
      await page.getByText(/^\d+ of \d+ findings shown$/).waitFor();
      const found = await visible(page);
      assert.ok(found > 0 && found < all);
      await page.keyboard.press('Escape');
      await page.waitForFunction(
        `document.querySelectorAll('details.finding:not([hidden])').length === ${all}`,
      );
      await page.getByRole('button', { name: /^Inconclusive/ }).click();
      const open = record.findings.filter(({ outcome }, at) => at === 0 || outcome === 'inconclusive');
      const clauses = new Set(open.flatMap(({ requirements }) => requirements));
      assert.equal(await visible(page), open.length);
      assert.equal(await page.locator('[data-clause]:visible').count(), clauses.size);
      // Failures that one change mends stand under the first of them.
      await page.locator('.attention .also summary').first().click();
      await page.locator('.attention .also a').first().click();
      assert.equal(await page.locator('details.finding[open]').count(), 1);
      assert.equal(await visible(page), all);
    }));

  test('is used with the keyboard alone', () =>
    open('plain.html', async (page) => {
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate('document.activeElement.className'), 'skip');
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('k');
      const focused = (): Promise<unknown> => page.evaluate('document.activeElement.parentElement.id');
      assert.equal(await focused(), await page.locator('details.finding').first().getAttribute('id'));
      await page.keyboard.press('Enter');
      assert.equal(await page.locator('details.finding[open]').count(), 1);
    }));

  test('holds everything without script', () =>
    open(
      'plain.html',
      async (page) => {
        assert.equal(await page.locator('.toolbar:visible').count(), 0);
        await page.locator('details.finding summary').first().click();
        assert.match(await page.locator('details.finding[open]').innerText(), /Expected/);
      },
      { javaScriptEnabled: false },
    ));

  test('prints: no tools, and what did not pass is open', () =>
    open('plain.html', async (page) => {
      await page.evaluate("dispatchEvent(new Event('beforeprint'))");
      await page.emulateMedia({ media: 'print' });
      assert.equal(await page.locator('.toolbar:visible').count(), 0);
      const failed = record.findings.filter(({ outcome }) => outcome === 'fail').length;
      assert.ok((await page.locator('details.finding[open]').count()) >= failed);
      assert.ok((await page.pdf()).length > 10_000);
    }));
});

describe('a hostile subject', { skip }, () => {
  test('runs nothing, adds nothing, asks for nothing', () =>
    open('hostile.html', async (page) => {
      await page.getByRole('button', { name: 'Open all' }).click();
      await page.evaluate(
        "document.querySelectorAll('body *').forEach((each) => each.dispatchEvent(new MouseEvent('mouseover', { bubbles: true })))",
      );
      assert.equal(await page.evaluate('globalThis.taken'), undefined);
      assert.equal(
        await page.locator('img, iframe, object, embed, link, svg, script:not(:last-child)').count(),
        0,
      );
      assert.equal(await page.locator('a:not([href^="#"])').count(), 0);
    }));

  test('its text is shown as text', () =>
    open('hostile.html', async (page) => {
      const text = await page.locator('body').innerText();
      assert.ok(text.includes('<script>globalThis.taken = 1</script>'));
      assert.ok(text.includes('\\u{202e}txet desrever'));
    }));

  test('the policy stops a script that got in all the same', () =>
    open(
      'plain.html',
      async (page) => {
        const stopped = await page.evaluate(
          `new Promise((done) => {
           document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => done(violatedDirective));
           const script = document.createElement('script');
           script.textContent = 'globalThis.taken = 9';
           document.body.append(script);
           setTimeout(() => done(globalThis.taken), 1000);
         })`,
        );
        assert.equal(stopped, 'script-src-elem');
      },
      { complains: /Content Security Policy/ },
    ));
});

test('a thousand findings: all there, and they filter', { skip }, () =>
  open('large.html', async (page) => {
    assert.equal(await page.locator('details.finding').count(), 1_000 + record.noted.length);
    await page.getByRole('button', { name: /^Fail/ }).click();
    // The page filters in a frame of its own, all findings in one go: the first that is hidden says that it has.
    await page.locator('details.finding[hidden]').first().waitFor({ state: 'attached' });
    // What fails a SHOULD is a warning, and has a filter of its own.
    const failed = large(1_000).findings.filter(
      ({ outcome, level }) => outcome === 'fail' && !level.startsWith('SHOULD'),
    ).length;
    assert.equal(await page.locator('details.finding:not([hidden])').count(), failed);
  }),
);
