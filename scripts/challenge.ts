import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { poseChallenge } from '../tests/certify/challenge.ts';
import { openSigningKey } from '../tests/certify/keys.ts';
import { CHALLENGE, challengeIn } from '../tests/run/challenge.ts';
import { passphrase, wholeDays } from './keygen.ts';
import { readable } from './values.ts';

interface ChallengeOptions {
  readonly key: string;
  readonly out: string;
  readonly for?: string;
  readonly days: number;
}

/** `assay challenge`: what an assessor gives to whoever will run, so that the subject's own log shows each attempt. */
export function challengeCommand(): Command {
  return new Command('challenge')
    .requiredOption('--key <file>', 'private.pem of the assessor, that `assay keygen` made')
    .option('--out <file>', 'the challenge; must not be there yet', CHALLENGE)
    .option('--for <url>', "the subject that it is for, as its file's `url` says (default: any)")
    .option('--days <n>', 'until when a run that meets it may be begun', wholeDays, 14)
    .addHelpText(
      'after',
      '\nExample:\n  assay challenge --key keys/private.pem --for https://HOST/A11111/STU3/1/gpconnect\n  assay run subject.json --challenge challenge.json',
    )
    .action(async ({ key: file, out, for: subject, days }: ChallengeOptions) => {
      if (subject !== undefined && !/^(https?:\/\/|mock:)\S+$/.test(subject))
        throw new ConfigurationError('--for', `${JSON.stringify(subject)} is no URL`);
      const pem = (await readable(file, '--key')).toString('utf8');
      const key = await openSigningKey(pem, await passphrase(false), '--key');
      const text = `${JSON.stringify(poseChallenge(key, { days, ...(subject !== undefined && { subject }) }), null, 2)}\n`;
      await writeFile(out, text, { flag: 'wx' }).catch(({ code }: NodeJS.ErrnoException) => {
        throw new ConfigurationError(
          '--out',
          code === 'EEXIST'
            ? `${out} is there already: a challenge is posed once`
            : `cannot write ${out} (${code ?? 'unknown'})`,
        );
      });
      const challenge = challengeIn(text);
      process.stdout.write(
        [
          `challenge  ${out}`,
          `nonce      ${challenge?.nonce ?? ''}`,
          `until      ${challenge?.until ?? ''}`,
          `key        ${key.kid}`,
          '',
          'Keep a copy; send the file to whoever runs: assay run SUBJECT --challenge FILE',
          '',
        ].join('\n'),
      );
    });
}
