import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import jsqr from 'jsqr';
import { mutants } from '../../mocks/provider/mutants.ts';
import { unpack } from '../certify/archive.ts';
import { challengeIn, traceId } from '../run/challenge.ts';
import { checkRecord } from '../run/record-schema.ts';
import { rejudge, type RunRecord } from '../run/record.ts';
import { start as startIn, type Ended } from './program.ts';

/** A module of before ES modules, whose default is the function. */
const readCode = jsqr.default;

/** The program as a user meets it: a process, its exit code, what it prints and writes. */

const noChromium = existsSync('/usr/bin/chromium') ? false : 'chromium is not installed';
const noPdfReader = existsSync('/usr/bin/pdftoppm') ? false : 'poppler-utils is not installed';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-cli-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const start = (...args: readonly string[]) => startIn(folder, args);
const assay = (...args: readonly string[]): Promise<Ended> => start(...args).done;
const recordIn = async (out: string): Promise<RunRecord> =>
  JSON.parse(await readFile(join(folder, out, 'record.json'), 'utf8')) as RunRecord;
const failing = (record: RunRecord): readonly string[] =>
  record.findings.filter(({ outcome }) => outcome === 'fail').map((finding) => finding.case);

describe('assay run', () => {
  test('without a subject judges the reference: exit 0, record and junit', async () => {
    const { code, out, err } = await assay('run', '--out', 'reference');
    assert.equal(code, 0, out + err);
    assert.match(out, /conformant on the wire: \d+ passed, 0 failed, 0 inconclusive/);
    assert.match(out, /reference\/record\.json/);
    const record = await recordIn('reference');
    checkRecord(record);
    assert.deepEqual([record.verdict, record.scope, record.tool.name], ['conformant', 'wire', 'assay']);
    assert.deepEqual(rejudge(record), []);
    assert.deepEqual((await readdir(join(folder, 'reference'))).sort(), [
      'disclosure.json',
      'evidence',
      'junit.xml',
      'ledger.ndjson',
      'record.json',
      'report.html',
    ]);
    assert.equal((await stat(join(folder, 'reference/disclosure.json'))).mode & 0o777, 0o600);
    const xml = await readFile(join(folder, 'reference/junit.xml'), 'utf8');
    assert.match(xml, /<testsuite [^>]*failures="0" errors="0"/);
    assert.ok(!xml.includes('<skipped'));
    // No token, key or trace of either reaches a file; evidence-files.test.ts looks into what is kept as evidence.
    for (const name of (await readdir(join(folder, 'reference'))).filter((each) => each !== 'evidence')) {
      const text = await readFile(join(folder, 'reference', name), 'utf8');
      assert.doesNotMatch(text, /eyJ[\w-]{10,}|PRIVATE KEY|BEGIN CERTIFICATE/, name);
    }
  });

  test('a reader that has seen enough loses nothing', async () => {
    const child = start('run', '--case', 'token/*', '--out', 'piped');
    child.stdout.destroy();
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0);
    assert.equal((await recordIn('piped')).verdict, 'conformant');
  });

  test('a mutant: exit 1, and exactly the cases that list it', async () => {
    const name = 'accepts-expired-certificate';
    const { code, out } = await assay('run', '--mock', name, '--case', 'client-*/*', '--out', 'mutant');
    assert.equal(code, 1);
    assert.match(out, /non-conformant on the wire/);
    assert.match(out, /FAIL {2}client-certificate\/expired/);
    const record = await recordIn('mutant');
    assert.deepEqual(failing(record), mutants[name]?.caughtBy);
    assert.match(
      await readFile(join(folder, 'mutant/junit.xml'), 'utf8'),
      /name="client-certificate\/expired"[^>]*><failure/,
    );
  });

  for (const name of ['dead', 'mute', 'hermit', 'always-400']) {
    test(`${name}: exit 2, everything inconclusive`, async () => {
      const { code, out } = await assay('run', '--mock', name, '--out', name);
      assert.equal(code, 2, out);
      assert.match(out, /The valid exchange was not accepted/);
      const record = await recordIn(name);
      assert.ok(
        record.findings.length > 30 && record.findings.every(({ outcome }) => outcome === 'inconclusive'),
      );
      assert.match(await readFile(join(folder, name, 'junit.xml'), 'utf8'), /<error /);
    });
  }

  test('--case narrows, and the record says so', async () => {
    const { code, out } = await assay('run', '--case', 'token/*', '--out', 'narrow');
    assert.equal(code, 0);
    assert.match(out, /Only the cases that match token\/\*/);
    const record = await recordIn('narrow');
    assert.deepEqual(record.selection, ['token/*']);
    assert.ok(record.findings.every((finding) => finding.case.startsWith('token/')));
  });

  test('--concurrency changes nothing but time', async () => {
    const part = ['run', '--mock', 'caches-errors', '--case', 'error/*', '--case', 'ca*/*'];
    await Promise.all([
      assay(...part, '--concurrency', '1', '--out', 'one'),
      assay(...part, '--concurrency', '16', '--out', 'many'),
    ]);
    const gist = async (out: string) =>
      (await recordIn(out)).findings.map((each) => [each.case, each.outcome]);
    assert.deepEqual(await gist('one'), await gist('many'));
    assert.deepEqual(failing(await recordIn('one')), mutants['caches-errors']?.caughtBy);
  });
});

