import type { ErrorAnswer } from '../model.ts';
import { isObject, objects, parse, type Json } from './json.ts';
import { excerpt, headerValues, type Response } from './response.ts';
import { schemaFaults } from './schema.ts';

/** FHIR R4 `IssueType`, the required binding of `OperationOutcome.issue.code`, with what stands below `security`. */
const ISSUE_TYPES = new Set(
  [
    'invalid structure required value invariant security login unknown expired forbidden suppressed processing',
    'not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly',
    'business-rule conflict transient lock-error no-store exception timeout incomplete throttled informational',
  ].flatMap((line) => line.split(' ')),
);
const SEVERITIES = ['fatal', 'error'];
/** Where a program broke, in the words of Node, Java, Python and .NET. */
const STACK = /(?:\n|\\n)\s+at \S+|Traceback \(most recent call last\)|\bat [\w.$]+\([\w.]+:\d+\)/;

function issueFaults(issue: Json, answer: ErrorAnswer): readonly string[] {
  const faults: string[] = [];
  const { severity, code, details } = issue;
  if (!SEVERITIES.includes(String(severity)))
    faults.push(`severity ${JSON.stringify(severity)}, expected error or fatal`);
  if (typeof code !== 'string' || !ISSUE_TYPES.has(code))
    faults.push(`issue code ${JSON.stringify(code)} is no FHIR R4 issue type`);
  else if (!answer.issue.includes(code))
    faults.push(`issue code ${JSON.stringify(code)}, expected ${answer.issue.join(' or ')}`);
  const codings = objects(isObject(details) ? details['coding'] : undefined).map((each) => each['code']);
  if (answer.codes.length > 0 && !codings.some((each) => answer.codes.includes(String(each))))
    faults.push(
      `code ${codings.map((each) => JSON.stringify(each)).join(', ') || 'missing'}, expected ${answer.codes.join(' or ')}`,
    );
  return faults;
}

function headerFaults(seen: Response, name: string, says = ''): readonly string[] {
  const values = headerValues(seen, name);
  if (values.length === 0) return [`no ${name} header`];
  return values.some((value) => new RegExp(says, 'i').test(value))
    ? []
    : [`${name}: ${excerpt(values.join(', '))}, expected ${says}`];
}

/**
 * What keeps a response from being this error answer in FHIR R4; empty: it is. Code systems are not compared: the
 * NHS APIs print the same codes under five of them. An answer that shows the token again, or where its program
 * broke, is none.
 */
export function r4Faults(seen: Response, answer: ErrorAnswer): readonly string[] {
  const faults: string[] = [];
  if (seen.status !== answer.status) faults.push(`status ${seen.status}, expected ${answer.status}`);
  if (answer.header !== undefined) faults.push(...headerFaults(seen, answer.header, answer.says));
  if (seen.body.includes('‹token:')) faults.push('the answer shows the token that was sent');
  if (STACK.test(seen.body)) faults.push('the answer shows a stack trace');
  const resource = parse(seen.body);
  if (resource?.['resourceType'] !== 'OperationOutcome')
    return [...faults, 'the body is no OperationOutcome in JSON'];
  faults.push(...schemaFaults(resource, 'R4'));
  const issues = objects(resource['issue']);
  if (issues.length === 0) return [...faults, 'no issue'];
  const judged = issues.map((issue) => issueFaults(issue, answer));
  return [...faults, ...(judged.reduce((best, next) => (next.length < best.length ? next : best)) ?? [])];
}
