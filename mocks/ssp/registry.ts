import { isBelow } from './target.ts';

/** A system that may send: an accredited system with the name in its certificate. */
export interface Sender {
  readonly asid: string;
  /** The FQDN registered for it: the common name of its client certificate. */
  readonly fqdn: string;
  /** Interaction ids that it is accredited for, as SDS registers them. */
  readonly interactions: readonly string[];
}

/** An endpoint of a receiving system, as SDS holds it. */
export interface Endpoint {
  readonly asid: string;
  /** `nhsMhsEndPoint`: the service root URL, byte for byte. */
  readonly url: string;
  readonly interactions: readonly string[];
  readonly cpaId: string;
  /** host:port to dial instead of what the URL names. */
  readonly connect?: string;
}

/** Who may send what to whom: what the SSP asks SDS and the data sharing agreements. */
export interface Registry {
  readonly senders: readonly Sender[];
  readonly endpoints: readonly Endpoint[];
  /** Pairs that may talk; absent: every sender to every receiver. */
  readonly sharing?: readonly { readonly from: string; readonly to: string }[];
  /** Media types of request bodies that are let through; absent: all of them. */
  readonly mediaTypes?: readonly string[];
}

/**
 * SDS registers a retrieval of the NRL as `…DocumentReference.content`; the header says `…content.read`
 * (NRL, Retrieval via the SSP).
 */
export const registeredId = (interaction: string): string =>
  interaction === 'urn:nhs:names:services:nrl:DocumentReference.content.read'
    ? 'urn:nhs:names:services:nrl:DocumentReference.content'
    : interaction;

/** What the SSP asks its registry about one request. */
export interface Question {
  readonly from: string;
  readonly to: string;
  readonly interaction: string;
  /** The common name of the consumer's certificate. */
  readonly fqdn: string;
  /** The provider's URL in the request target; `undefined`: there was none. */
  readonly url: string | undefined;
  /** The request target as received, for the error. */
  readonly raw: string;
}

/** Why the SSP does not pass a request on. */
export type Denial =
  | { readonly kind: 'sender'; readonly asid: string }
  | { readonly kind: 'receiver'; readonly asid: string }
  | { readonly kind: 'sharing'; readonly from: string; readonly to: string }
  | { readonly kind: 'url'; readonly registered: string; readonly cpaId: string; readonly target: string };

export type Answer = { readonly endpoint: Endpoint; readonly url: string } | { readonly denial: Denial };

/**
 * Sender, receiver, the pair of them, then the URL: the order in which the error guidance of GP Connect names them.
 * A header that is missing names no system and is denied as such.
 */
export function ask(registry: Registry, question: Question): Answer {
  const { from, to, fqdn, url, raw } = question;
  const id = registeredId(question.interaction);
  const sender = registry.senders.find(({ asid }) => asid === from);
  const known = sender?.interactions.includes(id) === true;
  if (!known || sender.fqdn.toLowerCase() !== fqdn.toLowerCase())
    return { denial: { kind: 'sender', asid: from } };
  const endpoints = registry.endpoints.filter(
    ({ asid, interactions }) => asid === to && interactions.includes(id),
  );
  const [first] = endpoints;
  if (!first) return { denial: { kind: 'receiver', asid: to } };
  const shared = registry.sharing?.some((pair) => pair.from === from && pair.to === to) ?? true;
  if (!shared) return { denial: { kind: 'sharing', from, to } };
  const endpoint = endpoints.find((each) => url !== undefined && isBelow(url, each.url));
  return endpoint && url !== undefined
    ? { endpoint, url }
    : {
        denial: {
          kind: 'url',
          registered: first.url,
          cpaId: first.cpaId,
          target: url ?? raw.replace(/^\//, ''),
        },
      };
}
