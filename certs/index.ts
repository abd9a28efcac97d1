import { isIP } from 'node:net';
import type { PublicKeyType } from './x509.ts';
import { generate as generateSelfSigned } from 'selfsigned';
import {
  certificatePem,
  createAuthority,
  createCrl,
  generateKey,
  issue,
  type Authority,
  type KeyPair,
  type RevocationUrl,
  type Validity,
} from './authority.ts';

/** A certificate, the key that answers for it, and the chain that vouches for it. All PEM. */
export interface Credential {
  readonly certificate: string;
  /** PKCS#8; empty where the key never left its owner. */
  readonly key: string;
  /** The issuers sent along, the leaf's own first; the root is not among them. */
  readonly chain: readonly string[];
}

/** What the SSP can present, by what is wrong with it. Each is wrong in one respect only. */
export const credentialNames = [
  'valid',
  'wrong-name',
  'revoked',
  'expired',
  'not-yet-valid',
  'wrong-issuer',
  'self-signed',
] as const;
export type CredentialName = (typeof credentialNames)[number];

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
  /** The CRLs of the root and of the sub. Both are needed: a chain is checked as a whole. */
  readonly crls: readonly [root: string, sub: string];
  readonly provider: Credential;
  readonly clients: Readonly<Record<CredentialName, Credential>>;
}

/** The CAs with their keys. They never leave the tester. */
export interface Authorities {
  readonly root: Authority;
  readonly sub: Authority;
}

export interface HierarchyOptions {
  readonly ssp?: string;
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

export const DEFAULT_SSP = 'ssp.assay.test';
export const DEFAULT_HOSTS: readonly string[] = ['localhost', '127.0.0.1'];
export const DEFAULT_DAYS = 90;

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
    pathLength: 1,
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
 * Makes a hierarchy: root, subordinate, the provider's server certificate, the SSP's client certificate and its
 * defective twins, and the CRLs of both CAs. Keys are RSA 2048 and live in memory. The defective twins share one
 * key, since the certificate alone is the point.
 */
export async function createHierarchy(
  options: HierarchyOptions = {},
): Promise<Hierarchy & { authorities: Authorities }> {
  const { ssp = DEFAULT_SSP, hosts = DEFAULT_HOSTS, days = DEFAULT_DAYS, revocation } = options;
  const now = new Date();
  const [clientKey, rogueKey, serverKey, authorities] = await Promise.all([
    generateKey(),
    generateKey(),
    options.providerKey ? undefined : generateKey(),
    options.authorities ?? createAuthorities(now),
  ]);
  const { root, sub } = authorities;
  const rogue = await createRogue(authorities, rogueKey);
  const good = from(now, -SKEW, days * DAY);
  const chain = [certificatePem(sub.certificate)];

  const client = (name: string, validity: Validity, issuer = sub, disguise?: string) =>
    issue(
      issuer,
      {
        subject: device(name),
        names: [{ type: 'dns', value: name }],
        usage: 'client',
        validity,
        publicKey: clientKey.keys.publicKey,
        revocation,
      },
      disguise,
    );
  const [valid, wrongName, revoked, expired, early, foreign, server] = await Promise.all([
    client(ssp, good),
    client('another-system.assay.test', good),
    client(ssp, good),
    client(ssp, from(now, -30 * DAY, -DAY)),
    client(ssp, from(now, DAY, (days + 2) * DAY)),
    client(ssp, good, rogue.sub, sub.key.identifier),
    issue(sub, {
      subject: device(hosts.find((host) => !isIP(host)) ?? hosts[0] ?? 'localhost'),
      names: hosts.map(altName),
      usage: 'server',
      validity: good,
      publicKey: options.providerKey ?? (serverKey ?? clientKey).keys.publicKey,
      revocation,
    }),
  ]);
  const [rootCrl, subCrl, impostor] = await Promise.all([
    createCrl(root, [], good),
    createCrl(sub, [{ serialNumber: revoked.serialNumber, at: new Date(now.getTime() - SKEW / 2) }], good),
    selfSigned(ssp, clientKey, good),
  ]);

  const key = clientKey.pem;
  const credential = (certificate: Parameters<typeof certificatePem>[0], issuers = chain): Credential => ({
    certificate: certificatePem(certificate),
    key,
    chain: issuers,
  });
  const ends = [
    root.certificate.notAfter,
    sub.certificate.notAfter,
    valid.notAfter,
    server.notAfter,
    good.notAfter,
  ];
  return {
    ssp,
    hosts,
    notAfter: new Date(Math.min(...ends.map((end) => end.getTime()))),
    root: certificatePem(root.certificate),
    sub: certificatePem(sub.certificate),
    crls: [rootCrl, subCrl],
    provider: { certificate: certificatePem(server), key: serverKey?.pem ?? '', chain },
    clients: {
      valid: credential(valid),
      'wrong-name': credential(wrongName),
      revoked: credential(revoked),
      expired: credential(expired),
      'not-yet-valid': credential(early),
      'wrong-issuer': credential(foreign, [certificatePem(rogue.sub.certificate)]),
      'self-signed': { certificate: impostor, key, chain: [] },
    },
    authorities,
  };
}

/** The impostor: the SSP's name, usage and validity, vouched for by nobody but itself. */
async function selfSigned(ssp: string, key: KeyPair, { notBefore, notAfter }: Validity): Promise<string> {
  const { subtle } = globalThis.crypto;
  const spki = Buffer.from(await subtle.exportKey('spki', key.keys.publicKey)).toString('base64');
  const publicKey = `-----BEGIN PUBLIC KEY-----\n${spki.match(/.{1,64}/g)?.join('\n')}\n-----END PUBLIC KEY-----\n`;
  const { cert } = await generateSelfSigned(
    [
      { name: 'organizationName', value: 'nhs' },
      { shortName: 'OU', value: 'Devices' },
      { name: 'commonName', value: ssp },
    ],
    {
      keyPair: { privateKey: key.pem, publicKey },
      algorithm: 'sha256',
      notBeforeDate: notBefore,
      notAfterDate: notAfter,
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
        { name: 'extKeyUsage', clientAuth: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: ssp }] },
      ],
    },
  );
  return cert.replace(/\r\n/g, '\n');
}
