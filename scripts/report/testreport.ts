import type { RunRecord } from '../../tests/run/record.ts';
import { deadWaivers, entriesOf, subjectName, waiverFault, type Mark } from './view.ts';

/** http://hl7.org/fhir/R4/valueset-report-action-result-codes.html; `skip` is not used: it reads as harmless. */
const RESULT: Readonly<Record<Exclude<Mark, 'noted'>, string>> = {
  pass: 'pass',
  fail: 'fail',
  waived: 'warning',
  warning: 'warning',
  inconclusive: 'error',
};
const OVERALL = { conformant: 'pass', 'non-conformant': 'fail', inconclusive: 'pending' } as const;

/** A FHIR string has a character that is no space, and no control characters but tab and line ends. */
const text = (value: string): string =>
  value
    .replace(/[^\P{Cc}\t\n\r]/gu, '\u{FFFD}')
    .replace(/[^\S \t\n\r]/g, ' ')
    .replace(/^\s*$/, '–');

/** FHIR R4 TestReport of a record: a test for each finding. What is noted binds nobody and is no test. */
export function testReport(record: RunRecord): string {
  const entries = entriesOf(record);
  const bound = entries.flatMap((entry) =>
    entry.mark === 'noted' ? [] : [{ ...entry, result: RESULT[entry.mark] }],
  );
  const passed = bound.filter(({ result }) => result === 'pass').length;
  const assertion = (result: string, message: string) => [{ assert: { result, message: text(message) } }];
  const resource = {
    resourceType: 'TestReport',
    name: text(`Assay ${record.profile}, edition ${record.edition}`),
    status: record.incomplete ? 'stopped' : 'completed',
    testScript: {
      identifier: {
        system: 'https://assay.test/Id/requirement-set',
        value: record.documents.map(({ set }) => `${set.id} ${set.digest}`).join(', '),
      },
      display: text(`Assay ${record.profile}, edition ${record.edition}`),
    },
    result: deadWaivers(record).length > 0 ? 'fail' : OVERALL[record.verdict],
    ...(bound.length > 0 && { score: Math.round((passed / bound.length) * 10_000) / 100 }),
    tester: `Assay ${record.tool.version}`,
    issued: record.finished,
    participant: [
      { type: 'server', uri: record.subject.url.replace(/\s/g, '%20'), display: text(subjectName(record)) },
      {
        type: 'test-engine',
        uri: `urn:assay:${record.tool.version}`,
        display: `Assay ${record.tool.version}`,
      },
    ],
    test: [
      ...bound.map((entry) => ({
        name: entry.case,
        description: text(
          `${entry.title} (${entry.level}: ${entry.requirements.join(', ')}). Expected: ${entry.expected}`,
        ),
        action: assertion(
          entry.result,
          entry.waiver
            ? `${entry.because} (waived until ${entry.waiver.expires}: ${entry.waiver.risk})`
            : entry.because,
        ),
      })),
      ...record.notExamined.map((each) => ({
        name: each.case,
        description: 'not examined',
        action: assertion('error', `not examined: ${each.because}`),
      })),
      ...deadWaivers(record).map((each) => ({
        name: `waiver/${each.case}`,
        description: 'a waiver has to be needed and in date',
        action: assertion('fail', `the waiver ${waiverFault(each)}`),
      })),
    ],
  };
  if (resource.test.length > 0) return `${JSON.stringify(resource, null, 2)}\n`;
  const { test: _none, ...rest } = resource;
  return `${JSON.stringify(rest, null, 2)}\n`;
}
