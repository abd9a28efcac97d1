import { sign, type KeyObject } from 'node:crypto';
import * as der from './der.ts';
import { serialNumber, type Validity } from './authority.ts';

/**
 * Certificates to the byte (RFC 5280 §4.1), for the battery: the forms that no library makes because they are wrong.
 * What is meant to be good comes from `authority.ts`.
 */

/** Attributes of a name, in the order of their standing, each a set of its own. */
export type Attribute = readonly ['O' | 'OU' | 'CN' | 'C' | 'emailAddress', value: string];

export type AlternativeName = readonly [type: 'dns' | 'email' | 'uri', value: string];

export const USAGE = {
  digitalSignature: 0x80,
  keyEncipherment: 0x20,
  keyCertSign: 0x04,
  cRLSign: 0x02,
} as const;

export const PURPOSE = {
  clientAuth: '1.3.6.1.5.5.7.3.2',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  any: '2.5.29.37.0',
} as const;

/** An arc that is given to nobody: no validator knows this extension (RFC 5280 §4.2 wants it refused if critical). */
const UNKNOWN_EXTENSION = '2.25.1618033988';

/** Where an issuer's certificate would be had: nobody has to fetch it, since it is sent. */
const NOWHERE = 'http://authority.assay.test/sub.cer';

const ATTRIBUTE = {
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
  emailAddress: '1.2.840.113549.1.9.1',
} as const;

export type Digest = 'sha256' | 'sha384' | 'sha1' | 'md5';
const SIGNATURE: Readonly<Record<Digest, string>> = {
  md5: '1.2.840.113549.1.1.4',
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
};

/** A subtree of names that is permitted, or excluded. */
export interface NameConstraint {
  readonly kind: 'permitted' | 'excluded';
  readonly subtree: readonly ['dns', name: string] | readonly ['directory', name: readonly Attribute[]];
}

/** All that a certificate says. What is absent is left out of it. */
export interface Plan {
  readonly version: 1 | 3;
  readonly serial?: string;
  /** DER of the issuer's name. */
  readonly issuer: Uint8Array;
  readonly subject: readonly Attribute[] | Uint8Array;
  readonly validity: Validity;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly constraints?: { readonly ca: boolean; readonly pathLength?: number } | undefined;
  /** Bits of `USAGE`. */
  readonly usage?: number | undefined;
  readonly purposes?: readonly string[] | undefined;
  readonly names?: readonly AlternativeName[] | undefined;
  readonly subjectKeyId?: string;
  readonly authorityKeyId?: string;
  readonly unknownCritical?: boolean;
  /** The extended key usage is critical; so is the authority information access, which must not be (§4.2.2.1). */
  readonly critical?: 'purposes' | 'access' | undefined;
  /** The alternative names stand in it twice, which none may (§4.2). */
  readonly twice?: boolean | undefined;
  /** Which names a CA may issue for (§4.2.1.10): one subtree. */
  readonly constrains?: NameConstraint | undefined;
  /** Base URL at which CRLs and OCSP are served, and the file name of its issuer's CRL. */
  readonly revocation?: { readonly base: URL; readonly crl: string } | undefined;
  readonly digest?: Digest;
  /** What is done to it after it was signed: one bit of the signature, or the algorithm named outside. */
  readonly spoilt?: 'signature' | 'algorithm';
}

export const nameOf = (attributes: readonly Attribute[]): der.Node =>
  der.sequence(
    ...attributes.map(([type, value]) => {
      const text =
        type === 'emailAddress'
          ? der.ia5(value)
          : type === 'C'
            ? der.node(der.TYPE.PRINTABLESTRING, value)
            : der.utf8(value);
      return der.set(der.sequence(der.oid(ATTRIBUTE[type]), text));
    }),
  );

