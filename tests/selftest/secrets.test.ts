import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assay, ROOT } from './program.ts';
import { inFolder, inHistory, inTree, told } from './secrets.ts';

/** No secret in the tree, in the history, or in what a run writes; and one that is there is found. */

const unversioned = existsSync(join(ROOT, '.git')) ? false : 'this is no git checkout';

describe('this repository', { skip: unversioned }, () => {
  test('its tree', async () => assert.deepEqual((await inTree(ROOT)).map(told), []));
  test('its history', async (t) => {
    const found = await inHistory(ROOT);
    if (found === 'shallow') t.skip('this clone is shallow: its history is not here');
    else assert.deepEqual(found.map(told), []);
  });
});

describe('a secret that is there', () => {
  let folder: string;
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b.test', ...args]);
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-secrets-'));
    git('init', '-q');
    await writeFile(join(folder, 'good.txt'), 'nothing\n');
    await writeFile(join(folder, 'key.txt'), `first line\n${pem}`);
    git('add', '.');
    git('commit', '-qm', 'a key');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('in the tree: by its place, not by its value', async () => {
    const found = await inTree(folder);
    assert.deepEqual(found.map(told), ['key.txt:2: privatekey']);
    assert.doesNotMatch(JSON.stringify(found), /BEGIN|MII/);
  });
  test('in the history, once it has gone from the tree', async () => {
    git('rm', '-q', 'key.txt');
    git('commit', '-qm', 'no key');
    assert.deepEqual(await inTree(folder), []);
    const found = await inHistory(folder);
    assert.ok(found !== 'shallow');
    assert.deepEqual(
      found.map((leak) => told(leak).replace(/^[0-9a-f]{12}/, 'BLOB')),
      ['BLOB:key.txt:2: privatekey'],
    );
  });
  test('a shallow clone is not called clean', async () => {
    const shallow = join(folder, 'shallow');
    execFileSync('git', ['clone', '-q', '--depth', '1', `file://${folder}`, shallow]);
    assert.equal(await inHistory(shallow), 'shallow');
  });
  test('in a folder that git knows nothing of, and not in what a run leaves', async () => {
    const out = join(folder, 'out');
    const { code } = await assay(folder, 'run', '--case', 'token/*', '--out', out);
    assert.equal(code, 0);
    assert.deepEqual((await inFolder(out)).map(told), []);
    await writeFile(join(out, 'evidence', 'key.pem'), pem);
    assert.deepEqual((await inFolder(out)).map(told), ['evidence/key.pem:1: privatekey']);
    const { status, stdout } = spawnSync(process.execPath, ['scripts/secrets.ts', out], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    assert.deepEqual([status, stdout], [1, `${out}:\n  evidence/key.pem:1: privatekey\n`]);
  });
});