describe('bad input: exit 4, one clear error, nothing written', () => {
  const table: readonly (readonly [title: string, args: readonly string[], says: RegExp])[] = [
    ['no such command', ['rum'], /unknown command 'rum'[\s\S]*Did you mean run/],
    ['no such option', ['run', '--mok', 'x'], /unknown option '--mok'/],
    ['no such stand-in', ['run', '--mock', 'nobody'], /--mock: no stand-in is called "nobody"/],
    [
      'no such profile',
      ['run', '--profile', 'gpc'],
      /--profile: there are no cases for the profile "gpc"; .*gpconnect/,
    ],
    ['no such case', ['run', '--case', 'tokens/*'], /--case: no case matches "tokens\/\*"/],
    ['no such file', ['run', 'absent.json'], /absent\.json/],
    [
      'a subject and a mock',
      ['run', 'absent.json', '--mock', 'dead'],
      /--mock: give a subject file or --mock/,
    ],
    ['two subjects', ['run', 'a.json', 'b.json'], /too many arguments/],
    ['no workers', ['run', '--concurrency', '0'], /--concurrency[\s\S]*1 to 32/],
    ['workers in words', ['run', '--concurrency', 'four'], /--concurrency/],
    ['an option without its value', ['run', '--out'], /argument missing/],
    ['list: no such profile', ['list', '--profile', 'x'], /--profile/],
    ['list: no such edition', ['list', '--edition', '1999'], /--edition: .*2025-10/],
    ['pki: no directory', ['pki'], /--out/],
    ['pki: no such life', ['pki', '--out', 'p', '--days', '0'], /--days/],
    ['serve: no such stand-in', ['serve', '--mock', 'nobody'], /--mock/],
    ['serve: no such port', ['serve', '--port', '70000'], /--port/],
    ['serve: --url without --http', ['serve', '--url', 'https://x.test/y'], /--url: goes with --http/],
    ['serve: a URL in clear', ['serve', '--http', '0', '--url', 'http://x.test/y'], /--url: .*no https URL/],
    ['serve: no such user', ['serve', '--cis2', '--login', 'nobody'], /--login: no user is called nobody/],
    [
      'serve: no such users file',
      ['serve', '--cis2', '--users', 'none.json'],
      /none\.json: there is no such/,
    ],
    ['serve: no issuer', ['serve', '--cis2', '--cis2-name', 'https://x'], /--cis2-name.*explicit port/],
    ['token: no such defect', ['token', '--defect', 'x'], /--defect: there is no "x"/],
    ['token: no issuer', ['token', '--issuer', 'nowhere'], /--issuer: .*assay serve --cis2/],
    ['token: no claim', ['token', '--claim', 'x'], /--claim[\s\S]*NAME=VALUE/],
    ['serve: an absentee in clear', ['serve', '--http', '0', '--mock', 'dead'], /--http/],
  ];
  for (const [title, args, says] of table) {
    test(title, async () => {
      const { code, out, err } = await assay(...args);
      assert.equal(code, 4, out + err);
      assert.match(err, says);
      assert.doesNotMatch(err, /\n\s+at /, 'no stack trace');
      assert.ok(!existsSync(join(folder, 'assay-out')));
    });
  }

  test('--out is a file', async () => {
    await writeFile(join(folder, 'taken'), '');
    const { code, err } = await assay('run', '--out', 'taken');
    assert.equal(code, 4);
    assert.match(err, /--out: taken is not a directory/);
  });

  test('a subject file under the Spine, whatever its consent', async () => {
    const consent = {
      environment: 'INT',
      host: 'proxy.int.spine2.ncrs.nhs.uk',
      by: 'x',
      until: '2999-01-01',
      allow: ['wire'],
    };
    const subject = {
      profile: 'gpconnect',
      url: 'https://proxy.int.spine2.ncrs.nhs.uk/x',
      asid: { provider: '1', consumer: '2' },
      consent,
    };
    await writeFile(join(folder, 'spine.json'), JSON.stringify(subject));
    const { code, err } = await assay('run', 'spine.json');
    assert.equal(code, 4, err);
    assert.match(err, /spine\.json/);
  });
});

