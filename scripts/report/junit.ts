import type { RunRecord } from '../../tests/run/record.ts';
import { deadWaivers, waiverFault } from './view.ts';

const ELEMENT = { pass: undefined, fail: 'failure', inconclusive: 'error' } as const;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0 §2.2 allows no other control characters, not even escaped. */
const escape = (text: string): string =>
  text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}')
    .replace(/[\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}') // what turns or hides a line
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '')
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);

/**
 * JUnit XML of a record. `inconclusive` is an error, never a skip: a skip reads as green.
 * A failure that is waived passes and says so; a waiver that is not needed any more or out of date is a failure.
 * What is noted binds nobody and is no test case; a case that was not examined is an error.
 */
export function junit(record: RunRecord): string {
  const { findings, notExamined, profile, subject } = record;
  const waived = new Map(
    (record.waivers ?? []).flatMap((each) => (each.state === 'applied' ? [[each.case, each] as const] : [])),
  );
  const dead = deadWaivers(record);
  const count = (outcome: string): number => findings.filter((finding) => finding.outcome === outcome).length;
  const seconds = (ms: number): string => (ms / 1000).toFixed(3);
  const total = findings.reduce((sum, { ms }) => sum + ms, 0);
  const testcases = findings.map(({ case: id, outcome, because, level, requirements, ms, beneath = [] }) => {
    const element = ELEMENT[outcome];
    const head = `  <testcase classname="assay.${escape(profile)}" name="${escape(id)}" time="${seconds(ms)}"`;
    const clauses = `${level} ${requirements.join(' ')}`;
    const waiver = waived.get(id);
    if (waiver) {
      const told = `waived until ${waiver.expires} by ${waiver.owner} (${waiver.risk}): ${waiver.reason}\n${because}`;
      return `${head}><system-out>${escape(told)}</system-out></testcase>`;
    }
    return element
      ? `${head}><${element} type="${escape(clauses)}" message="${escape(because)}"${
          beneath.length > 0 ? `>${escape(beneath.map((each) => each.case).join(' '))}</${element}>` : '/>'
        }</testcase>`
      : `${head}/>`;
  });
  const unexamined = notExamined.map(
    ({ case: id, because }) =>
      `  <testcase classname="assay.${escape(profile)}" name="${escape(id)}"><error type="not examined" message="${escape(because)}"/></testcase>`,
  );
  const lapsed = dead.map(
    (each) =>
      `  <testcase classname="assay.${escape(profile)}" name="waiver/${escape(each.case)}"><failure type="waiver" message="${escape(`the waiver ${waiverFault(each)}`)}"/></testcase>`,
  );
  const totals = [
    `tests="${findings.length + notExamined.length + dead.length}"`,
    `failures="${count('fail') - waived.size + dead.length}"`,
    `errors="${count('inconclusive') + notExamined.length}"`,
    `time="${seconds(total)}"`,
    `timestamp="${escape(record.started)}"`,
  ].join(' ');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="${escape(`${profile} ${record.edition}: ${subject.url}`)}" ${totals}>`,
    ...testcases,
    ...unexamined,
    ...lapsed,
    '</testsuite>',
    '',
  ].join('\n');
}
