import { inFolder, inHistory, inTree, told, type Leak } from '../tests/selftest/secrets.ts';

/**
 * `npm run secrets [-- --tree | DIR…]`: keys, tokens and passwords in the tree and in the whole history, in the tree
 * alone, or in folders that a run has written. What is found is told by its place and never by its value. Exit 1 where there is one, and where the
 * history is not here to be looked at.
 */
const asked = process.argv.slice(2);
const folders = asked.filter((each) => each !== '--tree');
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const looked: readonly (readonly [where: string, found: readonly Leak[] | 'shallow'])[] =
  folders.length > 0
    ? await Promise.all(folders.map(async (folder) => [folder, await inFolder(folder)] as const))
    : [
        ['the tree', await inTree('.')],
        ...(asked.includes('--tree') ? [] : [['the history', await inHistory('.')] as const]),
      ];
for (const [where, found] of looked) {
  if (found === 'shallow') say(`${where}: not looked at, since this clone is shallow; git fetch --unshallow`);
  else
    say(
      `${where}:${found.length === 0 ? ' no secret' : ''}${found.map((leak) => `\n  ${told(leak)}`).join('')}`,
    );
}
process.exitCode = looked.some(([, found]) => found === 'shallow' || found.length > 0) ? 1 : 0;
