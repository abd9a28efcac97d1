import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';
import { ConfigurationError } from '../../certs/configuration-error.ts';

/** A public key that verifiers trust, and from when until when (seconds since the epoch, both inclusive). */
export interface TrustedKey extends JWK {
  readonly kid: string;
  readonly nbf: number;
  readonly exp: number;
  /** Who holds it: an assurance team, or a supplier that certifies itself. */
  readonly holder?: 'assessor' | 'supplier';
}

/** A JSON Web Key Set (RFC 7517 §5) of keys that certify. */
export interface TrustSet {
  readonly keys: readonly TrustedKey[];
}

export interface SigningKey {
  readonly kid: string;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

const YEAR = 365 * 86_400;
const P256 = 'prime256v1';

/**
 * A new P-256 key: PKCS#8 encrypted by the passphrase (PBES2, AES-256), and the set that verifiers need.
 * @param days how long the key certifies
 */
export async function generateSigningKey(
  passphrase: string,
  { days = 365, holder, now = new Date() }: { days?: number; holder?: TrustedKey['holder']; now?: Date } = {},
): Promise<{ readonly privatePem: string; readonly trust: TrustSet }> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: P256 });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  const nbf = Math.floor(now.getTime() / 1000);
  const exp = nbf + Math.min(days * 86_400, 3 * YEAR);
  return {
    privatePem: privateKey
      .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase })
      .toString(),
    trust: { keys: [{ ...jwk, kid, use: 'sig', alg: 'ES256', nbf, exp, ...(holder && { holder }) }] },
  };
}

/**
 * Opens a private key. The error says nothing of key or passphrase.
 * @param place where the key was named
 * @throws ConfigurationError
 */
export async function openSigningKey(pem: string, passphrase: string, place: string): Promise<SigningKey> {
  if (!pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')) {
    throw new ConfigurationError(place, 'is no encrypted private key in PEM; `assay keygen` makes one');
  }
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, passphrase });
  } catch {
    throw new ConfigurationError(
      place,
      'cannot be opened; is ASSAY_KEY_PASSPHRASE the passphrase of this key?',
    );
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== P256)
    throw new ConfigurationError(place, 'is no P-256 key; `assay keygen` makes one');
  const kid = await calculateJwkThumbprint(await exportJWK(createPublicKey(key)));
  return { kid, sign: (bytes) => sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }) };
}

const isKey = (value: unknown): value is TrustedKey => {
  const { kty, crv, kid, nbf, exp, x, y } = (value ?? {}) as Record<string, unknown>;
  return (
    kty === 'EC' &&
    crv === 'P-256' &&
    [kid, x, y].every((each) => typeof each === 'string') &&
    typeof nbf === 'number' &&
    typeof exp === 'number' &&
    !('d' in (value as object))
  );
};

/** @throws ConfigurationError at `place` where a text is no set of public P-256 keys with kid, nbf and exp */
export function readTrust(text: string, place: string): TrustSet {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ConfigurationError(place, 'is no JSON');
  }
  const { keys } = (value ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys) || keys.length === 0)
    throw new ConfigurationError(`${place}#/keys`, 'is no list of keys');
  const wrong = keys.findIndex((each) => !isKey(each));
  if (wrong >= 0) {
    throw new ConfigurationError(
      `${place}#/keys/${wrong}`,
      'is no public P-256 key with kid, nbf and exp (a private key does not belong here)',
    );
  }
  return { keys: keys as readonly TrustedKey[] };
}

/** ES256 (RFC 7518 §3.4): R and S, 32 bytes each. */
export function signatureHolds(key: TrustedKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    const { kty, crv, x, y } = key;
    const made = createPublicKey({ key: { kty, crv, x, y } as JWK & { kty: string }, format: 'jwk' });
    return verify('sha256', bytes, { key: made, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
}
