import { KeyObject } from 'node:crypto';
import { certificatePem, generateKey, type KeyPair, type Validity } from '../../certs/authority.ts';
import { makeCertificate, PURPOSE, USAGE, type Digest } from '../../certs/certificate.ts';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { createAuthorities, type Authorities, type Credential, type Hierarchy } from '../../certs/index.ts';
import { weakKey } from '../../certs/mint.ts';
import type { Variant } from './mutants.ts';
import { wrong } from './policy.ts';

/** What a provider shows of itself; `own`: what the hierarchy made for it. */
export type ServerCertificateName =
  'own' | 'another' | 'foreign' | 'misnamed' | 'ending' | 'short-key' | 'sha-1';

const DAY = 86_400_000;
const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

interface Wrong {
  readonly names: readonly string[];
  readonly days: number;
  readonly digest: Digest;
  readonly publicKey: KeyObject;
  readonly key: string;
}

function made({ sub }: Authorities, { names, days, digest, publicKey, key }: Wrong): Credential {
  const now = Date.now();
  const validity: Validity = { notBefore: new Date(now - 3_600_000), notAfter: new Date(now + days * DAY) };
  const certificate = makeCertificate(
    {
      version: 3,
      issuer: new Uint8Array(sub.certificate.subjectName.toArrayBuffer()),
      subject: [
        ['O', 'nhs'],
        ['OU', 'Devices'],
        ['CN', names[0] ?? 'localhost'],
      ],
      validity,
      publicKey: spki(publicKey),
      constraints: { ca: false },
      usage: USAGE.digitalSignature | USAGE.keyEncipherment,
      purposes: [PURPOSE.serverAuth],
      names: names.map((name) => ['dns', name] as const),
      authorityKeyId: sub.key.identifier,
      digest,
    },
    KeyObject.from(sub.key.keys.privateKey),
  );
  return { certificate, key, chain: [certificatePem(sub.certificate)] };
}

const pairOf = async (): Promise<Pick<Wrong, 'publicKey' | 'key'>> => {
  const pair: KeyPair = await generateKey();
  return { publicKey: KeyObject.from(pair.keys.publicKey), key: pair.pem };
};

/**
 * The certificate and key that a provider shows.
 * @throws ConfigurationError where it takes the key of a CA, and the hierarchy is a trust pack, which has none
 */
export async function serverCredential(
  name: ServerCertificateName,
  hierarchy: Hierarchy & { readonly authorities?: Authorities },
): Promise<Credential> {
  const { provider, authorities } = hierarchy;
  if (name === 'own') return provider;
  if (!authorities)
    throw new ConfigurationError(
      '--mock',
      'this one makes itself a certificate; a trust pack lends no CA key',
    );
  const usual = { names: ['localhost'], days: 60, digest: 'sha256' } as const;
  switch (name) {
    case 'another':
      return made(authorities, { ...usual, ...(await pairOf()) });
    case 'foreign':
      return made(await createAuthorities(), { ...usual, ...(await pairOf()) });
    case 'misnamed':
      return made(authorities, { ...usual, names: ['another-provider.assay.test'], ...(await pairOf()) });
    case 'ending':
      return made(authorities, { ...usual, days: 29, ...(await pairOf()) });
    case 'sha-1':
      return made(authorities, { ...usual, digest: 'sha1', ...(await pairOf()) });
    case 'short-key': {
      const { publicKey, privateKey } = await weakKey();
      const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      return made(authorities, { ...usual, publicKey, key });
    }
  }
}

const showing = (title: string, name: ServerCertificateName, ...differs: readonly string[]): Variant => ({
  title,
  policy: wrong('serverCertificate', name),
  differs: differs.map((each) => `server-certificate/${each}`),
});

/**
 * Providers that show another certificate. But for the one that is about to end a verifying client stays away from
 * them, so that no other case can be driven there.
 */
export const serverCertificateVariants: Readonly<Record<string, Variant>> = {
  'conformant-foreign-server-certificate': showing(
    'shows a certificate of a CA that nobody expects',
    'foreign',
    'chain',
  ),
  'conformant-misnamed-server-certificate': showing(
    'shows a certificate of another name',
    'misnamed',
    'name',
  ),
  'conformant-ending-server-certificate': showing(
    'shows a certificate that ends in 29 days',
    'ending',
    'days-left',
  ),
  'conformant-short-server-key': showing('has an RSA key of 1024 bits', 'short-key', 'key-size'),
  'conformant-sha-1-server-certificate': showing(
    'shows a certificate signed over SHA-1',
    'sha-1',
    'signature',
  ),
};
