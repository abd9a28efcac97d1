import { join } from 'node:path';
import { createKeeper, type Keeper } from '../../tests/drive/keep.ts';
import { createPace } from '../../tests/drive/pace.ts';
import { readChallenge } from '../../tests/run/challenge.ts';
import { beginAttempt, LEDGER, type Attempt } from '../../tests/run/ledger.ts';
import { lifecycle } from '../../tests/run/lifecycle.ts';
import { runPlan, unlessAborted } from '../../tests/run/engine.ts';
import { diagnose } from '../../tests/run/doctor.ts';
import type { Diagnosis } from '../../tests/run/doctor-checks.ts';
import { readAlong } from '../../tests/run/enforcement.ts';
import type { Baseline } from '../../tests/run/baseline.ts';
import type { Finding } from '../../tests/run/finding.ts';
import { inEveryVersion, plan } from '../../tests/run/plan.ts';
import type { Prepared } from '../../tests/run/prepared.ts';
import type { RunRecord } from '../../tests/run/record.ts';
import { readRecord } from '../../tests/run/read-record.ts';
import { checkRecord } from '../../tests/run/record-schema.ts';
import { recordOf } from '../../tests/run/told.ts';
import { inOneSentence, stoppedBy, type Stopped } from '../../tests/run/vigil.ts';
import { readWaivers, waiversFor } from '../../tests/run/waivers.ts';
import { describe as describeRefusal } from '../../tests/oracle/response.ts';
import { openEvents } from '../events.ts';
import { EXIT, exitOf, version } from '../exit.ts';
import { FOLDER, scriptsOf } from '../reproduction.ts';
import { createTable, screenOf, summary } from '../report/console.ts';
import { beforeRun, stoppedAsText } from '../report/diagnosis.ts';
import { compare, differencesAsText } from '../report/diff.ts';
import { deadWaivers } from '../report/view.ts';
import { publishRun } from './files.ts';
import { notAccepted, next } from './told.ts';
import { ofPart, ownPart, prepare, refuseFile, refuseForeign, refuseStray, select } from './opening.ts';
import type { RunOptions } from './options.ts';

/** Connections a second of `--polite` where no number is given. */
const POLITE = 2;

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

/** One run of `assay run`, to its exit code. A signal ends it; what was found until then is kept. */
export async function run(
  file: string | undefined,
  options: RunOptions,
  signal: AbortSignal,
): Promise<number> {
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
    await publishRun(options.out, { record, text, scripts, challenge, prepared, keeper });
    await attempt.end(record, text);
    const placed = new Map(
      scripts.map(({ name }) => [name.slice(0, -3), `${options.out}/${FOLDER}/${name}`]),
    );
    screen.write(stopped ? stoppedAsText(screen, record, stopped) : summary(screen, record, placed));
    screen.write(next(record, prepared, options.out, `${ledger} (attempt ${attempt.number})`));
    const compared = before && compare(before, record);
    if (before && compared) screen.write(`\n${differencesAsText(before, record, compared)}`);
    const exitCode = incomplete ? EXIT.ours : codeOf(record, compared);
    events.emit({ event: 'end', verdict: record.verdict, exitCode, incomplete: incomplete !== undefined });
    return exitCode;
  } finally {
    events.close();
    await ready.close();
  }
}

/** A baseline says what counts; a waiver that nothing needs always does. */
const codeOf = (record: RunRecord, compared: ReturnType<typeof compare> | undefined): number =>
  deadWaivers(record).length > 0 ? EXIT.nonConformant : (compared?.exitCode ?? exitOf(record.verdict));

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
