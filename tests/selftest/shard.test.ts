import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { obstacles } from '../certify/conditions.ts';
import { createKeeper } from '../drive/keep.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { ftrs } from '../profiles/ftrs.ts';
import { baseline, runPlan } from '../run/engine.ts';
import type { Baseline } from '../run/baseline.ts';
import type { Finding } from '../run/finding.ts';
import { mergeShards, type Part } from '../run/merge-shards.ts';
import { everythingOn } from '../run/declared.ts';
import { inEveryVersion, plan, type Planned } from '../run/plan.ts';
import { EVIDENCE, evidenceFiles, publish } from '../run/publish.ts';
import { assemble, rejudge, type RunRecord } from '../run/record.ts';
import { checkRecord } from '../run/record-schema.ts';
import { comesLast, partOf, shardNamed, shardOf, type Shard } from '../run/shard.ts';
import { everything, hierarchy, runOf } from './stand.ts';
import { assay } from './program.ts';

/** A plan in parts, and the records of the parts put together again. */

const MUTANT = 'accepts-expired-certificate';
const version = '0.0.0';
const asked = everything.filter(({ case: { id } }) => /^(ssp-header\/to|client-certificate\/[en])/.test(id));
const of = 3;
const indices = [1, 2, 3];
const keeper = createKeeper();

let folder: string;
let start: Baseline;
let findings: readonly Finding[];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-shard-'));
  const pki = await hierarchy;
  const provider = await startStandIn(MUTANT, pki);
  try {
    // Nothing here waits for a patience to end; on busy cores an answer may take long.
    const run = runOf(provider, pki, 30_000, true);
    const kept = { ...run, target: { ...run.target, keep: keeper.keep } };
    const met = await baseline(kept);
    const driven = await runPlan(kept, asked, met, 4);
    // As a subject would that takes 1.3 too, and answers in the same way.
    start = { ...met, versions: ['TLSv1.2', 'TLSv1.3'] };
    findings = inEveryVersion(asked, start.versions).flatMap(({ id }) => {
      const found = driven.find((finding) => finding.case === id.replace('@TLSv1.3', ''));
      return found ? [{ ...found, case: id }] : [];
    });
  } finally {
    await provider.close();
  }
});
after(() => rm(folder, { recursive: true, force: true }));

/** What a run leaves that examines these cases, by what was found once: a second look would have other ports and times. */
function recordOf(planned: readonly Planned[], shard?: Shard, facts: object = {}): RunRecord {
  const own = new Set(inEveryVersion(planned, start.versions).map(({ id }) => id));
  return assemble(
    findings.filter((finding) => own.has(finding.case)),
    {
      version,
      profile: gpconnect,
      edition: '2025-10',
      subject: { url: `https://localhost:${9000 + (shard?.index ?? 0)}`, standIn: MUTANT },
      started: new Date('2026-11-25T00:00:00Z'),
      finished: new Date('2026-11-25T00:01:00Z'),
      versions: start.versions,
      waivers: ['client-certificate/expired', 'client-certificate/expired@TLSv1.3'].map((waived) => ({
        case: waived,
        target: `mock:${MUTANT}`,
        owner: 'A',
        reason: 'B',
        risk: 'C',
        expires: '2999-01-01',
      })),
      ...(shard && { shard: { ...shard, plan: asked.map(({ id }) => id) } }),
      ...facts,
    },
  );
}
const partOfRun = (index: number, facts: object = {}): Part => {
  const shard = { index, of };
  return { place: `part-${index}`, record: recordOf(shardOf(asked, shard), shard, facts) };
};

test('a shard is named as Playwright names it', () => {
  assert.deepEqual(shardNamed('2/3'), { index: 2, of: 3 });
  assert.deepEqual(shardNamed('0+1/3'), { index: 1, of: 3 });
  assert.deepEqual(shardNamed('2+1/3'), { index: 3, of: 3 });
  for (const wrong of [
    '0/3',
    '4/3',
    '1',
    '1/',
    '/3',
    '1/0',
    '-1/3',
    '1/3/3',
    '01/3',
    '1.5/3',
    '1/1001',
    'a/b',
  ])
    assert.equal(shardNamed(wrong), undefined, wrong);
});

