import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** What is written for people points to what is there. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const documents = ['README.md', 'CHANGELOG.md', '.github/SECURITY.md', '.github/CONTRIBUTING.md'];

for (const file of documents) {
  describe(file, () => {
    const text = read(file);
    test('every path of this tree that it names is there', () => {
      const named = [...text.matchAll(/`((?:tests|mocks|certs|scripts|\.github)\/[\w./-]+)`/g)].map(
        ([, path = '']) => path,
      );
      const gone = named.filter((path) => !existsSync(join(ROOT, path)));
      assert.deepEqual(gone, []);
    });
    test('no link is dead', () => {
      const links = [...text.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)].map(
        ([, path = '']) => path.split('#')[0] ?? '',
      );
      const gone = links.filter((path) => !existsSync(join(ROOT, dirname(file), path)));
      assert.deepEqual(gone, []);
    });
    test('every script of npm that it names exists', () => {
      const { scripts } = JSON.parse(read('package.json')) as {
        readonly scripts: Readonly<Record<string, string>>;
      };
      const named = [...text.matchAll(/npm run ([a-z]+)/g)].map(([, name = '']) => name);
      assert.deepEqual(
        named.filter((name) => !Object.hasOwn(scripts, name)),
        [],
      );
    });
  });
}

test('every mitigation of the threat model is held by a test', () => {
  const rows = read('.github/SECURITY.md')
    .split('\n')
    .filter((line) => /^\| [A-Z]/.test(line));
  assert.ok(rows.length >= 15);
  const bare = rows.filter((row) => !/`tests\/selftest\/[\w-]+\.test\.ts`/.test(row.split('|').at(-2) ?? ''));
  assert.deepEqual(bare, []);
});
