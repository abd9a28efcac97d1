import assert from 'node:assert/strict';
import { setTimeout as after } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { interactionNamed } from '../../mocks/ssp/interactions.ts';
import type { Provider } from '../../mocks/provider/server.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { baseline, createWorker, runPlan } from '../run/engine.ts';
import { everythingOn } from '../run/declared.ts';
import { plan } from '../run/plan.ts';
import { everything, having, hierarchy, runOf } from './stand.ts';

/** What a run books it cancels, whatever happens; what it may not or cannot do it says. */

const writing = everything.filter(({ case: { consent } }) => consent?.includes('write'));
const booking = writing.filter(({ id }) => !id.endsWith('register'));

async function on<Result>(name: string, act: (provider: Provider) => Promise<Result>): Promise<Result> {
  const provider = await startStandIn(name, await hierarchy);
  try {
    return await act(provider);
  } finally {
    await provider.close();
  }
}

/** The first slot that is free. The reference gives them in order, so that a booking which stays moves it on. */
async function firstFree(provider: Provider): Promise<string | undefined> {
  const run = runOf(provider, await hierarchy);
  const { drive, exchange } = createWorker(run, await baseline(run));
  const { observation } = await drive(exchange(interactionNamed('search-slots')), 'TLSv1.2');
  return observation.kind === 'response' ? /"Slot","id":"(\d+)"/.exec(observation.body)?.[1] : undefined;
}

test('there is something to write', () => assert.ok(booking.length >= 10, String(booking.length)));

test('after a run nothing is booked', () =>
  on('conformant', async (provider) => {
    const run = runOf(provider, await hierarchy);
    const findings = await runPlan(run, writing, await baseline(run), 4);
    assert.deepEqual(having(findings, 'pass').length, writing.length);
    assert.equal(await firstFree(provider), '50');
  }));

describe('after a run that was ended nothing is booked', () => {
  for (const ms of [0, 5, 15, 30, 60, 120])
    test(`${ms} ms after its start`, () =>
      on('conformant', async (provider) => {
        const run = runOf(provider, await hierarchy);
        const start = await baseline(run);
        const ending = new AbortController();
        const found = runPlan(run, booking, start, 4, () => {}, ending.signal);
        await after(ms);
        ending.abort('test');
        assert.ok((await found).length <= booking.length);
        assert.equal(await firstFree(provider), '50');
      }));
});

test('what could not be cancelled is told, one sentence each', () =>
  on('lacks-cancel-appointment', async (provider) => {
    const told: string[] = [];
    const run = { ...runOf(provider, await hierarchy), tell: (sentence: string) => void told.push(sentence) };
    const one = booking.filter(({ id }) => id === 'write/book');
    assert.deepEqual(having(await runPlan(run, one, await baseline(run), 1), 'pass'), ['write/book']);
    assert.equal(await firstFree(provider), '51');
    assert.equal(told.length, 1);
    assert.match(
      told[0] ?? '',
      /^the appointment 1000 that this run booked could not be cancelled: HTTP 501/,
    );
  }));

test('without consent nothing is written, and the field is named', () =>
  on('conformant', async (provider) => {
    const planned = plan(gpconnect, { ...everythingOn('2025-10'), consent: [] }).filter(
      ({ case: { consent } }) => consent?.includes('write'),
    );
    const run = runOf(provider, await hierarchy);
    const findings = await runPlan(run, planned, await baseline(run), 4);
    assert.equal(findings.length, writing.length);
    for (const { because } of findings) assert.match(because, /consent\.allow with "write"/);
    assert.equal(await firstFree(provider), '50');
  }));

test('a registration is made once, however weak its answer', () =>
  on('conformant', async (provider) => {
    const run = runOf(provider, await hierarchy);
    const one = writing.filter(({ id }) => id === 'write/register');
    const [first] = await runPlan(run, one, await baseline(run), 1);
    assert.deepEqual([first?.outcome, first?.times], ['pass', 1]);
    const [second] = await runPlan(run, one, await baseline(run), 1);
    assert.match(second?.because ?? '', /DUPLICATE_REJECTED/);
  }));

describe('a registration under a wrong scope', () => {
  const registering = everything.filter(({ interaction }) => interaction?.writes === 'registration');
  const outcomes = (name: string) =>
    on(name, async (provider) => {
      const run = runOf(provider, await hierarchy);
      const findings = await runPlan(run, registering, await baseline(run), 4);
      return Object.fromEntries(findings.map((each) => [each.case, each.outcome]));
    });
  test('is tried while the number is free, and leaves it free where it is refused', async () => {
    const seen = await outcomes('conformant');
    assert.equal(Object.keys(seen).filter((id) => id.startsWith('scope/registration.')).length, 3);
    assert.deepEqual([...new Set(Object.values(seen))], ['pass'], JSON.stringify(seen));
  });
  test('that is let in is the registration of the run: no other number is used', async () => {
    const seen = await outcomes('opens-registration-to-organization-read');
    assert.equal(seen['scope/registration.patient-read'], 'pass');
    assert.equal(seen['scope/registration.organization-read'], 'fail');
    assert.equal(seen['scope/registration.organization-write'], 'inconclusive');
    assert.equal(seen['write/already-registered'], 'pass');
  });
  test('is not tried on a provider that says that it looks at no scope', () => {
    const planned = plan(gpconnect, { ...everythingOn('2025-10'), enforcesScope: false });
    assert.deepEqual(
      planned.filter(({ id }) => id.startsWith('scope/registration')),
      [],
    );
  });
});
