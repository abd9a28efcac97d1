import type { IncomingMessage } from 'node:http';
import type { Interaction } from '../ssp/interactions.ts';
import type { Policy, Rejection } from './policy.ts';
import { dialectOf } from './dialect.ts';
import { numberIn, oddHeader, readRequest, type Root } from './request-rules.ts';
import { readToken, type Self } from './token-rules.ts';

/** What the provider is registered as. */
export interface Registration {
  /** Its service root URL, as registered in SDS: the audience of every token. */
  readonly url: string;
  /** Its ASID. */
  readonly asid: string;
}

/** A rejection, and what to tell the caller of it. */
export interface Reason {
  readonly rejection: Rejection;
  readonly diagnostics: string;
}

/** What a provider makes of a request. */
export interface Judged {
  /** The first rule that it breaks under the policy. */
  readonly reason: Reason | undefined;
  readonly interaction: Interaction | undefined;
}

/**
 * Judges a request under a policy.
 * @param root the service root that is asked
 * @param roots every service root of this provider
 */
export function judgeRequest(
  request: IncomingMessage,
  body: string,
  policy: Policy,
  root: Root,
  roots: readonly Root[],
): Judged {
  const { interaction, faults } = readRequest(request, body, root, roots);
  const self = {
    url: root.url,
    dialect: dialectOf(root.capabilities),
    patient: numberIn(new URL(request.url ?? '/', root.url), body),
  };
  const odd = policy.cautious.has('header-forms') ? oddHeader(request) : undefined;
  const found: readonly Reason[] = [
    ...faults,
    ...(root.disabled && interaction?.name === 'metadata' && policy.cautious.has('disabled-metadata')
      ? [{ rejection: 'foundations-disabled', diagnostics: 'the practice has it disabled' } as const]
      : []),
    ...(odd === undefined ? [] : [{ rejection: 'overcautious', diagnostics: odd } as const]),
    ...tokenFaults(request, self, interaction, policy),
  ];
  return { interaction, reason: found.find(({ rejection }) => !policy.ignores.has(rejection)) };
}

/** Values of every Authorization field, in order: `request.headers` keeps the first alone. */
const authorizations = ({ rawHeaders }: IncomingMessage): readonly string[] =>
  rawHeaders.flatMap((name, at) =>
    at % 2 === 0 && name.toLowerCase() === 'authorization' ? [rawHeaders[at + 1] ?? ''] : [],
  );

function tokenFaults(
  request: IncomingMessage,
  self: Self,
  interaction: Interaction | undefined,
  { cautious, opens }: Policy,
): readonly Reason[] {
  const { faults, claims } = readToken(authorizations(request), request.url ?? '/', self, cautious);
  const scope = claims?.['requested_scope'];
  const closed = interaction && !opens.has(`${interaction.name} ${String(scope)}`);
  return closed && typeof scope === 'string' && scope !== interaction.scope
    ? [
        ...faults,
        { rejection: 'wrong-scope', diagnostics: 'JWT: requested_scope does not allow this request' },
      ]
    : faults;
}
