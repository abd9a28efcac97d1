import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from '@playwright/test';
import { utf8 } from '../tests/certify/archive.ts';
import { bundle } from '../tests/certify/bundle.ts';
import { obstacles } from '../tests/certify/conditions.ts';
import { generateSigningKey, openSigningKey } from '../tests/certify/keys.ts';
import { verifyBundle } from '../tests/certify/verify.ts';
import { gpconnect } from '../tests/profiles/gpconnect.ts';
import { judgeStandIn } from '../tests/run/index.ts';
import { beginAttempt, ledgerAt } from '../tests/run/ledger.ts';
import { textOf, type RunRecord } from '../tests/run/record.ts';
import { version } from './exit.ts';
import { html } from './report/html.ts';

/** A run leaves some 450 findings; these are what a thousand take. */
const FINDINGS = 1_000;
const CHROMIUM = '/usr/bin/chromium';

/** The record of the reference, with its findings repeated under the name of another interaction. */
function grown(record: RunRecord): RunRecord {
  const { findings } = record;
  const more = Array.from({ length: Math.max(0, FINDINGS - findings.length) }, (_, at) => {
    const each = findings[at % findings.length];
    return each ? [{ ...each, case: `${each.case.replace(/@.*/, '')}@again-${at}` }] : [];
  });
  return { ...record, findings: [...findings, ...more.flat()] };
}

/** What a thousand findings take to open as a page, to certify and to verify, in milliseconds; and what was not run. */
export async function certifyRows() {
  const folder = await mkdtemp(join(tmpdir(), 'assay-bench-'));
  try {
    const record = grown(await judgeStandIn('conformant'));
    const text = textOf(record);
    const file = join(folder, 'ledger.ndjson');
    await (await beginAttempt(file, { profile: record.profile, subject: record.subject })).end(record, text);
    const ledger = utf8((await ledgerAt(file)) ?? '');
    const { privatePem, trust } = await generateSigningKey('a passphrase to measure with');
    const key = await openSigningKey(privatePem, 'a passphrase to measure with', 'key');
    const tool = { name: 'assay', version };
    const issued = new Date();
    const begun = performance.now();
    const found = obstacles(record, { version, today: issued, profile: gpconnect });
    const files = { 'records/001/ledger.ndjson': ledger, 'records/001/report.html': utf8(html(record)) };
    const bytes = bundle([{ record, bytes: utf8(text) }], files, { tool, ranBy: 'supplier', issued }, key);
    const certified = performance.now();
    const { faults } = verifyBundle(bytes, trust, new Date(), version);
    const verified = performance.now();
    if (found.length + faults.length > 0) throw new Error([...found, ...faults].join('; '));
    const page = join(folder, 'report.html');
    await writeFile(page, html(record));
    const against = `reading the same ${record.findings.length} findings as JSON`;
    const floor = await reading(join(folder, 'record.json'), text);
    const row = (what: string, ours: number, limit: number) => ({
      ...{ what, against, ours, floor, ratio: ours / floor, limit },
    });
    const opened = existsSync(CHROMIUM) ? await openingOf(page) : undefined;
    return {
      rows: [
        row(`certifying a record of ${record.findings.length} findings`, certified - begun, 2_000),
        row(`verifying its bundle of ${(bytes.length / 1e6).toFixed(1)} MB`, verified - certified, 2_000),
        ...(opened === undefined
          ? []
          : [row(`opening its HTML in Chromium, to the load event`, opened, 1_000)]),
      ],
      notRun: opened === undefined ? ['the page in a browser: chromium is not installed'] : [],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function reading(file: string, text: string): Promise<number> {
  await writeFile(file, text);
  const begun = performance.now();
  JSON.parse(await readFile(file, 'utf8'));
  return performance.now() - begun;
}

/** From the address to the load event, in a browser that runs already. */
async function openingOf(page: string): Promise<number> {
  const browser = await chromium.launch({ executablePath: CHROMIUM });
  try {
    const tab = await browser.newPage();
    await tab.goto('about:blank');
    const begun = performance.now();
    await tab.goto(pathToFileURL(page).href, { waitUntil: 'load' });
    return performance.now() - begun;
  } finally {
    await browser.close();
  }
}
