import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { describeTemplates } from './package-ci.ts';
import { describeImage } from './package-image.ts';

/**
 * The package as npm packs it, in a folder that has it and what it depends on, and nothing of this tree. The folder is
 * laid out by hand, since a test has no registry; development dependencies are left out of it.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}
const read = createRequire(import.meta.url);
const manifest = read('../../package.json') as Manifest;
const lock = read('../../package-lock.json') as {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
};
/** What npm puts beside the package: all that the lock file has at the top and not for development alone. */
const installed = Object.entries(lock.packages)
  .filter(([, { dev }]) => !dev)
  .flatMap(([path]) => /^node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(path)?.[1] ?? [])
  .filter((name) => existsSync(join(ROOT, 'node_modules', name)));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
const run = (program: string, args: readonly string[], cwd: string): Promise<Ended> =>
  new Promise((done) => {
    execFile(
      program,
      args,
      { cwd, env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 64_000_000 },
      (error, out, err) => done({ code: error ? Number(error.code ?? 1) : 0, out, err }),
    );
  });
const node = (...args: readonly string[]): Promise<Ended> => run(process.execPath, args, home);

let folder: string;
let home: string;
let packed: readonly [first: string, second: string];

async function pack(into: string): Promise<string> {
  await mkdir(into);
  const { code, out, err } = await run('npm', ['pack', '--silent', '--pack-destination', into], ROOT);
  assert.equal(code, 0, out + err);
  const [file = ''] = readdirSync(into);
  return join(into, file);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-package-'));
  packed = [await pack(join(folder, 'a')), await pack(join(folder, 'b'))];
  home = join(folder, 'home');
  const modules = join(home, 'node_modules');
  await mkdir(join(modules, 'assay'), { recursive: true });
  await mkdir(join(modules, '.bin'));
  const { code, err } = await run(
    'tar',
    ['xzf', packed[0], '--strip-components=1', '-C', join(modules, 'assay')],
    home,
  );
  assert.equal(code, 0, err);
  for (const name of installed) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  symlinkSync('../assay/dist/scripts/assay.js', join(modules, '.bin/assay'));
  await writeFile(join(home, 'package.json'), '{"type":"module","private":true}\n');
});
after(() => rm(folder, { recursive: true, force: true }));

