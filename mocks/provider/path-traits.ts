import * as x509 from '../../certs/x509.ts';
import { CLIENT_AUTH, type Certificate, type Trust } from './path-certificate.ts';

/** What is no flaw, and a provider may turn away all the same: the documents leave it open. */
export type Trait =
  | 'sibling-issuer'
  | 'root-sent'
  | 'several-alternative-names'
  | 'no-client-purpose'
  | 'version-1'
  | 'not-rsa'
  | 'odd-serial'
  | 'serial-revoked-elsewhere'
  | 'critical-purposes'
  | 'critical-access'
  | 'may-sign-certificates'
  | 'own-ca-bit'
  | 'issuer-without-usage'
  | 'crl-without-number'
  | 'not-sha-256';

const [EXTENDED_KEY_USAGE, AUTHORITY_INFORMATION_ACCESS, CRL_NUMBER] = [
  '2.5.29.37',
  '1.3.6.1.5.5.7.1.1',
  '2.5.29.20',
];
/** The octets of the serial number's INTEGER in hex; the first field but the version (RFC 5280 §4.1). */
function serialOf({ native }: Certificate): string {
  const [, length, octets] =
    /^30[0-9a-f]{6,8}30[0-9a-f]{6}(?:a003020102)?02(..)(.*)$/.exec(native.raw.toString('hex')) ?? [];
  return (octets ?? '').slice(0, 2 * Number.parseInt(length ?? '0', 16));
}
/** Whether a key usage allows something; `undefined`: there is none. */
const usageOf = ({ parsed: certificate }: Certificate, usage: number): boolean | undefined => {
  const usages = certificate.getExtension(x509.KeyUsagesExtension)?.usages;
  return usages === undefined ? undefined : (usages & usage) !== 0;
};
const SHA_256_WITH_RSA = '06092a864886f70d01010b0500';
/** The traits of a path: of its leaf for the most part. */
export function traitsOf(
  leaf: Certificate,
  issuer: Certificate | undefined,
  sent: readonly Certificate[],
  trust: Trust,
): readonly Trait[] {
  const { parsed: certificate, native } = leaf;
  const purposes = certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages.map(String);
  const alternatives = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items;
  const isCritical = (id: string): boolean =>
    certificate.extensions.some(({ type, critical }) => type === id && critical);
  const crl = trust.crls.get(certificate.issuer);
  const is: Readonly<Record<Trait, boolean>> = {
    'sibling-issuer': !trust.anchors.some(({ parsed: { subject } }) => subject === certificate.issuer),
    'root-sent': sent.some(({ parsed: { subject, issuer } }) => subject === issuer),
    'several-alternative-names': (alternatives?.length ?? 0) > 1,
    'no-client-purpose': !purposes?.includes(CLIENT_AUTH),
    'version-1': certificate.extensions.length === 0,
    'not-rsa': native.publicKey.asymmetricKeyType !== 'rsa',
    'odd-serial': /^[89a-f]|^0+$/.test(serialOf(leaf)) || serialOf(leaf).length > 40,
    'serial-revoked-elsewhere': [...trust.crls].some(
      ([of, crl]) => of !== certificate.issuer && crl.findRevoked(certificate.serialNumber) !== null,
    ),
    'critical-purposes': isCritical(EXTENDED_KEY_USAGE),
    'critical-access': isCritical(AUTHORITY_INFORMATION_ACCESS),
    'may-sign-certificates': usageOf(leaf, x509.KeyUsageFlags.keyCertSign) === true,
    'own-ca-bit': certificate.getExtension(x509.BasicConstraintsExtension)?.ca === true,
    'issuer-without-usage': issuer !== undefined && usageOf(issuer, ~0) === undefined,
    'crl-without-number': crl !== undefined && !crl.extensions.some(({ type }) => type === CRL_NUMBER),
    'not-sha-256': !native.raw.toString('hex').includes(SHA_256_WITH_RSA),
  };
  return (Object.keys(is) as Trait[]).filter((trait) => is[trait]);
}
