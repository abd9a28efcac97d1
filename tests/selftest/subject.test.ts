import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { readSubject, type ReadOptions } from '../run/subject.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-subject-'));
  await mkdir(join(folder, 'own/pki'), { recursive: true });
  await mkdir(join(folder, 'elsewhere'));
  await symlink(join(folder, 'elsewhere'), join(folder, 'own/link'));
});
after(() => rm(folder, { recursive: true }));

const good = {
  profile: 'gpconnect',
  url: 'https://provider.test/A11111/STU3/1/gpconnect',
  asid: { provider: '999999990001', consumer: '999999990002' },
};
const consent = { environment: 'INT', host: 'x.nhs.uk', by: 'A', until: '2027-01-31', allow: ['wire'] };
const file = (): string => join(folder, 'own/subject.json');
async function reading(text: string, options?: ReadOptions) {
  await writeFile(file(), text);
  return readSubject(file(), options);
}
async function refusal(text: string, options?: ReadOptions): Promise<string> {
  try {
    await reading(text, options);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError, String(error));
    return error.message.replaceAll(folder, '');
  }
  throw new Error('nothing was refused');
}

test('the least that is needed', async () => {
  const { url, asid, file: at } = await reading(JSON.stringify(good));
  assert.deepEqual([url, asid, at], [good.url, good.asid, file()]);
});
test('a byte order mark, and a schema for the editor', async () => {
  await reading(`\u{FEFF}${JSON.stringify({ $schema: 'subject.schema.json', ...good })}`);
});
test('every field at once', async () => {
  await reading(
    JSON.stringify({
      ...good,
      edition: '1.6',
      connect: '127.0.0.1:8443',
      pki: 'pki',
      siblings: [{ url: 'https://a.test/b', asid: '1' }],
      disabled: { structured: { url: 'https://provider.test/C/structured', asid: '2' } },
      plain: 'http://provider.test:80',
      unsecured: 'https://lax.test/x',
      callback: { listen: '0.0.0.0:18443', url: 'https://assay.lan:18443' },
      revocation: 'file',
      options: { enforcesScope: true, clockSkew: 60 },
      data: { patient: '9434765919', slot: { from: '2027-01-01', to: '2027-01-14' } },
      credentials: {},
      evidence: {},
      notExamined: [{ case: 'client-certificate/revoked', because: 'no CRL there' }],
      consent,
    }),
  );
});

