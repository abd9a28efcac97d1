import { excerpt } from '../../tests/oracle/response.ts';
import type { Check, Diagnosis } from '../../tests/run/doctor-checks.ts';
import type { RunRecord } from '../../tests/run/record.ts';
import type { Stopped } from '../../tests/run/vigil.ts';
import { countsOf, painted, type Screen } from './console.ts';

const MARK = {
  ok: ['green', 'ok  '],
  warning: ['yellow', 'look'],
  failed: ['red', 'FAIL'],
  unreached: ['dim', '–   '],
} as const;

/** Who a trouble is with, as a person says it. */
const WITH = {
  configuration: 'configuration',
  network: 'network',
  throttled: 'throttled',
  target: 'the target',
  ours: 'this machine, or Assay',
} as const;

const WIDE = 18;

function rowOf(screen: Screen, { state, title, said, culprit, next }: Check): string {
  const [style, mark] = MARK[state];
  const lines = [`${painted(screen, style, mark)}  ${title.padEnd(WIDE)}  ${excerpt(said, 240)}`];
  if (culprit) lines.push(`      ${''.padEnd(WIDE)}  ${WITH[culprit]}: ${excerpt(next ?? '', 400)}`);
  return lines.join('\n');
}

/** Every check, a line each, and what to do about those that are not right. */
export const diagnosisAsText = (screen: Screen, checks: readonly Check[]): string =>
  `${checks.map((check) => rowOf(screen, check)).join('\n')}\n`;

/** The checks before a run in as little as they need: a line where all is well, the warnings, or all of them. */
export function beforeRun(screen: Screen, diagnosis: Diagnosis): string {
  const { checks, sound, ms } = diagnosis;
  if (!sound) return `\n${diagnosisAsText(screen, checks)}`;
  const troubles = checks.filter(({ state }) => state === 'warning');
  const fine = checks.filter(({ state }) => state === 'ok').map(({ title }) => title);
  return [
    `checked in ${ms} ms: ${fine.join(', ')}`,
    ...troubles.map((check) => rowOf(screen, check)),
    '',
  ].join('\n');
}

/** The end of a run that stopped because the subject takes the valid exchange no more: one screen, and no remedies. */
export function stoppedAsText(screen: Screen, record: RunRecord, stopped: Stopped): string {
  const { culprit, said, next, after, since } = stopped;
  const { examined = 0, planned = 0 } = record.incomplete ?? {};
  const failed = record.findings.filter(({ outcome }) => outcome === 'fail');
  const row = (name: string, text: string): string => `  ${name.padEnd(8)}${excerpt(text, 400)}`;
  return [
    '',
    painted(
      screen,
      ['bold', 'yellow'],
      `Stopped after ${examined} of ${planned} cases: the subject takes the valid exchange no more.`,
    ),
    row('seen', `${said}, three times; accepted until ${since.slice(11, 19)} UTC, not at ${after}`),
    row('with', WITH[culprit]),
    row('try', next),
    '',
    `Until then: ${countsOf(record).join(', ')}. The record is incomplete: it has no verdict on the rest, and nothing is certified on it.`,
    ...(failed.length > 0
      ? [
          `What failed until then stands in the report: ${excerpt(failed.map((each) => each.case).join(', '), 300)}`,
        ]
      : []),
    '',
  ].join('\n');
}
