import { KeyObject, sign } from 'node:crypto';
import type { Authority, KeyPair, Validity } from './authority.ts';
import { extension, time } from './certificate.ts';
import * as der from './der.ts';

/** An entry of a CRL (RFC 5280 §5.3.1); `unspecified` is said by saying nothing. */
export interface Revoked {
  readonly serialNumber: string;
  readonly at: Date;
  readonly reason?: 'keyCompromise' | 'certificateHold' | 'unspecified';
}

/** What is odd about a CRL's number (RFC 5280 §5.2.3 wants one, and that it is not critical). */
export type CrlForm = 'without-number' | 'number-critical';

/** CRLReason (RFC 5280 §5.3.1). */
const REASON = { keyCompromise: 1, certificateHold: 6 } as const;
const SHA_256_WITH_RSA = '1.2.840.113549.1.1.11';

/** A serial number in hex as an INTEGER: minimal, and positive unless its first bit is set. */
const serial = (hex: string): der.Node => der.bigInteger(hex.length % 2 === 0 ? hex : `0${hex}`);

/** CRL number, an INTEGER from the clock: later CRLs have higher ones. */
function crlNumber(now: Date): der.Node {
  const value = Math.floor(now.getTime() / 1000).toString(16);
  const whole = value.length % 2 === 0 ? value : `0${value}`;
  return der.bigInteger(/^[89a-f]/.test(whole) ? `00${whole}` : whole);
}

/** Who signs a CRL. */
export interface CrlIssuer {
  /** DER of its name. */
  readonly name: Uint8Array;
  readonly key: KeyPair;
}

export const crlIssuerOf = ({ certificate, key }: Authority): CrlIssuer => ({
  name: new Uint8Array(certificate.subjectName.toArrayBuffer()),
  key,
});

/**
 * The CRL of an authority (RFC 5280 §5.1), signed in the thread pool: many are made at a time.
 * @returns the PEM form that OpenSSL, nginx and Node read
 */
export async function createCrl(
  { name, key }: CrlIssuer,
  revoked: readonly Revoked[],
  { notBefore, notAfter }: Validity,
  form?: CrlForm,
): Promise<string> {
  const algorithm = (): der.Node => der.sequence(der.oid(SHA_256_WITH_RSA), der.nothing());
  const entries = revoked.map(({ serialNumber, at, reason = 'keyCompromise' }) =>
    der.sequence(
      serial(serialNumber),
      time(at),
      ...(reason === 'unspecified'
        ? []
        : [der.sequence(extension('2.5.29.21', false, der.enumerated(REASON[reason])))]),
    ),
  );
  const identifier = Buffer.from(key.identifier, 'hex').toString('binary');
  const body = der.sequence(
    der.integer(1),
    algorithm(),
    der.encoded(name),
    time(notBefore),
    time(notAfter),
    ...(entries.length > 0 ? [der.sequence(...entries)] : []),
    der.explicit(
      der.sequence(
        extension('2.5.29.35', false, der.sequence(der.implicit(0, identifier))),
        ...(form === 'without-number'
          ? []
          : [extension('2.5.29.20', form === 'number-critical', crlNumber(notBefore))]),
      ),
    ),
  );
  const signature = await new Promise<Buffer>((done, failed) =>
    sign(
      'sha256',
      Buffer.from(der.der(body), 'binary'),
      KeyObject.from(key.keys.privateKey),
      (error, made) => (error ? failed(error) : done(made)),
    ),
  );
  const whole = der.sequence(body, algorithm(), der.bits(signature.toString('binary')));
  return der.pemOf('X509 CRL', Buffer.from(der.der(whole), 'binary'));
}
