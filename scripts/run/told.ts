import { relative } from 'node:path';
import type { Prepared } from '../../tests/run/prepared.ts';
import type { RunRecord } from '../../tests/run/record.ts';
import { describe as describeRefusal } from '../../tests/oracle/response.ts';
import { called } from '../exit.ts';

/** Why nothing was driven, and what to do. */
export const notAccepted = (seen: Parameters<typeof describeRefusal>[0], file: string | undefined): string =>
  [
    '',
    `The valid exchange was not accepted: ${describeRefusal(seen)}.`,
    'A refusal means nothing beside a subject that refuses the valid exchange too; no case was driven.',
    ...(file === undefined ? [] : [`Mend the first that failed above, then: ${called} doctor ${file}`]),
    '',
  ].join('\n');

/** What to do after failures: the screen above says what to change, and this how to go on. */
function afterFailures({ findings }: RunRecord, { facts }: Prepared): readonly string[] {
  const { file, pack } = facts;
  if (file === undefined || !findings.some(({ outcome }) => outcome === 'fail')) return [];
  return [
    '',
    `Next: make the first change, reload the server, and type: ${called} run ${file}`,
    ...(pack === undefined
      ? []
      : [
          `Files that a change names stand in ${relative('', pack.folder)}/provider/ (server.pem is provider.pem there).`,
        ]),
  ];
}

/** Where the files of a run are, and what to do next. */
export function next(record: RunRecord, prepared: Prepared, out: string, ledger: string): string {
  const lines = [
    '',
    `record  ${out}/record.json`,
    `junit   ${out}/junit.xml`,
    `report  ${out}/report.html`,
    `ledger  ${ledger}`,
  ];
  lines.push(...afterFailures(record, prepared));
  if (record.subject.standIn === 'conformant') {
    const step = (number: number, what: string, why: string): string =>
      `  ${number}. ${what.padEnd(48)}${why}`;
    lines.push(
      '',
      'Next, your own provider:',
      step(
        1,
        `${called} pki --out pki --host HOST`,
        'make the test CA; install it as pki/provider/INSTALL.md says',
      ),
      step(
        2,
        'write subject.json:',
        `{"profile":"${record.profile}","url":"https://HOST/…","pki":"pki",${record.profile === 'ftrs' ? '"issuer":"assay-out/issuer"' : '"asid":{"provider":"…","consumer":"…"}'}}`,
      ),
      step(3, `${called} run subject.json`, 'judge it'),
    );
  }
  return `${lines.join('\n')}\n`;
}
