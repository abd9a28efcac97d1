import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { htmlScenarios, scenarios } from '../cases/official-suite.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { everythingOn } from '../run/declared.ts';
import { plan } from '../run/plan.ts';

describe('every scenario of the older suite has cases that are driven in its edition, or a reason', () => {
  for (const [edition, listed] of [
    ['2025-10', scenarios],
    ['0.7', htmlScenarios],
  ] as const)
    test(edition, () => {
      // Whichever way the subject learns of revocation.
      const driven = new Set(
        (['file', 'ocsp', 'crldp'] as const).flatMap((revocation) =>
          plan(gpconnect, { ...everythingOn(edition), revocation }).map(({ case: { id } }) => id),
        ),
      );
      for (const { scenario, cases, because } of listed) {
        assert.ok(cases.length > 0 || because, scenario);
        assert.deepEqual(
          cases.filter((id) => !driven.has(id)),
          [],
          scenario,
        );
      }
    });
});
