import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { olderReferenceAt, referenceAt } from '../../mocks/provider/data.ts';
import { interactionNamed } from '../../mocks/ssp/interactions.ts';
import { catalogue, everyCase } from '../cases/index.ts';
import type { Exchange } from '../model.ts';
import { inEdition } from '../profiles/edition.ts';
import { profiles } from '../profiles/index.ts';
import { register } from '../register/index.ts';
import { merge } from '../run/merge.ts';
import { everythingOn } from '../run/declared.ts';
import { plan } from '../run/plan.ts';
import { setOf } from '../run/held-to.ts';
import { unreachable } from '../run/reached.ts';
import { bears, scope } from '../run/scope.ts';

const ids = register.map(({ id }) => id);
const repeated = <T>(all: readonly T[]): readonly T[] => all.filter((each, at) => all.indexOf(each) !== at);

test('every clause and every case has its own id', () => {
  assert.deepEqual(repeated<string>(ids), []);
  assert.deepEqual(repeated(everyCase.map(({ id }) => id)), []);
});

test('what is not decided by cases has a reason and no case; what is decided by cases has one', () => {
  for (const clause of register) {
    const { id, decidedBy, because } = clause;
    const citing = everyCase.filter((entry) => bears(entry, clause));
    const binding = citing.some(({ bearing }) => bearing !== 'noted');
    if (decidedBy === undefined) assert.ok(citing.length > 0, `${id} has no case`);
    else assert.ok(!binding && because, `${id} is decided by ${decidedBy}: a reason, and no case that binds`);
  }
});

describe('each profile in each edition', () => {
  for (const profile of profiles) {
    for (const edition of profile.editions) {
      test(`${profile.id} ${edition} leaves no clause unexamined`, () => {
        const planned = plan(profile, everythingOn(edition));
        const examined = new Set(planned.flatMap(({ clauses }) => clauses.map(({ id }) => id)));
        const open = scope(profile, edition).filter(
          ({ id, decidedBy }) => decidedBy === undefined && !examined.has(id),
        );
        assert.deepEqual(open, []);
      });
    }
    test(`${profile.id}: editions are different sets`, () => {
      const digests = profile.editions.map((edition) => setOf(profile, edition).digest);
      assert.deepEqual(repeated(digests), []);
    });
  }
});

test('without capabilities the clauses that speak of them are named, not passed over', () => {
  const [profile] = profiles;
  assert.ok(profile);
  const edition = profile.editions[0];
  assert.deepEqual(unreachable(profile, everythingOn(edition)), []);
  const found = unreachable(profile, { edition, enforcesScope: false });
  assert.ok(found.some(({ requirement }) => requirement === 'GPC-API-INTERACTIONS'));
  assert.ok(found.every(({ because }) => /`(?:capabilities|disabled)` in|in consent\.allow/.test(because)));
});

test('what a clause restates is a clause', () => {
  const known = new Set<string>(ids);
  const strange = register.flatMap(({ restates = [] }) => restates.filter((id) => !known.has(id)));
  assert.deepEqual(strange, []);
});

test('scope binds only where it is enforced', () => {
  const level = (enforcesScope: boolean) => {
    const [profile] = profiles;
    assert.ok(profile);
    const planned = plan(profile, { edition: '2025-10', enforcesScope });
    return planned.find(({ case: { id } }) => id === 'token/scope-of-another-verb')?.level;
  };
  assert.equal(level(true), 'SHALL');
  assert.equal(level(false), 'noted');
});

test("the server's anchor binds only where the subject names it", () => {
  const ftrs = profiles.find(({ id }) => id === 'ftrs');
  assert.ok(ftrs);
  const levels = (trust: boolean) =>
    plan(ftrs, { edition: '1.1.0', enforcesScope: false, trust })
      .filter(({ id }) => id.startsWith('own-certificate/'))
      .map(({ level }) => level);
  assert.deepEqual(levels(true), ['MUST', 'MUST', 'MUST', 'MUST', 'MUST']);
  assert.deepEqual(levels(false), ['noted', 'MUST', 'MUST', 'MUST', 'MUST']);
});

test('a role binds only where the subject has a policy of roles', () => {
  const ftrs = profiles.find(({ id }) => id === 'ftrs');
  assert.ok(ftrs);
  const levels = (roles: boolean) => [
    ...new Set(
      plan(ftrs, { edition: '1.1.0', enforcesScope: false, roles })
        .filter(({ id }) => id.startsWith('cis2-token/role-'))
        .map(({ level }) => level),
    ),
  ];
  assert.deepEqual(levels(true), ['MUST']);
  assert.deepEqual(levels(false), ['noted']);
});

test('a stimulus changes the valid exchange in one place', () => {
  const [profile] = profiles;
  assert.ok(profile);
  const subject = referenceAt('https://provider.test/x');
  const paths = (value: unknown, path = ''): readonly string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, inner]) => paths(inner, `${path}/${name}`))
      : [`${path}=${JSON.stringify(value)}`];
  const older = { ...inEdition(profile, '0.7'), subject: olderReferenceAt('https://provider.test/x') };
  for (const { id, stimulus, on } of catalogue) {
    const held = /\bhtml[/-]/.test(id) ? older : { ...profile, subject };
    const valid: Exchange = on
      ? held.exchange(held.subject, interactionNamed(on[0]))
      : held.valid(held.subject);
    const changed = merge(valid, stimulus);
    const before = new Set(paths(valid));
    const after = new Set(paths(changed));
    const touched = new Set(
      [...before, ...after]
        .filter((each) => before.has(each) !== after.has(each))
        .map((each) => each.split('=')[0] ?? ''),
    );
    const roots = new Set(
      [...touched].map((path) =>
        path
          .split('/')
          .slice(1, path.startsWith('/http') ? 4 : 2)
          .join('/'),
      ),
    );
    // A way round the certificate, or a session resumed without it, is one only where none is presented: one change.
    // Another endpoint is one thing: its path, its ASID, its audience.
    if (roots.has('token')) roots.delete('registers'); // when it is made, and nothing of what is sent
    if (roots.has('http/root')) for (const part of ['http/headers/Ssp-To', 'token']) roots.delete(part);
    for (const way of ['round', 'probe']) if (roots.has('tls')) roots.delete(way);
    assert.ok(roots.size <= 1, `${id} touches ${[...roots].join(', ')}`);
    assert.equal(touched.size === 0, Object.keys(stimulus).length === 0, `${id} changes nothing`);
  }
});
