import { createAuthority, certificatePem, generateKey, serialNumber, type Authority } from './authority.ts';
import type { Authorities, Credential } from './index.ts';
import * as x509 from './x509.ts';

/**
 * Sound client certificates that name where their revocation status is to be had, each by what is wrong there.
 * `ocsp-…` name an OCSP responder alone, `crl-…` a CRL distribution point alone.
 */
const revocableNames = [
  'ocsp-good',
  'ocsp-revoked',
  'ocsp-unknown',
  'ocsp-try-later',
  'ocsp-stale',
  'ocsp-wrong-signer',
  'ocsp-slow',
  'ocsp-unreachable',
  'ocsp-second-sub',
  'ocsp-sub-revoked',
  'crl-good',
  'crl-revoked',
  'crl-stale',
  'crl-wrong-issuer',
  'crl-slow',
  'crl-unreachable',
  'crl-second-sub',
  'crl-sub-revoked',
] as const;
export type RevocableName = (typeof revocableNames)[number];

/** The credentials, and the further subordinate CAs that some of them hang from. */
export interface Revocables {
  readonly credentials: Readonly<Record<RevocableName, Credential>>;
  /** A healthy second subordinate, and one that its root has revoked. */
  readonly secondSub: Authority;
  readonly revokedSub: Authority;
}

const SIGNING = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const HOUR = 3_600_000;

/** Where a certificate says that its status is to be had. */
interface Source {
  readonly ocsp?: string;
  readonly crl?: string;
}

const pointers = ({ ocsp, crl }: Source): readonly x509.Extension[] => [
  ...(crl === undefined ? [] : [new x509.CRLDistributionPointsExtension([crl])]),
  ...(ocsp === undefined ? [] : [new x509.AuthorityInfoAccessExtension({ ocsp })]),
];
const wholeSecond = (time: number): Date => new Date(Math.floor(time / 1000) * 1000);

/** A leaf in the SSP's name for a day, that names where its status is to be had. */
async function issueRevocable(
  issuer: Authority,
  ssp: string,
  publicKey: x509.PublicKeyType,
  source: Source,
): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `O=nhs, OU=Devices, CN=${ssp}`,
    issuer: issuer.certificate.subject,
    notBefore: wholeSecond(Date.now() - HOUR),
    notAfter: wholeSecond(Date.now() + 24 * HOUR),
    publicKey,
    signingKey: issuer.key.keys.privateKey,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
        true,
      ),
      new x509.ExtendedKeyUsageExtension([CLIENT_AUTH]),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: ssp }]),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      new x509.AuthorityKeyIdentifierExtension(issuer.key.identifier),
      ...pointers(source),
    ],
  });
}

/** A subordinate CA certificate that says where its own status is to be had. */
async function pointing(issuer: Authority, sub: Authority, source: Source): Promise<x509.X509Certificate> {
  const { certificate, key } = sub;
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: certificate.subject,
    issuer: issuer.certificate.subject,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    publicKey: key.keys.publicKey,
    signingKey: issuer.key.keys.privateKey,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.SubjectKeyIdentifierExtension(key.identifier),
      new x509.AuthorityKeyIdentifierExtension(issuer.key.identifier),
      ...pointers(source),
    ],
  });
}

/**
 * Issues them all, each for a day, under one key.
 * @param base URL of the revocation service; OCSP and the CRLs stand below it
 */
export async function createRevocables(
  { root, sub }: Authorities,
  ssp: string,
  base: URL,
): Promise<Revocables> {
  const [key, secondKey, revokedKey] = await Promise.all([generateKey(), generateKey(), generateKey()]);
  const { notBefore, notAfter } = sub.certificate;
  const until = notAfter.toISOString().slice(0, 10);
  const authority = (which: string, own: Authority['key']) =>
    createAuthority({
      name: `C=GB, O=Assay, OU=Test CA (not NHS), CN=Assay Test ${which} Sub CA until ${until}`,
      key: own,
      validity: { notBefore, notAfter },
      pathLength: 0,
      issuer: root,
    });
  const [secondSub, revokedSub] = await Promise.all([
    authority('Second', secondKey),
    authority('Revoked', revokedKey),
  ]);
  const at = (path: string): string => new URL(path, base.href.endsWith('/') ? base : `${base.href}/`).href;
  const ocsp: Source = { ocsp: at('ocsp') };
  const leaf = async (source: Source, issuer = sub, chain?: x509.X509Certificate): Promise<Credential> => ({
    certificate: certificatePem(await issueRevocable(issuer, ssp, key.keys.publicKey, source)),
    key: key.pem,
    chain: [certificatePem(chain ?? issuer.certificate)],
  });
  const below = async (issuer: Authority, name: string, way: 'ocsp' | 'crl'): Promise<Credential> =>
    way === 'ocsp'
      ? leaf(ocsp, issuer, await pointing(root, issuer, ocsp))
      : leaf({ crl: at(`${name}.crl`) }, issuer, await pointing(root, issuer, { crl: at('root.crl') }));
  const made = revocableNames.map(async (name): Promise<readonly [RevocableName, Credential]> => {
    const [, way, what] = /^(ocsp|crl)-(.+)$/.exec(name) ?? [];
    const kind = way === 'ocsp' ? 'ocsp' : 'crl';
    if (what === 'second-sub') return [name, await below(secondSub, 'second-sub', kind)];
    if (what === 'sub-revoked') return [name, await below(revokedSub, 'revoked-sub', kind)];
    if (kind === 'ocsp') return [name, await leaf(ocsp)];
    const variant = what === 'good' || what === 'revoked' ? '' : `${what}/`;
    return [name, await leaf({ crl: at(`${variant}sub.crl`) })];
  });
  return {
    credentials: Object.fromEntries(await Promise.all(made)) as Revocables['credentials'],
    secondSub,
    revokedSub,
  };
}
