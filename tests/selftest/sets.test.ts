import assert from 'node:assert/strict';
import { cp, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readPack } from '../../certs/pack-read.ts';
import { writePack } from '../../certs/pack.ts';
import { ASID } from '../../mocks/provider/data.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { changedSince, unreachable } from '../run/reached.ts';
import { everythingOn } from '../run/declared.ts';
import { plan } from '../run/plan.ts';
import { setOf } from '../run/held-to.ts';
import { assemble } from '../run/record.ts';
import {
  differences,
  digestOf,
  everyHeld,
  setsOf,
  staleness,
  tampered,
  type FrozenSet,
} from '../run/sets.ts';
import { ROOT, start } from './program.ts';
import { examined, having, hierarchy } from './stand.ts';

/** A subject is held to a committed set; what comes later is of the next one. */

describe('the newest set of each edition is what register and catalogue say', () => {
  for (const profile of everyHeld)
    for (const edition of profile.editions)
      test(`${profile.id}@${edition}`, () => {
        assert.equal(staleness(profile, edition), undefined);
        assert.deepEqual(tampered(profile, edition), [], 'a released set stays as it is');
      });
});

const EDITION = '2025-10';
const LATER = 'response/transport-security';
const newest = (): FrozenSet => {
  const set = setsOf(gpconnect, EDITION).at(-1);
  assert.ok(set);
  return set;
};
const without = (id: string): FrozenSet => ({
  id: 'gpconnect@2025-10/0',
  released: true,
  lines: newest().lines.filter((line) => !line.startsWith(`case ${id} `) && !line.includes(' GPC-API-HSTS ')),
});
const altered = (id: string): FrozenSet => ({
  ...newest(),
  lines: newest().lines.map((line) => (line.startsWith(`case ${id} `) ? `case ${id} 000000000000` : line)),
});

test('a case that came, went or changed, and a clause that did, is a difference', () => {
  const of = (set: FrozenSet) => differences(set, gpconnect, EDITION);
  assert.deepEqual(of(newest()), []);
  assert.deepEqual(
    of(without(LATER)).map((line) => line.split(' ').slice(0, 3).join(' ')),
    [`+ case ${LATER}`, '+ clause gpc-api'],
  );
  assert.equal(of(altered(LATER)).length, 2);
  const more = { ...newest(), lines: [...newest().lines, 'case response/gone 000000000000'] };
  assert.deepEqual(of(more), ['- case response/gone 000000000000']);
});

describe('a provider that is held to an older set', () => {
  const set = without(LATER);
  const declared = { ...everythingOn(EDITION), set };
  const faulty = 'states-no-transport-security';
  const found = async (planned: ReturnType<typeof plan>) => {
    const pki = await hierarchy;
    return examined(await startStandIn(faulty, pki), pki, planned, true);
  };
  const near = (each: { readonly id: string }) => each.id.startsWith('response/');

  test('is not failed by a case that came later', async () => {
    const today = plan(gpconnect, everythingOn(EDITION)).filter(near);
    assert.deepEqual(having(await found(today), 'fail'), [LATER]);
    const then = await found(plan(gpconnect, declared).filter(near));
    assert.deepEqual(having(then, 'fail'), []);
    assert.equal(then.length, today.length - 1);
  });
  test('reads in its record which set that was', () => {
    const { documents } = assemble([], {
      version: '0',
      profile: gpconnect,
      edition: EDITION,
      subject: { url: 'https://x.test' },
      started: new Date(),
      finished: new Date(),
      set,
    });
    assert.ok(
      documents.filter(({ informs }) => !informs).every((each) => each.set.id.endsWith('@2025-10/0')),
    );
    assert.notEqual(
      setOf(gpconnect, EDITION, 'gpc-api', set).digest,
      setOf(gpconnect, EDITION, 'gpc-api').digest,
    );
    const late = unreachable(gpconnect, declared).find(({ requirement }) => requirement === 'GPC-API-HSTS');
    assert.equal(late?.because, 'came later than gpconnect@2025-10/0');
  });
  test('is told of a case that is not what it was, which is not examined', () => {
    const held = { ...everythingOn(EDITION), set: altered(LATER) };
    assert.deepEqual(
      changedSince(gpconnect, held).map((each) => each.case),
      [LATER],
    );
    assert.ok(!plan(gpconnect, held).some(({ id }) => id === LATER));
  });
});

test('on the command line: a checkout in which one set is released, and a case came after it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-sets-'));
  const root = join(folder, 'checkout');
  for (const part of ['certs', 'mocks', 'scripts', 'tests', 'package.json'])
    await cp(join(ROOT, part), join(root, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const older = without(LATER);
  const sets = join(root, 'tests/register/sets');
  const last = Number(newest().id.split('/')[1]);
  const fileOf = (version: number): string => join(sets, `gpconnect@${EDITION}.${version}.txt`);
  await rename(fileOf(last), fileOf(last + 1));
  await writeFile(
    fileOf(last),
    `${[`# released 2026-01-01 ${digestOf(older)}`, ...older.lines].join('\n')}\n`,
  );
  await writePack(join(folder, 'pki'), {});
  const provider = await startStandIn('states-no-transport-security', await readPack(join(folder, 'pki')));
  try {
    const held = async (set: string | undefined) => {
      const subject = {
        profile: 'gpconnect',
        url: provider.url,
        pki: 'pki',
        asid: ASID,
        ...(set && { set }),
      };
      await writeFile(join(folder, 'subject.json'), JSON.stringify(subject));
      const args = ['run', 'subject.json', '--case', 'response/*', '--out', 'out'];
      return start(folder, args, {}, root).done;
    };
    const now = await held(undefined);
    assert.equal(now.code, 1, now.out + now.err);
    assert.match(now.out, /FAIL {2}response\/transport-security/);
    const then = await held(`gpconnect@${EDITION}/${last}`);
    assert.equal(then.code, 0, then.out + then.err);
    assert.doesNotMatch(then.out, /transport-security/);
    const never = await held(`gpconnect@${EDITION}/99`);
    assert.equal(never.code, 4);
    assert.match(
      never.err,
      /#\/set: there is no set .*choose one of: gpconnect@2025-10\/1, gpconnect@2025-10\/2/,
    );
  } finally {
    await provider.close();
    await rm(folder, { recursive: true, force: true });
  }
});