/** UTCTime up to 2049, GeneralizedTime after it (RFC 5280 §4.1.2.5); whole seconds. */
export function time(date: Date): der.Node {
  const digits = `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
  return date.getUTCFullYear() < 2050
    ? der.node(der.TYPE.UTCTIME, digits.slice(2))
    : der.node(der.TYPE.GENERALIZEDTIME, digits);
}

export const extension = (id: string, critical: boolean, value: der.Node): der.Node =>
  der.sequence(der.oid(id), ...(critical ? [der.boolean(true)] : []), der.octets(der.der(value)));

const binary = (hex: string): string => Buffer.from(hex, 'hex').toString('binary');
const below = (base: URL, name: string): string => `${base.href.replace(/\/$/, '')}/${name}`;

/** KeyUsage is a BIT STRING without trailing zero bits (X.690 §11.2.2). */
function usageBits(usage: number): der.Node {
  const unused = 31 - Math.clz32(usage & -usage);
  return der.node(der.TYPE.BITSTRING, String.fromCharCode(unused, usage));
}

const ALTERNATIVE = { email: 1, dns: 2, uri: 6 } as const;

function extensionsOf(plan: Plan): readonly der.Node[] {
  const { constraints, usage, purposes, names, subjectKeyId, authorityKeyId, revocation } = plan;
  const members: der.Node[] = [];
  if (constraints) {
    const { ca, pathLength } = constraints;
    const parts = [
      ...(ca ? [der.boolean(true)] : []),
      ...(pathLength === undefined ? [] : [der.integer(pathLength)]),
    ];
    members.push(extension('2.5.29.19', true, der.sequence(...parts)));
  }
  if (usage !== undefined) members.push(extension('2.5.29.15', true, usageBits(usage)));
  if (purposes)
    members.push(
      extension('2.5.29.37', plan.critical === 'purposes', der.sequence(...purposes.map(der.oid))),
    );
  if (names) {
    const general = names.map(([type, value]) => der.implicit(ALTERNATIVE[type], value));
    const alternative = extension('2.5.29.17', false, der.sequence(...general));
    members.push(alternative, ...(plan.twice ? [alternative] : []));
  }
  if (subjectKeyId !== undefined)
    members.push(extension('2.5.29.14', false, der.octets(binary(subjectKeyId))));
  if (authorityKeyId !== undefined) {
    members.push(extension('2.5.29.35', false, der.sequence(der.implicit(0, binary(authorityKeyId)))));
  }
  if (revocation) {
    const point = der.explicit(der.explicit(der.implicit(6, below(revocation.base, revocation.crl))));
    members.push(extension('2.5.29.31', false, der.sequence(der.sequence(point))));
    const access = der.sequence(
      der.oid('1.3.6.1.5.5.7.48.1'),
      der.implicit(6, below(revocation.base, 'ocsp')),
    );
    members.push(extension('1.3.6.1.5.5.7.1.1', plan.critical === 'access', der.sequence(access)));
  } else if (plan.critical === 'access') {
    const access = der.sequence(der.oid('1.3.6.1.5.5.7.48.2'), der.implicit(6, NOWHERE));
    members.push(extension('1.3.6.1.5.5.7.1.1', true, der.sequence(access)));
  }
  if (plan.constrains) {
    const { kind, subtree } = plan.constrains;
    const base = subtree[0] === 'dns' ? der.implicit(2, subtree[1]) : der.explicit(nameOf(subtree[1]), 4);
    const trees = der.explicit(der.sequence(base), kind === 'permitted' ? 0 : 1);
    members.push(extension('2.5.29.30', true, der.sequence(trees)));
  }
  if (plan.unknownCritical) members.push(extension(UNKNOWN_EXTENSION, true, der.nothing()));
  return members;
}

/** Makes a certificate as planned, signed with an RSA key (PKCS #1 v1.5). @returns PEM */
export function makeCertificate(plan: Plan, signer: KeyObject): string {
  const { version, issuer, subject, validity, publicKey, digest = 'sha256', spoilt } = plan;
  const algorithm = (name: Digest): der.Node => der.sequence(der.oid(SIGNATURE[name]), der.nothing());
  const extensions = version === 3 ? extensionsOf(plan) : [];
  const body = der.sequence(
    ...(version === 3 ? [der.explicit(der.integer(2))] : []),
    der.bigInteger(plan.serial ?? serialNumber()),
    algorithm(digest),
    der.encoded(issuer),
    der.sequence(time(validity.notBefore), time(validity.notAfter)),
    subject instanceof Uint8Array ? der.encoded(subject) : nameOf(subject),
    der.encoded(publicKey),
    ...(extensions.length > 0 ? [der.explicit(der.sequence(...extensions), 3)] : []),
  );
  const signature = sign(digest, Buffer.from(der.der(body), 'binary'), signer);
  if (spoilt === 'signature')
    signature.writeUInt8(signature.readUInt8(signature.length - 1) ^ 1, signature.length - 1);
  const outer = algorithm(spoilt === 'algorithm' ? 'sha384' : digest);
  const whole = der.sequence(body, outer, der.bits(signature.toString('binary')));
  return der.pemOf('CERTIFICATE', Buffer.from(der.der(whole), 'binary'));
}
