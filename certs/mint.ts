import { generateKeyPair, generateKeyPairSync, KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { certificatePem, serialNumber, type Authority, type KeyPair, type Validity } from './authority.ts';
import {
  battery,
  credentialNames,
  device,
  recipeOf,
  subs,
  type CredentialName,
  type FreshName,
  type KeptName,
  type Moment,
  type Recipe,
  type SubName,
  type SubRecipe,
} from './battery.ts';
import { makeCertificate, PURPOSE, USAGE, type Plan } from './certificate.ts';
import { createCrl, type CrlForm } from './crl.ts';
import type { Credential } from './index.ts';
import * as x509 from './x509.ts';

/** What the SSP can present. What is made anew each time is absent where the CAs' keys are: from a trust pack. */
export type Clients = Readonly<Record<KeptName, Credential>> &
  Readonly<Partial<Record<FreshName, Credential>>>;

/** Everything that the battery is minted from. */
export interface Mint {
  readonly ssp: string;
  /** The name of nobody: what is in a certificate that is another system's. */
  readonly other: string;
  readonly root: Authority;
  readonly sub: Authority;
  readonly keys: MintKeys;
  readonly now: Date;
  readonly days: number;
  readonly revocation?: URL | undefined;
}

/** Keys are what a battery costs: few, and none that is not the point of something. */
export interface MintKeys {
  readonly client: KeyPair;
  /** The successor's. */
  readonly next: KeyPair;
  /** Of every CA that is not under the root. */
  readonly rogue: KeyPair;
  /** Of every CA under the root but the trusted one: they differ in their names. */
  readonly second: KeyPair;
  readonly weak: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
}

const DAY = 86_400_000;
const SKEW = 3_600_000;
const LEAF_USAGE = USAGE.digitalSignature | USAGE.keyEncipherment;
const CA_USAGE = USAGE.keyCertSign | USAGE.cRLSign;

const crlFormOf = (id: SubName): CrlForm | undefined => (subs[id] as SubRecipe).crl;

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

export const weakKey = () => promisify(generateKeyPair)('rsa', { modulusLength: 1024 });

const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });
const publicOf = ({ keys }: KeyPair): Buffer => spki(KeyObject.from(keys.publicKey));
const signerOf = ({ keys }: KeyPair): KeyObject => KeyObject.from(keys.privateKey);
const subjectOf = ({ certificate }: Authority): Uint8Array =>
  new Uint8Array(certificate.subjectName.toArrayBuffer());
const nameBytes = (name: string): Uint8Array => new Uint8Array(new x509.Name(name).toArrayBuffer());

/** A CA that signs leaves: its name and key, and what is sent for it, its own certificate first. */
interface Issuer {
  readonly name: Uint8Array;
  readonly key: KeyPair;
  readonly keyId: string;
  readonly chain: readonly string[];
}

