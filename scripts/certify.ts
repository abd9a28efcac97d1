import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Command, Option } from 'commander';
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
import { openSigningKey } from '../tests/certify/keys.ts';
import { profileNamed } from '../tests/run/prepared.ts';
import { checkRecord } from '../tests/run/record-schema.ts';
import { EVIDENCE } from '../tests/run/publish.ts';
import { evidenceIn, type RunRecord } from '../tests/run/record.ts';
import { EXIT, version } from './exit.ts';
import { html } from './report/html.ts';
import { junit } from './report/junit.ts';
import { sarif } from './report/sarif.ts';
import { testReport } from './report/testreport.ts';
import { traceabilityCsv } from './report/traceability.ts';
import { passphrase } from './keygen.ts';
import { readable } from './values.ts';

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
