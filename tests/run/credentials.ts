import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { checkClaims, claims, isClaimable } from '../../certs/claims.ts';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { pemOf } from '../../certs/der.ts';
import { derive } from '../../certs/derive.ts';
import type { Credential, Hierarchy, KeptName } from '../../certs/index.ts';
import { openStore } from '../../certs/pkcs12.ts';
import type { Supplied } from '../../certs/traits.ts';
import * as x509 from '../../certs/x509.ts';
import { parseStrictJson } from './json.ts';
import type { Mistake } from './locate.ts';
import { fetchSource, type Fetched, type Reach, type Source } from './source.ts';
import { asOne, nearest, readText, sentence } from './subject.ts';

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

export interface CredentialOptions {
  readonly allowPath?: readonly string[];
  /** Environment variables that sources may name. */
  readonly env?: readonly string[];
  /** A file of the person who runs; what it names takes the place of what the subject file does. */
  readonly credentials?: string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
}

/** What a subject is presented with that Assay did not make. Lives in memory alone. */
export interface OwnCredentials {
  readonly clients: Readonly<Partial<Record<KeptName, Credential>>>;
  readonly warnings: readonly string[];
}

const schema = JSON.parse(
  readFileSync(new URL('./credentials.schema.json', import.meta.url), 'utf8'),
) as object;

interface Entry {
  readonly name: string;
  readonly fields: CredentialFields;
  readonly reach: Reach;
  readonly pointer: string;
}

/** @throws ConfigurationError naming the file and the JSON pointer of each mistake */
async function ownFile(file: string): Promise<Readonly<Record<string, CredentialFields>>> {
  const value = parseStrictJson(await readText(file), file);
  const validate = new Ajv({ allErrors: true, verbose: true, strict: true, strictTypes: false }).compile(
    schema,
  );
  if (validate(value)) {
    const { $schema: _editor, ...entries } = value as Record<string, CredentialFields>;
    return entries;
  }
  throw asOne(
    file,
    (validate.errors ?? []).flatMap((error) => sentence(error)),
  );
}

/**
 * Reads the credentials of one's own that a subject is to be presented with, and checks that each is what its name
 * says and nothing else besides. Nothing of them is written anywhere.
 * @param pack the trust pack of the subject, where it has one
 * @throws ConfigurationError naming the file and the JSON pointer of each mistake, one a line
 */
export async function readCredentials(
  subject: {
    readonly file: string;
    readonly credentials?: Readonly<Record<string, CredentialFields>> | undefined;
  },
  options: CredentialOptions,
  pack: Pick<Hierarchy, 'root' | 'sub' | 'crls' | 'clients'> | undefined,
  now = new Date(),
): Promise<OwnCredentials> {
  const { allowPath = [], env = [], credentials: file, environment = process.env } = options;
  const reach = { allowPath, env, environment };
  const entries = new Map<string, Entry>();
  for (const [name, fields] of Object.entries(subject.credentials ?? {})) {
    const pointer = `/credentials/${name}`;
    entries.set(name, { name, fields, pointer, reach: { ...reach, file: subject.file, stranger: true } });
  }
  for (const [name, fields] of Object.entries(file === undefined ? {} : await ownFile(file)))
    entries.set(name, {
      name,
      fields,
      pointer: `/${name}`,
      reach: { ...reach, file: file ?? '', stranger: false },
    });
  if (entries.size === 0) return { clients: {}, warnings: [] };

  const read = await Promise.all([...entries.values()].map(readEntry));
  refuse(read.flatMap(({ entry, faults }) => faults.map((mistake) => ({ entry, mistake }))));
  const supplied = read.flatMap(({ entry: { name }, supplied: one }) =>
    one && isClaimable(name) ? [[name, one] as const] : [],
  );
  const crls = [...(pack?.crls ?? []), ...supplied.flatMap(([, one]) => one.crls)];
  const valid = measure(entries, new Map(supplied), pack, subject.file);
  const wrong = await checkClaims(
    supplied.map(([name, one]) => [name, { ...one, crls }] as const),
    { ...valid, crls },
    now,
  );
  refuse(
    wrong.flatMap(([name, faults]) => {
      const entry = entries.get(name);
      return entry ? faults.map((what) => ({ entry, mistake: [entry.pointer, what] as const })) : [];
    }),
  );
  return {
    clients: Object.fromEntries(
      [...(pack ? [] : await derivable(valid, crls, now)), ...supplied].map(
        ([name, { credential }]) => [name, credential] as const,
      ),
    ),
    warnings: read.flatMap(({ warnings }) => warnings),
  };
}