describe('the parts of a plan', () => {
  for (const [name, whole] of [
    ['gpconnect', everything],
    ['ftrs', plan(ftrs, everythingOn(ftrs.editions[0]))],
  ] as const) {
    for (const count of [1, 2, 3, 7]) {
      test(`${name} in ${count}: each case once, in the order of the plan, evenly`, () => {
        const parts = Array.from({ length: count }, (_, at) => shardOf(whole, { index: at + 1, of: count }));
        assert.deepEqual(
          parts
            .flat()
            .map(({ id }) => id)
            .sort(),
          whole.map(({ id }) => id).sort(),
        );
        for (const [at, part] of parts.entries()) {
          assert.deepEqual(
            part,
            whole.filter((planned) => part.includes(planned)),
          );
          assert.deepEqual(part, shardOf([...whole], { index: at + 1, of: count }), 'the same every time');
          assert.ok(
            part.some(({ level }) => level !== 'noted'),
            'something that binds',
          );
        }
        const sizes = parts.map((part) => part.length);
        assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, sizes.join());
        const elsewhere = parts.slice(0, -1).flat();
        assert.equal(
          elsewhere.some((each) => comesLast(each) || each.interaction?.writes !== undefined),
          false,
          'what must not run twice at a time is all in the last',
        );
      });
    }
  }

  test('a list in parts', () => {
    const items = [1, 2, 3, 4, 5, 6, 7];
    assert.deepEqual(
      indices.map((index) => partOf(items, { index, of })),
      [
        [1, 4, 7],
        [2, 5],
        [3, 6],
      ],
    );
  });
});

