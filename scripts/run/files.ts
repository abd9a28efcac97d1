import type { Keeper } from '../../tests/drive/keep.ts';
import { CHALLENGE, type Posed } from '../../tests/run/challenge.ts';
import type { Prepared } from '../../tests/run/prepared.ts';
import { EVIDENCE, evidenceFiles, publish } from '../../tests/run/publish.ts';
import type { RunRecord } from '../../tests/run/record.ts';
import { html } from '../report/html.ts';
import { junit } from '../report/junit.ts';
import { FOLDER, type scriptsOf } from '../reproduction.ts';

/** What a run comes to. */
export interface Outcome {
  readonly record: RunRecord;
  /** The record as it is written. */
  readonly text: string;
  readonly scripts: ReturnType<typeof scriptsOf>;
  readonly challenge: Posed | undefined;
  readonly prepared: Prepared;
  readonly keeper: Keeper;
}

/** Writes everything that a run leaves, all of it or nothing. */
export const publishRun = (
  out: string,
  { record, text, scripts, challenge, prepared, keeper }: Outcome,
): Promise<void> =>
  publish(
    out,
    [
      { name: 'record.json', text },
      { name: 'junit.xml', text: junit(record) },
      { name: 'report.html', text: html(record) },
      ...(challenge ? [{ name: CHALLENGE, text: challenge.text }] : []),
      {
        name: 'disclosure.json',
        text: `${JSON.stringify(prepared.run.redactor.disclosure(), null, 2)}\n`,
        mode: 0o600,
      },
    ],
    {
      [FOLDER]: scripts.map((script) => ({ ...script, mode: 0o755 })),
      [EVIDENCE]: evidenceFiles(record, keeper.files()),
    },
  );