test('a record that cannot be written is an error of ours: exit 3', async (t) => {
  if (process.getuid?.() === 0) {
    // Root may write anywhere but below a file.
    await writeFile(join(folder, 'file'), '');
    const { code, err } = await assay('run', '--case', 'token/absent', '--out', 'file/below');
    assert.equal(code, 3);
    assert.match(err, /--out: cannot write .*nothing was driven/);
    return;
  }
  await mkdir(join(folder, 'sealed'), { mode: 0o500 });
  t.after(() => rm(join(folder, 'sealed'), { recursive: true, force: true }));
  assert.equal((await assay('run', '--case', 'token/absent', '--out', 'sealed/below')).code, 3);
});

test('--help everywhere, with an example each', async () => {
  for (const verb of [[], ['run'], ['report'], ['diff'], ['list'], ['pki'], ['serve'], ['token']]) {
    const { code, out } = await assay(...verb, '--help');
    assert.equal(code, 0);
    assert.match(out, /Examples?:/, verb.join(' '));
  }
  assert.match((await assay('--version')).out, /^\d+\.\d+\.\d+\n$/);
});

test('assay list --json is one object of the documented shape', async () => {
  const { code, out } = await assay('list', '--json');
  assert.equal(code, 0);
  const list = JSON.parse(out) as Record<string, readonly Record<string, unknown>[]>;
  assert.deepEqual(Object.keys(list), ['profile', 'set', 'requirements', 'cases', 'mutants']);
  const keys = (part: string) => Object.keys(list[part]?.[0] ?? {});
  assert.deepEqual(keys('requirements'), [
    'id',
    'document',
    'edition',
    'section',
    'keyword',
    'text',
    'decidedBy',
    'because',
    'cases',
  ]);
  assert.deepEqual(keys('cases'), ['id', 'title', 'level', 'requirements', 'mutants', 'needs']);
  assert.deepEqual(keys('mutants'), ['id', 'title', 'caughtBy']);
  assert.ok(
    list['cases']?.every(({ mutants: own, level }) => level === 'noted' || (own as unknown[]).length > 0),
  );
});

