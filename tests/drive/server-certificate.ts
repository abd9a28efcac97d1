import { X509Certificate, type KeyObject } from 'node:crypto';
import { checkServerIdentity } from 'node:tls';
import { signatureOid } from '../../certs/traits.ts';
import { dial, type Leg } from '../../mocks/ssp/outbound.ts';
import type { Observation, ServerCertificate } from '../model.ts';
import { DEFAULT_BOUNDS } from './http.ts';

const DAY = 86_400_000;
/** Algorithms by their object identifiers (RFC 8017 appendix C, RFC 5758, RFC 8410). */
const SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'MD5 with RSA',
  '1.2.840.113549.1.1.5': 'SHA-1 with RSA',
  '1.2.840.113549.1.1.10': 'RSASSA-PSS',
  '1.2.840.113549.1.1.11': 'SHA-256 with RSA',
  '1.2.840.113549.1.1.12': 'SHA-384 with RSA',
  '1.2.840.113549.1.1.13': 'SHA-512 with RSA',
  '1.2.840.10045.4.1': 'SHA-1 with ECDSA',
  '1.2.840.10045.4.3.2': 'SHA-256 with ECDSA',
  '1.2.840.10045.4.3.3': 'SHA-384 with ECDSA',
  '1.2.840.10045.4.3.4': 'SHA-512 with ECDSA',
  '1.3.101.112': 'Ed25519',
  '1.3.101.113': 'Ed448',
};
/** Deepest chain that is looked at. */
const DEEPEST = 10;

/** A key by its kind and its size in bits: of the modulus, or of the field of the curve. */
function keyOf(key: KeyObject): ServerCertificate['key'] {
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: details } = key;
  if (details?.modulusLength !== undefined) return { kind: 'RSA', bits: details.modulusLength };
  const name = details?.namedCurve ?? type;
  return { kind: name, bits: Number(/(\d{3})/.exec(name.replace('25519', '256'))?.[1] ?? 0) };
}

const oneLine = (name: string): string => name.split('\n').join(', ');

function told(certificate: X509Certificate): ServerCertificate {
  const oid = signatureOid(certificate.raw);
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    until: certificate.validToDate.toISOString(),
    key: keyOf(certificate.publicKey),
    signature: SIGNATURES[oid] ?? oid,
    selfSigned: certificate.checkIssued(certificate),
  };
}

/** The certificate and those above it that the server sends, the leaf first. */
function chainOf(leaf: X509Certificate | undefined): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let next = leaf; next && chain.length < DEEPEST; next = next.issuerCertificate) {
    if (chain.some((each) => each.fingerprint256 === next?.fingerprint256)) break;
    chain.push(next);
  }
  return chain;
}

/**
 * Reads a server's certificate in a handshake, whatever is wrong with it, and says what: whether a path leads to the
 * expected anchor, whether it has the name, how long it lasts. Nothing is sent over the connection.
 * @param expected the SHA-256 of the leaf that the subject file names, in hexadecimal
 */
export function readServerCertificate(
  leg: Leg,
  patience = DEFAULT_BOUNDS.patience,
  now = Date.now(),
  expected?: string,
): Promise<Observation> {
  return new Promise((resolve) => {
    const socket = dial({ ...leg, unverified: true });
    const settle = (observation: Observation): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(observation);
    };
    const failed = (why: string): void => settle({ kind: 'nothing', reason: `no TLS handshake: ${why}` });
    const timer = setTimeout(() => failed(`none within ${patience} ms`), patience);
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) => failed(code ?? message));
    socket.on('close', () => failed('closed'));
    socket.on('secureConnect', () => {
      const chain = chainOf(socket.getPeerX509Certificate());
      const [leaf] = chain;
      if (!leaf) return failed('without a certificate');
      // Node types this as Error; at run time it is OpenSSL's code, or null. A name is no matter of the path.
      const flaw = socket.authorizationError as unknown as string | null;
      const misnamed = checkServerIdentity(leg.servername, leaf.toLegacyObject());
      settle({
        kind: 'certificate',
        chain: chain.map(told),
        ...(flaw !== null && flaw !== 'ERR_TLS_CERT_ALTNAME_INVALID' && { untrusted: flaw }),
        name: leg.servername,
        named: misnamed === undefined,
        daysLeft: Math.floor((Math.min(...chain.map((each) => each.validToDate.getTime())) - now) / DAY),
        ...(expected !== undefined && {
          fingerprint: {
            shown: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
            expected: expected.replaceAll(':', '').toLowerCase(),
          },
        }),
      });
    });
  });
}
