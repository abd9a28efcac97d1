import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { ROOT } from './program.ts';

/**
 * What a CI system is given: the action's own shell, and the shell of the templates for GitLab and Jenkins, run as they
 * stand against the packed package. npm alone is a stand-in, since a test has no registry: it puts the package where the
 * command says, and keeps what it was asked.
 */

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const yaml = (file: string): unknown => parse(read(file));

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly shell?: string;
}
interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
}

/** Each file with the published schema that it has to keep to, and a change that the schema has to refuse. */
const FORMS: readonly (readonly [file: string, schema: string, spoil: (value: never) => void])[] = [
  [
    '.github/actions/assay/action.yml',
    'github-action',
    (action: { runs: { steps: { shell?: string }[] } }) => delete action.runs.steps[1]?.shell,
  ],
  [
    'scripts/ci/github-workflow.yml',
    'github-workflow',
    (workflow: { jobs: { assay: { steps?: unknown } } }) => (workflow.jobs.assay.steps = 'none'),
  ],
  [
    '.github/workflows/release.yml',
    'github-workflow',
    (workflow: { permissions: unknown }) => (workflow.permissions = 'all of them'),
  ],
  [
    'scripts/ci/gitlab-ci.yml',
    'gitlab-ci',
    (file: { assay: { artifacts: { when: string } } }) => (file.assay.artifacts.when = 'sometimes'),
  ],
  [
    'scripts/ci/kubernetes-job.yaml',
    'kubernetes-job',
    (job: { spec: Record<string, unknown> }) => (job.spec['completionmode'] = 'Indexed'),
  ],
];

