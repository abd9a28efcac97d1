import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';

/**
 * The public interface of the package as a text that stands in the tree, a file for each of its modules: what it
 * exports, and the types that these speak of. `npm run api` writes it, `--check` says where it differs from
 * the declarations; a difference in review is a change of the interface. (API Extractor would do it, but gives up on a
 * namespace import of a package that re-exports.)
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const REPORTS = join(ROOT, 'scripts/package/api');

/** A statement of a declaration file, as the compiler lays them out. */
interface Statement {
  readonly text: string;
  /** What it declares; empty: an import or an export of something else's. */
  readonly names: readonly string[];
}
/** Where a name comes from: another file, by the name that it has there; `*`: all of it. */
interface Link {
  readonly file: string;
  readonly name: string;
}
interface Module {
  readonly statements: readonly Statement[];
  readonly exported: ReadonlyMap<string, Link>;
  readonly imported: ReadonlyMap<string, Link>;
}

/** Splits at the top level: a statement ends where no bracket is open. Comments stand before what they are of. */
function statementsOf(source: string): readonly string[] {
  const statements: string[] = [];
  let lines: string[] = [];
  let depth = 0;
  let comment = false;
  for (const line of source.split('\n')) {
    if (line.trim() === '' && lines.length === 0) continue;
    lines.push(line);
    if (line.startsWith('/**')) comment = true;
    if (comment) {
      comment = !line.includes('*/');
      continue;
    }
    const bare = line
      .replace(/\/\*\*.*?\*\/|\/\/.*$|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, '')
      .replace(/^\s*(?:\/?\*).*$/, '');
    for (const letter of bare) {
      if ('{[('.includes(letter)) depth += 1;
      else if ('}])'.includes(letter)) depth -= 1;
    }
    if (depth === 0 && /[;}]\s*$/.test(line)) {
      statements.push(lines.join('\n'));
      lines = [];
    }
  }
  return statements;
}

const DECLARES =
  /^(?:export )?(?:default )?(?:declare )?(?:abstract )?(?:const|let|function|interface|type|class|enum|namespace)\s+([\w$]+)/m;
const withoutComments = (text: string): string => text.replace(/\/\*\*[\s\S]*?\*\//g, '');
const undocumented: string[] = [];
const modules = new Map<string, Module>();

function moduleAt(file: string): Module {
  const known = modules.get(file);
  if (known) return known;
  const exported = new Map<string, Link>();
  const imported = new Map<string, Link>();
  const statements: Statement[] = [];
  for (const text of statementsOf(readFileSync(file, 'utf8'))) {
    const code = withoutComments(text).trim();
    const from = /from '(\.[^']+)';$/.exec(code)?.[1];
    const target = from && resolve(dirname(file), from).replace(/\.(?:ts|js)$/, '.d.ts');
    const listed = /^(?:import|export)(?: type)?\s*\{([\s\S]*)\}/.exec(code)?.[1];
    const star = /^(import|export)(?: type)? \* as ([\w$]+)/.exec(code);
    const whole = /^import(?: type)? ([\w$]+) from/.exec(code)?.[1];
    if (star?.[2] !== undefined) {
      if (target) (star[1] === 'export' ? exported : imported).set(star[2], { file: target, name: '*' });
    } else if (whole !== undefined) {
      if (target) imported.set(whole, { file: target, name: 'default' });
    } else if (listed !== undefined) {
      const into = code.startsWith('export') ? exported : imported;
      for (const each of listed.split(',').map((name) => name.trim().replace(/^type /, ''))) {
        if (each === '') continue;
        const [name = '', as = name] = each.split(' as ');
        if (target) into.set(as, { file: target, name });
        else if (into === exported) into.set(as, imported.get(name) ?? { file, name });
      }
    } else if (/^export default \w+;$/.test(code)) {
      exported.set('default', { file, name: code.replace(/^export default (\w+);$/, '$1') });
    } else if (/^export \{\s*\};$|^import '/.test(code)) continue;
    else {
      const name = DECLARES.exec(code)?.[1];
      statements.push({ text, names: name === undefined ? [] : [name] });
      if (name !== undefined && code.startsWith('export'))
        exported.set(code.startsWith('export default') ? 'default' : name, { file, name });
    }
  }
  const made = { statements, exported, imported };
  modules.set(file, made);
  return made;
}

/** The statements of a name, with the file that they stand in: an overload has several. */
function declared({ file, name }: Link): {
  readonly file: string;
  readonly statements: readonly Statement[];
} {
  if (!existsSync(file)) return { file, statements: [] };
  const { statements, exported } = moduleAt(file);
  const own = statements.filter((each) => each.names.includes(name));
  if (own.length > 0) return { file, statements: own };
  const onward = exported.get(name);
  return onward && (onward.file !== file || onward.name !== name)
    ? declared(onward)
    : { file, statements: [] };
}

