import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The reading order of this repository. A file may import its own place and anything to its right. */
const ORDER = [
  'scripts',
  'tests/selftest',
  'tests/conformance.spec.ts',
  'playwright.config.ts',
  'tests/certify',
  'tests/run',
  'tests/drive',
  'tests/cases',
  'tests/profiles',
  'tests/oracle',
  'tests/evidence',
  'tests/lint',
  'tests/model.ts',
  'tests/register',
  'mocks',
  'certs',
];
/** Neighbours that do not know each other, whatever the order allows. */
const STRANGERS: readonly (readonly [from: string, to: string])[] = [
  ['tests/register', 'mocks'],
  ['tests/register', 'certs'],
  ['tests/oracle', 'mocks'],
  ['tests/oracle', 'certs'],
];

const placeOf = (file: string): number =>
  ORDER.findIndex((entry) => file === entry || file.startsWith(`${entry}/`));
const under = (file: string, folder: string): boolean => file.startsWith(`${folder}/`);

/** `from`, `import()` and bare imports of a relative path. */
const IMPORTS = /(?:from\s+|import\s*\(\s*|import\s+)['"](\.{1,2}\/[^'"]+)['"]/g;

/** What one file imports of ours, from the root of the repository. */
const importsOf = (file: string, text: string): readonly string[] =>
  [...text.matchAll(IMPORTS)].map(([, target = '']) => join(dirname(file), target).replaceAll('\\', '/'));

/** What is wrong with the imports of one file; empty: nothing. */
export function backwards(file: string, text: string): readonly string[] {
  if (placeOf(file) < 0) return [`${file} belongs to no place`];
  return importsOf(file, text)
    .filter((target) => target !== 'package.json')
    .filter(
      (target) =>
        placeOf(target) < placeOf(file) ||
        STRANGERS.some(([from, to]) => under(file, from) && under(target, to)),
    )
    .map((target) => `${file} → ${target}`);
}

/** Every import in the repository that points the wrong way. */
export const arrows = (): readonly string[] =>
  globSync(['{scripts,tests,mocks,certs}/**/*.ts', 'playwright.config.ts']).flatMap((file) =>
    backwards(file.replaceAll('\\', '/'), readFileSync(file, 'utf8')),
  );
