import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
};
writeFileSync(
  join(OUT, 'package.json'),
  `${JSON.stringify({ name: manifest.name, version: manifest.version, private: true, type: 'module' }, null, 2)}\n`,
);
const program = join(OUT, 'scripts/assay.js');
writeFileSync(program, `#!/usr/bin/env node\n${readFileSync(program, 'utf8')}`);
chmodSync(program, 0o755);
writeFileSync(join(OUT, 'sbom.cdx.json'), billOfMaterials());

interface Bill {
  readonly metadata: { readonly component: { readonly licenses?: unknown; readonly description?: string } };
  readonly components: readonly { readonly 'bom-ref': string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}
interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly name?: string; readonly version?: string; readonly dev?: true }>
  >;
}

/** CycloneDX of what the package brings along, from the lock file alone; without what makes every build another one. */
function billOfMaterials(): string {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const text = execFileSync(npm, ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64_000_000,
  });
  const { metadata, components, dependencies, ...rest } = JSON.parse(text) as Bill;
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  // Not `--omit=dev`: npm then leaves out what development tools happen to need as well.
  const own = `${manifest.name}@${manifest.version}`;
  const shipped = new Set([
    own,
    ...Object.entries(lock.packages)
      .filter(([path, { dev }]) => path !== '' && !dev)
      .map(([path, { name, version }]) => `${name ?? path.replace(/^.*node_modules\//, '')}@${version}`),
  ]);
  const { serialNumber: _serial, ...head } = rest as { readonly serialNumber?: string };
  const bill = {
    ...head,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: { ...metadata.component, name: manifest.name },
    },
    components: components.filter((each) => shipped.has(each['bom-ref'])),
    dependencies: dependencies
      .filter(({ ref }) => shipped.has(ref))
      .map((each) => ({ ...each, dependsOn: each.dependsOn?.filter((ref) => shipped.has(ref)) })),
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}
