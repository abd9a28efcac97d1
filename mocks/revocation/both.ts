import * as pkijs from 'pkijs';
import type * as x509 from '../../certs/x509.ts';

const parsed = new WeakMap<x509.X509Certificate, pkijs.Certificate>();
/** The same certificate in the library that knows OCSP, parsed once: it is asked about again and again. */
export function toPki(certificate: x509.X509Certificate): pkijs.Certificate {
  const found = parsed.get(certificate) ?? pkijs.Certificate.fromBER(certificate.rawData);
  parsed.set(certificate, found);
  return found;
}
