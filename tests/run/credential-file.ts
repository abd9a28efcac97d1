import * as x509 from '../../certs/x509.ts';
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { claims, isClaimable } from '../../certs/claims.ts';
import { pemOf } from '../../certs/der.ts';
import type { Credential } from '../../certs/index.ts';
import { openStore } from '../../certs/pkcs12.ts';
import type { Supplied } from '../../certs/traits.ts';
import type { Mistake } from './locate.ts';
import { fetchSource, type Fetched, type Reach, type Source } from './source.ts';
import { nearest } from './subject.ts';

/** A credential of one's own: where its parts are had from. */
export interface CredentialFields {
  /** PEM: the certificate, then what is sent along; the key may stand in it too. */
  readonly certificate?: Source;
  /** PEM. */
  readonly key?: Source;
  /** Certificate, key and what is sent along, instead of the two. */
  readonly pkcs12?: Source;
  /** Opens `pkcs12` or an encrypted `key`. */
  readonly passphrase?: Source;
  /** CAs above it that are not sent along; of `valid`: those that the provider trusts. PEM. */
  readonly ca?: Source;
  /** What the CAs above it have revoked. PEM or DER. */
  readonly crl?: Source;
}

/** A credential as a file describes it, and where it stands. */
export interface Entry {
  readonly name: string;
  readonly fields: CredentialFields;
  readonly reach: Reach;
  readonly pointer: string;
}

interface ReadEntry {
  readonly entry: Entry;
  readonly faults: readonly Mistake[];
  readonly warnings: readonly string[];
  readonly supplied?: Supplied;
}

const PARTS = ['certificate', 'key', 'pkcs12', 'passphrase', 'ca', 'crl'] as const;

type Part = (typeof PARTS)[number];

const SECRET: ReadonlySet<Part> = new Set<Part>(['key', 'pkcs12', 'passphrase']);

/** Reads a credential that a case can present; one of a name that no case presents is a fault. */
export async function readEntry(entry: Entry): Promise<ReadEntry> {
  const { name, pointer } = entry;
  if (isClaimable(name)) return readParts(entry);
  const near = nearest(name, Object.keys(claims));
  const what = `is the name of no credential that can be supplied; ${near ? `did you mean ${near}?` : '`assay list` names the cases, and their credentials'}`;
  return { entry, faults: [[pointer, what]], warnings: [] };
}

/** Reads the parts of a credential: PEM or a PKCS#12 store, from files, variables or commands. What is wrong with them is a fault each, by its pointer. */
export async function readParts(entry: Entry): Promise<ReadEntry> {
  const { fields, reach, pointer } = entry;
  const failed = (...faults: readonly Mistake[]): ReadEntry => ({ entry, faults, warnings: [] });
  if ((fields.pkcs12 === undefined) === (fields.certificate === undefined))
    return failed([pointer, 'names either `pkcs12`, or `certificate` and `key`']);
  if (fields.pkcs12 && fields.key)
    return failed([`${pointer}/key`, 'stands in the `pkcs12` already; leave it out']);
  const fetched = new Map<Part, Fetched>();
  await Promise.all(
    PARTS.map(async (part) => {
      const source = fields[part];
      if (source) fetched.set(part, await fetchSource(source, reach));
    }),
  );
  const faults = [...fetched].flatMap(([part, found]): readonly Mistake[] =>
    'fault' in found ? [[`${pointer}/${part}`, found.fault]] : [],
  );
  if (faults.length > 0) return failed(...faults);
  const warnings = [...fetched].flatMap(([part, found]) =>
    SECRET.has(part) && 'warning' in found && found.warning !== undefined ? [found.warning] : [],
  );
  try {
    const bytes = (part: Part): Buffer | undefined => {
      const found = fetched.get(part);
      return found && 'bytes' in found ? found.bytes : undefined;
    };
    const credential = fields.pkcs12
      ? fromStore(bytes('pkcs12') ?? Buffer.alloc(0), fields.pkcs12, bytes('passphrase'))
      : fromPem(bytes('certificate') ?? Buffer.alloc(0), bytes('key'), bytes('passphrase'));
    const supplied: Supplied = {
      credential,
      authorities: authoritiesIn(bytes('ca')),
      crls: crlsIn(bytes('crl')),
    };
    return { entry, faults: [], warnings, supplied };
  } catch (error) {
    if (error instanceof Unusable) return failed([`${pointer}/${error.part}`, error.message]);
    throw error;
  }
}

/** What was read is not what it has to be; the message holds nothing of it. */
class Unusable extends Error {
  readonly part: Part;
  constructor(part: Part, what: string) {
    super(what);
    this.part = part;
  }
}

