import { excerpt } from '../../tests/oracle/response.ts';
import type { Check, Diagnosis } from '../../tests/run/doctor.ts';
import { painted, type Screen } from './console.ts';

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
