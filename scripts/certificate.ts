import { existsSync } from 'node:fs';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Command } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { makeFolder } from '../certs/folder.ts';
import { sha256, textOf, unpack } from '../tests/certify/archive.ts';
import { STATEMENT } from '../tests/certify/bundle.ts';
import type { Statement } from '../tests/certify/statement.ts';
import { opened } from './verify.ts';
import { readable } from './values.ts';
import { EXIT } from './exit.ts';
import { collect } from './options.ts';
import { certificate } from './report/certificate.ts';

/** Where Debian's Chromium is; Playwright's own would have to be downloaded. */
const CHROMIUM = '/usr/bin/chromium';
/** A4 at 96 dots an inch, in CSS pixels. */
const PAGE = { width: 794, height: 1122 } as const;

interface CertificateOptions {
  readonly pdf: string;
  readonly trust: readonly string[];
  readonly chromium: string;
}

/** `assay certificate`: one page for people, printed from a bundle. */
export function certificateCommand(): Command {
  return new Command('certificate')
    .argument('<bundle>', 'the file that `assay certify` made')
    .requiredOption('--pdf <file>', 'the page')
    .option(
      '--trust <file>',
      'trust.json with keys that you trust; may be repeated. Without it the page says UNVERIFIED across',
      collect,
      [],
    )
    .option('--chromium <file>', 'the Chromium that prints it', CHROMIUM)
    .addHelpText(
      'after',
      '\nExample:\n  assay certificate bundle.zip --trust trust.json --pdf certificate.pdf',
    )
    .action(async (file: string, options: CertificateOptions) => {
      process.exitCode = await print(file, options);
    });
}

async function print(file: string, { pdf, trust, chromium }: CertificateOptions): Promise<number> {
  if ((await stat(pdf).catch(() => undefined))?.isDirectory())
    throw new ConfigurationError('--pdf', `${pdf} is a directory`);
  if (!existsSync(chromium)) {
    throw new ConfigurationError(
      '--chromium',
      `there is no Chromium at ${chromium}: install it (Debian: apt-get install chromium), or name another`,
    );
  }
  const { bytes, statement, key, faults } =
    trust.length > 0 ? await trusted(file, trust) : await stated(file);
  if (!statement || faults.length > 0) {
    process.stderr.write(
      `Not printed: the bundle does not hold.\n${faults.map((each) => `  ${each}\n`).join('')}`,
    );
    return EXIT.nonConformant;
  }
  const digest = `sha256:${sha256(bytes)}`;
  const printed = await inBrowser(
    chromium,
    certificate(statement, { digest, ...(key !== undefined && { key }) }),
  );
  await makeFolder(dirname(pdf));
  const draft = join(dirname(pdf), `.${basename(pdf)}.${process.pid}.draft`);
  try {
    await writeFile(draft, printed);
    await rename(draft, pdf);
  } finally {
    await rm(draft, { force: true });
  }
  process.stdout.write(
    [
      ...(statement.predicate.specimen
        ? ['SPECIMEN: an embedded provider was judged; this certifies nothing.']
        : []),
      ...(key === undefined ? ['UNVERIFIED: no trusted keys were given with --trust.'] : []),
      `page    ${pdf}`,
      `digest  ${digest}`,
      '',
    ].join('\n'),
  );
  return EXIT.conformant;
}

interface Read {
  readonly bytes: Uint8Array;
  readonly statement: Statement | undefined;
  /** The trusted key that signed it; absent: nobody asked. */
  readonly key?: string | undefined;
  readonly faults: readonly string[];
}

async function trusted(file: string, trust: readonly string[]): Promise<Read> {
  const { bytes, verified } = await opened(file, trust);
  return { bytes, statement: verified.statement, key: verified.key, faults: verified.faults };
}

/** What a bundle states, whoever signed it. */
async function stated(file: string): Promise<Read> {
  const bytes = await readable(file, file);
  const envelope = unpack(bytes)?.[STATEMENT];
  try {
    const { payload } = JSON.parse(textOf(envelope ?? new Uint8Array())) as { readonly payload: string };
    const statement = JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as Statement;
    certificate(statement, { digest: '' });
    return { bytes, statement, faults: [] };
  } catch {
    throw new ConfigurationError(file, 'is no bundle that `assay certify` made');
  }
}

/** Prints a page, made smaller where it would not fit. */
async function inBrowser(executablePath: string, page: string): Promise<Uint8Array> {
  const { chromium } = await import('@playwright/test');
  const browser = await chromium.launch({ executablePath }).catch((error: unknown) => {
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new ConfigurationError('--chromium', `${executablePath} cannot be started: ${first}`);
  });
  try {
    const tab = await browser.newPage({ viewport: PAGE, javaScriptEnabled: false, offline: true });
    await tab.setContent(page);
    const box = await tab.locator('body').boundingBox();
    const scale = Math.max(0.1, Math.min(1, PAGE.height / Math.ceil(box?.height ?? PAGE.height)));
    return await tab.pdf({ format: 'A4', printBackground: true, scale });
  } finally {
    await browser.close();
  }
}
