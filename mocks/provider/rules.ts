import type { IncomingMessage } from 'node:http';
import type { Policy, Rejection } from './policy.ts';
import { readToken } from './token-rules.ts';

/** What the provider is registered as. */
export interface Registration {
  /** Its service root URL, as registered in SDS: the audience of every token. */
  readonly url: string;
  /** Its ASID. */
  readonly asid: string;
}

/** The endpoints served, by interaction id: method, path from the service root, scope. */
export const interactions: Readonly<Record<string, { method: string; path: string; scope: string }>> = {
  'urn:nhs:names:services:gpconnect:fhir:rest:read:metadata-1': {
    method: 'GET',
    path: '/metadata',
    scope: 'organization/*.read',
  },
};

/** A rejection, and what to tell the caller of it. */
export interface Reason {
  readonly rejection: Rejection;
  readonly diagnostics: string;
}

const presence: readonly (readonly [Rejection, string])[] = [
  ['no-trace-id', 'Ssp-TraceID'],
  ['no-from', 'Ssp-From'],
  ['no-to', 'Ssp-To'],
  ['no-interaction-id', 'Ssp-InteractionID'],
];

/** The first rule that a request breaks under a policy; `undefined`: none. */
export function judgeRequest(
  request: IncomingMessage,
  policy: Policy,
  { url, asid }: Registration,
): Reason | undefined {
  const found = [...headerFaults(request, asid, url), ...tokenFaults(request, url, policy.cautious)];
  return found.find(({ rejection }) => !policy.ignores.has(rejection));
}

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name.toLowerCase()];
  const text = Array.isArray(value) ? value.join(', ') : value;
  return text?.trim() === '' ? undefined : text;
};

function headerFaults(request: IncomingMessage, asid: string, url: string): readonly Reason[] {
  const faults: Reason[] = presence
    .filter(([, name]) => header(request, name) === undefined)
    .map(([rejection, name]) => ({ rejection, diagnostics: `${name} is missing` }));
  const to = header(request, 'Ssp-To');
  if (to !== undefined && to !== asid) {
    faults.push({ rejection: 'another-asid', diagnostics: 'Ssp-To is not the ASID of this provider' });
  }
  const id = header(request, 'Ssp-InteractionID');
  const interaction = id === undefined ? undefined : interactions[id];
  const path = new URL(request.url ?? '/', url).pathname.slice(new URL(url).pathname.length);
  if (id !== undefined && !(interaction?.method === request.method && interaction?.path === path)) {
    faults.push({
      rejection: 'interaction-mismatch',
      diagnostics: 'Ssp-InteractionID does not fit the endpoint',
    });
  }
  return faults;
}

/** Values of every Authorization field, in order: `request.headers` keeps the first alone. */
const authorizations = ({ rawHeaders }: IncomingMessage): readonly string[] =>
  rawHeaders.flatMap((name, at) =>
    at % 2 === 0 && name.toLowerCase() === 'authorization' ? [rawHeaders[at + 1] ?? ''] : [],
  );

function tokenFaults(request: IncomingMessage, url: string, cautious: Policy['cautious']): readonly Reason[] {
  const { faults, claims } = readToken(authorizations(request), request.url ?? '/', { url }, cautious);
  const interaction = interactions[header(request, 'Ssp-InteractionID') ?? ''];
  const scope = claims?.['requested_scope'];
  return interaction && typeof scope === 'string' && scope !== interaction.scope
    ? [
        ...faults,
        { rejection: 'wrong-scope', diagnostics: 'JWT: requested_scope does not allow this request' },
      ]
    : faults;
}
