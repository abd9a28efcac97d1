import { KeyObject } from 'node:crypto';
import { certificatePem, serialNumber, type Authority, type KeyPair, type Validity } from './authority.ts';
import {
  battery,
  credentialNames,
  recipeOf,
  subs,
  type CredentialName,
  type Moment,
  type Recipe,
  type SubName,
  type SubRecipe,
} from './battery.ts';
import { makeCertificate, nameOf, USAGE, type Attribute, type Plan } from './certificate.ts';
import { createCrl, type CrlForm } from './crl.ts';
import * as der from './der.ts';

/** What the CAs under the root are minted from. */
export interface SubMint {
  readonly ssp: string;
  /** The name of nobody: what is in a certificate that is another system's. */
  readonly other: string;
  readonly root: Authority;
  readonly sub: Authority;
  /** The key of every CA under the root but the trusted one: they differ in their names. */
  readonly second: KeyPair;
  readonly now: Date;
  readonly days: number;
  readonly revocation?: URL | undefined;
}

/** A CA that signs leaves: its name and key, and what is sent for it, its own certificate first. */
export interface Issuer {
  readonly name: Uint8Array;
  readonly key: KeyPair;
  readonly keyId: string;
  readonly chain: readonly string[];
}

/** The CAs under the root, the serial number of everything that the battery will hold, and the CRL of every CA. */
export interface Ground {
  readonly issuers: ReadonlyMap<string, Issuer>;
  readonly serials: ReadonlyMap<CredentialName, string>;
  readonly crls: readonly [root: string, sub: string, ...others: string[]];
}

const DAY = 86_400_000;
const SKEW = 3_600_000;
const CA_USAGE = USAGE.keyCertSign | USAGE.cRLSign;

/** Many certificates have few keys: each is converted once. */
const converted = new WeakMap<KeyPair, { readonly spki: Buffer; readonly signer: KeyObject }>();
function converting(pair: KeyPair) {
  const known = converted.get(pair) ?? {
    spki: KeyObject.from(pair.keys.publicKey).export({ type: 'spki', format: 'der' }),
    signer: KeyObject.from(pair.keys.privateKey),
  };
  converted.set(pair, known);
  return known;
}
export const publicOf = (pair: KeyPair): Buffer => converting(pair).spki;
export const signerOf = (pair: KeyPair): KeyObject => converting(pair).signer;
const subjectOf = ({ certificate }: Authority): Uint8Array =>
  new Uint8Array(certificate.subjectName.toArrayBuffer());
export const nameBytes = (...attributes: readonly Attribute[]): Uint8Array =>
  Buffer.from(der.der(nameOf(attributes)), 'binary');

export const issuerOf = (authority: Authority, chain: readonly string[]): Issuer => ({
  name: subjectOf(authority),
  key: authority.key,
  keyId: authority.key.identifier,
  chain,
});

/** The name of a test CA, which says whose it is and until when. */
export const caName = (kind: string, { certificate: { notAfter } }: Authority): Uint8Array =>
  nameBytes(
    ['C', 'GB'],
    ['O', 'Assay'],
    ['OU', 'Test CA (not NHS)'],
    ['CN', `Assay Test ${kind} until ${notAfter.toISOString().slice(0, 10)}`],
  );

/** The certificate of a CA as it should be. */
export const caPlan = (
  name: Uint8Array,
  key: KeyPair,
  issuer: Pick<Issuer, 'name' | 'keyId'>,
  validity: Validity,
): Plan => ({
  version: 3,
  issuer: issuer.name,
  subject: name,
  validity,
  publicKey: publicOf(key),
  constraints: { ca: true, pathLength: 1 },
  usage: CA_USAGE,
  subjectKeyId: key.identifier,
  authorityKeyId: issuer.keyId,
});

/** Moments of a battery whose good leaves live for so many days. */
export function momentsOf(days: number): (at: Moment) => Date {
  const life = (days + 1) * DAY;
  return (at) => new Date(Date.now() + (at === 'life' ? life : at === 'twice' ? 2 * life : at * DAY));
}

