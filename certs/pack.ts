import * as x509 from './x509.ts';
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ConfigurationError } from './configuration-error.ts';
import { makeFolder } from './folder.ts';
import {
  createHierarchy,
  keptNames,
  ROOT_PATH_LENGTH,
  type Authorities,
  type Credential,
  type KeptName,
  type Hierarchy,
  type HierarchyOptions,
} from './index.ts';
import { installGuide } from './install.ts';
import { keyStore, TRUST_PASSWORD, trustStore } from './pkcs12.ts';
import { exists, isSecret, serialOf, readPem, readManifest, type PackManifest } from './pack-manifest.ts';
import { readAuthority } from './pack-read.ts';

export type PackOptions = Omit<HierarchyOptions, 'providerKey'> & {
  /** A PKCS#10 request, PEM: the provider's key never leaves it. */
  readonly csr?: string;
};

interface PackFile {
  readonly name: string;
  readonly content: string | Buffer;
  readonly role: string;
  readonly share: boolean;
  readonly serial?: string;
}

/**
 * The public key of a PKCS#10 request (RFC 2986), and the names that it asks for.
 * @throws ConfigurationError on `--csr`: unreadable, signature wrong, key too weak
 */
async function readRequest(pem: string): Promise<{ publicKey: x509.PublicKey; names: readonly string[] }> {
  let request: x509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(pem);
  } catch {
    throw new ConfigurationError(
      '--csr',
      'that is no certificate signing request in PEM (`openssl req -new` makes one)',
    );
  }
  if (!(await request.verify().catch(() => false))) {
    throw new ConfigurationError('--csr', 'the request is not signed by the key in it; make it again');
  }
  const { algorithm } = request.publicKey;
  const bits = 'modulusLength' in algorithm ? Number(algorithm.modulusLength) : undefined;
  if (bits !== undefined && bits < 2048)
    throw new ConfigurationError('--csr', `RSA ${bits} is too weak; use 2048 bits or more`);
  const san = request.extensions.find((each) => each instanceof x509.SubjectAlternativeNameExtension);
  const asked = (san?.names.items ?? [])
    .filter(({ type }) => type === 'dns' || type === 'ip')
    .map(({ value }) => value);
  return {
    publicKey: request.publicKey,
    names: asked.length > 0 ? asked : request.subjectName.getField('CN'),
  };
}

function filesOf(hierarchy: Hierarchy & { authorities: Authorities }, ownKey: boolean): readonly PackFile[] {
  const { ssp, hosts, root, sub, crls, provider, clients, authorities, notAfter } = hierarchy;
  const password = ownKey ? undefined : randomBytes(9).toString('base64url');
  const chainOf = ({ certificate, chain }: Credential): string => [certificate, ...chain].join('');
  const guide = installGuide({
    ssp,
    hosts,
    until: notAfter.toISOString().slice(0, 10),
    trustPassword: TRUST_PASSWORD,
    ...(password !== undefined && { keyStorePassword: password }),
  });
  const inside =
    (folder: string, share: boolean) =>
    (name: string, role: string, content: string | Buffer, serial?: string) => ({
      name: `${folder}/${name}`,
      role,
      content,
      share,
      ...(serial !== undefined && { serial }),
    });
  const given = inside('provider', true);
  const kept = inside('authority', false);
  const presented = inside('clients', false);
  return [
    given('ca.pem', 'trust anchors: root and sub CA', `${root}${sub}`),
    given('root.pem', 'root CA', root, serialOf(root)),
    given('sub.pem', 'sub CA', sub, serialOf(sub)),
    given('crl.pem', 'CRLs of root, sub CA and every other CA that Assay presents', crls.join('')),
    given(
      'provider.pem',
      "the provider's server certificate with its chain",
      chainOf(provider),
      serialOf(provider.certificate),
    ),
    given(
      'trust.p12',
      'trust anchors for Java',
      trustStore([
        ['assay-root', root],
        ['assay-sub', sub],
      ]),
    ),
    given('INSTALL.md', 'how to install and to remove', guide),
    ...(password === undefined
      ? []
      : [
          given('provider.key', "the provider's private key: for the provider alone", provider.key),
          given(
            'provider.p12',
            "the provider's key and certificate: for the provider alone",
            keyStore(provider, password),
          ),
        ]),
    ...keptNames.flatMap((name) => [
      presented(
        `${name}.pem`,
        `client certificate: ${name}`,
        chainOf(clients[name]),
        serialOf(clients[name].certificate),
      ),
      presented(`${name}.key`, `private key of ${name}`, clients[name].key),
    ]),
    kept('root.key', "the root CA's private key", authorities.root.key.pem),
    kept('sub.key', "the sub CA's private key", authorities.sub.key.pem),
    ...(authorities.others
      ? [kept('others.key', 'the private key of every other CA under the root', authorities.others.pem)]
      : []),
  ];
}