/** The report of one module: what it exports by name, then what can be reached from there, by file. */
async function reportOf(name: string, entry: string, root: string): Promise<string> {
  const seen = new Set<string>();
  const reached: Link[] = [];
  const keyOf = (link: Link): string => `${link.file} ${link.name}`;
  const reach = (text: string, file: string): void => {
    const { imported, statements } = moduleAt(file);
    const local = new Set(statements.flatMap(({ names }) => names));
    for (const [identifier] of withoutComments(text).matchAll(/(?<![.\w$'"])[A-Za-z_$][\w$]*/g)) {
      const link =
        imported.get(identifier) ?? (local.has(identifier) ? { file, name: identifier } : undefined);
      if (link && link.name !== '*') reached.push(link);
    }
  };
  const blocks = (link: Link): readonly string[] => {
    const found = declared(link);
    const [first] = found.statements;
    const key = keyOf({ file: found.file, name: first?.names[0] ?? link.name });
    if (seen.has(key)) return [];
    seen.add(key);
    for (const { text } of found.statements) reach(text, found.file);
    return found.statements.map(({ text }) =>
      text.replace(/^export default /m, 'export ').replace(/^export (?:declare )?/m, ''),
    );
  };
  const exportsOf = (file: string, heading: string): readonly string[] => {
    const spaces: string[] = [];
    const own: string[] = [];
    for (const [as, link] of [...moduleAt(file).exported].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (link.name === '*') spaces.push(...exportsOf(link.file, `${heading}.${as}`));
      else {
        const texts = blocks(link);
        if (texts.length > 0 && !texts.some((text) => text.startsWith('/**')))
          undocumented.push(`${heading}: ${as}`);
        own.push(...(texts.length > 0 ? texts : [`// ${as}: see ${link.name} above`]));
      }
    }
    return [`## ${heading}`, fenced(own), ...spaces];
  };
  const parts = exportsOf(entry, `assay/${name}`);
  const own = reached.splice(0);
  const further = own.flatMap((link) => (link.file.startsWith(root) ? blocks(link) : []));
  const deeper = new Set(
    reached
      .filter(
        (link) =>
          link.file.startsWith(root) && !seen.has(keyOf(link)) && declared(link).statements.length > 0,
      )
      .map((link) => link.name),
  );
  const text = [
    `# The interface of \`assay/${name}\``,
    'Made by `npm run api` from the declarations; a difference here is a change of the interface.',
    ...parts,
    '## What these speak of',
    fenced(further.sort()),
    ...(deeper.size > 0 ? [`They speak of: ${[...deeper].sort().join(', ')}.`] : []),
  ].join('\n\n');
  return format(text, { parser: 'markdown', printWidth: 110, singleQuote: true });
}

const fenced = (texts: readonly string[]): string => `\`\`\`ts\n${texts.join('\n\n')}\n\`\`\``;

function declarations(): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-api-'));
  execFileSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      ...['-p', join(ROOT, 'scripts/package/tsconfig.json'), '--emitDeclarationOnly', '--outDir', folder],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  return folder;
}

const at = process.argv.indexOf('--declarations');
const given = at < 0 ? undefined : process.argv[at + 1];
const made = given === undefined ? declarations() : undefined;
const folder = resolve(given ?? made ?? '');
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
};
mkdirSync(REPORTS, { recursive: true });
const stale: string[] = [];
for (const [path, target] of Object.entries(manifest.exports)) {
  if (typeof target === 'string') continue;
  const name = path.replace('./', '');
  const report = await reportOf(name, join(folder, target.types.replace('./dist/', '')), folder);
  const file = join(REPORTS, `${name}.md`);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (before === report) continue;
  if (!process.argv.includes('--check')) writeFileSync(file, report);
  else {
    const [old, now] = [before.split('\n'), report.split('\n')];
    const line = now.findIndex((text, index) => text !== old[index]);
    stale.push(`scripts/package/api/${name}.md:${line + 1}: ${now[line] ?? '(it ends here)'}`);
  }
}
if (made !== undefined) rmSync(made, { recursive: true, force: true });
if (undocumented.length > 0) {
  process.stdout.write(`Exported, and without a word on what it is:\n${undocumented.join('\n')}\n`);
  process.exitCode = 1;
}
if (stale.length > 0) {
  process.stdout.write(
    `The interface of the package is not what stands in the tree; if it is meant, type: npm run api\n${stale.join('\n')}\n`,
  );
  process.exitCode = 1;
}