export const goodFor = ({ now, days }: Pick<SubMint, 'now' | 'days'>): Validity => ({
  notBefore: new Date(now.getTime() - SKEW),
  notAfter: new Date(now.getTime() + days * DAY),
});

const crlFormOf = (id: string): CrlForm | undefined => (subs[id as SubName] as SubRecipe).crl;

/** A serial number that none should have (RFC 5280 §4.1.2.2), or that of another. */
function odd(serial: NonNullable<Recipe['serial']>, ofRevoked: string): string {
  const usual = serialNumber();
  return {
    zero: '00',
    negative: `c${usual.slice(1)}`,
    long: `${usual}${usual.slice(0, 10)}`,
    'of-revoked': ofRevoked,
  }[serial];
}

function numbered(): ReadonlyMap<CredentialName, string> {
  const serials = new Map(credentialNames.map((name) => [name, serialNumber()]));
  for (const name of credentialNames) {
    const { serial } = recipeOf(name);
    if (serial) serials.set(name, odd(serial, serials.get('revoked') ?? ''));
  }
  return serials;
}

/** Makes every CA under the root, and the CRLs: all that needs no key of a leaf. */
export async function mintSubs(mint: SubMint): Promise<Ground> {
  const { root, sub, second, now } = mint;
  const moment = momentsOf(mint.days);
  const good = goodFor(mint);
  const { notBefore, notAfter } = root.certificate;
  const rootIssuer = issuerOf(root, []);
  const issuers = new Map([['sub', issuerOf(sub, [certificatePem(sub.certificate)])]]);
  const revokedSubs: string[] = [];
  for (const [id, recipe] of Object.entries<SubRecipe>(subs)) {
    if (id === 'sub') continue;
    const above = (recipe.under === undefined ? undefined : issuers.get(recipe.under)) ?? rootIssuer;
    const name =
      id === 'leaf'
        ? nameBytes(['O', 'nhs'], ['OU', 'Devices'], ['CN', `issuing.${mint.other}`])
        : caName(`Sub CA ${id}`, root);
    const serial = serialNumber();
    if (recipe.revoked) revokedSubs.push(serial);
    const pem = makeCertificate(
      {
        ...caPlan(name, second, above, { notBefore, notAfter }),
        serial,
        ...(recipe.days && {
          validity: { notBefore: moment(recipe.days[0]), notAfter: moment(recipe.days[1]) },
        }),
        ...('constraints' in recipe && { constraints: recipe.constraints }),
        ...('usage' in recipe && { usage: recipe.usage ?? undefined }),
        constrains: recipe.constrains?.(mint),
        ...(recipe.purposes && { purposes: recipe.purposes }),
        ...(recipe.unknownCritical && { unknownCritical: true }),
        ...(recipe.spoilt && { spoilt: recipe.spoilt }),
        ...(mint.revocation && {
          revocation: { base: mint.revocation, crl: `${recipe.under ?? 'root'}.crl` },
        }),
      },
      signerOf(above.key),
    );
    issuers.set(id, { name, key: second, keyId: second.identifier, chain: [pem, ...above.chain] });
  }

  const serials = numbered();
  const revokedAt = new Date(now.getTime() - SKEW / 2);
  const revokedLeaves = Object.entries<Recipe>(battery).flatMap(([name, { revoked }]) => {
    const serial = serials.get(name as CredentialName);
    return revoked && serial !== undefined ? [{ serialNumber: serial, at: revokedAt, reason: revoked }] : [];
  });
  const [rootCrl, subCrl, ...others] = await Promise.all([
    createCrl(
      rootIssuer,
      revokedSubs.map((serial) => ({ serialNumber: serial, at: revokedAt })),
      good,
    ),
    createCrl(issuerOf(sub, []), revokedLeaves, good),
    ...[...issuers]
      .filter(([id]) => id !== 'sub')
      .map(([id, issuer]) => createCrl(issuer, [], good, crlFormOf(id))),
  ]);
  return { issuers, serials, crls: [rootCrl, subCrl, ...others] };
}