/** Makes the pack beside its place and moves it there whole. */
async function place(dir: string, files: readonly PackFile[], manifest: PackManifest): Promise<void> {
  const draft = await makeFolder(dirname(dir))
    .then(() => mkdtemp(join(dirname(dir), `.${basename(dir)}.draft-`))) // 0700 by mkdtemp
    .catch((error: NodeJS.ErrnoException) => {
      throw new ConfigurationError(
        dir,
        `no trust pack can be made there (${error.code}); name another folder`,
      );
    });
  try {
    for (const folder of ['provider', 'clients', 'authority'])
      await mkdir(join(draft, folder), { mode: 0o700 });
    for (const { name, content } of files) {
      await writeFile(join(draft, name), content, {
        mode: isSecret(name) || name === 'provider/INSTALL.md' ? 0o600 : 0o644,
      });
    }
    await writeFile(join(draft, 'pki.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    const previous = `${draft}.previous`;
    const replaced = await rename(dir, previous).then(
      () => true,
      () => false,
    );
    try {
      await rename(draft, dir);
    } catch (error) {
      if (replaced) await rename(previous, dir);
      throw error;
    }
    await rm(previous, { recursive: true, force: true });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function write(dir: string, options: HierarchyOptions, ownKey: boolean): Promise<PackManifest> {
  const hierarchy = await createHierarchy(options);
  const files = filesOf(hierarchy, ownKey);
  const made = new Date().toISOString();
  const until = hierarchy.notAfter.toISOString();
  const manifest: PackManifest = {
    ssp: hierarchy.ssp,
    host: hierarchy.hosts,
    notAfter: until,
    ...(options.revocation && { revocation: options.revocation.href }),
    ownKey,
    inventory: files.map(({ name, role, serial, share }) => ({
      file: name,
      role,
      ...(serial !== undefined && { serial }),
      made,
      until: untilOf(name, hierarchy) ?? until,
      share,
    })),
  };
  await place(resolve(dir), files, manifest);
  return manifest;
}

/** The end of a certificate's own life, where the file holds one. */
function untilOf(name: string, { clients, root, sub }: Hierarchy): string | undefined {
  const client = /^clients\/(.+)\.pem$/.exec(name)?.[1] as KeptName | undefined;
  const pem = client
    ? clients[client].certificate
    : name === 'provider/root.pem'
      ? root
      : name === 'provider/sub.pem'
        ? sub
        : '';
  return pem === '' ? undefined : new Date(new X509Certificate(pem).validTo).toISOString();
}

/**
 * Makes a trust pack in a directory that does not exist yet.
 * @throws ConfigurationError on `--out` where something is there, on `--csr` where the request is no good
 */
export async function writePack(dir: string, { csr, ...options }: PackOptions): Promise<PackManifest> {
  if (await exists(dir))
    throw new ConfigurationError('--out', `${dir} is there already; --renew renews it, or choose another`);
  if (csr === undefined) return write(dir, options, false);
  const { publicKey, names } = await readRequest(csr);
  return write(dir, { ...options, hosts: options.hosts ?? names, providerKey: publicKey }, true);
}

/**
 * Makes the certificates and CRLs of a pack anew. Its CAs stay while they outlive the new period, so that what a
 * provider trusts goes on to be right; otherwise new ones are made.
 * @returns the manifest, and whether the CAs are the old ones
 */
export async function renewPack(
  dir: string,
  options: Omit<PackOptions, 'csr' | 'authorities'>,
): Promise<PackManifest & { readonly sameAuthorities: boolean }> {
  const old = await readManifest(dir);
  const days = options.days ?? 90;
  const [root, sub] = await Promise.all([readAuthority(dir, 'root'), readAuthority(dir, 'sub')]);
  const needed = Date.now() + days * 86_400_000;
  // A root of an older version allows one CA beneath it; a battery of today needs two.
  const constraints = root.certificate.getExtension(x509.BasicConstraintsExtension);
  const sameAuthorities =
    constraints?.pathLength === ROOT_PATH_LENGTH &&
    Math.min(root.certificate.notAfter.getTime(), sub.certificate.notAfter.getTime()) >= needed;
  const server = await readPem(dir, 'provider/provider.pem');
  const revocation =
    options.revocation ?? (old.revocation === undefined ? undefined : new URL(old.revocation));
  const manifest = await write(
    dir,
    {
      ssp: options.ssp ?? old.ssp,
      hosts: options.hosts ?? old.host,
      days,
      ...(revocation && { revocation }),
      ...(sameAuthorities && { authorities: { root, sub } }),
      ...(old.ownKey && { providerKey: new x509.X509Certificate(server).publicKey }),
    },
    old.ownKey,
  );
  return { ...manifest, sameAuthorities };
}
