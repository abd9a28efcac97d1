import { Command, CommanderError } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { ConfigurationError } from '../certs/configuration-error.ts';
import { commands } from './commands.ts';
import { EXIT, version } from './exit.ts';

/** The program `assay`. Of its commands only the one that is asked for is loaded: help is there at once. */
async function program(argv: readonly string[]): Promise<Command> {
  const assay = new Command('assay')
    .description(
      'Says, clause by clause and with evidence, whether a provider behind the NHS Spine conforms.',
    )
    .version(version, '-V, --version')
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  assay run                         judge the embedded reference provider',
        '  assay pki --out pki               make the test CA that your provider will trust',
        '  assay run subject.json            judge the provider that the file describes',
        '',
        'Exit codes: 0 conformant, 1 non-conformant, 2 inconclusive, 3 not finished, or an error of ours, 4 usage or configuration.',
      ].join('\n'),
    );
  const [first, second] = argv.filter((each) => !each.startsWith('-'));
  const asked = first === 'help' ? second : first;
  for (const { name, does, load } of commands) {
    const command = name === asked ? await load() : new Command(name);
    assay.addCommand(command.description(does));
  }
  const strictly = (command: Command): void => {
    command.exitOverride().allowExcessArguments(false).showHelpAfterError('(--help shows the usage)');
    command.commands.forEach(strictly);
  };
  strictly(assay);
  return assay;
}

/**
 * npm only warns of a Node that is too old for a package.
 * @throws ConfigurationError
 */
function checkNode(): void {
  const [least, own] = [manifest.engines.node, process.version].map((each) => /\d+/.exec(each)?.[0] ?? '');
  if (Number(own) < Number(least))
    throw new ConfigurationError('Node', `${process.version} is too old; install Node ${least} or newer`);
}

// A reader that has seen enough (`assay run | head`) closes the pipe; the run goes on to its record all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  checkNode();
  await (await program(process.argv.slice(2))).parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said what is wrong; help and version are no errors.
    process.exitCode = error.exitCode === 0 ? EXIT.conformant : EXIT.usage;
  } else if (error instanceof ConfigurationError) {
    process.stderr.write(`assay: ${error.message}\n`);
    process.exitCode = EXIT.usage;
  } else {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`assay: an error of ours: ${reason}\n`);
    if (process.env['ASSAY_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    else process.stderr.write('ASSAY_DEBUG=1 shows where; please report it.\n');
    process.exitCode = EXIT.ours;
  }
}
