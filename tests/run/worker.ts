import type { Driven, Driver } from '../drive/driver.ts';
import type { Interaction } from '../../mocks/ssp/interactions.ts';
import type { Exchange, Observation, Profile, Survey, TlsVersion } from '../model.ts';
import type { Edges } from '../drive/edges.ts';
import type { Clock } from './clock.ts';
import type { Throttle } from './throttle.ts';
import type { KeyObservation } from '../oracle/key-set.ts';
import type { SteeredIssuer } from './key-set.ts';
import type { Observed } from './steadily.ts';

/** One worker of a run: a driver, and the last time the subject accepted the valid exchange from it. */
export interface Worker {
  readonly drive: Driver;
  readonly enumerate: (exchange: Exchange) => Promise<Driven>;
  readonly survey: (survey: Survey) => Promise<Driven>;
  readonly profile: Profile;
  readonly valid: Exchange;
  /** The valid exchange of an interaction. */
  readonly exchange: (interaction: Interaction) => Exchange;
  readonly version: TlsVersion;
  /** A stand-in of ours: cases that do not touch TLS may share a control. */
  readonly shared: boolean;
  /** What can be presented; a case that names another credential cannot be driven. */
  readonly presents: (certificate: string) => boolean;
  /** How often the subject has asked our revocation service; absent: there is none that it could reach. */
  readonly asked?: () => number;
  /** What the run knows of being throttled; absent on a stand-in of ours, which throttles nobody. */
  readonly throttle?: Throttle;
  /** What is known of the subject's clock. */
  readonly clock: Clock;
  /** How near to an edge of time a token comes. */
  readonly edges: Edges;
  /** By interaction and version, `performance.now()` of the last accepted control, and that control. */
  readonly last: Map<string, { readonly at: number; readonly control: Observation }>;
  /** What bare hellos have shown in this run, by the hello. */
  readonly observed: Map<string, Promise<Observed>>;
  /** The issuer that the subject trusts, and what drives a key-set case on it; absent: it cannot be steered. */
  readonly keySet?: {
    readonly issuer: SteeredIssuer;
    readonly observe: (name: string, issuer: SteeredIssuer) => Promise<KeyObservation>;
  };
}

export const UNSTEERED =
  'its issuer cannot be steered: keep `assay serve --cis2 --issuer DIR` up during the run, with DIR as `issuer` of the subject file';

/** The key in `last` of an interaction's valid exchange, or of the profile's own, in one version. */
export const keyOf = (version: TlsVersion, interaction?: Interaction): string =>
  `${interaction?.name ?? ''} ${version}`;
