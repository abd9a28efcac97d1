import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lockedIn, offending, type Locked } from './licences.ts';
import { ROOT } from './program.ts';

/** The licence policy, on what is installed and on what must not be. */

const one = (licence: string | undefined, dev = false): readonly Locked[] => [
  { path: 'node_modules/a/node_modules/b', version: '1.0.0', licence, dev },
];

describe('licences', () => {
  test('of everything in the lock file', () => {
    const locked = lockedIn(ROOT);
    assert.ok(locked.length > 300);
    assert.deepEqual(offending(locked), []);
  });
  for (const licence of ['MIT', '(BSD-3-Clause OR GPL-2.0)', '(MIT AND Apache-2.0)'])
    test(`${licence} is allowed`, () => assert.deepEqual(offending(one(licence)), []));
  for (const licence of ['GPL-3.0', 'AGPL-3.0-only', '(MIT AND GPL-2.0)', 'CC-BY-NC-4.0'])
    test(`${licence} is not`, () =>
      assert.deepEqual(offending(one(licence, true)), [
        `b 1.0.0 is under ${licence}, which the policy does not allow`,
      ]));
  test('file-level copyleft is for what only we run', () => {
    assert.deepEqual(offending(one('MPL-2.0', true)), []);
    assert.match(offending(one('MPL-2.0')).join(), /in what users install/);
  });
  test('none, and what is no licence', () => {
    assert.match(offending(one(undefined)).join(), /names no licence/);
    assert.match(offending(one('SEE LICENSE IN x')).join(), /no SPDX expression/);
  });
});
