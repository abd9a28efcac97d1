import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { read } from 'read';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { makeFolder } from '../certs/folder.ts';
import { utf8, type Files } from '../tests/certify/archive.ts';
import { attemptsOf, challengesOf, ledgerName, unmet } from '../tests/certify/attempts.ts';
import { bundle, challengeFile, evidenceName, recordName, SCORECARD } from '../tests/certify/bundle.ts';
import { CHALLENGE, challengeIn, type Challenge } from '../tests/run/challenge.ts';
import { digestOf, LEDGER, ledgerAt } from '../tests/run/ledger.ts';
import { SCORECARD_FILE } from './scorecard.ts';
import { collect } from './options.ts';
import { obstacles } from '../tests/certify/conditions.ts';
import { generateSigningKey, openSigningKey, readTrust, type TrustSet } from '../tests/certify/keys.ts';
import { verifyBundle, type Verified } from '../tests/certify/verify.ts';
import { profileNamed } from '../tests/run/prepared.ts';
import { checkRecord } from '../tests/run/record-schema.ts';
import { EVIDENCE } from '../tests/run/publish.ts';
import { evidenceIn, writeWhole, type RunRecord } from '../tests/run/record.ts';
import { EXIT, version } from './exit.ts';
import { html } from './report/html.ts';
import { junit } from './report/junit.ts';
import { sarif } from './report/sarif.ts';
import { testReport } from './report/testreport.ts';
import { traceabilityCsv } from './report/traceability.ts';

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

