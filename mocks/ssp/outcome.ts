import type { Denial } from './registry.ts';

/** An answer that the SSP makes itself. */
export interface OwnAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const SYSTEM = 'http://fhir.nhs.net/ValueSet/gpconnect-schedule-response-code-1-0';
/** The one that only the 405 of the SSP carries (GP Connect error handling guidance, examples). */
const SYSTEM_405 = 'https://fhir.nhs.uk/StructureDefinition/spine-operationoutcome-1';

interface Told {
  readonly status: number;
  readonly issue: string;
  readonly text: string;
  readonly severity?: string;
  readonly system?: string;
}

/**
 * An OperationOutcome as the SSP itself makes it: no `meta.profile`, and the HTTP status as text for a code. By
 * these two it is told from a provider's.
 */
function outcome({ status, issue, text, severity = 'error', system = SYSTEM }: Told): OwnAnswer {
  const resource = {
    resourceType: 'OperationOutcome',
    issue: [
      {
        severity,
        code: issue,
        details: { coding: [{ system, code: String(status), display: text }] },
        diagnostics: text,
      },
    ],
  };
  return {
    status,
    headers: [['Content-Type', 'application/fhir+json;charset=utf-8'], ...ALWAYS],
    body: JSON.stringify(resource),
  };
}

/** What the SSP's guide asks of every answer that is its own. */
const ALWAYS = [
  ['Cache-Control', 'no-store'],
  ['Strict-Transport-Security', 'max-age=31536000'],
] as const;

export function denied(denial: Denial): OwnAnswer {
  const forbidden = (text: string): OwnAnswer => outcome({ status: 403, issue: 'forbidden', text });
  switch (denial.kind) {
    case 'sender':
      return forbidden(`ASID_CHECK_FAILED_MESSAGESENDER_${denial.asid}`);
    case 'receiver':
      return forbidden(`PARTYKEY_INTERACTION_CHECK_FAILED_MESSAGERECEIVER_${denial.asid}`);
    case 'sharing':
      return forbidden(`FOT_CHECK_FAILED_MESSAGESENDER_${denial.from}_MESSAGERECEIVER_${denial.to}`);
    case 'url':
      return outcome({
        status: 400,
        issue: 'invalid',
        text: `ENDPOINT_${denial.registered}_CPAID_${denial.cpaId}_VARIES_FROM_TARGETURL_${denial.target}`,
      });
  }
}

export const methodNotAllowed = (): OwnAnswer => {
  const made = outcome({
    status: 405,
    issue: 'forbidden',
    severity: 'fatal',
    system: SYSTEM_405,
    text: '405: Method Not Allowed',
  });
  return { ...made, headers: [...made.headers, ['Allow', 'GET, POST, PUT']] };
};

export const unsupportedMediaType = (): OwnAnswer =>
  outcome({ status: 415, issue: 'not-supported', text: 'Unsupported_Media_Type' });

/** 502 where the provider cannot be reached, 504 where it does not answer in time. */
export const unreachable = (status: 502 | 504, url: string): OwnAnswer =>
  outcome({ status, issue: 'transient', text: `ERROR_COMMUNICATING_TO_ENDPOINT_URL_${url}` });

const page = (status: number, text: string): OwnAnswer => ({
  status,
  headers: [['Content-Type', 'text/plain;charset=utf-8'], ...ALWAYS],
  body: `${text}\n`,
});

/** The nginx codes that the SSP's guide lists for its own leg: 495 a bad client certificate, 496 none. */
export const certificateRefused = (flaw: string | undefined): OwnAnswer =>
  flaw === undefined
    ? page(496, 'No client certificate was sent.')
    : page(495, `The client certificate was refused: ${flaw}`);

export const tooLarge = (limit: number): OwnAnswer => page(413, `A body may have ${limit} bytes here.`);

/** Throttled or busy: what a consumer has to bear, backing off and retrying at most three times. */
export function busy(status: 429 | 503): OwnAnswer {
  const made = page(status, status === 429 ? 'Too Many Requests' : 'Service Unavailable');
  const limits = [
    ['X-Rate-Limit-Limit', '1'],
    ['X-Rate-Limit-Remaining', '0'],
    ['X-Rate-Limit-Reset', '1'],
  ] as const;
  return { ...made, headers: [...made.headers, ['Retry-After', '1'], ...(status === 429 ? limits : [])] };
}
