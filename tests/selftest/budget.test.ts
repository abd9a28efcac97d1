import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { baseline, runPlan } from '../run/engine.ts';
import { everything, having, hierarchy, runOf } from './stand.ts';

/**
 * What the verdict on versions, on approved suites and on whose order rules costs. The order within the four strings
 * is another matter: it takes an enumeration of all that is accepted.
 */
const policy = everything.filter(
  ({ case: { id, stimulus }, level }) =>
    stimulus.hello !== undefined && level !== 'noted' && id !== 'cipher-suite/order',
);

/** Connections made by bare hellos, without the control hello that stands beside each different offer. */
async function hellos(name: string) {
  const pki = await hierarchy;
  const provider = await startStandIn(name, pki);
  try {
    const run = runOf(provider, pki);
    let dialled = 0;
    const target = {
      ...run.target,
      onDial: () => {
        dialled += 1;
      },
    };
    const findings = await runPlan({ ...run, target }, policy, await baseline(run), 4);
    const offers = new Set(policy.map(({ case: { stimulus } }) => JSON.stringify(stimulus.hello)));
    return { stimuli: dialled - offers.size, failed: having(findings, 'fail') };
  } finally {
    await provider.close();
  }
}

test('a policy verdict takes twelve connections, one more for each forbidden suite that is accepted', async () => {
  const kept = await hellos('conformant');
  assert.deepEqual(kept.failed, []);
  assert.ok(kept.stimuli <= 12, String(kept.stimuli));
  const broken = await hellos('accepts-unapproved-cipher');
  assert.deepEqual(broken.failed, ['cipher-suite/only-approved']);
  assert.equal(broken.stimuli, kept.stimuli + 1);
});
