import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from './configuration-error.ts';

/** One file of a trust pack, as `pki.json` lists it. */
export interface InventoryEntry {
  readonly file: string;
  readonly role: string;
  /** Serial number of the certificate in it, hex. */
  readonly serial?: string;
  /** ISO 8601. */
  readonly made: string;
  readonly until: string;
  /** Whether it may be given away; private keys and what the tester presents may not. */
  readonly share: boolean;
}

/** `pki.json`: what the pack is for and what is in it. */
export interface PackManifest {
  readonly ssp: string;
  readonly host: readonly string[];
  readonly notAfter: string;
  readonly revocation?: string;
  /** Whether the provider kept its key and sent a request. */
  readonly ownKey: boolean;
  readonly inventory: readonly InventoryEntry[];
}

/** Whether a file of a pack holds a key: it is written with mode 0600. */
export const isSecret = (name: string): boolean => /\.(key|p12)$/.test(name) && name !== 'provider/trust.p12';

/** Serial number of a certificate in PEM, in lower-case hexadecimal. */
export const serialOf = (pem: string): string => new X509Certificate(pem).serialNumber.toLowerCase();

/** Renewing is the mend for whatever is wrong with a pack's files. */
export const damaged = (dir: string, name: string, what: string): ConfigurationError =>
  new ConfigurationError(
    join(dir, name),
    `${what}; make the pack again with \`assay pki --out ${dir} --renew\`, or a new one elsewhere`,
  );

/** Whether there is anything at a path. */
export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** A file of a pack. @throws ConfigurationError naming it where it is missing or cannot be read */
export async function readText(dir: string, name: string): Promise<string> {
  try {
    return await readFile(join(dir, name), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!(await exists(join(dir, 'pki.json')))) {
      throw new ConfigurationError(
        dir,
        'is no trust pack (it holds no pki.json); `assay pki --out DIR` makes one',
      );
    }
    throw damaged(dir, name, code === 'ENOENT' ? 'is missing' : `cannot be read (${code ?? 'unknown'})`);
  }
}

/** A file of a pack that has to be PEM. @throws ConfigurationError naming it where it is not */
export async function readPem(dir: string, name: string): Promise<string> {
  const text = await readText(dir, name);
  try {
    new X509Certificate(text);
    return text;
  } catch {
    throw damaged(dir, name, 'holds no readable certificate');
  }
}

/** `pki.json` of a pack. @throws ConfigurationError where the folder is no pack, or the file is damaged */
export async function readManifest(dir: string): Promise<PackManifest> {
  const text = await readText(dir, 'pki.json');
  try {
    const manifest = JSON.parse(text) as Partial<PackManifest>;
    const { ssp, host, notAfter } = manifest;
    if (
      typeof ssp === 'string' &&
      [host, manifest.inventory].every(Array.isArray) &&
      !Number.isNaN(Date.parse(notAfter ?? ''))
    ) {
      return manifest as PackManifest;
    }
  } catch {
    // told below
  }
  throw damaged(dir, 'pki.json', 'is no description of a trust pack');
}
