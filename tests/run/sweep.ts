import { matchesGlob } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createHierarchy } from '../../certs/index.ts';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { createKeeper } from '../drive/keep.ts';
import { beginAttempt } from './ledger.ts';
import type { Endpoint } from './endpoints.ts';
import { resolveDestination } from './guard.ts';
import { judgePrepared } from './judge-prepared.ts';
import { inLanes, type Job } from './lanes.ts';
import { folders, locate } from './locate.ts';
import { plan, type Planned } from './plan.ts';
import { checkStandIn, prepareStandIn, type Made } from './prepare-stand-in.ts';
import { prepareSubject } from './prepare-subject.ts';
import { profileNamed, type Prepared } from './prepared.ts';
import { textOf, type RunRecord, type RunVerdict } from './record.ts';
import { readSubject } from './subject.ts';

/** What came of one subject. */
export interface Swept {
  readonly name: string;
  /** Absent: it could not be judged. */
  readonly verdict?: RunVerdict;
  /** As that of `assay run`. */
  readonly exitCode: number;
  /** The URL, or `mock:NAME`; absent: its file could not be read. */
  readonly subject?: string;
  readonly passed: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly noted: number;
  /** Why it was not judged, or not to the end. */
  readonly because?: string;
  /** Milliseconds from its start to its record. */
  readonly ms: number;
}

/** What a sweep keeps within, and what it is told. */
export interface SweepOptions {
  /** The file of endpoints. */
  readonly file: string;
  /** Connections in all, and those to one host; each subject is examined over as many as one host may have. */
  readonly connections: number;
  readonly perHost: number;
  readonly cases: readonly string[];
  readonly strict?: boolean;
  readonly allowPath: readonly string[];
  readonly env: readonly string[];
  readonly signal?: AbortSignal;
  readonly onStart: (endpoint: Endpoint) => void;
  /** Keeps a record; what it rejects with is that subject's error. */
  readonly keep: (name: string, record: RunRecord, evidence: ReadonlyMap<string, string>) => Promise<void>;
  /** The ledger in which the attempts at one subject stand; absent: nobody keeps them. */
  readonly ledgerOf?: (name: string) => string;
  readonly onEnd: (swept: Swept) => void;
}

/** Subjects after which what they leave is collected. */
const COLLECTED_EVERY = 50;
/**
 * V8 sees little of what OpenSSL holds for a SecureContext, and left to itself it collects too seldom: memory would grow
 * with the sweep though nothing of it is in use. (Measured: 0.16 MB a subject.)
 */
let collector: (() => void) | undefined;
function collect(): void {
  setFlagsFromString('--expose-gc');
  collector ??= runInNewContext('gc') as () => void;
  collector();
}
/**
 * V8 doubles the space for young objects by what has ever outlived a collection, so that a long sweep would hold
 * 60 MB more of it than a short one, though no subject needs more than the first. (Measured at 500: a fifth less memory,
 * 3 % more time.)
 */
const keepYoungSpace = (): void => setFlagsFromString('--semi-space-growth-factor=1');

/** Worst first, as the program documents its exit codes. */
const WORST = [4, 3, 1, 2, 0] as const;
export const worstOf = (codes: readonly number[]): number => WORST.find((code) => codes.includes(code)) ?? 0;

const CODES: Readonly<Record<RunVerdict, number>> = { conformant: 0, 'non-conformant': 1, inconclusive: 2 };

/**
 * Judges many subjects, each by itself: what is wrong with one is told of that one, and the others go on. Subjects of
 * one host, one issuer or one callback come one after the other.
 * @throws ConfigurationError at `--case` where no case of any profile matches a glob
 */
export async function sweep(
  endpoints: readonly Endpoint[],
  options: SweepOptions,
): Promise<readonly Swept[]> {
  keepYoungSpace();
  const results = new Map<string, Swept>();
  let keys: Promise<Made> | undefined;
  const jobs = await Promise.all(
    endpoints.map(async (endpoint): Promise<Job> => ({
      holds: await heldBy(endpoint, options),
      work: async () => {
        options.onStart(endpoint);
        // Embedded providers share their keys: what they cost is spent once.
        const hierarchy = 'mock' in endpoint ? await (keys ??= createHierarchy()) : undefined;
        const swept = await sweepOne(endpoint, options, hierarchy);
        results.set(endpoint.name, swept);
        if (results.size % COLLECTED_EVERY === 0) collect();
        options.onEnd(swept);
      },
    })),
  );
  await inLanes(jobs, Math.max(1, Math.floor(options.connections / options.perHost)), options.signal);
  return endpoints.map(({ name }) => results.get(name) ?? notStarted(name, options.signal));
}

