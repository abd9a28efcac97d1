import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { NEAREST, USUAL_SKEW } from '../drive/edges.ts';
import type { Observation } from '../model.ts';
import { blurred, type Edge } from '../oracle/clock.ts';
import { createClock } from '../run/clock.ts';
import { baseline, runPlan, type Run } from '../run/engine.ts';
import { rejudge } from '../run/record.ts';
import { battery, createStand, type FtrsStand } from './ftrs-stand.ts';

/** Edges of time: what is known of a subject's clock, and what can be judged with that. */

const dated = (date?: string): Observation => ({
  kind: 'response',
  status: 200,
  headers: date === undefined ? [] : [['Date', date]],
  body: '',
  bytes: 0,
});
const AT = Date.parse('2026-11-25T03:00:00Z');
const at = (seconds: number): Observation => dated(new Date(AT + seconds * 1000).toUTCString());

test('answers narrow the bounds; what tells no time counts for nothing', () => {
  const clock = createClock();
  assert.equal(clock.bounds(), undefined);
  clock.saw(AT, AT + 200, dated());
  clock.saw(AT, AT + 200, { kind: 'nothing', reason: 'x' });
  clock.saw(AT, AT + 200, dated('yesterday'));
  assert.equal(clock.answers(), 0);
  clock.saw(AT, AT + 200, at(0));
  assert.deepEqual(clock.bounds(), { from: -0.2, to: 1 });
  clock.saw(AT + 900, AT + 950, at(0));
  assert.deepEqual(clock.bounds(), { from: -0.2, to: 0.1 });
  assert.equal(clock.answers(), 2);
});
test('answers that contradict each other widen them: several machines, several clocks', () => {
  const clock = createClock();
  clock.saw(AT, AT, at(0));
  clock.saw(AT, AT, at(90));
  assert.deepEqual(clock.bounds(), { from: 0, to: 91 });
});

test('a refusal is due beyond bounds and skew, an acceptance beyond the bounds', () => {
  const refusal = { kind: 'refused-request', rule: 'token' } as const;
  const acceptance = { kind: 'accepted' } as const;
  const known: Edge = { edge: 0, from: -1, to: 2, skew: 60, took: 0.5, answers: 5 };
  const judged = (of: typeof refusal | typeof acceptance, edge: number, more: Partial<Edge> = {}) =>
    blurred(of, { ...known, ...more, edge }) === undefined;
  assert.deepEqual(
    [-62, -61, -60].map((edge) => judged(refusal, edge)),
    [true, false, false],
    'expired',
  );
  assert.deepEqual(
    [63, 62.5, 60].map((edge) => judged(refusal, edge)),
    [true, false, false],
    'to come, and the answer took half a second',
  );
  assert.deepEqual(
    [3, 2.5, -2, -1].map((edge) => judged(acceptance, edge)),
    [true, false, true, false],
  );
  const { from: _from, to: _to, ...unknown } = known;
  assert.match(
    blurred(refusal, { ...unknown, edge: -4000, answers: 4 }) ?? '',
    /4 had a Date, and five are wanted/,
  );
  assert.match(
    blurred(refusal, { ...known, edge: -61 }) ?? '',
    /between -1 s and 2 s ahead of ours \(5 answers\), it may be 60 s out .*: an edge at -61 s cannot be judged/,
  );
});

let stand: FtrsStand;
before(async () => {
  stand = await createStand();
  setDefaultCACertificates([...getCACertificates('default'), stand.pki.root]);
});
after(() => stand.close());

const edges = battery.filter(({ id }) => /-edge-|exp-just-past/.test(id));

/** As a subject is driven: its clock is read from its answers, and no edge is nearer than ten seconds. */
async function judged(skew: number) {
  const provider = await stand.start();
  try {
    const own = stand.runOf(provider);
    const { shared: _shared, ...target } = own.target;
    const run: Run = { ...own, target: { ...target, edges: { skew, past: NEAREST, ahead: NEAREST } } };
    return await runPlan(run, edges, await baseline(run), 2);
  } finally {
    await provider.close();
  }
}
test('the reference as a subject: five answers are waited for, and every edge is judged', async () => {
  const findings = await judged(USUAL_SKEW);
  assert.equal(findings.length, 6);
  for (const { case: id, outcome, because, control } of findings) {
    assert.equal(outcome, 'pass', `${id}: ${because}`);
    assert.ok((control.clock?.answers ?? 0) >= 5, id);
  }
  assert.deepEqual(rejudge({ findings }), []);
});
test('a skew that is wider than the edge leaves it unjudged, with the numbers', async () => {
  const past = (await judged(300)).find(({ case: id }) => id === 'cis2-token/exp-just-past');
  assert.equal(past?.outcome, 'inconclusive');
  assert.match(past?.because ?? '', /it may be 300 s out .* an edge at -180 s cannot be judged/);
});
