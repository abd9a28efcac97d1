import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { changedSince, everythingOn, plan, setOf, unreachable } from '../run/plan.ts';
import { assemble } from '../run/record.ts';
import { differences, everyHeld, setsOf, staleness, tampered, type FrozenSet } from '../run/sets.ts';
import { examined, having, hierarchy } from './stand.ts';

/** A subject is held to a committed set; what comes later is of the next one. */

describe('the newest set of each edition is what register and catalogue say', () => {
  for (const profile of everyHeld)
    for (const edition of profile.editions)
      test(`${profile.id}@${edition}`, () => {
        assert.equal(staleness(profile, edition), undefined);
        assert.deepEqual(tampered(profile, edition), [], 'a released set stays as it is');
      });
});

const EDITION = '2025-10';
const LATER = 'response/transport-security';
const newest = (): FrozenSet => {
  const set = setsOf(gpconnect, EDITION).at(-1);
  assert.ok(set);
  return set;
};
const without = (id: string): FrozenSet => ({
  id: 'gpconnect@2025-10/0',
  released: true,
  lines: newest().lines.filter((line) => !line.startsWith(`case ${id} `) && !line.includes(' GPC-API-HSTS ')),
});
const altered = (id: string): FrozenSet => ({
  ...newest(),
  lines: newest().lines.map((line) => (line.startsWith(`case ${id} `) ? `case ${id} 000000000000` : line)),
});

test('a case that came, went or changed, and a clause that did, is a difference', () => {
  const of = (set: FrozenSet) => differences(set, gpconnect, EDITION);
  assert.deepEqual(of(newest()), []);
  assert.deepEqual(
    of(without(LATER)).map((line) => line.split(' ').slice(0, 3).join(' ')),
    [`+ case ${LATER}`, '+ clause gpc-api'],
  );
  assert.equal(of(altered(LATER)).length, 2);
  const more = { ...newest(), lines: [...newest().lines, 'case response/gone 000000000000'] };
  assert.deepEqual(of(more), ['- case response/gone 000000000000']);
});

describe('a provider that is held to an older set', () => {
  const set = without(LATER);
  const declared = { ...everythingOn(EDITION), set };
  const faulty = 'states-no-transport-security';
  const found = async (planned: ReturnType<typeof plan>) => {
    const pki = await hierarchy;
    return examined(await startStandIn(faulty, pki), pki, planned, true);
  };
  const near = (each: { readonly id: string }) => each.id.startsWith('response/');

  test('is not failed by a case that came later', async () => {
    const today = plan(gpconnect, everythingOn(EDITION)).filter(near);
    assert.deepEqual(having(await found(today), 'fail'), [LATER]);
    const then = await found(plan(gpconnect, declared).filter(near));
    assert.deepEqual(having(then, 'fail'), []);
    assert.equal(then.length, today.length - 1);
  });
  test('reads in its record which set that was', () => {
    const { documents } = assemble([], {
      version: '0',
      profile: gpconnect,
      edition: EDITION,
      subject: { url: 'https://x.test' },
      started: new Date(),
      finished: new Date(),
      set,
    });
    assert.ok(
      documents.filter(({ informs }) => !informs).every((each) => each.set.id.endsWith('@2025-10/0')),
    );
    assert.notEqual(
      setOf(gpconnect, EDITION, 'gpc-api', set).digest,
      setOf(gpconnect, EDITION, 'gpc-api').digest,
    );
    const late = unreachable(gpconnect, declared).find(({ requirement }) => requirement === 'GPC-API-HSTS');
    assert.equal(late?.because, 'came later than gpconnect@2025-10/0');
  });
  test('is told of a case that is not what it was, which is not examined', () => {
    const held = { ...everythingOn(EDITION), set: altered(LATER) };
    assert.deepEqual(
      changedSince(gpconnect, held).map((each) => each.case),
      [LATER],
    );
    assert.ok(!plan(gpconnect, held).some(({ id }) => id === LATER));
  });
});
