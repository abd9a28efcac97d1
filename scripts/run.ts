import { join, matchesGlob, relative } from 'node:path';
import { stat } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { ConfigurationError } from '../certs/configuration-error.ts';
import { createKeeper, type Keeper } from '../tests/drive/keep.ts';
import { createPace } from '../tests/drive/pace.ts';
import { CHALLENGE, readChallenge, type Posed } from '../tests/run/challenge.ts';
import { beginAttempt, LEDGER, type Attempt } from '../tests/run/ledger.ts';
import { lifecycle } from '../tests/run/lifecycle.ts';
import { runPlan, unlessAborted } from '../tests/run/engine.ts';
import { diagnose, type Diagnosis } from '../tests/run/doctor.ts';
import { ENFORCED, readAlong } from '../tests/run/enforcement.ts';
import type { Baseline, Finding } from '../tests/run/examine.ts';
import { inEveryVersion, plan, type Planned } from '../tests/run/plan.ts';
import { prepareStandIn, prepareSubject, profileNamed, type Prepared } from '../tests/run/prepare.ts';
import { prepareImage } from '../tests/run/prepare-image.ts';
import { EVIDENCE, evidenceFiles, publish } from '../tests/run/publish.ts';
import type { RunRecord } from '../tests/run/record.ts';
import { readRecord } from '../tests/run/read-record.ts';
import { checkRecord } from '../tests/run/record-schema.ts';
import { comesLast, shardInWords, shardOf, type Shard } from '../tests/run/shard.ts';
import { recordOf } from '../tests/run/told.ts';
import { inOneSentence, stoppedBy, type Stopped } from '../tests/run/vigil.ts';
import { readWaivers, waiversFor, type Waiver } from '../tests/run/waivers.ts';
import { describe as describeRefusal } from '../tests/oracle/response.ts';
import { openEvents } from './events.ts';
import { interruption } from './interruption.ts';
import { called, EXIT, exitOf, version } from './exit.ts';
import { FOLDER, scriptsOf } from './reproduction.ts';
import { createTable, screenOf, summary } from './report/console.ts';
import { beforeRun, stoppedAsText } from './report/diagnosis.ts';
import { compare, differencesAsText } from './report/diff.ts';
import { html } from './report/html.ts';
import { junit } from './report/junit.ts';
import { deadWaivers } from './report/view.ts';
import { collect, oneSubject, shard, withReach } from './options.ts';

interface RunOptions {
  readonly mock?: string;
  readonly profile?: string;
  readonly edition?: string;
  readonly case: readonly string[];
  readonly out: string;
  readonly concurrency: number;
  readonly allowPath: readonly string[];
  readonly env: readonly string[];
  readonly credentials?: string;
  readonly image?: string;
  readonly imagePort?: number;
  readonly imageEnv: Readonly<Record<string, string>>;
  readonly strict?: boolean;
  readonly waivers?: string;
  readonly baseline?: string;
  readonly ledger?: string;
  readonly challenge?: string;
  readonly polite?: number | true;
  readonly lifecycle?: number | true;
  readonly events?: string;
  readonly shard?: Shard;
}

function workers(value: string): number {
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1 || count > 32)
    throw new InvalidArgumentError('a whole number from 1 to 32');
  return count;
}

function tcpPort(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw new InvalidArgumentError('a port from 1 to 65535');
  return number;
}

function variable(value: string, before: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, name, text] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(value) ?? [];
  if (name === undefined) throw new InvalidArgumentError('NAME=VALUE');
  return { ...before, [name]: text ?? '' };
}

/** Connections a second of `--polite` where no number is given. */
const POLITE = 2;

function rate(value: string): number {
  const number = Number(value);
  if (!(number >= 0.1 && number <= 100)) throw new InvalidArgumentError('a number from 0.1 to 100');
  return number;
}

function seconds(value: string): number {
  const number = Number(value);
  if (!(number >= 1 && number <= 3600)) throw new InvalidArgumentError('seconds, from 1 to 3600');
  return number;
}

/** The lifecycle of a certificate, where it is asked for. It comes last: it is the one thing that changes the CAs. */
async function lifeOf(
  prepared: Prepared,
  start: Baseline,
  wanted: number | true | undefined,
): Promise<readonly Finding[]> {
  if (wanted === undefined || !start.accepted) return [];
  const { revocation } = prepared.declared;
  const way = revocation === 'crldp' ? 'crldp' : 'ocsp';
  return lifecycle(prepared.run, start, way, wanted === true ? {} : { limit: wanted * 1000 });
}

