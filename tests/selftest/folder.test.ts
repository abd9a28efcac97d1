import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../../certs/folder.ts';

test('a folder is made with those above it, or is there', async () => {
  const base = await mkdtemp(join(tmpdir(), 'assay-folder-'));
  try {
    const deep = join(base, 'a/b/c');
    await Promise.all([makeFolder(deep, 0o700), makeFolder(deep, 0o700)]);
    await makeFolder(deep);
    assert.equal((await stat(join(base, 'a'))).mode & 0o777, 0o700);
    await writeFile(join(base, 'file'), '');
    await assert.rejects(makeFolder(join(base, 'file')), { code: 'EEXIST' });
    await assert.rejects(makeFolder(join(base, 'file/below')), { code: 'ENOTDIR' });
  } finally {
    await rm(base, { recursive: true });
  }
});

test(
  'where nobody can make one, it ends',
  { skip: process.platform === 'linux' ? false : 'there is no /proc', timeout: 5_000 },
  () => assert.rejects(makeFolder('/proc/assay/below'), { code: 'ENOENT' }),
);