/** The tests of the templates; `home` gives the folder that has the packed package in its node_modules. */
export function describeTemplates(home: () => string): void {
  describe('templates for CI', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'assay-package-ci-'));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    for (const [file, schema, spoil] of FORMS) {
      test(`${file} keeps to the published schema`, () => {
        const { $schema, ...rules } = JSON.parse(read(`tests/schemas/ci/${schema}.schema.json`)) as {
          readonly $schema: string;
        };
        const Draft = $schema.includes('2020-12') ? Ajv2020 : Ajv;
        const ajv = new Draft({ strict: false, validateFormats: false });
        const valid = ajv.compile(rules);
        assert.ok(valid(yaml(file)), ajv.errorsText(valid.errors));
        const spoilt = yaml(file);
        spoil(spoilt as never);
        assert.equal(valid(spoilt), false, 'a spoilt one is refused');
      });
    }

    test('a release has provenance, no token, and actions that nobody can move', () => {
      const text = read('.github/workflows/release.yml');
      const { jobs } = yaml('.github/workflows/release.yml') as {
        readonly jobs: {
          readonly publish: { readonly permissions: object; readonly steps: readonly Step[] };
        };
      };
      const { permissions, steps } = jobs.publish;
      assert.deepEqual(permissions, { contents: 'write', 'id-token': 'write', attestations: 'write' });
      const used = steps.flatMap((step) => ('uses' in step ? [String(step.uses)] : []));
      for (const action of used) assert.match(action, /^actions\/[a-z-]+@[0-9a-f]{40}$/);
      assert.match(text, /npm publish .* --provenance /);
      assert.doesNotMatch(text, /NPM_TOKEN|NODE_AUTH_TOKEN|secrets\./);
    });

    /** A place with an npm of ours on its path, and what that was asked. */
    function stage(name: string) {
      const at = join(folder, name);
      mkdirSync(join(at, 'bin'), { recursive: true });
      const asked = join(at, 'npm.txt');
      writeFileSync(
        join(at, 'bin/npm'),
        [
          '#!/bin/bash',
          `echo "$*" >> '${asked}'`,
          'while [ $# -gt 0 ]; do',
          '  if [ "$1" = --prefix ]; then mkdir -p "$2"; ln -s "$MODULES" "$2/node_modules"; fi',
          '  shift',
          'done',
          '',
        ].join('\n'),
      );
      chmodSync(join(at, 'bin/npm'), 0o755);
      const env = {
        PATH: [join(at, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter),
        HOME: at,
        MODULES: join(home(), 'node_modules'),
        NO_COLOR: '1',
      };
      const bash = (script: string, more: NodeJS.ProcessEnv = {}): Promise<Said> =>
        new Promise((done) => {
          const flags = ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script];
          execFile('bash', flags, { cwd: at, env: { ...env, ...more } }, (error, out, err) =>
            done({ code: error ? Number(error.code ?? 1) : 0, out, err }),
          );
        });
      return { at, bash, asked: () => readFileSync(asked, 'utf8').trim().split('\n') };
    }

    /** Runs the steps of the action that have a shell, as a runner would, up to the first that fails. */
    async function act(name: string, inputs: Readonly<Record<string, string>>) {
      const action = yaml('.github/actions/assay/action.yml') as Action;
      const { at, bash, asked } = stage(name);
      assert.deepEqual(
        Object.keys(inputs).filter((each) => !(each in action.inputs)),
        [],
      );
      const outputs: Record<string, Record<string, string>> = {};
      const valued = (text: string): string =>
        text.replace(/\$\{\{ (inputs|steps)\.([\w.-]+) \}\}/g, (_whole, kind: string, path: string) => {
          const [step = '', , output = ''] = path.split('.');
          return kind === 'inputs'
            ? (inputs[path] ?? action.inputs[path]?.default ?? '')
            : (outputs[step]?.[output] ?? '');
        });
      const summary = join(at, 'summary.md');
      let [code, out] = [0, ''];
      for (const { id = '', run, env = {}, shell } of action.runs.steps) {
        if (run === undefined) continue;
        assert.equal(shell, 'bash');
        assert.doesNotMatch(run, /\$\{\{/, 'no input is part of a script');
        const file = join(at, `output-${id}`);
        writeFileSync(file, '');
        const said = await bash(run, {
          ...Object.fromEntries(Object.entries(env).map(([key, value]) => [key, valued(value)])),
          GITHUB_OUTPUT: file,
          GITHUB_STEP_SUMMARY: summary,
          GITHUB_ACTION_PATH: join(ROOT, '.github/actions/assay'),
          RUNNER_TEMP: at,
        });
        out += said.out + said.err;
        outputs[id] = Object.fromEntries(
          readFileSync(file, 'utf8')
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
        );
        code = said.code;
        if (code !== 0) break;
      }
      const result = Object.fromEntries(
        Object.entries(action.outputs).map(([key, { value }]) => [key, valued(value)]),
      );
      return { at, code, out, result, asked: asked(), summary };
    }
    const commands = (out: string): readonly string[] => out.match(/^::.*$/gm) ?? [];

    test('the action: conformant, from a package', async () => {
      const cases = 'client-certificate/expired\nclient-certificate/self-signed';
      const { at, code, out, result, asked, summary } = await act('good', { package: 'a.tgz', cases });
      assert.equal(code, 0, out);
      assert.deepEqual(result, {
        verdict: 'conformant',
        'exit-code': '0',
        record: 'assay-out/record.json',
        sarif: 'assay-out/assay.sarif',
      });
      assert.deepEqual(commands(out), [
        '::notice title=Assay%3A conformant::conformant on the wire (only a part was examined): 2 passed, 0 failed, 0 inconclusive',
      ]);
      assert.equal(asked.length, 1);
      assert.match(asked[0] ?? '', /^install .*--ignore-scripts --prefix \S+\/assay a\.tgz$/);
      const sarif = JSON.parse(readFileSync(join(at, 'assay-out/assay.sarif'), 'utf8')) as {
        readonly version: string;
      };
      assert.equal(sarif.version, '2.1.0');
      assert.match(readFileSync(summary, 'utf8'), /client-certificate\/expired/);
    });

    test('the action: a failure is an annotation and fails, unless it is let pass', async () => {
      const inputs = { mock: 'accepts-expired-certificate', cases: 'client-certificate/expired' };
      const { code, out, result, asked } = await act('bad', inputs);
      assert.equal(code, 1, out);
      assert.deepEqual([result['verdict'], result['exit-code']], ['non-conformant', '1']);
      const [first = '', ...rest] = commands(out);
      assert.match(first, /^::error title=Failed%3A client-certificate\/expired::[^\r]*%0AExpected: /);
      assert.equal(rest.length, 1);
      // Without a package, the action's own repository at its ref is Assay.
      assert.deepEqual(asked, ['ci --omit=dev --no-audit --no-fund --ignore-scripts']);

      const last = (yaml('.github/actions/assay/action.yml') as Action).runs.steps.at(-1)?.run ?? '';
      const { bash } = stage('fail-on');
      const ends = async (failOn: string, exit: string) =>
        (await bash(last, { FAIL_ON: failOn, CODE: exit })).code;
      const table = await Promise.all(
        ['inconclusive', 'non-conformant', 'never', 'nonsense'].map(async (failOn) => [
          failOn,
          ...(await Promise.all(['0', '1', '2', '3', '4'].map((exit) => ends(failOn, exit)))),
        ]),
      );
      assert.deepEqual(table, [
        ['inconclusive', 0, 1, 2, 3, 4],
        ['non-conformant', 0, 1, 0, 3, 4],
        ['never', 0, 0, 0, 3, 4],
        ['nonsense', 0, 4, 4, 4, 4],
      ]);
    });

    test('the action: a subject that is not there is told, and no input is a command', async () => {
      const subject = '$(touch pwned); "`touch pwned`.json';
      const { at, code, out, result } = await act('none', { package: 'a.tgz', subject });
      assert.equal(code, 4, out);
      assert.deepEqual([result['verdict'], result['exit-code']], ['', '4']);
      assert.match(out, /^::error title=Assay::nothing was judged \(exit code 4\)/m);
      assert.ok(!existsSync(join(at, 'pwned')));
    });

    test("GitLab's script: exit code and JUnit", async () => {
      const { assay } = yaml('scripts/ci/gitlab-ci.yml') as {
        readonly assay: {
          readonly variables: NodeJS.ProcessEnv;
          readonly script: readonly string[];
          readonly artifacts: { readonly reports: { readonly junit: string } };
        };
      };
      const { at, bash, asked } = stage('gitlab');
      const { code, out, err } = await bash(assay.script.join('\n'), {
        ...assay.variables,
        ASSAY_SUBJECT: '--mock=accepts-expired-certificate',
        ASSAY_FLAGS: '--case client-certificate/expired',
      });
      assert.equal(code, 1, out + err);
      assert.match(asked()[0] ?? '', /--prefix \.assay assay\.tgz$/);
      assert.match(readFileSync(join(at, assay.artifacts.reports.junit), 'utf8'), /failures="1"/);
    });

    test("Jenkins' shell: the same", async () => {
      const text = read('scripts/ci/Jenkinsfile');
      const shell = [...text.matchAll(/(?:\bsh |\bscript: )'([^']+)'/g)].map(([, line = '']) => line);
      assert.equal(shell.length, 2);
      const { at, bash } = stage('jenkins');
      const { code, out, err } = await bash(shell.join('\n'), {
        ASSAY_PACKAGE: 'assay.tgz',
        ASSAY_SUBJECT: '--mock=always-400',
      });
      assert.equal(code, 2, out + err);
      const [, junit = ''] = /junit testResults: '([^']+)'/.exec(text) ?? [];
      assert.ok(existsSync(join(at, junit)));
      const count = (bracket: string): number => text.split(bracket).length;
      assert.deepEqual([count('{'), count('(')], [count('}'), count(')')]);
    });
  });
}
