import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keyMutants, keyVariants } from '../../mocks/provider/ftrs/key-mutants.ts';
import { strictKeys, type KeyPolicy } from '../../mocks/provider/ftrs/keys.ts';
import { createDriver } from '../drive/driver.ts';
import { keySet } from '../cases/key-set.ts';
import { observeKeySet, steering } from '../drive/key-set.ts';
import type { Verdict } from '../model.ts';
import { judgeKeySet, type KeyObservation } from '../oracle/key-set.ts';
import { createStand } from './ftrs-stand.ts';
import { hierarchy } from './stand.ts';

/** The issuer's key set changes, fails and floods, on a real socket; each case with an issuer and a provider of its own. */

const NAMES = keySet.map(({ id }) => id);
/** Ten times what the reference takes. */
const WITHIN_MS = 5_000;
/** Four times what the reference waits for the issuer. */
const PATIENCE_MS = 5_000;

async function verdictOn(name: string, keys: KeyPolicy): Promise<Verdict> {
  const stand = await createStand(await hierarchy);
  // What counts fetches must not meet one that is due by age.
  const aged = name === 'key-set/unknown-kid' && keys.cooldownMs > 0 ? { cooldownMs: 60_000 } : {};
  const calm = name === 'key-set/unknown-kid' ? { cacheMs: 60_000, ...aged } : {};
  const provider = await stand.start({ keys: { ...keys, ...calm } });
  try {
    const run = stand.runOf(provider);
    const { url, token } = stand.issuer.management;
    const seen = await observeKeySet(name, {
      issuer: steering(url, token),
      payload: run.profile.payload,
      within: WITHIN_MS,
      present: async (bearer) => {
        const drive = createDriver({ ...run.target, shared: false, mint: async () => bearer }, run.redactor, {
          patience: PATIENCE_MS,
        });
        return (await drive(run.profile.valid(run.subject), 'TLSv1.2')).observation;
      },
    });
    return judgeKeySet(seen, run.profile.payload);
  } finally {
    await Promise.all([provider.close(), stand.close()]);
  }
}

/** `npm run matrix` runs everything; `npm test` the cases that a mutant names and one other. */
const WHOLE = process.env['ASSAY_MATRIX'] === 'whole';

const verdicts = async (keys: KeyPolicy, names: readonly string[] = NAMES) =>
  Promise.all(names.map(async (name) => ({ name, ...(await verdictOn(name, keys)) }))); // mostly waiting
const told = (all: readonly (Verdict & { readonly name: string })[]): string =>
  all.map(({ name, outcome, because }) => `${name}: ${outcome}: ${because}`).join('\n');

test('the reference takes changes up, refuses what is retired, and never believes in an outage', async () => {
  const all = await verdicts(strictKeys);
  assert.ok(
    all.every(({ outcome }) => outcome === 'pass'),
    told(all),
  );
});

describe('every mutant fails exactly the cases that list it', () => {
  for (const [name, { title, policy, caughtBy }] of Object.entries(keyMutants))
    test(`${name}: ${title}`, async () => {
      const other = NAMES.find((each) => !caughtBy.includes(each));
      const all = await verdicts(
        policy,
        NAMES.filter((each) => WHOLE || each === other || caughtBy.includes(each)),
      );
      const failed = all.filter(({ outcome }) => outcome === 'fail').map((each) => each.name);
      assert.deepEqual([...failed].sort(), [...caughtBy].sort(), told(all));
      assert.ok(!all.some(({ outcome }) => outcome === 'inconclusive'), told(all));
    });
});

test('what costs more fetches than need be is noted, and told apart', async () => {
  for (const { policy, differs } of Object.values(keyVariants)) {
    const all = await verdicts(policy, WHOLE ? NAMES : [...differs, 'key-set/new-kid']);
    const failed = all.filter(({ outcome }) => outcome === 'fail').map((each) => each.name);
    assert.deepEqual(failed, differs, told(all));
  }
});

test('every case that binds is the own case of a mutant; more than four want a reason', () => {
  const own = new Set(Object.values(keyMutants).map(({ caughtBy: [first] }) => first));
  assert.deepEqual(
    keySet.filter(({ id, bearing }) => bearing !== 'noted' && !own.has(id)).map(({ id }) => id),
    [],
  );
  for (const { caughtBy, because } of Object.values(keyMutants)) assert.ok(caughtBy.length <= 4 || because);
});

test('the oracle believes nothing beside a control that was refused, and nothing that was not presented', () => {
  const nothing: KeyObservation['control'] = { kind: 'nothing', reason: 'x' };
  const good: KeyObservation['control'] = {
    kind: 'response',
    status: 200,
    headers: [],
    body: '',
    bytes: 0,
    resourceType: 'Bundle',
  };
  const step = { what: 'x', want: 'not-accepted' as const, ms: 1 };
  const outcome = (seen: KeyObservation) => judgeKeySet(seen, 'Bundle').outcome;
  assert.equal(outcome({ control: nothing, steps: [{ ...step, seen: nothing }] }), 'inconclusive');
  assert.equal(outcome({ control: good, steps: [] }), 'inconclusive');
  assert.equal(
    outcome({ control: good, steps: [{ ...step, want: 'refused', seen: nothing }] }),
    'inconclusive',
  );
  assert.equal(outcome({ control: good, steps: [{ ...step, seen: nothing }] }), 'fail', 'it hangs');
  assert.equal(outcome({ control: good, steps: [{ ...step, seen: good }] }), 'fail');
  assert.equal(outcome({ control: good, steps: [{ ...step, seen: { ...good, status: 503 } }] }), 'pass');
});
