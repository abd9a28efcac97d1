import { isIP } from 'node:net';
import type { PublicKeyType } from './x509.ts';
import {
  certificatePem,
  createAuthority,
  generateKey,
  issue,
  type Authority,
  type KeyPair,
  type RevocationUrl,
  type Validity,
} from './authority.ts';
import { mintBattery, weakKey, type Clients } from './mint.ts';
import { mintSubs } from './mint-subs.ts';

/** A certificate, the key that answers for it, and the chain that vouches for it. All PEM. */
export interface Credential {
  readonly certificate: string;
  /** PKCS#8; empty where the key never left its owner. */
  readonly key: string;
  /** The issuers sent along, the leaf's own first; the root is not among them. */
  readonly chain: readonly string[];
}

export {
  battery,
  credentialNames,
  keptNames,
  type CredentialName,
  type Group,
  type KeptName,
} from './battery.ts';
export type { Clients } from './mint.ts';

/** A certificate hierarchy in the Spine's form, and everything that was issued under it. */
export interface Hierarchy {
  /** FQDN of the SSP: CN and SAN of its client certificate. */
  readonly ssp: string;
  /** Names and addresses in the provider's server certificate. */
  readonly hosts: readonly string[];
  /** The earliest end of validity of what is meant to be good: certificates and CRLs. */
  readonly notAfter: Date;
  readonly root: string;
  readonly sub: string;
  /** The CRLs of the root, of the sub, and of every other CA under the root: a chain is checked as a whole. */
  readonly crls: readonly [root: string, sub: string, ...others: string[]];
  readonly provider: Credential;
  readonly clients: Clients;
}

/** The CAs with their keys. They never leave the tester. */
export interface Authorities {
  readonly root: Authority;
  readonly sub: Authority;
  /** The key of every other CA under the root: they differ in their names. Absent where they are yet to be made. */
  readonly others?: KeyPair;
}

/** What a hierarchy is made with; all of it has a default. */
export interface HierarchyOptions {
  /** FQDN of the SSP in its client certificate; absent: `ssp.assay.test`. */
  readonly ssp?: string;
  /** Names and addresses in the provider's certificate; absent: localhost and 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** Life of leaves and CRLs in days; at least quarterly rotation makes 90 the default. */
  readonly days?: number;
  /** Base URL at which CRLs and OCSP are served; absent: leaves name none. */
  readonly revocation?: RevocationUrl;
  /** CAs to keep; absent: new ones. */
  readonly authorities?: Authorities;
  /** The provider's public key where its private key stays with the provider; absent: a new key. */
  readonly providerKey?: PublicKeyType;
}

/** FQDN of the SSP in its client certificate where no other is asked for; `.test` leads nowhere (RFC 6761). */
export const DEFAULT_SSP = 'ssp.assay.test';
/** Names and addresses in the provider's certificate where no others are asked for. */
const DEFAULT_HOSTS: readonly string[] = ['localhost', '127.0.0.1'];
/** Life of leaves and CRLs, in days: at least quarterly rotation. */
const DEFAULT_DAYS = 90;

const DAY = 86_400_000;
const CA_DAYS = 370;
/** A leaf that has expired was issued by a CA that was there before it. */
const CA_AGE = 40 * DAY;
/** Clocks differ: what is good has been good for an hour. */
export const SKEW = 3_600_000;

const from = (now: Date, start: number, end: number): Validity => ({
  notBefore: new Date(now.getTime() + start),
  notAfter: new Date(now.getTime() + end),
});

/** The Spine's own form of a device's name. */
export const device = (fqdn: string): string => `O=nhs, OU=Devices, CN=${fqdn}`;
/** The name of another system. */
const OTHER = 'another-system.assay.test';
/** A CA beneath a sub is a defect of the sub that lets it be, not of the root. */
export const ROOT_PATH_LENGTH = 2;

/** Names that nobody can mistake for the real ones: they say whose they are, and until when. */
const authorityName = (kind: string, until: Date): string =>
  `C=GB, O=Assay, OU=Test CA (not NHS), CN=Assay Test ${kind} until ${until.toISOString().slice(0, 10)}`;

