import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

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
export function billOfMaterials(): string {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
  };
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
