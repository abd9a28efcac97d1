import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import forge from 'node-forge';
import { serialNumber } from './authority.ts';
import { nameOf } from './certificate.ts';
import * as der from './der.ts';
import type { Credential, KeptName } from './index.ts';
import type { Supplied } from './traits.ts';
import * as x509 from './x509.ts';

/**
 * The bad credentials that need no CA: whoever has the valid one can make them. Keys are born here and live in memory;
 * what is made wears the real CA's names, and nobody trusts who signed it.
 */

/** A key of the same kind as another. */
function likeKey(of: KeyObject): KeyObject {
  const { namedCurve } = of.asymmetricKeyDetails ?? {};
  return of.asymmetricKeyType === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: namedCurve ?? 'prime256v1' }).privateKey
    : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

/** What is made anew in a certificate; all else stays, to the byte. */
interface Change {
  readonly issuer?: der.Node;
  readonly publicKey?: KeyObject;
  /** Hex; in place of the one that is there, where there is one. */
  readonly authorityKeyId?: string;
}

const AUTHORITY_KEY_ID = '2.5.29.35';
const { membersOf } = der;
const isOid = (node: der.Node | undefined, id: string): boolean =>
  typeof node?.value === 'string' && node.type === der.TYPE.OID && forge.asn1.derToOid(node.value) === id;

/** sha256WithRSAEncryption has a NULL behind it, ecdsa-with-SHA256 nothing (RFC 4055 §5, RFC 5758 §3.2). */
const algorithmOf = (signer: KeyObject): der.Node =>
  signer.asymmetricKeyType === 'ec'
    ? der.sequence(der.oid('1.2.840.10045.4.3.2'))
    : der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nothing());

/** A certificate of version 3 once more, under another signature (RFC 5280 §4.1). @returns PEM */
function signedAgain(pem: string, signer: KeyObject, change: Change): string {
  const [body] = membersOf(der.encoded(new X509Certificate(pem).raw));
  const fields = membersOf(body).map((field, at) => {
    if (at === 1) return der.bigInteger(serialNumber());
    if (at === 2) return algorithmOf(signer);
    if (at === 3 && change.issuer) return change.issuer;
    if (at === 6 && change.publicKey)
      return der.encoded(createPublicKey(change.publicKey).export({ type: 'spki', format: 'der' }));
    return field;
  });
  const extensions = membersOf(membersOf(fields.at(-1))[0]);
  for (const extension of extensions) {
    const [id] = membersOf(extension);
    if (!isOid(id, AUTHORITY_KEY_ID) || change.authorityKeyId === undefined) continue;
    const value = der.sequence(der.implicit(0, Buffer.from(change.authorityKeyId, 'hex').toString('binary')));
    membersOf(extension).splice(-1, 1, der.octets(der.der(value)));
  }
  const made = der.sequence(...fields);
  const signature = sign('sha256', Buffer.from(der.der(made), 'binary'), signer);
  const whole = der.sequence(made, algorithmOf(signer), der.bits(signature.toString('binary')));
  return der.pemOf('CERTIFICATE', Buffer.from(der.der(whole), 'binary'));
}

/** The last bit of a certificate is one of its signature. */
function tampered(pem: string): string {
  const raw = Buffer.from(new X509Certificate(pem).raw);
  raw.writeUInt8(raw.readUInt8(raw.length - 1) ^ 1, raw.length - 1);
  return der.pemOf('CERTIFICATE', raw);
}

const keyIdOf = (certificate: x509.X509Certificate): string | undefined =>
  certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;

/**
 * The bad credentials that can be made of a valid one, each with what is needed to check it like one that was given.
 * None where the valid one is no X.509 version 3, or its CA's certificate is not known.
 */
export function derive({
  credential: { certificate, key, chain },
  authorities,
}: Supplied): readonly (readonly [name: KeptName, supplied: Supplied])[] {
  const leaf = new x509.X509Certificate(certificate);
  const above = [...chain, ...authorities].map((pem) => ({ pem, read: new x509.X509Certificate(pem) }));
  const issuer = above.find(({ read }) => read.subject === leaf.issuer);
  const versioned =
    membersOf(membersOf(der.encoded(new X509Certificate(certificate).raw))[0])[0]?.tagClass ===
    forge.asn1.Class.CONTEXT_SPECIFIC;
  if (!issuer || !versioned) return [];
  const root =
    issuer.read.subject === issuer.read.issuer
      ? undefined
      : above.find(({ read }) => read.subject === issuer.read.issuer && read.subject === read.issuer);
  const direct = issuer.read.subject === issuer.read.issuer;
  const rogueKey = likeKey(new X509Certificate(issuer.pem).publicKey);
  const rogue = signedAgain(issuer.pem, rogueKey, { publicKey: rogueKey });
  const rogueRoot = root && signedAgain(root.pem, rogueKey, { publicKey: rogueKey });
  const forged = signedAgain(certificate, rogueKey, {});
  const own = keyIdOf(leaf);
  const stranger = nameOf([
    ['C', 'GB'],
    ['O', 'Assay'],
    ['OU', 'Test CA (not NHS)'],
    ['CN', 'Assay Test Unrelated CA'],
  ]);
  const made = (pem: string, sent: readonly string[], known: readonly string[] = []): Supplied => {
    const credential: Credential = { certificate: pem, key, chain: sent };
    return { credential, authorities: known, crls: [] };
  };
  return [
    ['tampered-signature', made(tampered(certificate), chain)],
    [
      'self-signed',
      made(
        signedAgain(certificate, createPrivateKey(key), {
          issuer: der.encoded(new Uint8Array(leaf.subjectName.toArrayBuffer())),
          ...(own !== undefined && { authorityKeyId: own }),
        }),
        [],
      ),
    ],
    // A root is not sent along, except where that is the point.
    ['wrong-issuer', made(forged, direct ? [] : [rogue], [rogue])],
    ...(direct || rogueRoot
      ? ([['wrong-issuer-with-root', made(forged, [rogue, ...(rogueRoot ? [rogueRoot] : [])])]] as const)
      : []),
    [
      'unknown-issuer',
      made(
        signedAgain(certificate, rogueKey, {
          issuer: stranger,
          authorityKeyId: randomBytes(20).toString('hex'),
        }),
        [],
      ),
    ],
    ...(chain.length > 0 ? ([['missing-intermediate', made(certificate, [])]] as const) : []),
  ];
}