/** The same run, with what is sent and comes back kept. */
const keeping = (prepared: Prepared, { keep }: Keeper): Prepared => ({
  ...prepared,
  run: { ...prepared.run, target: { ...prepared.run.target, keep } },
});

/** The same run, at most so many connections a second. */
function paced(prepared: Prepared, polite: number | true | undefined): Prepared {
  if (polite === undefined) return prepared;
  const pace = createPace(polite === true ? POLITE : polite);
  const { run } = prepared;
  return { ...prepared, run: { ...run, target: { ...run.target, pace } } };
}

/** The same run, its trace and correlation ids derived where it was challenged. */
const tracing = (prepared: Prepared, { fresh }: Attempt): Prepared =>
  fresh ? { ...prepared, run: { ...prepared.run, target: { ...prepared.run.target, fresh } } } : prepared;

/** `assay run`: examines a subject, streams the table, writes the record. */
export function runCommand(): Command {
  return withReach(
    new Command('run')
      .argument('[subject]', 'subject file (JSON); without it: --mock conformant')
      .option(
        '--mock <name>',
        'judge an embedded provider: conformant, a mutant, or dead, mute, hermit, always-400',
      )
      .option(
        '--profile <name>',
        'hold the subject to this profile (default: gpconnect, or what the file says)',
      )
      .option('--edition <name>', 'with --mock: hold it to this edition of its profile (default: the newest)')
      .option('--case <glob>', 'examine only the cases that match; may be repeated', collect, [])
      .option('--out <dir>', 'where record.json, junit.xml and report.html go', 'assay-out')
      .option('--concurrency <n>', 'cases examined at the same time, 1 to 32', workers, 4),
    'credentials of your own beside those of the subject file; commands may stand in it',
  )
    .option(
      '--image <image>',
      "start the provider under test from a container image, the trust pack's provider/ mounted at /assay, and remove it at the end",
    )
    .option(
      '--image-port <n>',
      'with --image: the TLS port that it listens on, inside (default: 443)',
      tcpPort,
    )
    .option('--image-env <k=v>', 'with --image: a variable of its environment; may be repeated', variable, {})
    .option('--strict', 'a failed SHOULD counts')
    .option(
      '--waivers <file>',
      'failures that somebody answers for; one not needed or out of date fails the run',
    )
    .option(
      '--baseline <record>',
      'compare with an earlier record: the exit code is then that of `assay diff`',
    )
    .option(
      '--polite [n]',
      'at most n connections a second, one case at a time, for environments that throttle (default: 2)',
      rate,
    )
    .option(
      '--lifecycle [seconds]',
      'at the end revoke a certificate and tell after how long it is refused, or give up (default: 300)',
      seconds,
    )
    .option(
      '--shard <i/n>',
      'examine one of n parts of the plan, counted from 1; `assay merge` puts them together',
      shard,
    )
    .option(
      '--ledger <file>',
      `where every attempt is kept, whatever comes of it (default: ${LEDGER} in --out)`,
    )
    .option(
      '--challenge <file>',
      "meet what `assay challenge` made: every trace and correlation id is derived from it, so that the subject's log shows this attempt",
    )
    .option('--events <file>', 'stream what happens as lines of JSON to a file, or to standard output (-)')
    .addHelpText('after', "\nExample:\n  assay run subject.json --case 'client-certificate/*' --out results")
    .action(async (subject: string | undefined, options: RunOptions) => {
      const { signal, release } = interruption(EXIT.ours);
      process.exitCode = await run(subject, options, signal);
      release();
      // What was under way when the run was ended may last as long as a subject's patience.
      if (signal.aborted || process.exitCode === EXIT.ours) process.exit(process.exitCode);
    });
}