describe('each mistake names the file and the place', () => {
  const table: readonly (readonly [title: string, change: object, says: RegExp])[] = [
    ['no profile', { profile: undefined }, /#\/profile: is missing/],
    ['an unknown profile', { profile: 'gpc' }, /#\/profile: "gpc" is none of gpconnect, nrl, ftrs/],
    ['no url', { url: undefined }, /#\/url: is missing/],
    ['a url of another type', { url: 7 }, /#\/url: must be string, and is 7/],
    ['no url at all', { url: 'provider' }, /#\/url: "provider" is no URL/],
    [
      'http',
      { url: 'http://provider.test/x' },
      /#\/url: a provider is reached over https; a plain-HTTP port goes in `plain`/,
    ],
    ['another scheme', { url: 'ftp://provider.test/x' }, /#\/url: "ftp:" is no scheme/],
    ['a password in the url', { url: 'https://a:b@provider.test/x' }, /#\/url: a URL carries no user name/],
    ['a query', { url: 'https://provider.test/x?y' }, /#\/url: .*no query/],
    ['a fragment', { url: 'https://provider.test/x#y' }, /#\/url: .*no fragment/],
    ['a slash at the end', { url: 'https://provider.test/x/' }, /#\/url: .*no slash at its end/],
    [
      'a capability disabled on another server',
      { disabled: { documents: { url: 'https://other.test/x', asid: '2' } } },
      /#\/disabled\/documents\/url: "https:\/\/other.test\/x" is no service root URL of the server in \/url/,
    ],
    [
      'a capability disabled that is none',
      { disabled: { structure: { url: 'https://provider.test/x', asid: '2' } } },
      /#\/disabled\/structure: is no known field; did you mean structured\?/,
    ],
    ['no capability disabled', { disabled: {} }, /#\/disabled: names one of foundations, appointments/],
    ['no asid', { asid: undefined }, /#\/asid: is missing/],
    ['half an asid', { asid: { provider: '1' } }, /#\/asid\/consumer: is missing/],
    [
      'an asid with spaces',
      { asid: { provider: '1 2', consumer: '1' } },
      /#\/asid\/provider: "1 2" has not the right form; for example "999999990001"/,
    ],
    ['a misspelt field', { conect: 'x' }, /#\/conect: is no known field; did you mean connect\?/],
    ['an unknown field', { zebra: 1 }, /#\/zebra: is no known field; known: /],
    [
      'an unknown option',
      { options: { enforceScope: true } },
      /#\/options\/enforceScope: .*did you mean enforcesScope\?/,
    ],
    [
      'an option of another type',
      { options: { enforcesScope: 'yes' } },
      /#\/options\/enforcesScope: must be boolean/,
    ],
    [
      'a skew out of range',
      { options: { clockSkew: 601 } },
      /#\/options\/clockSkew: must be <= 600, and is 601/,
    ],
    [
      'a patience without end',
      { options: { patience: 3600 } },
      /#\/options\/patience: must be <= 120, and is 3600/,
    ],
    ['an edition of another type', { edition: 2025 }, /#\/edition: must be string/],
    ['an empty connect', { connect: '' }, /#\/connect/],
    ['a pki of another type', { pki: [] }, /#\/pki: must be string/],
    ['a trust of another type', { trust: null }, /#\/trust: must be string/],
    ['an issuer of another type', { issuer: 1 }, /#\/issuer: must be string/],
    ['an openapi of another type', { openapi: {} }, /#\/openapi: must be string/],
    ['siblings of another type', { siblings: {} }, /#\/siblings: must be array/],
    ['a sibling in clear', { siblings: [{ url: 'http://a.test', asid: '1' }] }, /#\/siblings\/0\/url/],
    [
      'a plain port over https',
      { plain: 'https://a.test' },
      /#\/plain: .*for example "http:\/\/provider\.example:80"/,
    ],
    ['unsecured in clear', { unsecured: 'http://a.test' }, /#\/unsecured/],
    [
      'a callback without a port',
      { callback: { listen: 'here', url: 'https://a.test' } },
      /#\/callback\/listen: .*0\.0\.0\.0:18443/,
    ],
    [
      'revocation by rumour',
      { revocation: 'rumour' },
      /#\/revocation: "rumour" is none of file, crldp, ocsp, none/,
    ],
    ['a patient that is no number', { data: { patient: '943' } }, /#\/data\/patient/],
    ['unknown data', { data: { patients: 'x' } }, /#\/data\/patients: .*did you mean patient\?/],
    ['half a slot window', { data: { slot: { from: '2027-01-01' } } }, /#\/data\/slot\/to: is missing/],
    [
      'a credential from two places',
      { credentials: { valid: { pkcs12: { file: 'a', env: 'B' } } } },
      /#\/credentials\/valid\/pkcs12: names one of file, env/,
    ],
    [
      'evidence without its day',
      { evidence: { files: { sbom: { file: 'sbom.json' } } } },
      /#\/evidence\/files\/sbom\/exported: is missing/,
    ],
    [
      'an account that is none',
      { evidence: { account: 'prod' } },
      /#\/evidence\/account: "prod" has not the right form; for example "111122223333"/,
    ],
    [
      'a case left out without a reason',
      { notExamined: [{ case: 'a/b' }] },
      /#\/notExamined\/0\/because: is missing/,
    ],
    [
      'a consent without a date',
      { consent: { ...consent, until: 'soon' } },
      /#\/consent\/until: .*2027-01-31/,
    ],
    [
      'a consent until a day that is none',
      { consent: { ...consent, until: '2027-02-30' } },
      /#\/consent\/until: "2027-02-30" is no day of the calendar/,
    ],
    ['a consent to nothing', { consent: { ...consent, allow: [] } }, /#\/consent\/allow/],
    [
      'a consent to anything',
      { consent: { ...consent, allow: ['all'] } },
      /#\/consent\/allow\/0: "all" is none of wire, write/,
    ],
    ['a consent by nobody', { consent: { ...consent, by: undefined } }, /#\/consent\/by: is missing/],
  ];
  for (const [title, change, says] of table) {
    test(title, async () => {
      const message = await refusal(JSON.stringify({ ...good, ...change }));
      assert.match(message, /^\/own\/subject\.json#/);
      assert.match(message, says);
    });
  }
  test('all of them at once, one a line', async () => {
    const message = await refusal(JSON.stringify({ ...good, profile: 'x', conect: 1, asid: {} }));
    assert.equal(message.split('\n').length, 4);
  });
});

test('what a message shows of a value is printable, short, and holds no password', async () => {
  const message = await refusal(
    JSON.stringify({ ...good, plain: `http://tester:s3cret@a.test/\u{1b}[2J${'x'.repeat(99)}` }),
  );
  assert.doesNotMatch(message, /s3cret|\u{1b}/u);
  assert.match(message, /#\/plain: "‹…›@a\.test/);
  const profile = await refusal(JSON.stringify({ ...good, profile: '\u{202e}gpconnect' }));
  assert.match(profile, /\\u\{202e\}gpconnect/);
});

describe('what is no JSON, or says two things', () => {
  test('line and column', async () => {
    assert.match(await refusal('{\n  "profile": gpconnect\n}'), /is no JSON \(line 2, column \d+\)/);
    assert.match(await refusal('{'), /is no JSON \(line 1/);
    assert.match(await refusal(''), /is no JSON/);
  });
  test('a member named twice', async () => {
    const twice = JSON.stringify(good).replace('"provider"', '"consumer":"1","provider"');
    assert.match(await refusal(twice), /#\/asid\/consumer: stands there twice \(line 1, column \d+\)/);
  });
  test('no object', async () => {
    for (const text of ['[]', '1', 'null', '"x"']) assert.match(await refusal(text), /#: must be object/);
  });
  test('a prototype is a field like any other', async () => {
    assert.match(await refusal(JSON.stringify(good).replace('{', '{"__proto__":{"x":1},')), /__proto__/);
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });
  test('a file that is not there, a directory, one that is too large', async () => {
    await assert.rejects(readSubject(join(folder, 'absent.json')), /there is no such file/);
    await assert.rejects(readSubject(folder), /is a directory/);
    assert.match(await refusal(`${JSON.stringify(good)}${' '.repeat(1_000_001)}`), /too large/);
  });
});

describe('paths stay below the file', () => {
  const with_ = (pki: string): string => JSON.stringify({ ...good, pki });
  test('relative to the file', async () => {
    assert.equal((await reading(with_('pki'))).pki, join(folder, 'own/pki'));
    assert.equal((await reading(with_('./pki/../pki'))).pki, join(folder, 'own/pki'));
  });
  for (const path of ['../elsewhere', 'link', '/etc', 'pki/../../elsewhere']) {
    test(`${path} leads out`, async () => {
      assert.match(
        await refusal(with_(path)),
        /#\/pki: .* leads out of the subject file's folder; .*--allow-path/,
      );
    });
  }
  test('unless the person who runs allows it', async () => {
    await reading(with_('../elsewhere'), { allowPath: [join(folder, 'elsewhere')] });
    await reading(with_('link'), { allowPath: [folder] });
    assert.match(await refusal(with_('../elsewhere'), { allowPath: [join(folder, 'own')] }), /leads out/);
  });
  test('also where a directory that is inside holds a link that is not', async () => {
    await mkdir(join(folder, 'own/pack/provider'), { recursive: true });
    await symlink(join(folder, 'elsewhere'), join(folder, 'own/pack/provider/crl.pem'));
    assert.match(await refusal(with_('pack')), /#\/pki: ".*crl\.pem" leads out of the subject/);
    await reading(with_('pack'), { allowPath: [folder] });
  });
  test('a folder allowed that is not there', async () => {
    const message = await refusal(with_('pki'), { allowPath: [join(folder, 'nowhere')] });
    assert.match(message, /^--allow-path: "\/nowhere" is no folder; name one that exists$/);
  });
  test('every path that is wrong is told, one a line', async () => {
    const message = await refusal(JSON.stringify({ ...good, pki: 'absent', trust: '../elsewhere' }));
    assert.match(message, /#\/pki: .*\n.*#\/trust: /);
  });
  test('and exist', async () =>
    assert.match(await refusal(with_('absent')), /#\/pki: "absent" does not exist/));
  test('and hold no NUL', async () =>
    assert.match(await refusal(with_('a\u{0}b')), /#\/pki: a path holds no NUL/));
});
