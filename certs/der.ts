import forge from 'node-forge';

/** Writing DER (X.690), with forge's writer underneath: the few forms that certificates and key stores are made of. */

const { asn1 } = forge;
const { Class, Type } = asn1;

export type Node = forge.asn1.Asn1;
export const TYPE = Type;

export const node = (
  tag: forge.asn1.Type,
  value: readonly Node[] | string,
  tagClass: forge.asn1.Class = Class.UNIVERSAL,
): Node =>
  asn1.create(tagClass, tag, typeof value !== 'string', typeof value === 'string' ? value : [...value]);
export const sequence = (...members: readonly Node[]): Node => node(Type.SEQUENCE, members);
export const set = (...members: readonly Node[]): Node => node(Type.SET, members);
export const oid = (value: string): Node => node(Type.OID, asn1.oidToDer(value).getBytes());
export const octets = (bytes: string): Node => node(Type.OCTETSTRING, bytes);
export const integer = (value: number): Node => node(Type.INTEGER, asn1.integerToDer(value).getBytes());
export const enumerated = (value: number): Node => node(Type.ENUMERATED, asn1.integerToDer(value).getBytes());
/** An INTEGER of any length from its big-endian bytes in hex, which have to be minimal already. */
export const bigInteger = (hex: string): Node => node(Type.INTEGER, forge.util.hexToBytes(hex));
export const boolean = (value: boolean): Node => node(Type.BOOLEAN, value ? '\u{FF}' : '\u{0}');
export const nothing = (): Node => node(Type.NULL, '');
/** A BIT STRING of whole bytes. */
export const bits = (bytes: string): Node => node(Type.BITSTRING, `\u{0}${bytes}`);
export const utf8 = (text: string): Node => node(Type.UTF8, forge.util.encodeUtf8(text));
export const ia5 = (text: string): Node => node(Type.IA5STRING, text);
/** A constructed member with a context tag: `[tag] EXPLICIT`. */
export const explicit = (member: Node, tag = 0): Node =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag as forge.asn1.Type, true, [member]);
/** A primitive member with a context tag: `[tag] IMPLICIT`. */
export const implicit = (tag: number, bytes: string): Node =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag as forge.asn1.Type, false, bytes);

/** DER that was made elsewhere, to be put in as it stands. */
export const encoded = (der: Uint8Array): Node => asn1.fromDer(Buffer.from(der).toString('binary'));
/** What a constructed node holds; of a primitive one, nothing. */
export const membersOf = (value: Node | undefined): Node[] =>
  Array.isArray(value?.value) ? (value.value as Node[]) : [];
/** The bytes of a node, as forge's binary string. */
export const der = (value: Node): string => asn1.toDer(value).getBytes();

/** PEM (RFC 7468) of DER bytes, with a newline at its end. */
export const pemOf = (label: string, bytes: Uint8Array): string => {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};
