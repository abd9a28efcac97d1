import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrows, backwards } from './arrows.ts';

test('arrows never go back', () => assert.deepEqual(arrows(), []));

test('an arrow that goes back is seen, however it is written', () => {
  // Put together here, so that this file imports nothing of what it writes.
  const seen = (file: string, before: string, target: string) =>
    backwards(file, `${before}'../${target}'`).length;
  assert.equal(seen('mocks/ssp/x.ts', 'import { a } from ', '../tests/model.ts'), 1);
  assert.equal(seen('mocks/ssp/x.ts', 'export * from ', '../scripts/assay.ts'), 1);
  assert.equal(seen('certs/x.ts', 'const m = await import(', 'mocks/x.ts'), 1);
  assert.equal(seen('certs/x.ts', 'import ', 'mocks/x.ts'), 1);
  assert.equal(seen('tests/register/x.ts', 'import type { A } from ', '../mocks/x.ts'), 1);
  assert.equal(seen('tests/run/x.ts', 'import { a } from ', 'drive/x.ts'), 0);
  assert.equal(backwards('elsewhere/x.ts', '').length, 1);
});
