import { generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { certificatePem, serialNumber, type KeyPair } from './authority.ts';
import {
  credentialNames,
  device,
  recipeOf,
  type CredentialName,
  type FreshName,
  type KeptName,
  type Recipe,
} from './battery.ts';
import { makeCertificate, PURPOSE, USAGE, type Plan } from './certificate.ts';
import type { Credential } from './index.ts';
import {
  caName,
  caPlan,
  goodFor,
  issuerOf,
  momentsOf,
  nameBytes,
  publicOf,
  signerOf,
  type Ground,
  type Issuer,
  type SubMint,
} from './mint-subs.ts';

/** What the SSP can present. What is made anew each time is absent where the CAs' keys are: from a trust pack. */
export type Clients = Readonly<Record<KeptName, Credential>> &
  Readonly<Partial<Record<FreshName, Credential>>>;

/** Everything that the battery is minted from. */
export interface Mint extends Omit<SubMint, 'second'> {
  readonly ground: Ground;
  readonly keys: MintKeys;
}

/** Keys are what a battery costs: few, and none that is not the point of something. */
export interface MintKeys {
  readonly client: KeyPair;
  /** The successor's. */
  readonly next: KeyPair;
  /** Of every CA that is not under the root. */
  readonly rogue: KeyPair;
  readonly weak: KeyObjects;
}

interface KeyObjects {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const LEAF_USAGE = USAGE.digitalSignature | USAGE.keyEncipherment;

export const weakKey = (): Promise<KeyObjects> => promisify(generateKeyPair)('rsa', { modulusLength: 1024 });

const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

/** The battery, each credential made when it is first asked for. */
export function mintBattery(mint: Mint): Clients {
  const { root, sub, keys, ground } = mint;
  const { issuers, serials } = ground;
  const moment = momentsOf(mint.days);
  const good = goodFor(mint);
  const { notBefore, notAfter } = root.certificate;
  const caLife = { notBefore, notAfter };
  const rootIssuer = issuerOf(root, []);
  const own = issuerOf(sub, [certificatePem(sub.certificate)]);
  const rootPem = certificatePem(root.certificate);

  // A rogue wears the names and the key identifiers of the real ones.
  const rogue: Issuer = {
    name: own.name,
    key: keys.rogue,
    keyId: sub.key.identifier,
    chain: [],
  };
  const foreign: Issuer = { ...rogue, name: caName('Unrelated CA', root), keyId: keys.rogue.identifier };
  const extras = {
    sub: () => own.chain[0] ?? '',
    root: () => rootPem,
    'rogue-root': () =>
      makeCertificate(
        { ...caPlan(rootIssuer.name, keys.rogue, rootIssuer, caLife), subjectKeyId: root.key.identifier },
        signerOf(keys.rogue),
      ),
    'rogue-sub': () =>
      makeCertificate(
        {
          ...caPlan(rogue.name, keys.rogue, rootIssuer, caLife),
          constraints: { ca: true, pathLength: 0 },
          subjectKeyId: sub.key.identifier,
        },
        signerOf(keys.rogue),
      ),
    'cross-signed-sub': () =>
      makeCertificate(caPlan(own.name, sub.key, foreign, caLife), signerOf(keys.rogue)),
    'expired-root': () =>
      makeCertificate(
        {
          ...caPlan(rootIssuer.name, root.key, rootIssuer, caLife),
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
  const signing = ({ issuer = 'sub' }: Recipe): Issuer | undefined =>
    issuer === 'rogue' ? rogue : issuer === 'foreign' ? foreign : issuers.get(issuer);

  const mintOne = (name: CredentialName): Credential => {
    const recipe = recipeOf(name);
    const key = keyOf(recipe);
    const { subject = device(mint.ssp), alternatives = [['dns', mint.ssp] as const] } =
      recipe.naming?.({ ssp: mint.ssp, other: mint.other }) ?? {};
    const issuer = signing(recipe);
    const plan: Plan = {
      version: recipe.version ?? 3,
      ...(recipe.fresh ? {} : { serial: serials.get(name) ?? serialNumber() }),
      issuer: issuer?.name ?? nameBytes(['O', 'nhs'], ['OU', 'Devices'], ['CN', mint.ssp]),
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
  return lazily(mintOne);
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
