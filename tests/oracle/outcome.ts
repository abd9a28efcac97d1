import type { ErrorAnswer } from '../model.ts';
import { isObject, objects, parse, type Json } from './json.ts';
import { headerValues, type Response } from './response.ts';

const PROFILE = 'https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-OperationOutcome-1';
/**
 * The code system, and the ValueSet form that the error page's examples showed until June 2022
 * (and those of 1.2.9 still do): both are met in conformant providers.
 */
const SYSTEMS = [
  'https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1',
  'https://fhir.nhs.uk/STU3/ValueSet/Spine-ErrorOrWarningCode-1',
];

/** What keeps one issue from being what the answer asks for (GP Connect error handling guidance); empty: nothing. */
function issueFaults(issue: Json, answer: ErrorAnswer): readonly string[] {
  const faults: string[] = [];
  if (issue['severity'] !== 'error')
    faults.push(`severity ${JSON.stringify(issue['severity'])}, expected "error"`);
  const type = issue['code'];
  if (typeof type !== 'string' || !answer.issue.includes(type)) {
    faults.push(`issue code ${JSON.stringify(type)}, expected ${answer.issue.join(' or ')}`);
  }
  const details = issue['details'];
  const codings = objects(isObject(details) ? details['coding'] : undefined);
  const spine = codings.find(({ system }) => typeof system === 'string' && SYSTEMS.includes(system));
  if (!spine) return [...faults, `no details.coding of system ${SYSTEMS[0]}`];
  if (answer.codes.length > 0 && !answer.codes.includes(String(spine['code']))) {
    faults.push(`code ${JSON.stringify(spine['code'])}, expected ${answer.codes.join(' or ')}`);
  }
  const display = spine['display'];
  if (typeof display !== 'string' || display.trim() === '') faults.push('details.coding has no display');
  return faults;
}

/** What keeps a response from being this error answer; empty: it is. */
export function answerFaults(seen: Response, answer: ErrorAnswer): readonly string[] {
  const faults: string[] = [];
  if (seen.status !== answer.status) faults.push(`status ${seen.status}, expected ${answer.status}`);
  if (answer.header && headerValues(seen, answer.header).length === 0)
    faults.push(`no ${answer.header} header`);
  const resource = parse(seen.body);
  if (resource?.['resourceType'] !== 'OperationOutcome')
    return [...faults, 'the body is no OperationOutcome in JSON'];
  const meta = resource['meta'];
  const profiles = isObject(meta) && Array.isArray(meta['profile']) ? meta['profile'] : [];
  if (!profiles.includes(PROFILE)) faults.push(`meta.profile lacks ${PROFILE}`);
  const issues = objects(resource['issue']);
  if (issues.length === 0) return [...faults, 'no issue'];
  const judged = issues.map((issue) => issueFaults(issue, answer));
  return [...faults, ...(judged.reduce((best, next) => (next.length < best.length ? next : best)) ?? [])];
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
  const resource = parse(seen.body);
  const meta = resource?.['meta'];
  if (isObject(meta) && Array.isArray(meta['profile']) && meta['profile'].length > 0) return false;
  return objects(resource?.['issue']).some(({ details }) =>
    objects(isObject(details) ? details['coding'] : undefined).some(
      ({ system, code }) =>
        SSP_SYSTEMS.includes(String(system)) || (seen.status >= 400 && String(code) === String(seen.status)),
    ),
  );
}
