import type { Log, ReportingDescriptor, Result } from 'sarif';
import type { RunRecord } from '../../tests/run/record.ts';
import { entriesOf, headline, type Entry, type Mark } from './view.ts';

/** SARIF 2.1.0 §3.27.9 and §3.27.10: only a failure has a level. */
const KIND: Readonly<Record<Mark, Pick<Result, 'kind' | 'level'>>> = {
  fail: { kind: 'fail', level: 'error' },
  waived: { kind: 'fail', level: 'error' },
  warning: { kind: 'fail', level: 'warning' },
  inconclusive: { kind: 'open', level: 'none' },
  pass: { kind: 'pass', level: 'none' },
  noted: { kind: 'informational', level: 'none' },
};

/** SARIF 2.1.0 of a record: a rule for each case, a taxonomy for each document, a result for each finding. */
export function sarif(record: RunRecord): string {
  const entries = entriesOf(record);
  const taxa = record.requirements.map(({ id }) => id);
  const rules = entries.map((entry): ReportingDescriptor => ({
    id: entry.case,
    shortDescription: { text: entry.title },
    fullDescription: { text: `Expected: ${entry.expected}` },
    properties: { level: entry.level },
    relationships: entry.requirements
      .filter((id) => taxa.includes(id))
      .map((id) => ({
        target: { id, index: taxa.indexOf(id), toolComponent: { name: 'requirements', index: 0 } },
        kinds: ['relevant'],
      })),
  }));
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0-rtm.5.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Assay', version: record.tool.version, rules } },
        automationDetails: { id: `assay/${record.profile}@${record.edition}/` },
        invocations: [
          {
            executionSuccessful: record.incomplete === undefined,
            startTimeUtc: record.started,
            endTimeUtc: record.finished,
          },
        ],
        taxonomies: [
          {
            name: 'requirements',
            fullName: record.documents.map(({ title, edition }) => `${title} (${edition})`).join('; '),
            taxa: record.requirements.map(({ id, section, keyword, text }) => ({
              id,
              name: section,
              shortDescription: { text: `${keyword} ${text}` },
            })),
          },
        ],
        results: [
          ...entries.map((entry, at) => resultOf(entry, at, record)),
          ...record.notExamined.map((each): Result => ({
            ruleId: each.case,
            ...KIND.inconclusive,
            message: { text: `not examined: ${each.because}` },
            partialFingerprints: { 'case/v1': each.case },
          })),
        ],
        properties: { verdict: record.verdict, headline: headline(record), scope: record.scope },
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function resultOf(entry: Entry, ruleIndex: number, { subject }: RunRecord): Result {
  return {
    ruleId: entry.case,
    ruleIndex,
    ...KIND[entry.mark],
    message: { text: `${entry.title}: ${entry.because}` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: encodeURI(subject.url).replaceAll('%25', '%') } },
        logicalLocations: entry.requirements.map((id) => ({ name: id, kind: 'requirement' })),
      },
    ],
    partialFingerprints: { 'case/v1': entry.case },
    ...(entry.waiver && {
      suppressions: [
        {
          kind: 'external' as const,
          status: 'accepted' as const,
          justification: `${entry.waiver.reason} (${entry.waiver.risk}; ${entry.waiver.owner}, until ${entry.waiver.expires})`,
        },
      ],
    }),
    properties: {
      expected: entry.expected,
      trace: entry.trace,
      ...(entry.evidence && { evidence: entry.evidence }),
      ...(entry.beneath && { beneath: entry.beneath.map((each) => each.case) }),
    },
  };
}
