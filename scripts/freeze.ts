import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { due, everyHeld, staleness } from '../tests/run/sets.ts';

/**
 * `npm run freeze [-- --release]`: writes what register and catalogue say into the newest set of each edition, and of each document that informs, or into
 * the next one where that is released. `--check` writes nothing and exits with 1 where something is to be written.
 */

const editions = everyHeld.flatMap((profile) => profile.editions.map((edition) => ({ profile, edition })));

if (process.argv.includes('--check')) {
  const stale = editions.flatMap(({ profile, edition }) => staleness(profile, edition) ?? []);
  process.stdout.write(stale.length > 0 ? `${stale.join('\n')}\nrun \`npm run freeze\`\n` : '');
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  const release = process.argv.includes('--release') ? new Date().toISOString().slice(0, 10) : undefined;
  for (const { profile, edition } of editions) {
    const { file, text } = due(profile, edition, release);
    mkdirSync(dirname(fileURLToPath(file)), { recursive: true });
    writeFileSync(file, text);
  }
}
