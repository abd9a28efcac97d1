import { battery, createStand } from '../tests/selftest/ftrs-stand.ts';
import { baseline, runPlan } from '../tests/run/engine.ts';

const ROUNDS = 5;
/** What the whole battery may take. */
const LIMIT_MS = 2_000;

/** The whole token battery against the reference, its provider and issuer up: milliseconds, against the limit. */
export async function batteryRow() {
  const stand = await createStand();
  const provider = await stand.start();
  const times: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const run = stand.runOf(provider);
      const started = performance.now();
      const findings = await runPlan(run, battery, await baseline(run), 4);
      times.push(performance.now() - started);
      const odd = findings.find(({ outcome, level }) => outcome !== 'pass' && level !== 'noted');
      if (odd) throw new Error(`${odd.case}: ${odd.because}`);
    }
  } finally {
    await Promise.all([provider.close(), stand.close()]);
  }
  const ours = [...times].sort((a, b) => a - b)[times.length >> 1] ?? NaN;
  return {
    what: `the token battery, ${battery.length} cases over mutual TLS`,
    against: 'the two seconds that it may take',
    ours,
    floor: LIMIT_MS,
    ratio: ours / LIMIT_MS,
    bound: 1,
  };
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await batteryRow(), null, 2)}\n`);