const notStarted = (name: string, signal: AbortSignal | undefined): Swept => ({
  name,
  exitCode: 3,
  ...NONE,
  because: `not started: ended by ${String(signal?.reason)}`,
  ms: 0,
});
const NONE = { passed: 0, failed: 0, inconclusive: 0, noted: 0 } as const;

async function located(
  { place, subject }: { readonly place: string; readonly subject: string },
  { file, allowPath }: SweepOptions,
): Promise<string> {
  const found = await locate(file, subject, await folders(file, allowPath));
  if ('path' in found) return found.path;
  throw new ConfigurationError(`${place}/subject`, found.fault);
}

/** What a subject must have to itself. What cannot be read holds nothing: its turn will tell. */
async function heldBy(endpoint: Endpoint, options: SweepOptions): Promise<readonly string[]> {
  if ('mock' in endpoint) return [];
  try {
    const file = await located(endpoint, options);
    const { url, connect, issuer, otherIssuer, callback } = await readSubject(file, options);
    const { addresses, host } = await resolveDestination(url, connect);
    return [
      `host ${addresses[0] ?? host}`,
      ...[issuer, otherIssuer].flatMap((each) => (each === undefined ? [] : [`issuer ${each}`])),
      ...(callback ? [`callback ${callback.listen}`] : []),
    ];
  } catch {
    return [];
  }
}

const matching =
  (globs: readonly string[]) =>
  ({ id, case: entry }: Planned): boolean =>
    globs.some((glob) => matchesGlob(id, glob) || matchesGlob(entry.id, glob));

/** A subject as it is driven in a sweep: what needs many connections at once is left to `assay run`. */
async function opened(
  endpoint: Endpoint,
  options: SweepOptions,
  hierarchy: Made | undefined,
): Promise<Prepared> {
  if ('mock' in endpoint) checkStandIn(endpoint.mock, `${endpoint.place}/mock`, endpoint.profile);
  const prepared =
    'mock' in endpoint
      ? await prepareStandIn(
          endpoint.mock,
          profileNamed(endpoint.profile, `${endpoint.place}/profile`),
          undefined,
          hierarchy,
        )
      : await prepareSubject(await located(endpoint, options), {
          allowPath: options.allowPath,
          env: options.env,
        });
  return { ...prepared, declared: { ...prepared.declared, bounded: true } };
}

async function sweepOne(
  endpoint: Endpoint,
  options: SweepOptions,
  hierarchy: Made | undefined,
): Promise<Swept> {
  const { perHost: concurrency, cases: globs, strict, signal } = options;
  const started = performance.now();
  const { name } = endpoint;
  const took = (): number => Math.round(performance.now() - started);
  try {
    const prepared = await opened(endpoint, options, hierarchy);
    const keeper = createKeeper();
    const { run } = prepared;
    const matches = matching(globs);
    const narrowed = globs.length > 0;
    if (narrowed && !plan(run.profile, prepared.declared).some(matches)) {
      await prepared.close();
      throw new ConfigurationError('--case', `no case of ${run.profile.id} matches ${globs.join(', ')}`);
    }
    const attempt =
      options.ledgerOf &&
      (await beginAttempt(
        options.ledgerOf(name),
        { profile: run.profile.id, subject: prepared.subject, ...(narrowed && { selection: globs }) },
        '--out',
      ).catch(async (error: unknown) => {
        await prepared.close();
        throw error;
      }));
    const record = await judgePrepared(
      { ...prepared, run: { ...run, target: { ...run.target, keep: keeper.keep } } },
      {
        concurrency,
        ...(narrowed && { selection: { globs, matches } }),
        ...(strict && { strict }),
        ...(signal && { signal }),
      },
    );
    await options.keep(name, record, keeper.files());
    await attempt?.end(record, textOf(record));
    const of = (outcome: string): number =>
      record.findings.filter((finding) => finding.outcome === outcome).length;
    return {
      name,
      verdict: record.verdict,
      exitCode: record.incomplete ? 3 : CODES[record.verdict],
      subject: record.subject.standIn === undefined ? record.subject.url : `mock:${record.subject.standIn}`,
      passed: of('pass'),
      failed: of('fail'),
      inconclusive: of('inconclusive'),
      noted: record.noted.length,
      ...(record.incomplete && { because: record.incomplete.because }),
      ms: took(),
    };
  } catch (error) {
    const ours = !(error instanceof ConfigurationError);
    const because = error instanceof Error ? error.message : String(error);
    return {
      name,
      exitCode: ours ? 3 : 4,
      ...NONE,
      because: ours ? `an error of ours: ${because}` : because,
      ms: took(),
    };
  }
}
