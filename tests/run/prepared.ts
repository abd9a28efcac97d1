import { ConfigurationError } from '../../certs/configuration-error.ts';
import type { Target } from '../drive/driver.ts';
import type { Profile } from '../model.ts';
import { profiles } from '../profiles/index.ts';
import type { Run } from './engine.ts';
import type { Shown } from './exhibits.ts';
import type { Destination } from './guard.ts';
import type { Declared } from './declared.ts';
import type { RunRecord } from './record.ts';

/** A run that is ready to be driven, and what its record says of the subject. */
export interface Prepared {
  readonly run: Run;
  readonly declared: Declared;
  readonly subject: RunRecord['subject'];
  readonly notExamined: RunRecord['notExamined'];
  /** What the subject file shows beside the wire. */
  readonly shown: Shown;
  /** One sentence each, to be told before the run. */
  readonly warnings: readonly string[];
  /** What its preparation came upon. */
  readonly facts: Facts;
  readonly close: () => Promise<void>;
}

/** What a diagnosis has to know beside the run: where it all came from. */
export interface Facts {
  /** The subject file; absent: an embedded provider. */
  readonly file?: string;
  readonly destination: Destination;
  readonly pack?: { readonly folder: string; readonly ssp: string; readonly until: Date };
  /** The name in the valid credential of one's own, where that takes the place of a pack. */
  readonly own?: string;
  /** The file with the anchor of the server's certificate, where one is named. */
  readonly trust?: string;
  /** Started for this run alone: nothing can be asked of it again. */
  readonly passing?: true;
  /** Seconds by which the clocks may differ, as the subject file says. */
  readonly clockSkew?: number;
}

/**
 * A profile by its name.
 * @throws ConfigurationError when there is none of that name
 */
export function profileNamed(name: string, place: string): Profile {
  const profile = profiles.find(({ id }) => id === name);
  if (profile) return profile;
  const known = profiles.map(({ id }) => id).join(', ');
  throw new ConfigurationError(
    place,
    `there are no cases for the profile ${JSON.stringify(name)}; choose one of: ${known}`,
  );
}

/** Milliseconds for one exchange: an embedded provider is near, a subject may be far and slow. */
export const PATIENCE = { standIn: 2_000, askingStandIn: 60_000, subject: 10_000 } as const;

/** Where a subject is dialled, what is presented to it, and which anchors its certificate is verified by. */
export function targetOf(
  url: URL,
  destination: Destination,
  clients: Target['clients'],
  trust: readonly string[],
): Target {
  const [address] = destination.addresses;
  return {
    address: address ?? destination.host,
    port: destination.port,
    servername: url.hostname.replace(/^\[|\]$/g, ''),
    host: url.host,
    basePath: url.pathname.replace(/\/$/, ''),
    trust,
    clients,
  };
}
