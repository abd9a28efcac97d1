import type { ErrorAnswer, OutcomePart } from '../model.ts';
import { isObject, objects, type Json } from './json.ts';
import { resourceIn } from './resource.ts';
import { headerValues, type Response } from './response.ts';
import { schemaFaults } from './schema.ts';

/** Code systems of Spine codes: the one of 1.x, the ValueSet that older pages print in its place, that of 0.x. */
const SPINE = /\/(?:CodeSystem|ValueSet)\/(?:Spine-ErrorOrWarningCode-1|gpconnect-error-or-warning-code-1)$/;

const codingsOf = ({ details }: Json): readonly Json[] =>
  objects(isObject(details) ? details['coding'] : undefined);
/** The coding that carries the Spine code, as far as one can tell: by its system, else the first. */
const spineOf = (issue: Json): Json | undefined =>
  codingsOf(issue).find(({ system }) => SPINE.test(String(system))) ?? codingsOf(issue)[0];

/** What keeps one issue from being what the answer asks for (GP Connect error handling guidance); empty: nothing. */
function issueFaults(issue: Json, answer: ErrorAnswer): readonly string[] {
  const faults: string[] = [];
  const type = issue['code'];
  if (typeof type !== 'string' || !answer.issue.includes(type))
    faults.push(`issue code ${JSON.stringify(type)}, expected ${answer.issue.join(' or ')}`);
  const code = spineOf(issue)?.['code'];
  if (code === undefined) faults.push('no details.coding.code');
  else if (answer.codes.length > 0 && !answer.codes.includes(String(code)))
    faults.push(`code ${JSON.stringify(code)}, expected ${answer.codes.join(' or ')}`);
  return faults;
}

/** What keeps a response from being this error answer; empty: it is. How its outcome is made is for `partFaults`. */
export function answerFaults(seen: Response, answer: ErrorAnswer): readonly string[] {
  const faults: string[] = [];
  if (seen.status !== answer.status) faults.push(`status ${seen.status}, expected ${answer.status}`);
  if (answer.header && headerValues(seen, answer.header).length === 0)
    faults.push(`no ${answer.header} header`);
  const resource = resourceIn(seen.body);
  if (resource?.['resourceType'] !== 'OperationOutcome')
    return [...faults, 'the body is no OperationOutcome in JSON or XML'];
  const issues = objects(resource['issue']);
  if (issues.length === 0) return [...faults, 'no issue'];
  const judged = issues.map((issue) => issueFaults(issue, answer));
  return [...faults, ...(judged.reduce((best, next) => (next.length < best.length ? next : best)) ?? [])];
}

const bare = (text: string): string => text.trim().replace(/\.$/, '').toLowerCase();
const quoted = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));

/**
 * What keeps a part of an outcome from being as it should; empty: nothing.
 * `undefined`: there is nothing to look at, no outcome or a code that has no text.
 */
export function partFaults(seen: Response, expected: OutcomePart): readonly string[] | undefined {
  const resource = resourceIn(seen.body);
  if (resource?.['resourceType'] !== 'OperationOutcome') return undefined;
  if (expected.part === 'schema') return schemaFaults(resource, expected.release);
  if (expected.part === 'profile') {
    const meta = resource['meta'];
    const profiles = isObject(meta) && Array.isArray(meta['profile']) ? (meta['profile'] as unknown[]) : [];
    return profiles.some((each) => expected.anyOf.includes(String(each)))
      ? []
      : [`meta.profile ${quoted(profiles)}, expected ${expected.anyOf.join(' or ')}`];
  }
  const issues = objects(resource['issue']);
  if (issues.length === 0) return undefined;
  const judged = issues.map((issue) => ofIssue(issue, expected)).filter((faults) => faults !== undefined);
  // An issue that is as it should be may stand among others that say more.
  return judged.find((faults) => faults.length === 0) ?? judged[0];
}

/** The same of one issue. */
function ofIssue(
  issue: Json,
  expected: Extract<OutcomePart, { part: 'severity' | 'system' | 'display' }>,
): readonly string[] | undefined {
  const fault = (what: string, seen: unknown, due: readonly string[]): readonly string[] => [
    `${what} ${quoted(seen)}, expected ${due.join(' or ')}`,
  ];
  switch (expected.part) {
    case 'severity': {
      const { severity } = issue;
      return expected.anyOf.includes(String(severity)) ? [] : fault('severity', severity, expected.anyOf);
    }
    case 'system':
      return codingsOf(issue).some(({ system }) => expected.anyOf.includes(String(system)))
        ? []
        : fault('details.coding.system', spineOf(issue)?.['system'], expected.anyOf);
    case 'display': {
      const { code, display } = spineOf(issue) ?? {};
      const texts = expected.texts[String(code)];
      if (!texts) return undefined;
      return texts.some((text) => bare(text) === bare(String(display ?? '')))
        ? []
        : fault(
            `display of ${String(code)}`,
            display,
            texts.map((text) => quoted(text)),
          );
    }
  }
}

/** Code systems of the outcomes that the SSP makes itself (GP Connect error handling guidance, errors from the SSP). */
const SSP_SYSTEMS = [
  'http://fhir.nhs.net/ValueSet/gpconnect-schedule-response-code-1-0',
  'https://fhir.nhs.uk/StructureDefinition/spine-operationoutcome-1',
];

/**
 * Whether an outcome was made by the SSP on the way and not by the provider: no profile, and the HTTP status where a
 * provider has a Spine code, or one of the SSP's own code systems.
 */
export function madeBySsp(seen: Response): boolean {
  if (seen.resourceType !== 'OperationOutcome') return false;
  const resource = resourceIn(seen.body);
  const meta = resource?.['meta'];
  if (isObject(meta) && Array.isArray(meta['profile']) && meta['profile'].length > 0) return false;
  return objects(resource?.['issue']).some(({ details }) =>
    objects(isObject(details) ? details['coding'] : undefined).some(
      ({ system, code }) =>
        SSP_SYSTEMS.includes(String(system)) || (seen.status >= 400 && String(code) === String(seen.status)),
    ),
  );
}