describe('assay serve', () => {
  const started: ReturnType<typeof start>[] = [];
  after(() => started.forEach((child) => child.kill()));
  const ready = async (...args: readonly string[]) => {
    const child = start('serve', ...args);
    started.push(child);
    let text = '';
    for await (const chunk of child.stdout) {
      text += String(chunk);
      if (text.includes('\n')) break;
    }
    return {
      child,
      line: JSON.parse(text) as {
        ready: boolean;
        url: string;
        connect: string;
        subject: string;
        pki: string;
      },
    };
  };
  const stop = async (child: ReturnType<typeof start>): Promise<number | null> => {
    const gone = once(child, 'exit') as Promise<[number | null]>;
    child.kill('SIGTERM');
    return (await gone)[0];
  };

  test('a subject file for it runs to the same verdict; SIGTERM ends it and wipes its folder', async () => {
    const { child, line } = await ready('--mock', 'accepts-revoked-certificate');
    assert.equal(line.ready, true);
    assert.match(line.connect, /^127\.0\.0\.1:\d+$/);
    const { code, out, err } = await assay('run', line.subject, '--out', 'served');
    assert.equal(code, 1, out + err);
    assert.deepEqual(failing(await recordIn('served')), mutants['accepts-revoked-certificate']?.caughtBy);
    assert.equal(await stop(child), 0);
    assert.ok(!existsSync(line.pki) && !existsSync(line.subject));
  });

  test('--http serves in clear behind a terminator', async () => {
    const { child, line } = await ready('--http', '0');
    const answer = await fetch(`http://${line.connect}/A11111/STU3/1/gpconnect/metadata`);
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(await stop(child), 0);
  });

  test('--cis2: an issuer beside it; `token` mints with its key, up or not', async () => {
    const { child, line } = await ready('--cis2', '--issuer', 'issuer');
    const { issuer, management } = (line as { cis2?: { issuer: string; management: string } }).cis2 ?? {};
    assert.match(issuer ?? '', /^https:\/\/localhost:\d+\/openam\//);
    assert.match(management ?? '', /^http:\/\/127\.0\.0\.1:\d+$/);
    const parts = (text: string) =>
      text.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    const up = await assay('token', '--issuer', 'issuer', '--claim', 'x={"y":1}', '--claim', 'acr=low');
    assert.equal(up.code, 0, up.err);
    const [header = '', claims = '{}'] = parts(up.out);
    const said = JSON.parse(claims) as Record<string, unknown>;
    assert.deepEqual([said['iss'], said['x'], said['acr']], [issuer, { y: 1 }, 'low']);
    assert.match((await assay('token', '--issuer', 'issuer', '--user', 'nobody')).err, /no user is called/);
    assert.equal(await stop(child), 0);
    assert.deepEqual((await readdir(join(folder, 'issuer'))).sort(), ['issuer.json', 'keys.json']);
    assert.equal((await stat(join(folder, 'issuer/keys.json'))).mode & 0o777, 0o600);
    const down = await assay('token', '--issuer', 'issuer');
    assert.equal(parts(down.out)[0], header, 'the same key');
    const defect = await assay('token', '--issuer', 'issuer', '--defect', 'alg-none');
    assert.match(parts(defect.out)[0] ?? '', /"alg":"none"/);
    assert.match((await assay('token', '--defects')).out, /^alg-none$/m);
  });
});

describe('assay lint', () => {
  test('names what is to be mended, and exits 1; nothing to mend is 0; nothing to read is 4', async () => {
    await mkdir(join(folder, 'docs'));
    const refs = Array.from({ length: 31 }, (_, at) => `SEC-${String(at + 1).padStart(3, '0')}`);
    await writeFile(join(folder, 'docs/story.yaml'), `nfr_refs: [${refs.join(', ')}]\n`);
    const good = await assay('lint', 'docs');
    assert.equal(good.code, 0, good.out + good.err);
    await writeFile(join(folder, 'docs/story.yaml'), `nfr_refs: [${refs.join(', ')}, SEC-077]\n`);
    const bad = await assay('lint', 'docs');
    assert.equal(bad.code, 1);
    assert.match(bad.out, /^story\.yaml:1: unknown-code: SEC-077 is no requirement$/m);
    const matrix = await assay('lint', 'docs', '--matrix', 'csv');
    assert.equal(matrix.out.split('\r\n').length, 33);
    const none = await assay('lint', 'absent');
    assert.equal(none.code, 4);
    assert.match(none.err, /absent: there is no such file or folder/);
  });
});

describe('assay keygen, certify, verify', () => {
  before(() => {
    process.env['ASSAY_KEY_PASSPHRASE'] = 'a passphrase for the tests';
  });
  after(() => {
    delete process.env['ASSAY_KEY_PASSPHRASE'];
  });
  test('from a run to a bundle that verifies with the public set alone', async () => {
    assert.equal((await assay('keygen', '--out', 'keys')).code, 0);
    assert.equal((await stat(join(folder, 'keys/private.pem'))).mode & 0o777, 0o600);
    assert.equal((await assay('keygen', '--out', 'keys')).code, 4);
    const made = await assay(
      'certify',
      'reference/record.json', // of the first run above
      '--key',
      'keys/private.pem',
      '--out',
      'bundle.zip',
    );
    assert.equal(made.code, 0, made.err);
    const good = await assay('verify', 'bundle.zip', '--trust', 'keys/trust.json');
    assert.equal(good.code, 0, good.out);
    assert.match(good.out, /^SPECIMEN: /);
    assert.match(good.out, /1 attempt in the ledger\n {2}ran by supplier, self-declared/);
    const json = await assay('verify', 'bundle.zip', '--trust', 'keys/trust.json', '--json');
    assert.equal((JSON.parse(json.out) as { holds: boolean }).holds, true);
    const bytes = await readFile(join(folder, 'bundle.zip'));
    const names = Object.keys(unpack(bytes) ?? {}).filter((name) => !name.includes('/evidence/'));
    assert.deepEqual(names.map((name) => name.replace('records/001/', '')).sort(), [
      'TestReport.json',
      'attestations.json',
      'junit.xml',
      'ledger.ndjson',
      'manifest.json',
      'record.json',
      'report.html',
      'results.sarif',
      'sbom.cdx.json',
      'scorecard.json',
      'statement.dsse.json',
      'traceability.csv',
      'waivers.json',
    ]);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    await writeFile(join(folder, 'tampered.zip'), bytes);
    assert.equal((await assay('verify', 'tampered.zip', '--trust', 'keys/trust.json')).code, 1);
    assert.equal((await assay('verify', 'reference/record.json', '--trust', 'keys/trust.json')).code, 4);
    assert.equal((await assay('verify', 'bundle.zip', '--trust', 'absent.json')).code, 4);
    assert.equal((await assay('verify', 'bundle.zip')).code, 4, 'no keys are trusted by themselves');
  });
  test('a challenge is met by a run: every id that it sends is derived', async () => {
    const posed = await assay('challenge', '--key', 'keys/private.pem', '--for', 'mock:conformant');
    assert.equal(posed.code, 0, posed.err);
    assert.equal((await assay('challenge', '--key', 'keys/private.pem')).code, 4, 'posed once');
    const met = ['run', '--case', 'ssp-header/to-absent', '--out', 'met', '--challenge', 'challenge.json'];
    assert.equal((await assay(...met)).code, 0);
    const [begun, ended] = (await readFile(join(folder, 'met/ledger.ndjson'), 'utf8'))
      .split('\n')
      .slice(0, 2)
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    const challenge = challengeIn(await readFile(join(folder, 'met/challenge.json'), 'utf8'));
    assert.ok(challenge && begun && ended);
    const given = Array.from({ length: Number(ended['ids']) }, (_, at) => traceId(challenge, '1', at));
    const { findings } = await recordIn('met');
    assert.deepEqual(
      findings.flatMap(({ trace }) => trace).filter((id) => !given.includes(id)),
      [],
    );
    assert.match(String(begun['challenge']), /^sha256:/);
    const other = await assay(...met, '--mock', 'accepts-another-asid');
    assert.deepEqual(
      [other.code, other.err],
      [
        4,
        'assay: --challenge: challenge.json is for mock:conformant, and this is mock:accepts-another-asid\n',
      ],
    );
    const none = await assay('run', '--challenge', 'keys/trust.json', '--out', 'met');
    assert.match(none.err, /--challenge: keys\/trust\.json is no challenge/);
  });
  test('a page is printed of a bundle that holds', { skip: noChromium }, async () => {
    const page = ['certificate', 'bundle.zip', '--pdf', 'page.pdf'];
    const printed = await assay(...page, '--trust', 'keys/trust.json');
    assert.equal(printed.code, 0, printed.err);
    assert.match(printed.out, /^SPECIMEN: [^]*digest {2}sha256:[0-9a-f]{64}\n$/);
    const pdf = (await readFile(join(folder, 'page.pdf'))).toString('latin1');
    assert.equal(pdf.match(/\/Type\s*\/Page\b/g)?.length, 1);
    const tampered = ['certificate', 'tampered.zip', '--pdf', 'no.pdf', '--trust', 'keys/trust.json'];
    const refused = await assay(...tampered);
    assert.deepEqual([refused.code, existsSync(join(folder, 'no.pdf'))], [1, false]);
    const absent = await assay(...page, '--chromium', '/no/chromium');
    assert.equal(absent.code, 4);
    assert.match(absent.err, /--chromium: there is no Chromium at \/no\/chromium: install it/);
  });
  test(
    'the code on it is read back as the digest of the bundle',
    { skip: noChromium || noPdfReader },
    async () => {
      await promisify(execFile)('pdftoppm', ['-r', '150', '-singlefile', 'page.pdf', 'page'], {
        cwd: folder,
      });
      const image = await readFile(join(folder, 'page.ppm'));
      // P6, width, height and the largest value, then a byte for each of red, green and blue.
      const [head = '', width, height] =
        /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(image.toString('latin1', 0, 40)) ?? [];
      const pixels = image.subarray(head.length);
      const shown = new Uint8ClampedArray(Number(width) * Number(height) * 4).fill(255);
      for (let at = 0; at < pixels.length / 3; at += 1)
        shown.set(pixels.subarray(at * 3, at * 3 + 3), at * 4);
      const bundle = await readFile(join(folder, 'bundle.zip'));
      assert.equal(
        readCode(shown, Number(width), Number(height))?.data,
        `sha256:${createHash('sha256').update(bundle).digest('hex')}`,
      );
    },
  );
  test('a run that leaves something open is not certified, and nothing is written', async () => {
    await assay('run', '--case', 'token/*', '--out', 'narrowed');
    const { code, err } = await assay(
      'certify',
      'narrowed/record.json',
      '--key',
      'keys/private.pem',
      '--out',
      'no.zip',
    );
    assert.equal(code, 1);
    assert.match(err, /narrowed to token\/\*/);
    assert.ok(!existsSync(join(folder, 'no.zip')));
  });
});
