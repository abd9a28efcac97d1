import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigurationError } from '../certs/configuration-error.ts';
import type { Credential } from '../certs/index.ts';
import type { RealmOptions } from '../mocks/cis2/realm.ts';
import { startIssuer, type ServedIssuer } from '../mocks/cis2/server.ts';
import { announce, keepKeys, readFolder } from '../mocks/cis2/store.ts';
import { checkRegister } from '../mocks/cis2/users.ts';
import { parseStrictJson } from '../tests/run/json.ts';
import { dialled } from './ready.ts';

/** The flags of `serve` that speak of the CIS2 issuer. */
export interface IssuerFlags {
  readonly cis2?: boolean;
  readonly cis2Port: number;
  readonly cis2ManagementPort?: number;
  readonly listen?: string;
  readonly managementListen?: string;
  readonly cis2Name?: string;
  readonly users?: string;
  readonly login: string;
  readonly issuer: string;
}

/** What the ready line says of it, and how to end it. */
export interface Companion {
  readonly ready: Readonly<Record<string, unknown>>;
  readonly close: () => Promise<void>;
}

async function registerOf(file: string | undefined): Promise<Pick<RealmOptions, 'register'>> {
  if (file === undefined) return {};
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigurationError(
      file,
      error.code === 'ENOENT' ? 'there is no such file' : `cannot be read (${error.code ?? 'unknown'})`,
    );
  });
  return { register: checkRegister(parseStrictJson(text, file), file) };
}

async function start(flags: IssuerFlags, options: Parameters<typeof startIssuer>[0]): Promise<ServedIssuer> {
  try {
    return await startIssuer(options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'EACCES')
      throw new ConfigurationError(
        '--cis2-port',
        `that port cannot be had (${code}); choose another, or 0 for any`,
      );
    if (error instanceof RangeError)
      throw new ConfigurationError(
        flags.cis2Name === undefined ? '--login' : '--cis2-name, --login',
        error.message,
      );
    throw error;
  }
}

/** Starts the CIS2 issuer beside whatever else is served. */
export async function serveIssuer(flags: IssuerFlags, identity: Credential): Promise<Companion> {
  const register = await registerOf(flags.users);
  const folder = resolve(flags.issuer);
  const found = await readFolder(folder);
  const { cis2Name } = flags;
  const served = await start(flags, {
    identity,
    ...(found && { keys: found.keys }),
    port: flags.cis2Port,
    login: flags.login,
    ...(flags.listen !== undefined && { host: flags.listen }),
    steering: {
      ...(flags.managementListen !== undefined && { host: flags.managementListen }),
      ...(flags.cis2ManagementPort !== undefined && { port: flags.cis2ManagementPort }),
    },
    ...register,
    ...(cis2Name !== undefined && { issuer: cis2Name }),
  });
  const { issuer, management, realm, port } = served;
  try {
    await keepKeys(folder, realm.keys);
    const withdraw = await announce(folder, issuer, management);
    return {
      ready: {
        cis2: {
          issuer,
          management: management.url,
          token: management.token,
          connect: dialled(flags.listen, port),
        },
      },
      close: async () => {
        await served.close();
        await withdraw();
        await keepKeys(folder, realm.keys);
      },
    };
  } catch (error) {
    await served.close();
    throw error;
  }
}
