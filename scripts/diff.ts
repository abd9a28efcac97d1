import { Command } from 'commander';
import { readRecord } from '../tests/run/read-record.ts';
import { compare, differencesAsText } from './report/diff.ts';

/** `assay diff`: what is new, fixed or changed between two records, by meaning. */
export function diffCommand(): Command {
  return new Command('diff')
    .argument('<before>', 'a record.json, or the directory of a run')
    .argument('<after>', 'the same, of a later run')
    .option('--json', 'one JSON object on stdout')
    .addHelpText(
      'after',
      [
        '',
        'Exit codes: 0 nothing new, 1 new failures, 2 new inconclusives or cases not examined any more.',
        '',
        'Example:',
        '  assay diff last-release/record.json assay-out/record.json',
      ].join('\n'),
    )
    .action(async (before: string, after: string, { json }: { readonly json?: boolean }) => {
      const [first, second] = [await readRecord(before), await readRecord(after)];
      const compared = compare(first, second);
      process.stdout.write(
        json ? `${JSON.stringify(compared, null, 2)}\n` : differencesAsText(first, second, compared),
      );
      process.exitCode = compared.exitCode;
    });
}
