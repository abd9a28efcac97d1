/** The Spine Secure Proxy: the one that listens for a consumer, and what it sends to a provider. */
export {
  DEFAULT_SSP_BOUNDS,
  GOOD_TLS,
  startSsp,
  type ConsumerTls,
  type Passage,
  type Peer,
  type Ssp,
  type SspBounds,
  type SspOptions,
} from './proxy.ts';
export { compose, FRESH, type Composed, type Forwarded } from './outbound.ts';
export { interactionNamed, interactions, type Interaction } from './interactions.ts';
export type { Endpoint, Registry, Sender } from './registry.ts';
