import { matchesGlob } from 'node:path';
import { Socket } from 'node:net';
import type { Hierarchy } from '../../../certs/index.ts';
import type { Provider } from '../../../mocks/provider/server.ts';
import { ASID } from '../../../mocks/provider/data.ts';
import { createRedactor } from '../../drive/redact.ts';
import type { OfferedVersion } from '../../model.ts';
import { gpconnect } from '../../profiles/gpconnect.ts';
import { baseline, runPlan, type Run } from '../../run/engine.ts';
import type { Finding } from '../../run/finding.ts';
import { inEveryVersion, plan, type Planned } from '../../run/plan.ts';
import { keeping, type Configuration } from './configuration.ts';
import type { Flaws } from './facts.ts';
import { predict, type Expected } from './predict.ts';

/** A case on which the wire and the configuration do not agree. */
export interface Mismatch {
  readonly case: string;
  readonly expected: Expected['outcome'];
  readonly because: string;
  readonly found: Finding['outcome'];
  readonly told: string;
}

/** What one run against one configuration came to. Noted cases bind nobody and are not counted. */
export interface Score {
  readonly server: string;
  readonly title: string;
  readonly truePasses: number;
  readonly trueFails: number;
  readonly falsePasses: number;
  readonly falseFails: number;
  readonly inconclusiveAsExpected: number;
  readonly inconclusiveUnexpectedly: number;
  readonly connections: number;
  readonly startMs: number;
  readonly runMs: number;
  readonly mismatches: readonly Mismatch[];
}

const everything: readonly Planned[] = plan(gpconnect, { edition: '2025-10', enforcesScope: true });
/** Cases that change nothing of the connection: what stands behind the server decides them, and it is always the same. */
const ofApplication = ({ case: { stimulus } }: Planned): boolean =>
  !('tls' in stimulus) && !stimulus.hello && Object.keys(stimulus).length > 0;

/** The cases of the connection: whatever a server's own configuration decides. */
export const connectionCases: readonly Planned[] = everything.filter((each) => !ofApplication(each));
/** The plan for a configuration: without the application's cases, except where it is the first of its server. */
export const planFor = ({ whole }: Configuration): readonly Planned[] =>
  whole ? everything : connectionCases;

/** Milliseconds for one exchange: a Java machine on two busy cores is slow. */
const PATIENCE_MS = 10_000;

const runOf = (provider: Provider, pki: Hierarchy): Run => {
  const url = new URL(provider.url);
  return {
    profile: gpconnect,
    subject: { url: provider.url, asid: ASID },
    target: {
      address: '127.0.0.1',
      port: provider.port,
      servername: url.hostname,
      host: url.host,
      basePath: url.pathname.replace(/\/$/, ''),
      trust: [pki.root],
      clients: pki.clients,
    },
    redactor: createRedactor(),
    bounds: { patience: PATIENCE_MS },
  };
};

const dials = new Map<number, number>();
/** Counts every connection that this process opens, by port. */
export function countDials(): void {
  const connect = Socket.prototype.connect;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    const [first] = args.flat();
    const port = typeof first === 'object' && first !== null ? (first as { port?: unknown }).port : first;
    if (typeof port === 'number') dials.set(port, (dials.get(port) ?? 0) + 1);
    return (connect as (...given: readonly unknown[]) => Socket).apply(this, args);
  } as typeof connect;
}

/** What each case has to find, exceptions first. */
function expectedOf(configuration: Configuration, entry: Planned['case'], known: Flaws): Expected {
  const exception = configuration.exceptions?.find(({ cases }) => matchesGlob(entry.id, cases));
  if (exception) return exception;
  return predict(entry, { ...keeping, ...configuration.facts }, known);
}

/** Starts a configuration, runs the plan against it, stops it, and compares. */
export async function score(
  configuration: Configuration,
  pki: Hierarchy,
  known: Flaws,
  planned: readonly Planned[] = planFor(configuration),
): Promise<Score> {
  const begun = performance.now();
  const provider = await configuration.start(pki);
  try {
    const started = performance.now();
    const before = dials.get(provider.port) ?? 0;
    const run = runOf(provider, pki);
    const start = await baseline(run);
    const driven = inEveryVersion(planned, start.versions);
    const findings = await runPlan(run, driven, start, 4);
    const over = performance.now();
    return {
      ...compare(configuration, driven, findings, known, [
        ...wrongVersions(configuration, start.versions),
        ...(driven.length === findings.length ? [] : [lost(driven.length, findings.length)]),
      ]),
      connections: (dials.get(provider.port) ?? 0) - before,
      startMs: Math.round(started - begun),
      runMs: Math.round(over - started),
    };
  } finally {
    await provider.close();
  }
}

/** Versions in which the credentials would have to be presented and were not, or the other way round. */
function wrongVersions({ facts }: Configuration, found: readonly OfferedVersion[]): readonly Mismatch[] {
  const { versions, admits } = { ...keeping, ...facts };
  const due = admits === 'nobody' ? [] : versions.filter((each) => each === 'TLSv1.2' || each === 'TLSv1.3');
  if ([...due].sort().join() === [...found].sort().join()) return [];
  const because = `the configuration speaks ${due.join(', ') || 'none'} to the valid client`;
  return [mismatch('the versions of a run', 'pass', because, `examined in ${found.join(', ') || 'none'}`)];
}

const mismatch = (of: string, expected: Expected['outcome'], because: string, told: string): Mismatch => ({
  case: of,
  expected,
  because,
  found: 'inconclusive',
  told,
});
const lost = (due: number, found: number): Mismatch =>
  mismatch('the findings of a run', 'pass', `${due} cases were planned`, `${found} findings`);

function compare(
  configuration: Configuration,
  planned: readonly Planned[],
  findings: readonly Finding[],
  known: Flaws,
  odd: readonly Mismatch[],
) {
  const entries = new Map(planned.map((each) => [each.id, each.case]));
  const counts = {
    truePasses: 0,
    trueFails: 0,
    falsePasses: 0,
    falseFails: 0,
    inconclusiveAsExpected: 0,
    inconclusiveUnexpectedly: odd.length,
  };
  const mismatches: Mismatch[] = [...odd];
  for (const finding of findings) {
    if (finding.level === 'noted') continue;
    const entry = entries.get(finding.case);
    const expected: Expected = entry
      ? expectedOf(configuration, entry, known)
      : { outcome: 'untold', because: 'the plan has no such case' };
    const right = expected.outcome === finding.outcome;
    const { outcome: found } = finding;
    if (found === 'pass') counts[right ? 'truePasses' : 'falsePasses'] += 1;
    else if (found === 'fail') counts[right ? 'trueFails' : 'falseFails'] += 1;
    else counts[right ? 'inconclusiveAsExpected' : 'inconclusiveUnexpectedly'] += 1;
    if (!right) {
      const { outcome, because } = expected;
      mismatches.push({ case: finding.case, expected: outcome, because, found, told: finding.because });
    }
  }
  return { server: configuration.server, title: configuration.title, ...counts, mismatches };
}

/** A mismatch in one line. */
export const tell = ({ case: id, expected, because, found, told }: Mismatch): string =>
  `${id}: expected ${expected} (${because}), found ${found} (${told})`;
