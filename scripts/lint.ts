import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Command, Option } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { ftrsSecurity } from '../tests/register/ftrs.ts';
import { printable } from '../tests/run/locate.ts';
import { EXIT } from './exit.ts';
import type { Page } from '../tests/lint/documents.ts';
import { asCsv, asMarkdown, lint } from '../tests/lint/rules.ts';

interface LintOptions {
  readonly format: 'text' | 'json';
  readonly matrix?: 'csv' | 'markdown';
}

const LARGEST = 5_000_000;
const MOST = 5_000;
const SKIPPED = new Set(['.git', 'node_modules', '.venv', 'target', 'dist']);

/** `assay lint`: the references to requirements in a team's own documents. */
export function lintCommand(): Command {
  return new Command('lint')
    .argument('<path>', 'a folder, or one file')
    .addOption(
      new Option('--format <name>', 'how remarks are told').choices(['text', 'json']).default('text'),
    )
    .addOption(
      new Option('--matrix <name>', 'print the traceability matrix instead').choices(['csv', 'markdown']),
    )
    .addHelpText(
      'after',
      [
        '',
        'Looks at nfr_refs, index.yaml, overview.md and every code in between. Exit code 0: nothing to mend; 1: something is.',
        '',
        'Examples:',
        '  assay lint requirements/',
        '  assay lint requirements/ --matrix csv > traceability.csv',
      ].join('\n'),
    )
    .action(async (path: string, options: LintOptions) => {
      process.exitCode = await run(path, options);
    });
}

async function run(path: string, { format, matrix: form }: LintOptions): Promise<number> {
  const pages = await pagesOf(path);
  if (pages.length === 0) throw new ConfigurationError(path, 'holds no .yaml, .yml or .md file');
  const { remarks, matrix } = lint(pages, ftrsSecurity.requirements);
  if (form) process.stdout.write(form === 'csv' ? asCsv(matrix) : asMarkdown(matrix));
  else if (format === 'json') process.stdout.write(`${JSON.stringify({ remarks, matrix }, null, 2)}\n`);
  else {
    for (const { rule, path: at, line, what } of remarks) {
      process.stdout.write(`${printable(at)}${line > 0 ? `:${line}` : ''}: ${rule}: ${printable(what)}\n`);
    }
    const files = `${pages.length} file${pages.length === 1 ? '' : 's'}`;
    process.stdout.write(
      remarks.length === 0 ? `${files}, nothing to mend\n` : `${files}, ${remarks.length} to mend\n`,
    );
  }
  return remarks.length > 0 ? EXIT.nonConformant : EXIT.conformant;
}

/** Every document below a path. Links are not followed: they could lead anywhere. */
async function pagesOf(path: string): Promise<readonly Page[]> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) throw new ConfigurationError(path, 'there is no such file or folder');
  const files = found.isDirectory() ? await below(path) : [path];
  if (files.length > MOST)
    throw new ConfigurationError(path, `holds more than ${MOST} documents; name a smaller folder`);
  return Promise.all(
    files.map(async (file) => {
      if ((await lstat(file)).size > LARGEST)
        throw new ConfigurationError(file, 'is too large for a document');
      const name = found.isDirectory() ? relative(path, file).replaceAll('\\', '/') : file;
      return { path: name, text: await readFile(file, 'utf8') };
    }),
  );
}

async function below(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = await Promise.all(
    entries
      .sort((a, b) => a.name.localeCompare(b.name))
      .map(async (entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : below(path);
        return entry.isFile() && /\.(ya?ml|md)$/i.test(entry.name) ? [path] : [];
      }),
  );
  return nested.flat();
}
