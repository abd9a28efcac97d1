import { dirname, basename } from 'node:path';
import { Command, Option } from 'commander';
import { readRecord } from '../tests/run/read-record.ts';
import { writeWhole } from '../tests/run/record.ts';
import { formatNames, formats, type Format } from './report/index.ts';

interface ReportOptions {
  readonly format: Format;
  readonly out?: string;
}

/** `assay report`: shows a record in another form. Nothing is driven and nothing is judged. */
export function reportCommand(): Command {
  return new Command('report')
    .argument('<record>', 'a record.json, or the directory of a run')
    .addOption(new Option('--format <format>', 'which form').choices(formatNames).default('console'))
    .option('--out <file>', 'write to a file (default: standard output)')
    .addHelpText('after', '\nExample:\n  assay report assay-out/record.json --format sarif --out assay.sarif')
    .action(async (file: string, { format, out }: ReportOptions) => {
      const text = formats[format](await readRecord(file));
      if (out === undefined) process.stdout.write(text);
      else await writeWhole(dirname(out), [{ name: basename(out), text }]);
    });
}
