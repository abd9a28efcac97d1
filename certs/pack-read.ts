import * as x509 from './x509.ts';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { importKey, type Authority } from './authority.ts';
import { ConfigurationError } from './configuration-error.ts';
import { keptNames, type Authorities, type Credential, type Hierarchy } from './index.ts';
import { subs } from './battery.ts';
import { damaged, readText, readPem, readManifest } from './pack-manifest.ts';

async function readKey(dir: string, name: string): Promise<string> {
  const text = await readText(dir, name);
  const { mode } = await stat(join(dir, name));
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new ConfigurationError(
      join(dir, name),
      `others can read this private key; type \`chmod 600 ${join(dir, name)}\``,
    );
  }
  try {
    createPrivateKey(text);
    return text;
  } catch {
    throw damaged(dir, name, 'holds no readable private key');
  }
}

/** One CA of a pack with its key. @throws ConfigurationError naming the file that is missing or damaged */
export async function readAuthority(dir: string, name: 'root' | 'sub'): Promise<Authority> {
  const key = await readKey(dir, `authority/${name}.key`);
  const certificate = new x509.X509Certificate(await readPem(dir, `provider/${name}.pem`));
  try {
    return { certificate, key: await importKey(key) };
  } catch {
    throw damaged(dir, `authority/${name}.key`, 'is not the key of its certificate');
  }
}

/**
 * The CAs of a pack with their keys: whoever issues under them is the tester.
 * @throws ConfigurationError naming the file: missing, damaged, readable by others
 */
export async function readAuthorities(dir: string): Promise<Authorities> {
  const [root, sub, others] = await Promise.all([
    readAuthority(dir, 'root'),
    readAuthority(dir, 'sub'),
    readKey(dir, 'authority/others.key').then(importKey),
  ]);
  return { root, sub, others };
}

/** Base URL of CRLs and OCSP that the certificates of a trust pack name; `undefined`: they name none. */
export async function revocationOf(dir: string): Promise<URL | undefined> {
  const { revocation } = await readManifest(dir);
  return revocation !== undefined && URL.canParse(revocation) ? new URL(revocation) : undefined;
}

const blocks = (text: string, label: string): readonly string[] =>
  (text.match(new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----\\n?`, 'g')) ?? []).map(
    (each) => `${each.trimEnd()}\n`,
  );

async function readCredential(dir: string, certificateFile: string, keyFile: string): Promise<Credential> {
  const [text, key] = await Promise.all([readPem(dir, certificateFile), readKey(dir, keyFile)]);
  const [certificate, ...chain] = blocks(text, 'CERTIFICATE');
  if (certificate === undefined || !new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) {
    throw damaged(dir, keyFile, `is not the key of ${certificateFile}`);
  }
  return { certificate, key, chain };
}

/** Whether a pack may be used at a moment: on its last day with a warning, after it not at all. */
export function validity(
  { notAfter }: Pick<Hierarchy, 'notAfter'>,
  now: Date,
): 'good' | 'last-day' | 'expired' {
  const left = notAfter.getTime() - now.getTime();
  return left <= 0 ? 'expired' : left <= 86_400_000 ? 'last-day' : 'good';
}

/**
 * Opens a trust pack, all of it checked. The CAs' keys are not touched.
 * @throws ConfigurationError naming the file: missing, damaged, readable by others, expired
 */
export async function readPack(dir: string): Promise<Hierarchy> {
  const { ssp, host, notAfter, ownKey, inventory } = await readManifest(dir);
  const held = new Set(inventory.map(({ file }) => file));
  const missing = keptNames.find((name) => !held.has(`clients/${name}.pem`));
  if (missing !== undefined) {
    throw new ConfigurationError(
      dir,
      `this trust pack was made by an older version, which had no credential \`${missing}\`; \`assay pki --out ${dir} --renew\` renews it`,
    );
  }
  const [root, sub, crlText, ...credentials] = await Promise.all([
    readPem(dir, 'provider/root.pem'),
    readPem(dir, 'provider/sub.pem'),
    readText(dir, 'provider/crl.pem'),
    ...keptNames.map((name) => readCredential(dir, `clients/${name}.pem`, `clients/${name}.key`)),
  ]);
  const [rootCrl, subCrl, ...otherCrls] = blocks(crlText, 'X509 CRL');
  if (rootCrl === undefined || subCrl === undefined || otherCrls.length < Object.keys(subs).length - 1)
    throw damaged(dir, 'provider/crl.pem', 'does not hold the CRL of every CA');
  const server = await readPem(dir, 'provider/provider.pem');
  const provider = ownKey
    ? { certificate: blocks(server, 'CERTIFICATE')[0] ?? '', key: '', chain: [sub] }
    : await readCredential(dir, 'provider/provider.pem', 'provider/provider.key');
  const pack: Hierarchy = {
    ssp,
    hosts: host,
    notAfter: new Date(notAfter),
    root,
    sub,
    crls: [rootCrl, subCrl, ...otherCrls],
    provider,
    clients: Object.fromEntries(keptNames.map((name, at) => [name, credentials[at]])) as Hierarchy['clients'],
  };
  if (validity(pack, new Date()) === 'expired') {
    throw new ConfigurationError(
      dir,
      `this trust pack expired on ${notAfter.slice(0, 10)}; \`assay pki --out ${dir} --renew\` renews it`,
    );
  }
  return pack;
}