export const readable = async (file: string, place: string): Promise<Buffer> => {
  try {
    return await readFile(file);
  } catch (error) {
    throw new ConfigurationError(
      place,
      `cannot read ${file} (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
    );
  }
};

export function wholeDays(value: string): number {
  const days = Number(value);
  if (!Number.isInteger(days) || days < 1 || days > 1095)
    throw new InvalidArgumentError('a whole number of days from 1 to 1095');
  return days;
}

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

/** A record, read and checked. */
async function readRecord(file: string): Promise<{ readonly record: RunRecord; readonly bytes: Uint8Array }> {
  const bytes = await readable(file, file);
  let record: RunRecord;
  try {
    record = JSON.parse(bytes.toString('utf8')) as RunRecord;
    checkRecord(record);
  } catch (error) {
    throw new ConfigurationError(
      file,
      `is no record: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return { record, bytes };
}

interface CertifyOptions {
  readonly ledger: readonly string[];
  readonly key: string;
  readonly out: string;
  readonly by: 'assessor' | 'supplier';
}

/** `assay certify`: a signed bundle from records that leave nothing open. */
export function certifyCommand(): Command {
  return new Command('certify')
    .argument('<records...>', 'record.json of whole runs')
    .requiredOption('--key <file>', 'private.pem that `assay keygen` made')
    .requiredOption('--out <file>', 'the bundle')
    .addOption(
      new Option('--by <who>', 'who ran it, as the statement says')
        .choices(['assessor', 'supplier'])
        .default('supplier'),
    )
    .option(
      '--ledger <file>',
      `the ledger of the attempts, where it is not ${LEDGER} beside each record; may be repeated`,
      collect,
      [],
    )
    .addHelpText(
      'after',
      '\nExample:\n  assay certify assay-out/record.json --key keys/private.pem --out bundle.zip',
    )
    .action(async (files: readonly string[], options: CertifyOptions) => {
      process.exitCode = await certify(files, options);
    });
}

async function certify(
  files: readonly string[],
  { key: keyFile, out, by, ledger }: CertifyOptions,
): Promise<number> {
  if ((await stat(out).catch(() => undefined))?.isDirectory())
    throw new ConfigurationError('--out', `${out} is a directory`);
  const records = await Promise.all(files.map(readRecord));
  const today = new Date();
  const logs = await Promise.all(
    records.map((each, at) => attemptsBehind(each, at, files[at] ?? '', ledger)),
  );
  const wrong = records.flatMap(({ record }, at) =>
    [
      ...obstacles(record, {
        version,
        today,
        profile: profileNamed(record.profile, `${files[at]}#/profile`),
      }),
      ...(logs[at]?.faults ?? []),
    ].map((why) => `${files[at]}: ${why}`),
  );
  if (wrong.length > 0) {
    process.stderr.write(`Not certified:\n${wrong.map((why) => `  ${why}\n`).join('')}`);
    return EXIT.nonConformant;
  }
  const key = await openSigningKey(
    (await readable(keyFile, '--key')).toString('utf8'),
    await passphrase(false),
    '--key',
  );
  const others: Files = {
    ...Object.assign({}, ...logs.map(({ files: own }) => own)),
    ...(await companions(records.map(({ record }) => record))),
    ...(await evidenceOf(
      records.map(({ record }) => record),
      files,
    )),
  };
  const bytes = bundle(records, others, { tool: { name: 'assay', version }, ranBy: by, issued: today }, key);
  await makeFolder(dirname(out));
  const draft = join(dirname(out), `.${basename(out)}.${process.pid}.draft`);
  await writeFile(draft, bytes);
  await rename(draft, out);
  const specimen = records.some(({ record }) => record.subject.standIn !== undefined);
  process.stdout.write(
    [
      specimen
        ? 'SPECIMEN: an embedded provider was judged; this certifies nothing.'
        : `Certified: ${records.length} record${records.length === 1 ? '' : 's'}.`,
      `bundle  ${out}`,
      `verify  assay verify ${out} --trust ${join(dirname(keyFile), 'trust.json')}`,
      '',
    ].join('\n'),
  );
  return EXIT.conformant;
}

/** The ledgers of a record and the challenges that its runs met, by their place in the bundle; and what is missing. */
async function attemptsBehind(
  { record, bytes }: { readonly record: RunRecord; readonly bytes: Uint8Array },
  at: number,
  file: string,
  named: readonly string[],
): Promise<{ readonly faults: readonly string[]; readonly files: Files }> {
  const from = dirname(file);
  const folder = dirname(recordName(at));
  const inFolder = async (name: string): Promise<readonly string[]> =>
    (await readdir(join(from, name)).catch(() => [])).map((each) => join(from, name, each));
  const beside = [join(from, LEDGER), ...(await inFolder('ledgers'))];
  const texts: string[] = [];
  for (const each of named.length > 0 ? named : beside) {
    const text = await ledgerAt(each);
    if (text === undefined && named.length > 0)
      throw new ConfigurationError('--ledger', `cannot read ${each}`);
    if (text !== undefined) texts.push(text);
  }
  const [first, ...others] = texts;
  if (first === undefined)
    return {
      faults: [`no ledger of attempts stands beside it (${LEDGER}); name it with --ledger`],
      files: {},
    };
  const ledgers: Files = {
    [`${folder}/${LEDGER}`]: utf8(first),
    ...Object.fromEntries(others.map((text) => [`${folder}/${ledgerName(text)}`, utf8(text)])),
  };
  const kept = attemptsOf(record, digestOf(bytes), ledgers);
  const candidates = new Map<string, Buffer>();
  for (const each of [join(from, CHALLENGE), ...(await inFolder('challenges'))]) {
    const found = await readFile(each).catch(() => undefined);
    if (found) candidates.set(digestOf(found), found);
  }
  const faults = [...kept.faults];
  const posed: Record<string, Uint8Array> = {};
  const met = new Map<string, Challenge>();
  for (const digest of challengesOf(kept.own) ?? []) {
    const found = candidates.get(digest);
    const challenge = found && challengeIn(found.toString());
    if (found) posed[challengeFile(recordName(at), digest)] = found;
    if (challenge) met.set(digest, challenge);
    else faults.push(`the challenge that its run met (${digest}) does not stand beside it as ${CHALLENGE}`);
  }
  if (met.size > 0) faults.push(...unmet(record, kept.own, met));
  return { faults, files: { ...ledgers, ...posed } };
}

/** The evidence that the records refer to, from where their runs left it. */
async function evidenceOf(records: readonly RunRecord[], files: readonly string[]): Promise<Files> {
  const found: Record<string, Uint8Array> = {};
  for (const [at, record] of records.entries()) {
    const folder = join(dirname(files[at] ?? ''), EVIDENCE);
    for (const digest of evidenceIn(record)) {
      const file = join(folder, digest.replace(':', '/'));
      found[evidenceName(recordName(at), digest)] = await readFile(file).catch(() => {
        throw new ConfigurationError(
          files[at] ?? '',
          `its evidence ${file} is missing; certify the record where its run left it`,
        );
      });
    }
  }
  return found;
}

/** The reports that stand beside each record, in the forms that people and tools read. */
const REPORTS = {
  'report.html': html,
  'junit.xml': junit,
  'results.sarif': sarif,
  'TestReport.json': testReport,
  'traceability.csv': traceabilityCsv,
} as const;

/** The bill of materials that the package ships; the tree has none, and makes it from its lock file. */
async function billOfThisTool(): Promise<Uint8Array> {
  const shipped = await readFile(new URL('../sbom.cdx.json', import.meta.url)).catch(() => undefined);
  return shipped ?? utf8((await import('./package/bill.ts')).billOfMaterials());
}

/** What a bundle holds beside the records: reports, waivers, what was attested, and what this tool is: scorecard and SBOM. */
async function companions(records: readonly RunRecord[]): Promise<Files> {
  const beside = records.flatMap((record, at): readonly (readonly [string, Uint8Array])[] => {
    const folder = dirname(recordName(at));
    const attested = record.findings.filter((finding) => finding.case.startsWith('attestation/'));
    const lists = { waivers: record.waivers ?? [], attestations: attested };
    return [
      ...Object.entries(REPORTS).map(([name, made]) => [`${folder}/${name}`, utf8(made(record))] as const),
      ...Object.entries(lists).map(
        ([name, list]) => [`${folder}/${name}.json`, utf8(`${JSON.stringify(list, null, 2)}\n`)] as const,
      ),
    ];
  });
  return {
    ...Object.fromEntries(beside),
    [SCORECARD]: await readFile(SCORECARD_FILE),
    'sbom.cdx.json': await billOfThisTool(),
  };
}

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
