import { dirname, basename } from 'node:path';
import { Command, Option } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { readRecord } from '../tests/run/read-record.ts';
import { writeWhole } from '../tests/run/record.ts';
import { formatNames, formats, type Format } from './report/index.ts';

interface ReportOptions {
  readonly format: Format;
  readonly out?: string;
  readonly at?: string;
}

/** `assay report`: shows a record in another form. Nothing is driven and nothing is judged. */
export function reportCommand(): Command {
  return new Command('report')
    .argument('<record>', 'a record.json, or the directory of a run')
    .addOption(new Option('--format <format>', 'which form').choices(formatNames).default('console'))
    .option('--out <file>', 'write to a file (default: standard output)')
    .option('--at <file>', 'with github: the file of the repository that annotations are shown at')
    .addHelpText('after', '\nExample:\n  assay report assay-out/record.json --format sarif --out assay.sarif')
    .action(async (file: string, { format, out, at }: ReportOptions) => {
      if (at !== undefined && format !== 'github')
        throw new ConfigurationError('--at', 'goes with --format github');
      const text = formats[format](await readRecord(file), at);
      if (out === undefined) process.stdout.write(text);
      else await writeWhole(dirname(out), [{ name: basename(out), text }]);
    });
}
