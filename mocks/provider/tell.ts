import type { IncomingMessage, ServerResponse } from 'node:http';
import { inDialect, type Dialect } from './dialect.ts';
import type { OutcomeShape, Policy } from './policy.ts';
import { asXml, type Resource } from './resources.ts';
import type { Reason } from './rules.ts';

/** Whether XML is asked for; `_format` overrides `Accept`. */
export function wantsXml({ url, headers }: IncomingMessage): boolean {
  const format = new URL(url ?? '/', 'https://provider.invalid').searchParams.get('_format');
  return (format ?? headers.accept ?? '').includes('xml');
}

/** Answers with an error: status, and an OperationOutcome in the dialect and format of the request. */
export function tell(
  response: ServerResponse,
  reason: Reason,
  policy: Policy,
  request: IncomingMessage,
  dialect: Dialect,
): void {
  const { errorContentType, strictTransportSecurity, xmlErrors } = policy.answer;
  const xml = wantsXml(request) && policy.answer.xml === 'written';
  const media = xml ? errorContentType?.replace('json', 'xml') : errorContentType;
  const outcome = operationOutcome(reason, policy, request);
  response.writeHead(policy.errors[reason.rejection].status, {
    ...(media !== undefined && { 'Content-Type': inDialect(media, dialect) }),
    ...(strictTransportSecurity !== undefined && { 'Strict-Transport-Security': strictTransportSecurity }),
    ...cache(policy.cacheError),
  });
  response.end(inDialect(xml ? errorInXml(outcome, xmlErrors) : JSON.stringify(outcome), dialect));
}

/** An outcome in XML, sound or as careless templates make them. */
function errorInXml(outcome: Resource, how: Policy['answer']['xmlErrors']): string {
  const text = asXml(outcome);
  if (how === 'unclosed') return text.replace(/<\/\w+>$/, '');
  return how === 'listed' ? text.replace(/<diagnostics [^>]*>/, (each) => `${each}${each}`) : text;
}

/** `Cache-Control` as header fields. */
export const cache = (value: string | undefined) => (value === undefined ? {} : { 'Cache-Control': value });

/** What a careless provider lets slip into its diagnostics. */
function betrayed({ betrays }: OutcomeShape, { headers }: IncomingMessage): string {
  switch (betrays) {
    case 'nothing':
      return '';
    case 'stack':
      return '; java.lang.IllegalStateException: at uk.example.Filter.check(Filter.java:42)';
    case 'token':
      return `; ${String(headers.authorization)}`;
    case 'path':
      return '; see /var/lib/provider/conf/server.xml';
    case 'sql':
      return "; ORA-00933: SELECT * FROM patient WHERE nhs_number = '1'";
  }
}

function operationOutcome(
  { rejection, diagnostics }: Reason,
  policy: Policy,
  request: IncomingMessage,
): Resource {
  const { issue, code, display, shape } = policy.errors[rejection];
  const outcome = { ...policy.outcome, ...shape };
  const { resourceType, profile, severity, system, withDisplay } = outcome;
  const said = `${diagnostics}${betrayed(outcome, request)}`;
  return {
    resourceType,
    ...(profile !== undefined && { meta: { profile: [profile] } }),
    issue: [
      {
        severity,
        code: issue,
        details: { coding: [{ system, code, ...(withDisplay && { display }) }] },
        diagnostics: outcome.diagnostics === 'text' ? said : [said],
      },
    ],
  };
}
