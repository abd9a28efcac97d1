import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { ConfigurationError } from '../../certs/configuration-error.ts';

/** What a run does to a subject, from harmless to harmful. */
export type Activity = 'wire' | 'write' | 'active' | 'ports' | 'downtime';

/** Leave of whoever answers for a system, for one host and until one day. */
export interface Consent {
  readonly environment: string;
  readonly host: string;
  readonly by: string;
  /** `YYYY-MM-DD`, the last day. */
  readonly until: string;
  readonly allow: readonly Activity[];
}

/** What would be dialled. A run dials one of these addresses and looks nothing up again. */
export interface Destination {
  /** The host as named: in lower case, in ASCII, without a dot at its end. */
  readonly host: string;
  readonly port: number;
  /** Empty where the name resolves to nothing. */
  readonly addresses: readonly string[];
}

export type Lookup = (host: string) => Promise<readonly string[]>;

const NEVER = ['ncrs.nhs.uk', 'spineservices.nhs.uk', 'hscic.gov.uk'];
const HEALTH_SERVICE = ['nhs.uk', 'nhs.net'];
const HARMLESS = ['test', 'example', 'localhost'];
const LIVE = /^\s*(live|prod|production|national)\b/i;

const within = (host: string, domains: readonly string[]): boolean =>
  domains.some((domain) => host === domain || host.endsWith(`.${domain}`));

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
const near = new BlockList();
near.addSubnet('10.0.0.0', 8, 'ipv4');
near.addSubnet('172.16.0.0', 12, 'ipv4');
near.addSubnet('192.168.0.0', 16, 'ipv4');
near.addSubnet('169.254.0.0', 16, 'ipv4');
near.addSubnet('fc00::', 7, 'ipv6');
near.addSubnet('fe80::', 10, 'ipv6');

/** An address written as IPv4 in IPv6 is the IPv4 address. */
const plain = (address: string): string => /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
const family = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
const listed = (list: BlockList, address: string): boolean =>
  list.check(plain(address), family(plain(address)));
const isLoopback = (address: string): boolean => listed(loopback, address);
const isNear = (address: string): boolean => isLoopback(address) || listed(near, address);

/**
 * A host in the one form in which it is judged: ASCII, lower case, no dot at its end, odd notations of IPv4 resolved.
 * `undefined`: it is no host.
 */
export function normaliseHost(host: string): string | undefined {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare)) return plain(bare.toLowerCase());
  const ascii = domainToASCII(bare).replace(/\.+$/, '');
  if (ascii === '') return undefined;
  const parsed = URL.canParse(`https://${ascii}/`) ? new URL(`https://${ascii}/`).hostname : undefined;
  return parsed?.replace(/\.+$/, '');
}

/**
 * Splits `host:port`, with an IPv6 address in brackets.
 * @throws ConfigurationError at `place`
 */
export function parseHostPort(text: string, place: string): { readonly host: string; readonly port: number } {
  const [, bracketed, name, digits] = /^(?:\[([^\]]+)\]|([^:@/\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = normaliseHost(bracketed ?? name ?? '');
  const port = Number(digits);
  if (host === undefined || !(port >= 1 && port <= 65_535)) {
    throw new ConfigurationError(
      place,
      `${JSON.stringify(text)} is no address; write host:port, or [IPv6]:port`,
    );
  }
  return { host, port };
}

const lookupAll: Lookup = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

/**
 * Resolves what a run would dial: `connect` where it is given, else the URL's own host.
 * A name that resolves to nothing is no error here; the run will be inconclusive.
 * @throws ConfigurationError at `place` where `connect` is no address
 */
export async function resolveDestination(
  url: string,
  connect?: string,
  place = 'subject.json#/connect',
  find: Lookup = lookupAll,
): Promise<Destination> {
  const { hostname, port } = new URL(url);
  const { host, port: number } =
    connect === undefined
      ? { host: normaliseHost(hostname) ?? hostname, port: Number(port || 443) }
      : parseHostPort(connect, place);
  if (isIP(host)) return { host, port: number, addresses: [host] };
  return { host, port: number, addresses: await find(host).catch(() => []) };
}

/**
 * Whether a run may talk to a destination at all. It judges what is dialled, by name and by every address.
 * @param place the file that named the destination; `spot`: where its consent stands
 * @throws ConfigurationError saying what is refused, why, and what to put where
 */
export function guard(
  { host, addresses }: Destination,
  activities: readonly Activity[],
  consent: Consent | undefined,
  {
    place,
    today,
    spot = `${place}#/consent`,
  }: { readonly place: string; readonly today: Date; readonly spot?: string },
): void {
  if (within(host, NEVER)) {
    throw new ConfigurationError(
      place,
      `${host} is a host of the Spine itself: Assay never talks to it, with any consent`,
    );
  }
  const serious = activities.filter((activity) => activity !== 'wire');
  const health = within(host, HEALTH_SERVICE);
  // A name that is harmless by itself may still lead to somebody's address.
  const nearby = addresses.length > 0 ? addresses.every(isNear) : isHarmless(host);
  const needing = [...(health ? activities : []), ...(nearby ? [] : serious)];
  if (needing.length === 0) return;
  const what = [...new Set(needing)].join(', ');
  if (!consent) {
    const why = health
      ? `${host} belongs to the health service`
      : `${what} cases against ${host} leave this machine's network`;
    throw new ConfigurationError(
      spot,
      `${why}; that needs consent: {"environment","host","by","until","allow":[${needing.map((each) => `"${each}"`).join(',')}]}`,
    );
  }
  if (LIVE.test(consent.environment)) {
    throw new ConfigurationError(
      `${spot}/environment`,
      `${JSON.stringify(consent.environment)} is a live environment; Assay tests none`,
    );
  }
  if (normaliseHost(consent.host) !== host) {
    throw new ConfigurationError(
      `${spot}/host`,
      `the consent is for ${JSON.stringify(consent.host)}, and ${host} would be dialled`,
    );
  }
  if (consent.until < today.toISOString().slice(0, 10)) {
    throw new ConfigurationError(
      `${spot}/until`,
      `the consent ended on ${consent.until}; ask ${JSON.stringify(consent.by)} for another`,
    );
  }
  const missing = needing.filter((activity) => !consent.allow.includes(activity));
  if (missing.length > 0) {
    throw new ConfigurationError(
      `${spot}/allow`,
      `the consent does not allow ${[...new Set(missing)].join(', ')}`,
    );
  }
}

/** Whether a host is one that leads nowhere by design (RFC 2606, RFC 6761), or a loopback address. */
const isHarmless = (host: string): boolean => (isIP(host) ? isLoopback(host) : within(host, HARMLESS));
