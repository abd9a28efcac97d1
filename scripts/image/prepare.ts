import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The first stage of the image: of the packages in `/image/app` it leaves those that the lock file calls needed, neither
 * for development nor optional, which is what `npm ci --omit=dev --omit=optional` installs; a missing or another
 * version ends the build. It runs on the base itself, and has nothing but Node.
 */

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      {
        /** Where it is installed under another name (an alias). */
        readonly name?: string;
        readonly version?: string;
        readonly dev?: true;
        readonly optional?: true;
        readonly devOptional?: true;
      }
    >
  >;
}
interface Bill {
  readonly components: readonly { readonly 'bom-ref': string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}
const IMAGE = '/image';
const APP = join(IMAGE, 'app');
const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

const lock = readJson('/build/package-lock.json') as Lock;
const { version } = readJson(join(APP, 'package/package.json')) as { readonly version: string };
if (version !== lock.packages['']?.version)
  throw new Error(
    `the package is of version ${version}, the lock file of ${lock.packages['']?.version}; npm pack makes it anew`,
  );

const needed = Object.entries(lock.packages).filter(
  ([path, { dev, optional, devOptional }]) => path !== '' && !dev && !optional && !devOptional,
);
for (const [path, entry] of needed) {
  const manifest = join(APP, path, 'package.json');
  if (!existsSync(manifest)) throw new Error(`${path} is not installed; npm ci installs it`);
  const found = readJson(manifest) as { readonly version: string };
  if (found.version !== entry.version)
    throw new Error(
      `${path} is of version ${found.version}, in the lock file of ${entry.version}; npm ci installs it`,
    );
}
const kept = new Set(needed.map(([path]) => path));
for (const path of installed('node_modules'))
  if (!kept.has(path)) rmSync(join(APP, path), { recursive: true, force: true });

/** Every package that lies in the image, as the lock file names them, a package before those that it brings. */
function installed(folder: string): readonly string[] {
  if (!existsSync(join(APP, folder))) return [];
  return readdirSync(join(APP, folder)).flatMap((name) => {
    if (!name.startsWith('@')) return [`${folder}/${name}`, ...installed(`${folder}/${name}/node_modules`)];
    const scope = `${folder}/${name}`;
    return readdirSync(join(APP, scope)).flatMap((each) => [
      `${scope}/${each}`,
      ...installed(`${scope}/${each}/node_modules`),
    ]);
  });
}

// The bill of materials of the package, less what is optional and not here.
const at = join(APP, 'package/dist/sbom.cdx.json');
const bill = readJson(at) as Bill;
const here = new Set([
  `assay@${version}`,
  ...needed.map(
    ([path, { name, version: its }]) => `${name ?? path.replace(/^.*node_modules\//, '')}@${its}`,
  ),
]);
const inside = {
  ...bill,
  components: bill.components.filter((each) => here.has(each['bom-ref'])),
  dependencies: bill.dependencies
    .filter(({ ref }) => here.has(ref))
    .map((each) => ({ ...each, dependsOn: each.dependsOn?.filter((ref) => here.has(ref)) })),
};
writeFileSync(join(APP, 'sbom.cdx.json'), `${JSON.stringify(inside, null, 2)}\n`);

for (const folder of ['data', 'tmp']) {
  mkdirSync(join(IMAGE, folder));
  chmodSync(join(IMAGE, folder), 0o1777);
}
