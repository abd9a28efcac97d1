import { createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { makeFolder } from '../../certs/folder.ts';
import type { KeyRing, SigningKey } from './keys.ts';

/**
 * An issuer's folder, so that what a provider was configured with stays true over runs: `keys.json` (private keys,
 * never to leave the tester), `issuer.json`, and `management.json` while the issuer is up. Files are 0600.
 */
export interface Folder {
  readonly keys: readonly [SigningKey, ...SigningKey[]];
  /** The issuer that was last served from it. */
  readonly issuer?: string;
  readonly management?: { readonly url: string; readonly token: string };
}

/** A new file takes the place of the old one at once, or not at all. */
async function write(folder: string, name: string, value: object): Promise<void> {
  const file = join(folder, name);
  await writeFile(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

async function read<T>(folder: string, name: string): Promise<T | undefined> {
  const file = join(folder, name);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new ConfigurationError(file, `cannot be read (${code ?? 'unknown'})`);
  }
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ConfigurationError(file, 'is no JSON; remove the folder, and a new issuer is made');
  }
}

/**
 * Reads an issuer's folder; `undefined` when there is none.
 * @throws ConfigurationError naming the file that is not as it should be
 */
export async function readFolder(folder: string): Promise<Folder | undefined> {
  const stored = await read<{ readonly keys: readonly (JsonWebKey & { readonly kid: string })[] }>(
    folder,
    'keys.json',
  );
  if (!stored) return undefined;
  try {
    const [first, ...others] = stored.keys.map(({ kid, ...key }) => {
      const privateKey = createPrivateKey({ key, format: 'jwk' });
      return { kid, privateKey, publicKey: createPublicKey(privateKey) };
    });
    if (!first) throw new RangeError('no key');
    const served = await read<{ readonly issuer: string }>(folder, 'issuer.json');
    const management = await read<{ readonly url: string; readonly token: string }>(
      folder,
      'management.json',
    );
    return {
      keys: [first, ...others],
      ...(served && { issuer: served.issuer }),
      ...(management && { management }),
    };
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    const file = join(folder, 'keys.json');
    throw new ConfigurationError(file, 'holds no private keys; remove the folder, and a new issuer is made');
  }
}

/**
 * Keeps the keys, the one that signs first; makes the folder where there is none.
 * @throws ConfigurationError when it cannot be written
 */
export async function keepKeys(folder: string, { signing, keys }: KeyRing): Promise<void> {
  const kept = [signing, ...keys.filter((key) => key !== signing)];
  try {
    await makeFolder(folder, 0o700);
    await write(folder, 'keys.json', {
      keys: kept.map(({ kid, privateKey }) => ({ ...privateKey.export({ format: 'jwk' }), kid })),
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(
      folder,
      `cannot be written (${code ?? 'unknown'}); name another with --issuer`,
    );
  }
}

/** Says in the folder that its issuer is up, and how to steer it; the function returned takes that back. */
export async function announce(
  folder: string,
  issuer: string,
  management: { readonly url: string; readonly token: string },
): Promise<() => Promise<void>> {
  await write(folder, 'issuer.json', { issuer });
  await write(folder, 'management.json', { url: management.url, token: management.token });
  return () => rm(join(folder, 'management.json'), { force: true });
}