/** A new root and its subordinate, valid for a year. */
export async function createAuthorities(now = new Date()): Promise<Authorities> {
  const [rootKey, subKey] = await Promise.all([generateKey(), generateKey()]);
  return authoritiesOf(rootKey, subKey, now);
}

async function authoritiesOf(rootKey: KeyPair, subKey: KeyPair, now: Date): Promise<Authorities> {
  const validity = from(now, -CA_AGE, CA_DAYS * DAY);
  const until = validity.notAfter;
  const root = await createAuthority({
    name: authorityName('Root CA', until),
    key: rootKey,
    validity,
    pathLength: ROOT_PATH_LENGTH,
  });
  const name = authorityName('Sub CA', until);
  const sub = await createAuthority({ name, key: subKey, validity, pathLength: 0, issuer: root });
  return { root, sub };
}

/** A root and sub of the same names and key identifiers as the real ones, with another key. */
export async function createRogue({ root, sub }: Authorities, key: KeyPair): Promise<Authorities> {
  const validity = { notBefore: root.certificate.notBefore, notAfter: root.certificate.notAfter };
  const rootId = root.key.identifier;
  const rogueRoot = await createAuthority({
    name: root.certificate.subject,
    key,
    validity,
    pathLength: 1,
    disguise: { subject: rootId, authority: rootId },
  });
  const rogueSub = await createAuthority({
    name: sub.certificate.subject,
    key,
    validity,
    pathLength: 0,
    issuer: rogueRoot,
    disguise: { subject: sub.key.identifier, authority: rootId },
  });
  return { root: rogueRoot, sub: rogueSub };
}

const altName = (value: string) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value });

/**
 * Makes a hierarchy: root, subordinate, the provider's server certificate, what the SSP presents (each credential
 * made when it is first asked for) and the CRL of every CA under the root. Keys are RSA 2048 and live in memory.
 */
export async function createHierarchy(
  options: HierarchyOptions = {},
): Promise<Hierarchy & { authorities: Authorities }> {
  const { ssp = DEFAULT_SSP, hosts = DEFAULT_HOSTS, days = DEFAULT_DAYS, revocation } = options;
  const now = new Date();
  const other = ssp === OTHER ? `x${OTHER}` : OTHER;
  // The CAs first: what hangs from them is made while the other keys are still being found.
  const authorities = options.authorities ?? createAuthorities(now);
  const further = options.authorities?.others ?? generateKey();
  const ground = Promise.all([authorities, further]).then(([{ root, sub }, second]) =>
    mintSubs({ ssp, other, root, sub, second, now, days, revocation }),
  );
  const [{ root, sub }, others, { crls }, client, next, rogue, weak, serverKey] = await Promise.all([
    authorities,
    further,
    ground,
    generateKey(),
    generateKey(),
    generateKey(),
    weakKey(),
    options.providerKey ? undefined : generateKey(),
  ]);
  const good = from(now, -SKEW, days * DAY);
  const keys = { client, next, rogue, weak };
  const clients = mintBattery({ ssp, other, root, sub, ground: await ground, keys, now, days, revocation });
  const server = await issue(sub, {
    subject: `O=nhs, OU=Devices, CN=${hosts.find((host) => !isIP(host)) ?? hosts[0] ?? 'localhost'}`,
    names: hosts.map(altName),
    usage: 'server',
    validity: good,
    publicKey: options.providerKey ?? (serverKey ?? client).keys.publicKey,
    revocation,
  });
  const ends = [root.certificate.notAfter, sub.certificate.notAfter, server.notAfter, good.notAfter];
  return {
    ssp,
    hosts,
    notAfter: new Date(Math.floor(Math.min(...ends.map((end) => end.getTime())) / 1000) * 1000),
    root: certificatePem(root.certificate),
    sub: certificatePem(sub.certificate),
    crls,
    provider: {
      certificate: certificatePem(server),
      key: serverKey?.pem ?? '',
      chain: [certificatePem(sub.certificate)],
    },
    clients,
    authorities: { root, sub, others },
  };
}