async function run(file: string | undefined, options: RunOptions, signal: AbortSignal): Promise<number> {
  const screen = screenOf(options.events === '-' ? process.stderr : process.stdout, process.env);
  await refuseFile(options.out);
  const waivers = options.waivers === undefined ? undefined : await readWaivers(options.waivers);
  const before =
    options.baseline === undefined ? undefined : await readRecord(options.baseline, '--baseline');
  const challenge =
    options.challenge === undefined ? undefined : await readChallenge(options.challenge, '--challenge');
  const started = new Date();
  const events = openEvents(options.events);
  const opened = await prepare(file, options, signal).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  if (!opened) {
    screen.write(`Ended by ${String(signal.reason)}, before anything was judged.\n`);
    return EXIT.ours;
  }
  const keeper = createKeeper();
  const ready = keeping(paced(opened, options.polite), keeper);
  try {
    const { profile } = ready.run;
    const whole = plan(profile, ready.declared);
    const asked = select(whole, options.case, ready, file);
    const chosen = ownPart(asked, options.shard);
    const { subject, declared } = ready;
    if (waivers) refuseStray(waivers, whole, ready, options.waivers ?? '');
    if (challenge) refuseForeign(challenge, subject, options.challenge ?? '');
    const ledger = options.ledger ?? join(options.out, LEDGER);
    const attempt = await beginAttempt(
      ledger,
      {
        profile: profile.id,
        subject,
        challenge,
        shard: options.shard,
        selection: options.case.length > 0 ? options.case : undefined,
      },
      options.ledger === undefined ? '--out' : '--ledger',
    );
    const prepared = tracing(ready, attempt);
    const what = subject.standIn
      ? `embedded provider ${subject.standIn}`
      : [file, subject.image].filter((each) => each !== undefined).join(', ');
    screen.write(
      `Assay ${version} · ${profile.title}, edition ${declared.edition} · ${what} at ${subject.url}\n`,
    );
    const warnings = [...prepared.warnings, ...ofPart(chosen, options.shard, subject)];
    for (const warning of warnings) screen.write(`warning: ${warning}\n`);
    events.emit({
      event: 'start',
      version,
      profile: profile.id,
      edition: declared.edition,
      url: subject.url,
      planned: chosen.length,
    });
    const diagnosis = (await unlessAborted(diagnose(prepared), signal)) ?? NOT_MADE;
    const start = diagnosis.baseline;
    events.emit({
      event: 'baseline',
      accepted: start.accepted,
      seen: describeRefusal(start.observation),
    });
    if (!signal.aborted) {
      screen.write(beforeRun(screen, diagnosis));
      if (!start.accepted) screen.write(notAccepted(start.observation, file));
    }
    const planned = inEveryVersion(chosen, start.versions);
    const widest = Math.max(...planned.map(({ id }) => id.length));
    const table = createTable(screen, screenOf(process.stderr, process.env), planned.length, widest);
    const rows = readAlong(table.row);
    let done = 0;
    const onFinding = (finding: Finding): void => {
      done += 1;
      if (start.accepted) rows.next(finding);
      const { case: id, because, ms, level } = finding;
      const outcome = level === 'noted' ? 'noted' : finding.outcome;
      events.emit({ event: 'finding', case: id, outcome, because, ms, done, planned: planned.length });
    };
    let stopped: Stopped | undefined;
    const findings =
      diagnosis === NOT_MADE
        ? []
        : await runPlan(
            {
              ...prepared.run,
              tell: (sentence) => table.tell(`warning: ${sentence}\n`),
              lost: (loss) => void (stopped = stoppedBy(loss, prepared.facts)),
            },
            planned,
            start,
            options.polite === undefined ? options.concurrency : 1,
            onFinding,
            signal,
          );
    rows.end(findings);
    const life =
      signal.aborted || stopped
        ? []
        : ((await unlessAborted(lifeOf(prepared, start, options.lifecycle), signal)) ?? []);
    life.forEach(table.row);
    table.end();
    const incomplete = (signal.aborted || stopped) && {
      because: stopped ? inOneSentence(stopped) : `ended by ${String(signal.reason)}`,
      examined: findings.length,
      planned: planned.length,
    };
    if (stopped) events.emit({ event: 'stopped', ...stopped });
    else if (incomplete) screen.write(`\nEnded by ${String(signal.reason)}; keeping what was found.\n`);
    const record = recordOf(
      [...findings, ...life],
      { ...prepared, profile },
      {
        started,
        versions: start.versions,
        ...(waivers && { waivers: waiversFor(waivers, subject) }),
        ...(incomplete && { incomplete }),
        ...(options.strict && { strict: true }),
        ...(options.case.length > 0 && { selection: options.case }),
        ...(options.shard && { shard: { ...options.shard, plan: asked.map(({ id }) => id) } }),
      },
    );
    checkRecord(record);
    const text = `${JSON.stringify(record, null, 2)}\n`;
    const scripts = scriptsOf(record, planned, prepared, start.version);
    await publish(
      options.out,
      [
        { name: 'record.json', text },
        { name: 'junit.xml', text: junit(record) },
        { name: 'report.html', text: html(record) },
        ...(challenge ? [{ name: CHALLENGE, text: challenge.text }] : []),
        {
          name: 'disclosure.json',
          text: `${JSON.stringify(prepared.run.redactor.disclosure(), null, 2)}\n`,
          mode: 0o600,
        },
      ],
      {
        [FOLDER]: scripts.map((script) => ({ ...script, mode: 0o755 })),
        [EVIDENCE]: evidenceFiles(record, keeper.files()),
      },
    );
    await attempt.end(record, text);
    const placed = new Map(
      scripts.map(({ name }) => [name.slice(0, -3), `${options.out}/${FOLDER}/${name}`]),
    );
    screen.write(stopped ? stoppedAsText(screen, record, stopped) : summary(screen, record, placed));
    screen.write(next(record, prepared, options.out, `${ledger} (attempt ${attempt.number})`));
    const compared = before && compare(before, record);
    if (before && compared) screen.write(`\n${differencesAsText(before, record, compared)}`);
    const exitCode = incomplete
      ? EXIT.ours
      : deadWaivers(record).length > 0
        ? EXIT.nonConformant
        : (compared?.exitCode ?? exitOf(record.verdict));
    events.emit({ event: 'end', verdict: record.verdict, exitCode, incomplete: incomplete !== undefined });
    return exitCode;
  } finally {
    events.close();
    await ready.close();
  }
}

