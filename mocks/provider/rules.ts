import type { IncomingMessage } from 'node:http';
import type { Policy, Rejection } from './policy.ts';

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
  const found = [...headerFaults(request, asid, url), ...tokenFaults(request, url)];
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

function tokenFaults(request: IncomingMessage, url: string): readonly Reason[] {
  const authorization = header(request, 'Authorization');
  if (authorization === undefined)
    return [{ rejection: 'no-token', diagnostics: 'Authorization: no bearer token' }];
  const claims = claimsOf(authorization);
  if (!claims)
    return [{ rejection: 'malformed-token', diagnostics: 'the bearer token is not an unsecured JWT' }];
  const faults: Reason[] = [];
  if (claims['aud'] !== url) {
    faults.push({ rejection: 'another-audience', diagnostics: 'JWT: aud is not this service root URL' });
  }
  if (typeof claims['exp'] !== 'number' || claims['exp'] <= Date.now() / 1000) {
    faults.push({ rejection: 'expired-token', diagnostics: 'JWT: exp has passed' });
  }
  const interaction = interactions[header(request, 'Ssp-InteractionID') ?? ''];
  if (interaction && claims['requested_scope'] !== interaction.scope) {
    faults.push({
      rejection: 'wrong-scope',
      diagnostics: 'JWT: requested_scope does not allow this request',
    });
  }
  return faults;
}

/** The claims of an unsecured JWT: two base64url parts and an empty third (RFC 7519 §6); `undefined`: it is none. */
function claimsOf(authorization: string): Readonly<Record<string, unknown>> | undefined {
  const [, head, body] = /^Bearer ([\w-]+)\.([\w-]+)\.$/i.exec(authorization) ?? [];
  const [joined, claims] = [decode(head), decode(body)];
  return joined?.['alg'] === 'none' && joined['typ'] === 'JWT' ? claims : undefined;
}

function decode(part: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