describe('put together', () => {
  test('the parts are what a run of the whole would have left, in whichever order they come', () => {
    const whole = recordOf(asked);
    const parts = indices.map((index) => partOfRun(index));
    for (const { record } of parts) {
      checkRecord(record);
      assert.ok(record.findings.length < whole.findings.length);
    }
    const { subject: _own, ...expected } = whole;
    for (const order of [parts, parts.toReversed()]) {
      const merged = mergeShards(order);
      checkRecord(merged);
      const { subject, ...rest } = merged;
      assert.deepEqual(rest, expected);
      assert.equal(subject.standIn, MUTANT);
      assert.deepEqual(rejudge(merged), []);
    }
    // The waiver lets the failure pass in the whole, and in the part that has it.
    assert.equal(whole.verdict, 'conformant');
    assert.deepEqual(
      whole.waivers?.map(({ state }) => state),
      ['applied', 'applied'],
    );
    const unexamined = parts.filter(({ record }) => record.waivers?.[0]?.state === 'unexamined');
    assert.equal(unexamined.length, 2);
  });

  test('a part certifies nothing', () => {
    const why = obstacles(partOfRun(1).record, {
      version,
      today: new Date('2026-11-25'),
      profile: gpconnect,
    });
    assert.ok(
      why.some((each) => /shard 1\/3 alone/.test(each)),
      why.join('\n'),
    );
  });

  const broken: readonly (readonly [name: string, parts: () => readonly Part[], message: RegExp])[] = [
    ['one is missing', () => [partOfRun(1), partOfRun(3)], /a shard is missing: 2\/3/],
    ['two are missing', () => [partOfRun(2)], /shards are missing: 1\/3, 3\/3/],
    [
      'one is there twice',
      () => [partOfRun(1), partOfRun(2), { ...partOfRun(2), place: 'again' }, partOfRun(3)],
      /^again: shard 2\/3 is there twice; the other is part-2/,
    ],
    ['one is no shard', () => [{ place: 'w', record: recordOf(asked) }], /^w: is the record of no shard/],
    [
      'one was not finished',
      () => [partOfRun(1, { incomplete: { because: 'ended by SIGINT', examined: 1, planned: 2 } })],
      /^part-1: shard 1\/3 was not finished \(ended by SIGINT\)/,
    ],
    ...(
      [
        ['another version', { version: '9.9.9' }, /the version of Assay is not the same/],
        ['another subject', { subject: { url: 'https://elsewhere.test/x' } }, /the subject is not the same/],
        ['narrowed otherwise', { selection: ['token/*'] }, /--case is not the same/],
        ['stricter', { strict: true }, /--strict is not the same/],
        ['other waivers', { waivers: [] }, /the file of waivers is not the same/],
        ['another edition', { edition: '1.6' }, /the edition is not the same/],
        ['other versions of TLS', { versions: ['TLSv1.2'] }, /what the subject takes of TLS is not the same/],
        [
          'something left out',
          { notExamined: [{ case: 'token/absent', because: 'x' }] },
          /what is not examined is not the same/,
        ],
        [
          'another number of shards',
          { shard: { index: 2, of: 4, plan: asked.map(({ id }) => id) } },
          /the number of shards is not the same/,
        ],
        ['another plan', { shard: { index: 2, of, plan: ['token/absent'] } }, /the plan is not the same/],
      ] as const
    ).map(
      ([name, facts, message]) =>
        [
          name,
          () => [partOfRun(1), partOfRun(2, facts), partOfRun(3)],
          new RegExp(`^part-2: is of another run than part-1: ${message.source}`),
        ] as const,
    ),
    [
      'made on another day',
      () => [partOfRun(1), partOfRun(2, { started: new Date('2026-11-23T00:00:00Z') }), partOfRun(3)],
      /different days/,
    ],
    [
      'a case is in no part',
      () =>
        indices.map((index) => {
          const { place, record } = partOfRun(index);
          return {
            place,
            record: {
              ...record,
              findings: record.findings.filter((each) => !each.case.startsWith('ssp-header/to-absent')),
            },
          };
        }),
      /no shard has examined ssp-header\/to-absent/,
    ],
    [
      'a case is in two parts',
      () => {
        const [first, second, third] = indices.map((index) => partOfRun(index));
        assert.ok(first && second && third);
        const [taken] = first.record.findings;
        assert.ok(taken);
        const record = { ...second.record, findings: [...second.record.findings, taken] };
        return [first, { ...second, record }, third];
      },
      /^part-2: .* is there twice; it is in part-1 too/,
    ],
  ];
  for (const [name, parts, message] of broken) {
    test(`not where ${name}`, () => {
      assert.throws(
        () => mergeShards(parts()),
        (error: unknown) => {
          assert.ok(error instanceof ConfigurationError);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  test('the program: evidence comes along, the exit code is that of the whole, and diff finds nothing', async () => {
    const write = (name: string, record: RunRecord): Promise<void> =>
      publish(join(folder, name), [{ name: 'record.json', text: `${JSON.stringify(record, null, 2)}\n` }], {
        [EVIDENCE]: evidenceFiles(record, keeper.files()),
      });
    const bare = { waivers: undefined };
    await write('whole', recordOf(asked, undefined, bare));
    for (const index of indices) await write(`p${index}`, partOfRun(index, bare).record);
    const merged = await assay(folder, 'merge', 'p1', 'p2/record.json', 'p3', '--out', 'merged');
    assert.equal(merged.code, 1, merged.out + merged.err);
    assert.match(merged.out, /non-conformant/);
    const [diff, less] = await Promise.all([
      assay(folder, 'diff', 'whole', 'merged'),
      assay(folder, 'merge', 'p1', 'p3', '--out', 'never'),
    ]);
    assert.equal(diff.code, 0, diff.out + diff.err);
    assert.match(diff.out, /0 new, 0 gone, 0 changed, 0 fixed/);
    assert.deepEqual([less.code, less.err], [4, 'assay: merge: a shard is missing: 2/3\n']);
  });
});
