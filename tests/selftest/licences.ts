import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import satisfies from 'spdx-satisfies';

/**
 * The licence policy. What a user installs is under a licence that asks for no more than to be named; what only we run
 * may also be data under CC BY, or under one whose copyleft ends with its own files.
 */
const ANYWHERE = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'PSF-2.0',
  'Unlicense',
] as const;
const IN_DEVELOPMENT = [...ANYWHERE, 'CC-BY-3.0', 'MPL-2.0'] as const;

/** A package as the lock file names it. */
export interface Locked {
  /** `node_modules/NAME`, as often nested as it is. */
  readonly path: string;
  readonly version: string;
  /** SPDX expression; absent where the package says it in an older form, or not at all. */
  readonly licence?: string | undefined;
  readonly dev: boolean;
}

interface Manifest {
  readonly license?: string | { readonly type: string };
  readonly licenses?: readonly { readonly type: string }[];
}

/** The form of before SPDX: an object, or a list of them of which one may choose. */
function older(root: string, path: string): string | undefined {
  try {
    const { license, licenses = [] } = JSON.parse(
      readFileSync(join(root, path, 'package.json'), 'utf8'),
    ) as Manifest;
    const listed = license === undefined ? licenses : [license];
    const names = listed.map((each) => (typeof each === 'string' ? each : each.type));
    return names.length > 0 ? `(${names.join(' OR ')})` : undefined;
  } catch {
    return undefined; // an optional package that is not installed here
  }
}

/** Every package of the lock file, ours left out. */
export function lockedIn(root: string): readonly Locked[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<
      Record<string, { readonly version: string; readonly license?: string; readonly dev?: boolean }>
    >;
  };
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, { version, license, dev = false }]) => ({
      path,
      version,
      licence: license ?? older(root, path),
      dev,
    }));
}

/** What is against the policy, a sentence each. */
export const offending = (locked: readonly Locked[]): readonly string[] =>
  locked.flatMap(({ path, version, licence, dev }) => {
    const name = `${path.replace(/^.*node_modules\//, '')} ${version}`;
    if (licence === undefined) return [`${name} names no licence`];
    try {
      return satisfies(licence, dev ? IN_DEVELOPMENT : ANYWHERE)
        ? []
        : [
            `${name} is under ${licence}, which the policy does not allow${dev ? '' : ' in what users install'}`,
          ];
    } catch {
      return [`${name} is under “${licence}”, which is no SPDX expression`];
    }
  });
