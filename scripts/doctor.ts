import { Command } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { checkOf, type Check } from '../tests/run/doctor-checks.ts';
import { diagnose } from '../tests/run/doctor.ts';
import { prepareStandIn } from '../tests/run/prepare-stand-in.ts';
import { prepareSubject } from '../tests/run/prepare-subject.ts';
import { profileNamed, type Prepared } from '../tests/run/prepared.ts';
import { called, EXIT, version } from './exit.ts';
import { screenOf } from './report/console.ts';
import { diagnosisAsText } from './report/diagnosis.ts';
import { oneSubject, withReach } from './options.ts';

interface DoctorOptions {
  readonly mock?: string;
  readonly profile: string;
  readonly allowPath: readonly string[];
  readonly env: readonly string[];
  readonly credentials?: string;
  readonly json?: boolean;
}

/** `assay doctor`: whether a subject can be judged, and if not, whose matter that is and what to try. */
export function doctorCommand(): Command {
  return withReach(
    new Command('doctor')
      .argument('[subject]', 'subject file (JSON); without it: --mock conformant')
      .option('--mock <name>', 'look at an embedded provider instead')
      .option('--profile <name>', 'profile of the embedded provider', 'gpconnect'),
    'credentials of your own beside those of the subject file',
  )
    .option('--json', 'one JSON object on stdout')
    .addHelpText(
      'after',
      [
        '',
        'Exit codes: 0 it can be judged, 2 something is in the way, 4 the subject file or the trust pack is wrong.',
        '',
        'Example:',
        '  assay doctor subject.json',
      ].join('\n'),
    )
    .action(async (file: string | undefined, options: DoctorOptions) => {
      process.exitCode = await doctor(file, options);
    });
}

async function doctor(file: string | undefined, options: DoctorOptions): Promise<number> {
  oneSubject(file, options.mock);
  const opened = await open(file, options);
  if ('id' in opened) {
    report([opened], options.json, { sound: false }, file);
    return EXIT.usage;
  }
  try {
    const { checks, sound, ms } = await diagnose(opened);
    report(checks, options.json, { sound, ms, url: opened.subject.url }, file);
    return sound ? EXIT.conformant : EXIT.inconclusive;
  } finally {
    await opened.close();
  }
}

/** The subject, or the check that says why it cannot be opened. A wrong option stays an error of usage. */
async function open(file: string | undefined, options: DoctorOptions): Promise<Prepared | Check> {
  if (file === undefined)
    return prepareStandIn(options.mock ?? 'conformant', profileNamed(options.profile, '--profile'));
  try {
    return await prepareSubject(file, {
      allowPath: options.allowPath,
      env: options.env,
      credentials: options.credentials,
    });
  } catch (error) {
    if (!(error instanceof ConfigurationError) || error.message.startsWith('--')) throw error;
    const pack = !error.message.startsWith(file);
    return checkOf(
      pack ? 'pack' : 'file',
      'failed',
      error.message,
      'configuration',
      pack ? 'nothing was sent; mend the trust pack as it says' : 'nothing was sent; mend what it names',
    );
  }
}

function report(
  checks: readonly Check[],
  json: boolean | undefined,
  facts: { readonly sound: boolean; readonly ms?: number; readonly url?: string },
  file?: string,
): void {
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ tool: { name: 'assay', version }, ...facts, checks }, null, 2)}\n`,
    );
    return;
  }
  const screen = screenOf(process.stdout, process.env);
  screen.write(`Assay ${version} · doctor${facts.url === undefined ? '' : ` · ${facts.url}`}\n\n`);
  screen.write(diagnosisAsText(screen, checks));
  screen.write(
    facts.sound
      ? `\nIt can be judged: ${[called, 'run', ...(file === undefined ? [] : [file])].join(' ')}\n`
      : '\nIt cannot be judged yet. Mend the first that failed, then ask again.\n',
  );
}