/** The checks were not waited for. */
const NOT_MADE: Diagnosis = {
  checks: [],
  sound: false,
  baseline: {
    version: 'TLSv1.2',
    versions: [],
    accepted: false,
    observation: { kind: 'nothing', reason: 'ours: the run was ended before' },
  },
  ms: 0,
};

async function prepare(
  file: string | undefined,
  options: RunOptions,
  signal: AbortSignal,
): Promise<Prepared> {
  oneSubject(file, options.mock);
  if (options.shard && options.lifecycle !== undefined)
    throw new ConfigurationError(
      '--lifecycle',
      'changes the CAs under the other shards; run it without --shard',
    );
  if (options.image !== undefined && options.mock !== undefined)
    throw new ConfigurationError('--image', 'give an image or --mock, not both');
  if (options.image === undefined && (options.imagePort ?? Object.keys(options.imageEnv)[0]) !== undefined)
    throw new ConfigurationError(
      options.imagePort === undefined ? '--image-env' : '--image-port',
      'goes with --image',
    );
  const named = options.profile === undefined ? undefined : profileNamed(options.profile, '--profile');
  if (file === undefined && options.credentials !== undefined)
    throw new ConfigurationError('--credentials', 'goes with a subject file');
  if (file === undefined && options.image === undefined)
    return prepareStandIn(
      options.mock ?? 'conformant',
      named ?? profileNamed('gpconnect', ''),
      options.edition,
    );
  if (options.edition !== undefined)
    throw new ConfigurationError('--edition', 'goes with --mock; a subject file says it in its `edition`');
  const { allowPath, env, credentials, image, imagePort: port = 443, imageEnv: environment } = options;
  const reach = { allowPath, env, credentials };
  const prepared =
    image === undefined
      ? await prepareSubject(file ?? '', reach)
      : await prepareImage({ image, port, environment, signal }, file, reach);
  if (named && named.id !== prepared.run.profile.id) {
    await prepared.close();
    throw new ConfigurationError(
      '--profile',
      `${file ?? '--image without a subject file'} is a subject of the profile ${prepared.run.profile.id}`,
    );
  }
  return prepared;
}

/** A glob names a case on every interaction, or one finding. */
const matches = ({ id, case: entry }: Planned, glob: string): boolean =>
  matchesGlob(id, glob) || matchesGlob(entry.id, glob);

/** The cases to examine: those asked for, without those that the subject file names under `notExamined`. */
function select(
  all: readonly Planned[],
  globs: readonly string[],
  { notExamined }: Prepared,
  file: string | undefined,
): readonly Planned[] {
  for (const [at, { case: id }] of notExamined.entries()) {
    if (!all.some((planned) => planned.id === id)) {
      throw new ConfigurationError(
        `${file}#/notExamined/${at}/case`,
        `there is no case ${JSON.stringify(id)}; \`assay list\` names them`,
      );
    }
  }
  const dead = globs.find((glob) => !all.some((planned) => matches(planned, glob)));
  if (dead !== undefined) {
    throw new ConfigurationError(
      '--case',
      `no case matches ${JSON.stringify(dead)}; \`assay list\` names them`,
    );
  }
  return all
    .filter((planned) => globs.length === 0 || globs.some((glob) => matches(planned, glob)))
    .filter(({ id }) => !notExamined.some((each) => each.case === id));
}

