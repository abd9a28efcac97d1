import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { schemaFaults } from '../oracle/schema.ts';

/** Published schemas are data of somebody else: each is named with its source and licence, and stays as it is. */

interface Source {
  readonly file: string;
  readonly source: string;
  readonly version: string;
  readonly licence: string;
  readonly digest: string;
}

const folder = new URL('../schemas/', import.meta.url);
const sources = JSON.parse(readFileSync(new URL('sources.json', folder), 'utf8')) as readonly Source[];

test('every schema has a source, and every source a schema', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.json') && file !== 'sources.json',
  );
  assert.deepEqual([...sources.map(({ file }) => file)].sort(), files.sort());
});

for (const { file, source, version, licence, digest } of sources) {
  test(`${file}, of version ${version} under ${licence}, is unchanged`, () => {
    assert.match(source, /^https?:\/\//);
    const found = createHash('sha256')
      .update(readFileSync(new URL(file, folder)))
      .digest('hex');
    assert.equal(`sha256:${found}`, digest);
  });
}

describe('the schemas of an OperationOutcome', () => {
  const sound = {
    resourceType: 'OperationOutcome',
    id: '1',
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' },
    issue: [{ severity: 'error', code: 'invalid', details: { coding: [{ code: 'x', userSelected: true }] } }],
  };
  for (const release of ['STU3', 'R4'] as const) {
    test(`${release}: sound and unsound`, () => {
      assert.deepEqual(schemaFaults(sound, release), []);
      assert.notDeepEqual(schemaFaults({ ...sound, issue: {} }, release), []);
      assert.notDeepEqual(
        schemaFaults({ ...sound, issue: [{ severity: 'bad', code: 'invalid' }] }, release),
        [],
      );
      assert.notDeepEqual(
        schemaFaults({ ...sound, issue: [{ severity: 'error', code: 'BAD' }] }, release),
        [],
      );
      assert.notDeepEqual(schemaFaults({ ...sound, resourceType: 'Basic' }, release), []);
    });
  }
});
