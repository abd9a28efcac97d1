import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { SCORECARD_FILE } from './scorecard.ts';
import { collect } from './options.ts';
import { readTrust, type TrustSet } from '../tests/certify/keys.ts';
import { verifyBundle, type Verified } from '../tests/certify/verify.ts';
import { EXIT, version } from './exit.ts';
import { readable } from './values.ts';

/** A bundle as its file holds it, and what came of verifying it. */
export async function opened(
  file: string,
  trust: readonly string[],
): Promise<{ readonly bytes: Uint8Array; readonly verified: Verified }> {
  if (trust.length === 0)
    throw new ConfigurationError('--trust', 'is missing: name a trust.json with the keys that you trust');
  const sets = await Promise.all(
    trust.map(async (each) => readTrust((await readable(each, '--trust')).toString('utf8'), each)),
  );
  const bytes = await readable(file, file);
  if (bytes.subarray(0, 2).toString('latin1') !== 'PK')
    throw new ConfigurationError(file, 'is no bundle (no ZIP)');
  const keys: TrustSet = { keys: sets.flatMap((each) => each.keys) };
  return { bytes, verified: verifyBundle(bytes, keys, new Date(), version, await readFile(SCORECARD_FILE)) };
}

/** `assay verify`: whether a bundle holds, offline. */
export function verifyCommand(): Command {
  return new Command('verify')
    .argument('<bundle>', 'the file that `assay certify` made')
    .option('--trust <file>', 'trust.json with keys that you trust; may be repeated', collect, [])
    .option('--json', 'one JSON object on stdout')
    .addHelpText(
      'after',
      '\nExit code 0: it holds; 1: it does not; 4: it cannot be read.\n\nExample:\n  assay verify bundle.zip --trust trust.json',
    )
    .action(async (file: string, { trust, json }: { trust: readonly string[]; json?: boolean }) => {
      const { verified } = await opened(file, trust);
      const { holds, faults, statement } = verified;
      if (json)
        process.stdout.write(`${JSON.stringify({ holds, faults, statement: statement ?? null }, null, 2)}\n`);
      else process.stdout.write(told(holds, faults, statement));
      process.exitCode = holds ? EXIT.conformant : EXIT.nonConformant;
    });
}

function told(
  holds: boolean,
  faults: readonly string[],
  statement: ReturnType<typeof verifyBundle>['statement'],
): string {
  const said = statement?.predicate;
  const first = said?.specimen
    ? 'SPECIMEN: an embedded provider was judged; this certifies nothing.'
    : holds
      ? 'It holds.'
      : 'It does not hold.';
  return [
    first,
    ...(said?.specimen ? [holds ? 'The bundle itself holds.' : 'The bundle does not hold.'] : []),
    ...faults.map((fault) => `  ${fault}`),
    ...(holds && said
      ? [
          ...said.certified.map(
            ({ profile, edition, subject, verdict, started }) =>
              `  ${verdict}: ${subject} (${profile}, edition ${edition}, ${started.slice(0, 10)})`,
          ),
          ...said.certified.flatMap(({ waived = [] }) =>
            waived.map(({ case: id, risk, expires }) => `  waived until ${expires}: ${id} (${risk})`),
          ),
          ...said.certified.map(
            ({ attempts: { begun, unfinished } }) =>
              `  ${begun} attempt${begun === 1 ? '' : 's'} in the ledger${unfinished > 0 ? `, ${unfinished} of them never ended` : ''}`,
          ),
          `  ran by ${said.ranBy}, ${said.assurance}; issued ${said.issued.slice(0, 10)}, until ${said.until.slice(0, 10)}; Assay ${said.tool.version}`,
        ]
      : []),
    '',
  ].join('\n');
}