/** @throws ConfigurationError at `--shard` where there are fewer cases than parts */
function ownPart(asked: readonly Planned[], part: Shard | undefined): readonly Planned[] {
  if (!part) return asked;
  const own = shardOf(asked, part);
  if (own.length > 0) return own;
  throw new ConfigurationError(
    '--shard',
    `${asked.length} cases make no ${part.of} parts: part ${shardInWords(part)} would be empty`,
  );
}

/** What the person who starts the parts has to know. */
const ofPart = (
  chosen: readonly Planned[],
  part: Shard | undefined,
  { standIn }: RunRecord['subject'],
): readonly string[] =>
  part && part.of > 1 && standIn === undefined && chosen.some(comesLast)
    ? [
        `shard ${shardInWords(part)} has the cases that others must not meet (changes of keys, surveys, hostile input): run it when no other shard is running`,
      ]
    : [];

/** A waiver for a case that does not exist would never be missed. */
function refuseStray(
  waivers: readonly Waiver[],
  whole: readonly Planned[],
  { shown, subject }: Prepared,
  file: string,
): void {
  const planned = whole.map(({ id }) => id);
  const known = new Set([
    ...planned,
    ...planned.map((id) => [ENFORCED, ...id.split('@').slice(1)].join('@')),
    ...shown.findings.map((finding) => finding.case),
  ]);
  const own = new Set(waiversFor(waivers, subject));
  for (const [at, waiver] of waivers.entries()) {
    if (own.has(waiver) && !known.has(waiver.case)) {
      throw new ConfigurationError(
        `${file}#/waivers/${at}/case`,
        `there is no case ${JSON.stringify(waiver.case)}; \`assay list\` names them`,
      );
    }
  }
}

/** A challenge for another subject would be met in vain. */
function refuseForeign({ challenge }: Posed, { url, standIn }: RunRecord['subject'], file: string): void {
  const own = standIn === undefined ? url : `mock:${standIn}`;
  if (challenge.subject === undefined || challenge.subject === own) return;
  throw new ConfigurationError('--challenge', `${file} is for ${challenge.subject}, and this is ${own}`);
}

/** A run must not find out at its end that it cannot be written. */
async function refuseFile(out: string): Promise<void> {
  const found = await stat(out).catch(() => undefined);
  if (found && !found.isDirectory()) throw new ConfigurationError('--out', `${out} is not a directory`);
}

const notAccepted = (seen: Parameters<typeof describeRefusal>[0], file: string | undefined): string =>
  [
    '',
    `The valid exchange was not accepted: ${describeRefusal(seen)}.`,
    'A refusal means nothing beside a subject that refuses the valid exchange too; no case was driven.',
    ...(file === undefined ? [] : [`Mend the first that failed above, then: ${called} doctor ${file}`]),
    '',
  ].join('\n');

/** What to do after failures: the screen above says what to change, and this how to go on. */
function afterFailures({ findings }: RunRecord, { facts }: Prepared): readonly string[] {
  const { file, pack } = facts;
  if (file === undefined || !findings.some(({ outcome }) => outcome === 'fail')) return [];
  return [
    '',
    `Next: make the first change, reload the server, and type: ${called} run ${file}`,
    ...(pack === undefined
      ? []
      : [
          `Files that a change names stand in ${relative('', pack.folder)}/provider/ (server.pem is provider.pem there).`,
        ]),
  ];
}

function next(record: RunRecord, prepared: Prepared, out: string, ledger: string): string {
  const lines = [
    '',
    `record  ${out}/record.json`,
    `junit   ${out}/junit.xml`,
    `report  ${out}/report.html`,
    `ledger  ${ledger}`,
  ];
  lines.push(...afterFailures(record, prepared));
  if (record.subject.standIn === 'conformant') {
    const step = (number: number, what: string, why: string): string =>
      `  ${number}. ${what.padEnd(48)}${why}`;
    lines.push(
      '',
      'Next, your own provider:',
      step(
        1,
        `${called} pki --out pki --host HOST`,
        'make the test CA; install it as pki/provider/INSTALL.md says',
      ),
      step(
        2,
        'write subject.json:',
        `{"profile":"${record.profile}","url":"https://HOST/…","pki":"pki",${record.profile === 'ftrs' ? '"issuer":"assay-out/issuer"' : '"asid":{"provider":"…","consumer":"…"}'}}`,
      ),
      step(3, `${called} run subject.json`, 'judge it'),
    );
  }
  return `${lines.join('\n')}\n`;
}
