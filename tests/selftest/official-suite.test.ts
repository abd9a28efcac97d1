import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogue } from '../cases/index.ts';
import { scenarios } from '../cases/official-suite.ts';

test('every scenario of the older suite has cases that exist, or a reason', () => {
  const known = new Set(catalogue.map(({ id }) => id));
  for (const { scenario, cases, because } of scenarios) {
    assert.ok(cases.length > 0 || because, scenario);
    assert.deepEqual(
      cases.filter((id) => !known.has(id)),
      [],
      scenario,
    );
  }
});
