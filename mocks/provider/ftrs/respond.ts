import type { ServerResponse } from 'node:http';
import type { Found } from './directory.ts';
import type { FtrsPolicy, FtrsRefusal } from './policy.ts';

/** A patient whom no directory has; the number is of the range kept for tests. */
const patient = {
  resourceType: 'Patient',
  identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: '9990000018' }],
  birthDate: '1960-01-01',
};

/** Error codes of a challenge (RFC 6750 §3.1, RFC 9470 §3). A request without a token is told none. */
const CHALLENGES: Readonly<Partial<Record<FtrsRefusal, string>>> = {
  token: 'invalid_token',
  expired: 'invalid_token',
  assurance: 'insufficient_user_authentication',
  role: 'insufficient_scope',
};

/** Writes what was found, or the refusal as the policy words it. `key`: what a leaking one gives away. */
export function respond(
  response: ServerResponse,
  policy: FtrsPolicy,
  { refusal, token, payload }: Found,
  key: string,
): void {
  const headers = {
    'Content-Type': policy.mediaType,
    'Cache-Control': 'no-store',
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  };
  if (refusal === undefined) {
    const more =
      policy.leaks === 'key'
        ? { extension: [{ url: 'urn:assay:debug', valueString: key }] }
        : policy.leaks === 'patient' && { contained: [patient] };
    response.writeHead(200, headers).end(JSON.stringify({ ...payload, ...more }));
    return;
  }
  const { status, severity, issue, system, code, display, diagnostics } = policy.answers[refusal];
  const error = CHALLENGES[refusal];
  const challenge = `Bearer realm="FtRS"${error ? `, error="${error}"` : ''}`;
  const challenges = policy.challenges && (status === 401 || error !== undefined);
  response.writeHead(status, {
    ...headers,
    ...(challenges && { 'WWW-Authenticate': challenge }),
  });
  response.end(
    JSON.stringify({
      resourceType: policy.resourceType,
      issue: [
        {
          severity,
          code: issue,
          details: { coding: [{ system, version: '1', code, display }] },
          diagnostics: [
            diagnostics,
            ...(policy.echoes && token !== undefined ? [token] : []),
            ...(policy.leaks === 'key-in-error' ? [key] : []),
          ].join(': '),
        },
      ],
    }),
  );
}
