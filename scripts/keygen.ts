import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { read } from 'read';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { makeFolder } from '../certs/folder.ts';
import { generateSigningKey } from '../tests/certify/keys.ts';
import { writeWhole } from '../tests/run/record.ts';
import { wholeNumber } from './values.ts';

const PASSPHRASE = 'ASSAY_KEY_PASSPHRASE';

/** From the environment, or asked for on a terminal without being shown. Never from the command line. */
export async function passphrase(twice: boolean): Promise<string> {
  const given = process.env[PASSPHRASE];
  if (given !== undefined && given !== '') return given;
  if (!process.stdin.isTTY)
    throw new ConfigurationError(PASSPHRASE, 'is not set, and there is no terminal to ask on');
  const first = await read({ prompt: 'Passphrase of the key: ', silent: true, output: process.stderr });
  if (twice && first !== (await read({ prompt: 'Once more: ', silent: true, output: process.stderr })))
    throw new ConfigurationError(PASSPHRASE, 'the two are not the same');
  return first;
}

/** How many days a key or what it signs may last. */
export const wholeDays = wholeNumber(1, 1095, 'a whole number of days');

/** `assay keygen`: a key that certifies, and the set that verifiers need. */
export function keygenCommand(): Command {
  return new Command('keygen')
    .requiredOption('--out <dir>', 'where private.pem and trust.json go; must not hold them yet')
    .option('--days <n>', 'how long the key certifies', wholeDays, 365)
    .addOption(new Option('--holder <who>', 'who holds it').choices(['assessor', 'supplier']))
    .addHelpText(
      'after',
      `\nThe private key is encrypted by the passphrase in ${PASSPHRASE}, or asked for.\n\nExample:\n  assay keygen --out keys`,
    )
    .action(async (options: { out: string; days: number; holder?: 'assessor' | 'supplier' }) => {
      const { out, days, holder } = options;
      for (const name of ['private.pem', 'trust.json']) {
        if (await stat(join(out, name)).catch(() => undefined))
          throw new ConfigurationError('--out', `${join(out, name)} is there already; choose another folder`);
      }
      const secret = await passphrase(true);
      if (secret.length < 12) throw new ConfigurationError(PASSPHRASE, 'is too short: 12 characters or more');
      const { privatePem, trust } = await generateSigningKey(secret, { days, ...(holder && { holder }) });
      await makeFolder(out, 0o700).catch((error: NodeJS.ErrnoException) => {
        throw new ConfigurationError('--out', `cannot make ${out} (${error.code}); name another folder`);
      });
      await writeWhole(out, [
        { name: 'private.pem', text: privatePem, mode: 0o600 },
        { name: 'trust.json', text: `${JSON.stringify(trust, null, 2)}\n` },
      ]);
      process.stdout.write(
        [
          `${join(out, 'private.pem')}  stays with you`,
          `${join(out, 'trust.json')}   for everybody who verifies`,
          `key ${trust.keys[0]?.kid ?? ''}`,
          '',
        ].join('\n'),
      );
    });
}