const inside = async (): Promise<readonly string[]> => {
  const { out } = await run('tar', ['tzf', packed[0]], folder);
  return out
    .trim()
    .split('\n')
    .map((name) => name.replace(/^package\//, ''));
};

test('two builds of one tree are the same bytes', () => {
  const [first, second] = packed.map((file) => createHash('sha256').update(readFileSync(file)).digest('hex'));
  assert.equal(first, second);
});

test('only what is needed is inside', async () => {
  const names = await inside();
  const outside = names.filter((name) => !/^(?:LICENSE|README\.md|package\.json|dist\/.*)$/.test(name));
  assert.deepEqual(outside, []);
  const kinds = new Set(
    names
      .filter((name) => name.startsWith('dist/'))
      .map((name) => name.replace(/^.*?\.(?=(?:d\.ts|js|js\.map|[a-z.]*json|css|txt)$)/, '')),
  );
  assert.deepEqual(
    [...kinds].filter((kind) => !/^(?:d\.ts|js|js\.map|css|txt|[\w.]*json)$/.test(kind)),
    [],
  );
  const ours = names.filter((name) =>
    /selftest|\/bench|\/fleet(?:\/|\.js)|\/check\.|\/test\.js|\.(?:key|pem|p12)$/.test(name),
  );
  assert.deepEqual(ours, []);
  for (const name of names.filter(
    (each) => each.endsWith('.js') && each !== 'dist/scripts/report/page/page.js',
  )) {
    assert.ok(names.includes(name.replace(/\.js$/, '.d.ts')), `${name} has declarations`);
    assert.ok(names.includes(`${name}.map`), `${name} has a source map`);
  }
});

test('the bill of materials lists every dependency with its version, and no time', async () => {
  const text = await readFile(join(home, 'node_modules/assay/dist/sbom.cdx.json'), 'utf8');
  const bill = JSON.parse(text) as {
    readonly bomFormat: string;
    readonly serialNumber?: string;
    readonly metadata: { readonly timestamp?: string };
    readonly components: readonly {
      readonly name: string;
      readonly group?: string;
      readonly version: string;
    }[];
  };
  assert.deepEqual(
    [bill.bomFormat, bill.serialNumber, bill.metadata.timestamp],
    ['CycloneDX', undefined, undefined],
  );
  const listed = new Set(
    bill.components.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name}@${version}`),
  );
  const missing = Object.entries(manifest.dependencies).filter(
    ([name, version]) => !listed.has(`${name}@${version}`),
  );
  assert.deepEqual(missing, []);
  assert.doesNotMatch(text, /"(?:prettier|fast-check)"/);
});

test('the interface that it has is the one that stands in the tree, and another is told', async () => {
  const own = join(home, 'node_modules/assay/dist');
  const report = (from: string): Promise<Ended> =>
    run(process.execPath, ['scripts/package/api.ts', '--check', '--declarations', from], ROOT);
  const same = await report(own);
  assert.equal(same.code, 0, same.out + same.err);
  const other = join(folder, 'other');
  await cp(own, other, { recursive: true, filter: (path) => !/\.(?:js|map)$/.test(path) });
  const file = join(other, 'tests/drive/scan.d.ts');
  await writeFile(
    file,
    (await readFile(file, 'utf8')).replace('readonly connections: number', '$&; more: 1'),
  );
  const differs = await report(other);
  assert.equal(differs.code, 1);
  assert.match(differs.out, /type: npm run api\nscripts\/package\/api\/drive\.md:\d+: .*more: 1/);
});

describe('installed elsewhere', () => {
  test('the program: version, help of every command, a run', async () => {
    const assay = (...args: readonly string[]) => node('node_modules/.bin/assay', ...args);
    assert.equal((await assay('--version')).out.trim(), manifest.version);
    const { out } = await assay('--help');
    const commands = [...out.matchAll(/^ {2}([a-z][a-z-]+) {2,}\S/gm)].map(([, name = '']) => name);
    assert.ok(commands.length >= 15, commands.join());
    for (const name of commands.filter((each) => each !== 'help')) {
      const { code, err } = await assay(name, '--help');
      assert.equal(code, 0, `${name}: ${err}`);
    }
    const judged = await assay(
      'run',
      '--mock',
      'accepts-expired-certificate',
      '--case',
      'client-certificate/expired',
    );
    assert.equal(judged.code, 1, judged.out + judged.err);
    const record = JSON.parse(await readFile(join(home, 'assay-out/record.json'), 'utf8')) as {
      verdict: string;
    };
    assert.equal(record.verdict, 'non-conformant');
    const pki = await assay('pki', '--out', 'pki');
    assert.equal(pki.code, 0, pki.out + pki.err);
  });

  test('a Node that is too old is told so: exit 4, one error', async () => {
    const older = "data:text/javascript,Object.defineProperty(process,'version',{value:'v20.20.2'})";
    const { code, out, err } = await node('--import', older, 'node_modules/.bin/assay', 'run');
    assert.deepEqual(
      [code, out, err],
      [4, '', 'assay: Node: v20.20.2 is too old; install Node 24 or newer\n'],
    );
  });

  test('the modules, each by its public name', async () => {
    await writeFile(
      join(home, 'modules.js'),
      [
        "import { createHierarchy } from 'assay/certs';",
        "import { cis2, ssp, startStandIn } from 'assay/mocks';",
        "import { scan } from 'assay/drive';",
        "import { judgeStandIn } from 'assay/run';",
        'const provider = await startStandIn("conformant", await createHierarchy());',
        'const { protocols } = await scan({ address: "127.0.0.1", port: provider.port, servername: "localhost" });',
        'await provider.close();',
        'const { verdict } = await judgeStandIn("accepts-expired-certificate");',
        'console.log(JSON.stringify([protocols.filter((each) => each.accepted).map((each) => each.name), verdict, cis2.defectNames.length > 80, typeof ssp.startSsp]));',
      ].join('\n'),
    );
    const { code, out, err } = await node('modules.js');
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), [['TLSv1.2'], 'non-conformant', true, 'function']);
  });

  test('Playwright, from a configuration of two lines', async () => {
    await writeFile(
      join(home, 'playwright.config.js'),
      "// Ours, as it is.\nexport { default } from 'assay/playwright.config';\n",
    );
    const { code, out, err } = await node(
      'node_modules/@playwright/test/cli.js',
      'test',
      '--project=gpconnect',
      '--grep=client-certificate/expired',
      '--reporter=line',
    );
    assert.equal(code, 0, out + err);
    assert.match(out, /\d+ passed/);
  });

  test('the declarations are enough for a compiler', async () => {
    await writeFile(
      join(home, 'typed.ts'),
      [
        "import { createHierarchy, type Hierarchy } from 'assay/certs';",
        "import { scan, type Scan } from 'assay/drive';",
        "import { judgeSubject, type RunRecord } from 'assay/run';",
        "import { cis2, startStandIn } from 'assay/mocks';",
        'export const made: Promise<Hierarchy> = createHierarchy({ days: 1 });',
        "export const seen: Promise<Scan> = scan({ address: '::1', port: 1, servername: 'a.test' });",
        "export const record: Promise<RunRecord> = judgeSubject('subject.json', { concurrency: 2 });",
        'export const names: readonly string[] = cis2.defectNames;',
        'export const start: typeof startStandIn = startStandIn;',
      ].join('\n'),
    );
    await writeFile(
      join(home, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'NodeNext',
          target: 'ES2024',
          strict: true,
          noEmit: true,
          types: ['node'],
        },
        files: ['typed.ts'],
      }),
    );
    const { code, out, err } = await run(
      process.execPath,
      [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'],
      home,
    );
    assert.equal(code, 0, out + err);
  });
});

describeTemplates(() => home);
describeImage(() => packed[0]);
