import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { billOfMaterials } from './bill.ts';

/**
 * `npm pack` runs this first: JavaScript, declarations and source maps from the same sources into `dist/`, in the same
 * folders as here, with the data that they read, and a bill of materials. The same tree always makes the same bytes.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUT = join(ROOT, 'dist');
/** What the program reads at run time. */
const DATA = [
  'mocks/**/*.schema.json',
  'tests/run/*.schema.json',
  'tests/schemas/*.json',
  'tests/register/sets/*',
  'scripts/report/page/*',
  'tests/certify/scorecard.json',
];

rmSync(OUT, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', join(ROOT, 'scripts/package/tsconfig.json')],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
for (const file of globSync(DATA, { cwd: ROOT })) {
  mkdirSync(dirname(join(OUT, file)), { recursive: true });
  cpSync(join(ROOT, file), join(OUT, file));
}
const { name, version, engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly version: string;
  readonly engines: object;
};
/** What the program reads of its own manifest. */
const own = { name, version, private: true, type: 'module', engines };
writeFileSync(join(OUT, 'package.json'), `${JSON.stringify(own, null, 2)}\n`);
const program = join(OUT, 'scripts/assay.js');
writeFileSync(program, `#!/usr/bin/env node\n${readFileSync(program, 'utf8')}`);
chmodSync(program, 0o755);
writeFileSync(join(OUT, 'sbom.cdx.json'), billOfMaterials());
