import { generateKey, serialNumber, type Authority, type KeyPair } from './authority.ts';
import * as x509 from './x509.ts';

const SIGNING = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
const OCSP_NO_CHECK = '1.3.6.1.5.5.7.48.1.5';
const ASN1_NULL = new Uint8Array([5, 0]);

/** A key that signs OCSP responses, and the certificate by which a CA lets it. */
export interface Delegate {
  readonly certificate: x509.X509Certificate;
  readonly key: KeyPair;
}

/**
 * A delegated OCSP responder of a CA (RFC 6960 §4.2.2.2): id-kp-OCSPSigning, and id-pkix-ocsp-nocheck, since nobody
 * could ask the responder about itself.
 */
export async function createDelegate(issuer: Authority, key: KeyPair): Promise<Delegate> {
  // A day at least: that its CA has expired is for the path to tell, not for the status.
  const notAfter = new Date(
    Math.max(issuer.certificate.notAfter.getTime(), Math.floor(Date.now() / 1000) * 1000 + 86_400_000),
  );
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: 'C=GB, O=Assay, OU=Test CA (not NHS), CN=Assay Test OCSP Responder',
    issuer: issuer.certificate.subject,
    notBefore: new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000),
    notAfter,
    publicKey: key.keys.publicKey,
    signingKey: issuer.key.keys.privateKey,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([OCSP_SIGNING]),
      new x509.Extension(OCSP_NO_CHECK, false, ASN1_NULL),
      await x509.SubjectKeyIdentifierExtension.create(key.keys.publicKey),
      new x509.AuthorityKeyIdentifierExtension(issuer.key.identifier),
    ],
  });
  return { certificate, key };
}

/** A responder of the same names that the CA never let sign: its issuer is the CA by name alone. */
export async function createImpostor(issuer: Authority): Promise<Delegate> {
  const key = await generateKey();
  return createDelegate({ certificate: issuer.certificate, key }, key);
}
