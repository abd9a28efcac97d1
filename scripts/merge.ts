import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Command } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { challengeName, ledgerName } from '../tests/certify/attempts.ts';
import { CHALLENGE } from '../tests/run/challenge.ts';
import { digestOf, LEDGER, ledgerAt, noteMerged } from '../tests/run/ledger.ts';
import { mergeShards } from '../tests/run/merge-shards.ts';
import { EVIDENCE, evidenceFiles, publish, type OutFile } from '../tests/run/publish.ts';
import { readRecord } from '../tests/run/read-record.ts';
import { evidenceIn, type RunRecord } from '../tests/run/record.ts';
import { checkRecord } from '../tests/run/record-schema.ts';
import { sha256 } from '../tests/certify/archive.ts';
import { EXIT, exitOf } from './exit.ts';
import { FOLDER } from './reproduction.ts';
import { screenOf, summary } from './report/console.ts';
import { html } from './report/html.ts';
import { junit } from './report/junit.ts';
import { deadWaivers } from './report/view.ts';

/** `assay merge`: the records of all shards of a run as that of one. Nothing is driven. */
export function mergeCommand(): Command {
  return new Command('merge')
    .argument('<record...>', 'the record.json of each shard, or the directory of its run')
    .option('--out <dir>', 'where record.json, junit.xml and report.html go', 'assay-out')
    .addHelpText(
      'after',
      [
        '',
        'The exit code is the verdict of the whole, as that of `assay run`.',
        '',
        'Example:',
        '  assay run subject.json --shard 1/2 --out part-1',
        '  assay run subject.json --shard 2/2 --out part-2',
        '  assay merge part-1 part-2 --out assay-out',
      ].join('\n'),
    )
    .action(async (paths: readonly string[], { out }: { readonly out: string }) => {
      const there = await stat(out).catch(() => undefined);
      if (there && !there.isDirectory()) throw new ConfigurationError('--out', `${out} is not a directory`);
      const parts = [];
      for (const place of paths) parts.push({ place, record: await readRecord(place) });
      const record = mergeShards(parts);
      checkRecord(record);
      const folders = await Promise.all(paths.map(folderOf));
      const scripts = await scriptsOf(record, folders);
      const text = `${JSON.stringify(record, null, 2)}\n`;
      const digests = await Promise.all(paths.map(digestAt));
      const logs = await attemptsIn(folders);
      await publish(
        out,
        [
          { name: 'record.json', text },
          { name: 'junit.xml', text: junit(record) },
          { name: 'report.html', text: html(record) },
        ],
        {
          [FOLDER]: scripts,
          [EVIDENCE]: evidenceFiles(record, await evidenceOf(record, folders)),
          ...logs,
        },
      );
      await noteMerged(join(out, LEDGER), record, text, digests);
      const placed = new Map(scripts.map(({ name }) => [name.slice(0, -3), `${out}/${FOLDER}/${name}`]));
      process.stdout.write(summary(screenOf(process.stdout, process.env), record, placed));
      process.stdout.write(
        `\nrecord  ${out}/record.json\njunit   ${out}/junit.xml\nreport  ${out}/report.html\n`,
      );
      process.exitCode = deadWaivers(record).length > 0 ? EXIT.nonConformant : exitOf(record.verdict);
    });
}

const folderOf = async (path: string): Promise<string> =>
  (await stat(path)).isDirectory() ? path : dirname(path);

const textAt = (folders: readonly string[], name: string): Promise<string | undefined> =>
  folders.reduce<Promise<string | undefined>>(
    async (before, folder) => (await before) ?? readFile(join(folder, name), 'utf8').catch(() => undefined),
    Promise.resolve(undefined),
  );

/**
 * What the record refers to, from the folders of the shards, by its digest.
 * @throws ConfigurationError naming the file that is missing, or is not what it is called
 */
async function evidenceOf(
  record: RunRecord,
  folders: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const kept = new Map<string, string>();
  for (const digest of evidenceIn(record)) {
    const name = digest.replace('sha256:', '');
    const file = join(EVIDENCE, 'sha256', name);
    const text = await textAt(folders, file);
    if (text === undefined)
      throw new ConfigurationError(
        'merge',
        `${file} stands beside none of the records: keep the folder of each run whole`,
      );
    if (sha256(Buffer.from(text)) !== name)
      throw new ConfigurationError('merge', `${file} is something else than its name says`);
    kept.set(name, text);
  }
  return kept;
}

const digestAt = async (path: string): Promise<string> =>
  digestOf(await readFile((await stat(path)).isDirectory() ? join(path, 'record.json') : path));

/** The ledgers that the shards left, and the challenges that they met: whoever certifies looks their attempts up. */
async function attemptsIn(folders: readonly string[]): Promise<Readonly<Record<string, readonly OutFile[]>>> {
  const ledgers = await Promise.all(folders.map((folder) => ledgerAt(join(folder, LEDGER))));
  const challenges = await Promise.all(
    folders.map((folder) => readFile(join(folder, CHALLENGE), 'utf8').catch(() => undefined)),
  );
  const named = (texts: readonly (string | undefined)[], name: (text: string) => string): OutFile[] =>
    [...new Set(texts)].flatMap((text) => (text === undefined ? [] : [{ name: basename(name(text)), text }]));
  return {
    ledgers: named(ledgers, ledgerName),
    challenges: named(challenges, (text) => challengeName(digestOf(text))),
  };
}

/** The scripts that the shards left for what failed. */
async function scriptsOf({ findings }: RunRecord, folders: readonly string[]): Promise<readonly OutFile[]> {
  const found: OutFile[] = [];
  for (const { case: id, outcome } of findings) {
    const name = `${id}.sh`;
    const text = outcome === 'fail' ? await textAt(folders, join(FOLDER, name)) : undefined;
    if (text !== undefined) found.push({ name, text, mode: 0o755 });
  }
  return found;
}
