import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from './bench-floor.ts';

/** What one endpoint costs in a sweep, and how much memory it takes, as the sweep grows. */

const SIZES = [1, 10, 100, 500] as const;
const WINDOWS = 5;
const PROGRAM = fileURLToPath(new URL('./assay.ts', import.meta.url));
/** Two cases of different kinds: what is measured is what a sweep adds to them. */
const CASES = ['client-certificate/expired', 'token/absent'];

interface Measured {
  /** Milliseconds an endpoint, in each fifth of the sweep. */
  readonly costs: readonly number[];
  /** The most memory that was resident, in MB; `undefined`: this system does not tell. */
  readonly peak: number | undefined;
}

/** `VmHWM` of a process, in MB. */
function peakOf(pid: number | undefined): number | undefined {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

async function measured(size: number, folder: string): Promise<Measured> {
  const endpoints = Array.from({ length: size }, (_, at) => ({ name: `e${at}`, mock: 'conformant' }));
  await writeFile(join(folder, 'endpoints.json'), JSON.stringify({ endpoints }));
  const narrowed = CASES.flatMap((each) => ['--case', each]);
  const child = spawn(
    process.execPath,
    [PROGRAM, 'sweep', 'endpoints.json', '--out', 'out', '--events', 'events.jsonl', ...narrowed],
    { cwd: folder, stdio: 'ignore' },
  );
  let peak: number | undefined;
  const look = setInterval(() => (peak = peakOf(child.pid) ?? peak), 100);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearInterval(look);
  if (code !== 0)
    throw new Error(`a sweep of ${size} was not conformant (exit code ${code}): is the machine busy?`);
  const events = (await readFile(join(folder, 'events.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly event: string; readonly at: string });
  const starts = events.filter(({ event }) => event === 'endpoint-start').map(({ at }) => Date.parse(at));
  const ends = events.filter(({ event }) => event === 'endpoint-end').map(({ at }) => Date.parse(at));
  const windows = Math.min(WINDOWS, size);
  const costs = Array.from({ length: windows }, (_, at) => {
    const [from, to] = [Math.floor((at * size) / windows), Math.floor(((at + 1) * size) / windows)];
    const before = from === 0 ? starts[0] : ends[from - 1];
    return ((ends[to - 1] ?? 0) - (before ?? 0)) / (to - from);
  });
  return { costs, peak };
}

/** A row for each size, against ten endpoints, and one for what memory does. */
export async function sweepRows() {
  const folder = await mkdtemp(join(tmpdir(), 'assay-bench-sweep-'));
  try {
    const made = new Map<number, Measured>();
    for (const size of SIZES) {
      const rounds: Measured[] = [];
      // Small ones are made five times, so that there is something to take a median of.
      for (let round = 0; round < (size <= 10 ? WINDOWS : 1); round += 1)
        rounds.push(await measured(size, folder));
      const peaks = rounds.flatMap(({ peak }) => peak ?? []);
      made.set(size, {
        costs: rounds.flatMap(({ costs }) => costs),
        peak: peaks.length > 0 ? median(peaks) : undefined,
      });
    }
    const of = (size: number): Measured => made.get(size) ?? { costs: [], peak: undefined };
    const floor = median(of(10).costs);
    const room = of(10).peak;
    const costs = SIZES.map((size) => ({
      what: `one endpoint in a sweep of ${size}, embedded, two cases`,
      against: size === 10 ? 'itself' : 'one in a sweep of 10; the first of all makes the keys',
      ours: median(of(size).costs),
      floor,
      ratio: median(of(size).costs) / floor,
      ...(size > 10 && { bound: 1.2 }),
    }));
    const memory = SIZES.flatMap((size) => {
      const { peak } = of(size);
      if (peak === undefined || room === undefined) return [];
      return [
        {
          what: `memory that a sweep of ${size} takes at most`,
          against: size === 10 ? 'itself' : 'a sweep of 10',
          ours: peak,
          floor: room,
          ratio: peak / room,
          unit: 'MB' as const,
          ...(size > 10 && { bound: 1.5 }),
        },
      ];
    });
    return {
      rows: [...costs, ...memory],
      notRun: memory.length > 0 ? [] : ['memory of a sweep: this system does not tell it (no /proc)'],
    };
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    return { rows: [], notRun: [`one endpoint in a sweep, and its memory: ${because}`] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
