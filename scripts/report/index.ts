import type { RunRecord } from '../../tests/run/record.ts';
import { badge } from './badge.ts';
import { asText } from './console.ts';
import { github } from './github.ts';
import { html } from './html.ts';
import { junit } from './junit.ts';
import { sarif } from './sarif.ts';
import { testReport } from './testreport.ts';
import { traceabilityCsv, traceabilityMarkdown } from './traceability.ts';

/**
 * Every form that a record can be shown in. Each is a function of the record and of nothing else, but for the file of a
 * repository that annotations stand at.
 */
export const formats = {
  console: asText,
  html,
  junit,
  sarif,
  testreport: testReport,
  'traceability-csv': traceabilityCsv,
  'traceability-md': traceabilityMarkdown,
  badge,
  github,
} as const satisfies Readonly<Record<string, (record: RunRecord, file?: string) => string>>;

export type Format = keyof typeof formats;
export const formatNames = Object.keys(formats) as Format[];