const blocks = (text: string, label: string): readonly string[] =>
  text.match(new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`, 'g')) ?? [];

/** PEM in one form: lines of 64 characters, no text around them. */
const certificatesIn = (text: string, part: Part): readonly string[] =>
  blocks(text, '(?:TRUSTED |X509 )?CERTIFICATE').map((pem) => readable(pem, part));

function readable(pem: string | Buffer, part: Part): string {
  try {
    const { raw } = new X509Certificate(pem);
    // The checks read it with another reader as well, which is stricter.
    new x509.X509Certificate(raw);
    return pemOf('CERTIFICATE', raw);
  } catch {
    throw new Unusable(part, 'holds a certificate that cannot be read');
  }
}

const phrase = (bytes: Buffer | undefined): string | undefined =>
  bytes?.toString('utf8').replace(/\r?\n$/, '');

function fromPem(certificate: Buffer, key: Buffer | undefined, passphrase: Buffer | undefined): Credential {
  const text = certificate.toString('utf8');
  const [own, ...chain] = certificatesIn(text, 'certificate');
  if (own === undefined) throw new Unusable('certificate', 'holds no certificate in PEM');
  const part: Part = key ? 'key' : 'certificate';
  const [pem] =
    (key?.toString('utf8') ?? text).match(
      /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[^]+?-----END (?:[A-Z]+ )*PRIVATE KEY-----/,
    ) ?? [];
  if (pem === undefined)
    throw new Unusable(part, key ? 'holds no private key in PEM' : 'holds no private key; name it in `key`');
  return matched(own, chain, openKey(pem, phrase(passphrase), part), part);
}

function openKey(pem: string, passphrase: string | undefined, part: Part): KeyObject {
  try {
    return createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MISSING_PASSPHRASE')
      throw new Unusable(part, 'is encrypted; name where its `passphrase` is');
    throw new Unusable(
      part,
      /ENCRYPTED/.test(pem)
        ? 'cannot be opened with its `passphrase`'
        : 'holds a private key that cannot be read',
    );
  }
}

function fromStore(content: Buffer, source: Source, passphrase: Buffer | undefined): Credential {
  // What is binary cannot stand in a variable; a secrets manager prints it either way.
  const text = content.toString('latin1').trim();
  const bytes =
    source.file === undefined && /^[A-Za-z0-9+/=\s]+$/.test(text) ? Buffer.from(text, 'base64') : content;
  const opened = openStore(bytes, phrase(passphrase) ?? '');
  if (opened === 'unreadable')
    throw new Unusable('pkcs12', 'is no PKCS#12 that can be read (in a variable it stands as base64)');
  if (opened === 'wrong-passphrase')
    throw new Unusable(
      'pkcs12',
      passphrase
        ? 'cannot be opened with its `passphrase`'
        : 'cannot be opened; name where its `passphrase` is',
    );
  if (opened === 'keys') throw new Unusable('pkcs12', 'has to hold one private key');
  const key = openKey(opened.key, undefined, 'pkcs12');
  const certificates = opened.certificates.map((pem) => readable(pem, 'pkcs12'));
  const own = certificates.find((pem) => new X509Certificate(pem).checkPrivateKey(key));
  if (own === undefined) throw new Unusable('pkcs12', 'holds no certificate of its private key');
  return matched(
    own,
    certificates.filter((pem) => pem !== own),
    key,
    'pkcs12',
  );
}

function matched(certificate: string, chain: readonly string[], key: KeyObject, part: Part): Credential {
  if (!new X509Certificate(certificate).checkPrivateKey(key))
    throw new Unusable(part, 'is not the private key of the certificate');
  return { certificate, chain, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function authoritiesIn(bytes: Buffer | undefined): readonly string[] {
  if (!bytes) return [];
  const found = certificatesIn(bytes.toString('utf8'), 'ca');
  if (found.length === 0) throw new Unusable('ca', 'holds no certificate in PEM');
  return found;
}

/** CRLs that are in force, PEM. */
function crlsIn(bytes: Buffer | undefined): readonly string[] {
  if (!bytes) return [];
  const text = bytes.toString('latin1');
  const written = blocks(text, '(?:X509 )?CRL').map((pem) =>
    Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'),
  );
  return (written.length > 0 ? written : [bytes]).map((der) => {
    let crl: x509.X509Crl;
    try {
      crl = new x509.X509Crl(der);
    } catch {
      throw new Unusable('crl', 'holds no CRL that can be read');
    }
    if (crl.nextUpdate && crl.nextUpdate < new Date())
      throw new Unusable(
        'crl',
        `holds a CRL that ended on ${crl.nextUpdate.toISOString()}; fetch its successor`,
      );
    return pemOf('X509 CRL', der);
  });
}