/** The battery, each credential made when it is first asked for, and the CRL of every CA under the root. */
export async function mintBattery(
  mint: Mint,
): Promise<{ clients: Clients; crls: [string, string, ...string[]] }> {
  const { root, sub, keys, now, days } = mint;
  const life = (days + 1) * DAY;
  const moment = (at: Moment): Date =>
    new Date(Date.now() + (at === 'life' ? life : at === 'twice' ? 2 * life : at * DAY));
  const good: Validity = {
    notBefore: new Date(now.getTime() - SKEW),
    notAfter: new Date(now.getTime() + days * DAY),
  };
  const { notBefore, notAfter } = root.certificate;
  const caLife: Validity = { notBefore, notAfter };
  const until = notAfter.toISOString().slice(0, 10);
  const caName = (kind: string): Uint8Array =>
    nameBytes(`C=GB, O=Assay, OU=Test CA (not NHS), CN=Assay Test ${kind} until ${until}`);
  const rootName = subjectOf(root);
  const subPem = certificatePem(sub.certificate);
  const rootPem = certificatePem(root.certificate);

  const caPlan = (name: Uint8Array, key: KeyPair, issuer: Pick<Issuer, 'name' | 'keyId'>): Plan => ({
    version: 3,
    issuer: issuer.name,
    subject: name,
    validity: caLife,
    publicKey: publicOf(key),
    constraints: { ca: true, pathLength: 1 },
    usage: CA_USAGE,
    subjectKeyId: key.identifier,
    authorityKeyId: issuer.keyId,
  });

  const rootIssuer: Issuer = { name: rootName, key: root.key, keyId: root.key.identifier, chain: [] };
  const issuers = new Map<string, Issuer>([
    ['sub', { name: subjectOf(sub), key: sub.key, keyId: sub.key.identifier, chain: [subPem] }],
  ]);
  const revokedSubs: string[] = [];
  for (const [id, recipe] of Object.entries<SubRecipe>(subs)) {
    if (id === 'sub') continue;
    const above = (recipe.under === undefined ? undefined : issuers.get(recipe.under)) ?? rootIssuer;
    const name =
      id === 'leaf' ? nameBytes(`O=nhs, OU=Devices, CN=issuing.${mint.other}`) : caName(`Sub CA ${id}`);
    const serial = serialNumber();
    if (recipe.revoked) revokedSubs.push(serial);
    const pem = makeCertificate(
      {
        ...caPlan(name, keys.second, above),
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
    issuers.set(id, { name, key: keys.second, keyId: keys.second.identifier, chain: [pem, ...above.chain] });
  }

  // A rogue wears the names and the key identifiers of the real ones.
  const rogue: Issuer = {
    name: subjectOf(sub),
    key: keys.rogue,
    keyId: sub.key.identifier,
    chain: [],
  };
  const foreign: Issuer = { ...rogue, name: caName('Unrelated CA'), keyId: keys.rogue.identifier };
  const extras = {
    sub: () => subPem,
    root: () => rootPem,
    'rogue-root': () =>
      makeCertificate(
        { ...caPlan(rootName, keys.rogue, rootIssuer), subjectKeyId: root.key.identifier },
        signerOf(keys.rogue),
      ),
    'rogue-sub': () =>
      makeCertificate(
        {
          ...caPlan(rogue.name, keys.rogue, rootIssuer),
          constraints: { ca: true, pathLength: 0 },
          subjectKeyId: sub.key.identifier,
        },
        signerOf(keys.rogue),
      ),
    'cross-signed-sub': () => makeCertificate(caPlan(subjectOf(sub), sub.key, foreign), signerOf(keys.rogue)),
    'expired-root': () =>
      makeCertificate(
        {
          ...caPlan(rootName, root.key, rootIssuer),
          constraints: { ca: true, pathLength: 2 },
          validity: { notBefore: moment(-400), notAfter: moment(-1) },
        },
        signerOf(root.key),
      ),
  } as const;
  const made = new Map<string, string>();
  const extra = (name: keyof typeof extras): string => {
    const known = made.get(name) ?? extras[name]();
    made.set(name, known);
    return known;
  };

  const serials = new Map(credentialNames.map((name) => [name, serialNumber()]));
  for (const name of credentialNames) {
    const { serial } = recipeOf(name);
    if (serial) serials.set(name, odd(serial, serials.get('revoked') ?? ''));
  }
  const keyOf = (
    recipe: Recipe,
  ): { readonly spki: Buffer; readonly id: string; readonly pem: string; readonly signer: KeyObject } => {
    const ofPair = (pair: KeyPair) => ({
      spki: publicOf(pair),
      id: pair.identifier,
      pem: pair.pem,
      signer: signerOf(pair),
    });
    if (recipe.key === undefined) return ofPair(keys.client);
    if (recipe.key === 'next') return ofPair(keys.next);
    const { publicKey, privateKey } =
      recipe.key === 'rsa-1024' ? keys.weak : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return {
      spki: spki(publicKey),
      id: keys.client.identifier,
      pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      signer: privateKey,
    };
  };
  const issuerOf = ({ issuer = 'sub' }: Recipe): Issuer | undefined =>
    issuer === 'rogue' ? rogue : issuer === 'foreign' ? foreign : issuers.get(issuer);

  const mintOne = (name: CredentialName): Credential => {
    const recipe = recipeOf(name);
    const key = keyOf(recipe);
    const { subject = device(mint.ssp), alternatives = [['dns', mint.ssp] as const] } =
      recipe.naming?.({ ssp: mint.ssp, other: mint.other }) ?? {};
    const issuer = issuerOf(recipe);
    const plan: Plan = {
      version: recipe.version ?? 3,
      ...(recipe.fresh ? {} : { serial: serials.get(name) ?? serialNumber() }),
      issuer: issuer?.name ?? nameBytes(`O=nhs, OU=Devices, CN=${mint.ssp}`),
      subject,
      critical: recipe.critical,
      twice: recipe.twice,
      validity: recipe.days ? { notBefore: moment(recipe.days[0]), notAfter: moment(recipe.days[1]) } : good,
      publicKey: key.spki,
      constraints: recipe.constraints ?? { ca: false },
      usage: recipe.usage ?? LEAF_USAGE,
      purposes: recipe.purposes === null ? undefined : (recipe.purposes ?? [PURPOSE.clientAuth]),
      names: alternatives.length > 0 ? alternatives : undefined,
      subjectKeyId: key.id,
      authorityKeyId: issuer?.keyId ?? key.id,
      ...(mint.revocation && {
        revocation: {
          base: mint.revocation,
          crl: `${recipe.issuer !== undefined && issuers.has(recipe.issuer) ? recipe.issuer : 'sub'}.crl`,
        },
      }),
      ...(recipe.unknownCritical && { unknownCritical: true }),
      ...(recipe.digest && { digest: recipe.digest }),
      ...(recipe.spoilt && { spoilt: recipe.spoilt }),
    };
    const certificate = makeCertificate(plan, issuer ? signerOf(issuer.key) : key.signer);
    const chain = recipe.sends?.map(extra) ?? issuer?.chain ?? [];
    return { certificate, key: key.pem, chain };
  };

  const revokedAt = new Date(now.getTime() - SKEW / 2);
  const revokedLeaves = Object.entries<Recipe>(battery).flatMap(([name, { revoked }]) => {
    const serial = serials.get(name as CredentialName);
    return revoked && serial !== undefined ? [{ serialNumber: serial, at: revokedAt, reason: revoked }] : [];
  });
  const authorityOf = (id: SubName): Authority => {
    const [pem = ''] = issuers.get(id)?.chain ?? [];
    return { certificate: new x509.X509Certificate(pem), key: keys.second };
  };
  const [rootCrl, subCrl, ...others] = await Promise.all([
    createCrl(
      root,
      revokedSubs.map((serial) => ({ serialNumber: serial, at: revokedAt })),
      good,
    ),
    createCrl(sub, revokedLeaves, good),
    ...[...issuers.keys()]
      .filter((id) => id !== 'sub')
      .map((id) => createCrl(authorityOf(id as SubName), [], good, crlFormOf(id as SubName))),
  ]);
  return { clients: lazily(mintOne), crls: [rootCrl, subCrl, ...others] };
}

/** Every credential under its name: made when it is first asked for; the fresh ones each time. */
function lazily(mintOne: (name: CredentialName) => Credential): Clients {
  const kept = new Map<string, Credential>();
  const clients = {};
  for (const name of credentialNames) {
    Object.defineProperty(clients, name, {
      enumerable: true,
      get: () => {
        if (recipeOf(name).fresh) return mintOne(name);
        const found = kept.get(name) ?? mintOne(name);
        kept.set(name, found);
        return found;
      },
    });
  }
  return clients as Clients;
}
