import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from '../lint/documents.ts';
import { asCsv, asMarkdown, lint } from '../lint/rules.ts';

const known = ['SEC-001', 'SEC-002', 'SEC-003'].map((id) => ({ id, text: `what ${id} asks` }));
const overview: Page = {
  path: 'security/overview.md',
  text: '# Security\n\n| Code | Requirement |\n| --- | --- |\n| SEC-001 | a |\n| SEC-002 | b |\n| SEC-003 | c |\n',
};
const nfrs: Page = {
  path: 'security/nfrs.yaml',
  text: 'nfrs:\n  - code: SEC-001\n  - code: SEC-002\n  - code: SEC-003\n',
};
const index: Page = {
  path: 'cross-references/index.yaml',
  text: 'SEC-001: [a]\nSEC-002: [b]\nSEC-003: [c]\n',
};
const story: Page = {
  path: 'stories/one.md',
  text: '---\ntitle: One\nnfr_refs:\n  - SEC-001\n  - SEC-002\n  - SEC-003\n---\n\nText.\n',
};
const whole = [overview, nfrs, index, story];
const told = (pages: readonly Page[]): readonly string[] =>
  lint(pages, known).remarks.map(({ rule, path, line, what }) => `${path}:${line}: ${rule}: ${what}`);
const changed = (page: Page, from: string | RegExp, to: string): readonly Page[] =>
  whole.map((each) => (each === page ? { ...each, text: each.text.replace(from, to) } : each));

test('documents that are whole', () => assert.deepEqual(told(whole), []));

describe('each mistake, at its file and line', () => {
  const table: readonly (readonly [title: string, pages: readonly Page[], says: readonly string[]])[] = [
    [
      'an unknown code in nfr_refs',
      changed(story, 'SEC-002', 'SEC-099'),
      [
        'stories/one.md:5: unknown-code: SEC-099 is no requirement',
        '.:0: never-referenced: no nfr_refs names SEC-002',
      ],
    ],
    [
      'an unknown code in a text',
      changed(story, 'Text.', 'See SEC-040.'),
      ['stories/one.md:9: unknown-code: SEC-040 is no requirement'],
    ],
    [
      'a code of another family that nobody defines',
      changed(story, '- SEC-001\n', '- SEC-001\n  - PERF-001\n'),
      ['stories/one.md:5: unknown-code: PERF-001 is no requirement'],
    ],
    [
      'no row in the overview',
      changed(overview, '| SEC-003 | c |\n', ''),
      ['security/overview.md:1: not-in-overview: SEC-003 has no row in the overview'],
    ],
    [
      'not in the index',
      changed(index, 'SEC-002: [b]\n', ''),
      ['cross-references/index.yaml:1: not-in-index: SEC-002 is not in the index'],
    ],
    [
      'defined twice',
      changed(nfrs, 'SEC-003', 'SEC-002'),
      ['security/nfrs.yaml:4: defined-twice: SEC-002 is defined at security/nfrs.yaml:3 already'],
    ],
    [
      'nfr_refs that is no list',
      changed(story, /nfr_refs:[^]*?---/, 'nfr_refs: SEC-001\n---'),
      ['stories/one.md:3: unreadable: nfr_refs is no list'],
    ],
    [
      'an item that is no code',
      changed(story, 'SEC-002', 'sec 2'),
      [
        'stories/one.md:5: unreadable: nfr_refs holds "sec 2", which is no code',
        '.:0: never-referenced: no nfr_refs names SEC-002',
      ],
    ],
  ];
  for (const [title, pages, says] of table) test(title, () => assert.deepEqual(told(pages), says));

  test('YAML that is none', () => {
    const [remark] = lint(changed(nfrs, 'nfrs:', 'nfrs: ['), known).remarks;
    assert.deepEqual([remark?.rule, remark?.path], ['unreadable', 'security/nfrs.yaml']);
  });
  test('a code of another family that the documents define is known', () => {
    const pages = changed(story, '- SEC-001\n', '- SEC-001\n  - PERF-001\n');
    assert.deepEqual(told([...pages, { path: 'perf/nfrs.yaml', text: '- code: PERF-001\n' }]), []);
  });
});

describe('the matrix', () => {
  const { matrix } = lint(whole, known);
  test('where each code stands', () => {
    assert.deepEqual(matrix[0], {
      code: 'SEC-001',
      title: 'what SEC-001 asks',
      definition: ['security/nfrs.yaml:2'],
      overview: ['security/overview.md:5'],
      index: ['cross-references/index.yaml:1'],
      references: ['stories/one.md:4'],
    });
  });
  test('as CSV', () => {
    const [head, first] = asCsv(matrix).split('\r\n');
    assert.equal(head, '"code","title","definition","overview","index","references"');
    assert.match(first ?? '', /^"SEC-001","what SEC-001 asks","security\/nfrs\.yaml:2"/);
    assert.match(
      asCsv([{ ...(matrix[0] as (typeof matrix)[number]), title: '=cmd("x")' }]),
      /"'=cmd\(""x""\)"/,
    );
  });
  test('as Markdown', () => {
    assert.match(asMarkdown(matrix), /^\| code \| title .*\n\| --- .*\n\| SEC-001 \| what SEC-001 asks \| /);
  });
});