/** What can be made of the valid one, as far as it is what its name says beside just this one. */
async function derivable(
  valid: Supplied,
  crls: readonly string[],
  now: Date,
): Promise<readonly (readonly [KeptName, Supplied])[]> {
  const made = derive(valid).map(([name, each]) => [name, { ...each, crls }] as const);
  const wrong = new Set((await checkClaims(made, { ...valid, crls }, now)).map(([name]) => name));
  return made.filter(([name]) => !wrong.has(name));
}

/** The credential that the others are measured by: one's own, or the pack's. */
function measure(
  entries: ReadonlyMap<string, Entry>,
  supplied: ReadonlyMap<string, Supplied>,
  pack: Pick<Hierarchy, 'root' | 'sub' | 'crls' | 'clients'> | undefined,
  file: string,
): Supplied {
  const own = supplied.get('valid');
  if (own && pack) {
    const { reach, pointer } = entries.get('valid') ?? { reach: { file }, pointer: '' };
    throw new ConfigurationError(
      `${reach.file}#${pointer}`,
      'a provider that trusts the CA of `valid` does not trust that of `pki`, whose credentials it would refuse for that alone; leave one of the two out',
    );
  }
  if (own) return own;
  if (pack)
    return { credential: pack.clients.valid, authorities: [pack.root, pack.sub], crls: [...pack.crls] };
  const [first] = entries.values();
  const where = first ? `${first.reach.file}#${first.pointer.replace(/[^/]+$/, 'valid')}` : file;
  throw new ConfigurationError(
    where,
    'is missing: without `pki`, `credentials` needs the one that the provider has to accept',
  );
}

/** @throws ConfigurationError with every mistake of the first file that has some */
function refuse(
  found: readonly {
    readonly entry: Pick<Entry, 'reach'>;
    readonly mistake: Mistake;
  }[],
): void {
  const [first] = found;
  if (!first) return;
  const { file } = first.entry.reach;
  throw asOne(
    file,
    found.filter(({ entry }) => entry.reach.file === file).map(({ mistake }) => mistake),
  );
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

/**
 * Reads one credential that a subject file holds in another place than under `credentials`: whose it is has no name in
 * the battery, so nothing is claimed of it.
 * @param pointer where it stands in the file
 * @throws ConfigurationError naming the file and the JSON pointer of each mistake, one a line
 */
export async function readCredential(
  file: string,
  pointer: string,
  fields: CredentialFields,
  { allowPath = [], env = [], environment = process.env }: CredentialOptions,
): Promise<{ readonly credential: Credential; readonly warnings: readonly string[] }> {
  const reach = { allowPath, env, environment, file, stranger: true };
  const { entry, faults, warnings, supplied } = await readParts({ name: pointer, fields, reach, pointer });
  refuse(faults.map((mistake) => ({ entry, mistake })));
  if (!supplied) throw new Error('neither read nor refused');
  return { credential: supplied.credential, warnings };
}

async function readEntry(entry: Entry): Promise<ReadEntry> {
  const { name, pointer } = entry;
  if (isClaimable(name)) return readParts(entry);
  const near = nearest(name, Object.keys(claims));
  const what = `is the name of no credential that can be supplied; ${near ? `did you mean ${near}?` : '`assay list` names the cases, and their credentials'}`;
  return { entry, faults: [[pointer, what]], warnings: [] };
}

async function readParts(entry: Entry): Promise<ReadEntry> {
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
