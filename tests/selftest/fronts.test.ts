import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lifecycleCase } from '../cases/revocation.ts';
import { ftrs } from '../profiles/ftrs.ts';
import { unreached, type Finding } from '../run/finding.ts';
import { nothingShown } from '../run/exhibits.ts';
import { everythingOn } from '../run/declared.ts';
import { plan } from '../run/plan.ts';
import type { RunRecord } from '../run/record.ts';
import { recordOf } from '../run/told.ts';

/** Both front ends examine by the same function; here is the proof that nothing around it differs. */

const ROOT = new URL('../../', import.meta.url).pathname;

async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number | null> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: 'ignore',
    env: { ...process.env, ...env },
  });
  return ((await once(child, 'exit')) as [number | null])[0];
}
const gist = async (file: string) => {
  // Each front has a provider of its own, on a port of its own, which counts what it books.
  const text = (await readFile(file, 'utf8'))
    .replace(/localhost:\d+/g, 'localhost')
    .replace(/\/Appointment\/\d+/g, '/Appointment/N');
  const record = JSON.parse(text) as RunRecord;
  const { documents, edition, excluded, pending, profile, scope, verdict } = record;
  return {
    documents,
    edition,
    excluded,
    pending,
    profile,
    scope,
    verdict,
    findings: record.findings.map((each) => [
      each.case,
      each.level,
      each.requirements,
      each.outcome,
      each.because,
    ]),
    noted: record.noted.map((each) => [each.case, each.because]),
  };
};

/** What kinds of evidence a record refers to, by finding; each file has to be there, and be what it is called. */
async function kept(out: string): Promise<unknown> {
  const record = JSON.parse(await readFile(join(out, 'record.json'), 'utf8')) as RunRecord;
  const files = await readdir(join(out, 'evidence/sha256'));
  const kinds = new Map<string, string>();
  for (const digest of files) {
    const text = await readFile(join(out, 'evidence/sha256', digest), 'utf8');
    assert.equal(createHash('sha256').update(text).digest('hex'), digest);
    assert.doesNotMatch(text, /eyJ[\w-]{10,}|PRIVATE KEY/, 'no secret');
    const { kind, request = '' } = JSON.parse(text) as { readonly kind: string; readonly request?: string };
    kinds.set(`sha256:${digest}`, `${kind} ${request.split(' ')[0] ?? ''}`);
  }
  const all = [...record.findings, ...record.noted];
  const referred = new Set(all.flatMap(({ evidence = [] }) => evidence));
  assert.deepEqual(
    [...kinds.keys()].sort(),
    [...referred].sort(),
    'all that is referred to, and nothing else',
  );
  // A shared hello and a shared control are kept once: which of the findings has them is chance.
  return all.map(({ case: id, evidence = [] }) => [id, evidence[0] && kinds.get(evidence[0])]);
}

for (const [name, exits, part] of [
  ['conformant', [0, 0, 0, 0], undefined],
  ['accepts-another-asid', [1, 1], 'ssp-header'],
] as const) {
  test(`the CLI and the Playwright suite find the same on ${name}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'assay-fronts-'));
    try {
      const cli = await run(
        [
          'scripts/assay.ts',
          'run',
          '--mock',
          name,
          '--out',
          folder,
          ...(part ? ['--case', `${part}/*`] : []),
        ],
        {},
      );
      const suite = (into: string, ...narrowing: readonly string[]): Promise<number | null> =>
        run(
          [
            'node_modules/@playwright/test/cli.js',
            'test',
            '--project=gpconnect',
            `--workers=${part ? 2 : 1}`,
            ...narrowing,
            '--output',
            join(folder, `artifacts-${into}`),
          ],
          {
            ASSAY_SUBJECT: `mock:${name}`,
            ASSAY_RECORD_DIR: join(folder, into),
            PLAYWRIGHT_HTML_OUTPUT_DIR: join(folder, 'html'),
          },
        );
      // Sharded as Playwright does it, and put together; or narrowed, which the record has to say.
      const all = part
        ? [await suite('suite', `--grep=${part}/`)]
        : await Promise.all([suite('a', '--shard=1/2'), suite('b', '--shard=2/2')]);
      if (!part)
        all.push(
          await run(
            [
              'scripts/assay.ts',
              'merge',
              join(folder, 'b'),
              join(folder, 'a'),
              '--out',
              join(folder, 'suite'),
            ],
            {},
          ),
        );
      assert.deepEqual([cli, ...all], exits);
      const { selection, shard } = JSON.parse(
        await readFile(join(folder, 'suite/record.json'), 'utf8'),
      ) as RunRecord;
      assert.deepEqual([selection !== undefined, shard], [part !== undefined, undefined]);
      assert.deepEqual(
        await gist(join(folder, 'suite/record.json')),
        await gist(join(folder, 'record.json')),
      );
      const [own, its] = await Promise.all([folder, join(folder, 'suite')].map(kept));
      assert.deepEqual(its, own, 'the same of every finding is kept');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

test('a record says what nothing judged, whichever front end made it', () => {
  const told = {
    profile: ftrs,
    declared: everythingOn(ftrs.editions[0]),
    subject: { url: 'https://directory.test' },
    notExamined: [],
    shown: nothingShown,
  };
  const [planned] = plan(ftrs, told.declared);
  assert.ok(planned);
  const lived = {
    ...unreached(planned, { kind: 'nothing', reason: 'no answer' }),
    case: lifecycleCase.id,
  };
  const because = (findings: readonly Finding[]): string =>
    JSON.stringify(recordOf(findings, told, { started: new Date() }).excluded);
  assert.match(because([]), /assay run --lifecycle/);
  assert.doesNotMatch(because([lived]), /assay run --lifecycle/);
});
