import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { defectNames, mint, type MintOptions } from '../mocks/cis2/mint.ts';
import { Realm } from '../mocks/cis2/realm.ts';
import { readFolder } from '../mocks/cis2/store.ts';

/** Where an issuer's keys are kept, for `serve --cis2` and for `token`. */
export const ISSUER_FOLDER = 'assay-out/issuer';

interface TokenOptions {
  readonly issuer: string;
  readonly defect?: string;
  readonly claim: Readonly<Record<string, unknown>>;
  readonly user?: string;
  readonly audience?: string;
  readonly defects?: boolean;
}

/** `name=value`, the value as JSON where it is JSON, else as a string. */
function claim(written: string, before: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const at = written.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('NAME=VALUE is wanted');
  const value = written.slice(at + 1);
  let parsed: unknown = value;
  try {
    parsed = JSON.parse(value);
  } catch {
    // a string then
  }
  return { ...before, [written.slice(0, at)]: parsed };
}

/** `assay token`: mints an ID token of the CIS2 issuer. */
export function tokenCommand(): Command {
  return new Command('token')
    .option('--defect <name>', 'what is to be wrong with it')
    .option(
      '--claim <name=value>',
      'a claim that replaces its own (null leaves it out); repeatable',
      claim,
      {},
    )
    .option('--user <id>', 'whom it is about (default: the first user)')
    .option('--audience <client>', 'the client id that it is for')
    .option('--issuer <dir>', 'folder of the issuer, as `serve --cis2` has it', ISSUER_FOLDER)
    .option('--defects', 'list the names of the defects instead')
    .addHelpText(
      'after',
      [
        '',
        'A running issuer mints it, with the key that signs there now; else the key in the folder does.',
        '',
        'Examples:',
        '  assay token --user aal2-admin',
        '  assay token --defect alg-none',
        '  assay token --claim authentication_assurance_level=\'"3"\'',
      ].join('\n'),
    )
    .action(token);
}

async function token(options: TokenOptions): Promise<void> {
  const { defect, claim: claims, user, audience } = options;
  if (options.defects) {
    process.stdout.write(`${defectNames.join('\n')}\n`);
    return;
  }
  if (defect !== undefined && !(defectNames as readonly string[]).includes(defect))
    throw new ConfigurationError(
      '--defect',
      `there is no ${JSON.stringify(defect)}; \`assay token --defects\` lists them`,
    );
  const wanted: MintOptions = {
    claims,
    ...(defect !== undefined && { defect }),
    ...(user !== undefined && { user }),
    ...(audience !== undefined && { audience }),
  };
  process.stdout.write(`${await minted(resolve(options.issuer), wanted)}\n`);
}

async function minted(folder: string, wanted: MintOptions): Promise<string> {
  const found = await readFolder(folder);
  if (!found?.issuer)
    throw new ConfigurationError('--issuer', `${folder} holds no issuer; \`assay serve --cis2\` makes one`);
  const { management, keys, issuer } = found;
  if (management) {
    const answer = await fetch(new URL('/token', management.url), {
      method: 'POST',
      headers: { Authorization: `Bearer ${management.token}` },
      body: JSON.stringify(wanted),
      signal: AbortSignal.timeout(10_000),
    }).catch(() => undefined); // it is not up any more
    const body = (await answer?.json().catch(() => undefined)) as
      { readonly token?: string; readonly error?: string } | undefined;
    if (body?.token !== undefined) return body.token;
    if (body?.error !== undefined && answer?.status === 400)
      throw new ConfigurationError('token', body.error);
  }
  try {
    return await mint(await Realm.create({ issuer, keys }), wanted);
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigurationError('--user', error.message);
    throw error;
  }
}
