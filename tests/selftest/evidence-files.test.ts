import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readPack } from '../../certs/pack-read.ts';
import { writePack } from '../../certs/pack.ts';
import { DATA, referenceAt } from '../../mocks/provider/data.ts';
import { conformant } from '../../mocks/provider/policy.ts';
import { startProvider } from '../../mocks/provider/server.ts';
import type { Kept } from '../drive/keep.ts';
import type { RunRecord } from '../run/record.ts';
import { assay } from './program.ts';

/** What a run leaves as evidence, and that no secret planted in its way is in any of it. */

describe('evidence/sha256/…', () => {
  let folder: string;
  let out: string;
  let record: RunRecord;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-evidence-'));
    out = join(folder, 'out');
    await writePack(join(folder, 'pki'), { hosts: ['localhost'] });
    const pack = await readPack(join(folder, 'pki'));
    // It repeats the token in its errors, and the reference repeats NHS numbers in its answers.
    const policy = { ...conformant, outcome: { ...conformant.outcome, betrays: 'token' as const } };
    const provider = await startProvider({ policy, hierarchy: pack });
    try {
      const { slotFrom, slotTo, ...held } = DATA;
      await writeFile(
        join(folder, 'subject.json'),
        JSON.stringify({
          ...referenceAt(provider.url),
          profile: 'gpconnect',
          pki: 'pki',
          data: { ...held, slot: { from: slotFrom, to: slotTo } },
        }),
      );
      const cases = ['client-certificate/*', 'tls-version/*', 'cipher-suite/*', 'token/a*', 'error/token-a*'];
      const globs = [...cases, 'response/*', 'interaction/find-patient*', 'interaction/structured*'].flatMap(
        (each) => ['--case', each],
      );
      const events = ['--events', join('out', 'events.ndjson')];
      await mkdir(out);
      const {
        code,
        out: said,
        err,
      } = await assay(folder, 'run', 'subject.json', '--out', 'out', ...events, ...globs);
      assert.equal(code, 1, err);
      await writeFile(join(out, 'screen.txt'), said + err);
      const doctor = await assay(folder, 'doctor', 'subject.json', '--json');
      await writeFile(join(out, 'doctor.json'), doctor.out + doctor.err);
      for (const format of ['sarif', 'testreport', 'traceability-csv'])
        assert.equal(
          (await assay(folder, 'report', 'out', '--format', format, '--out', `out/${format}`)).code,
          0,
        );
      record = JSON.parse(await readFile(join(out, 'record.json'), 'utf8')) as RunRecord;
    } finally {
      await provider.close();
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const keptFor = async (id: string): Promise<readonly Kept[]> => {
    const { evidence = [] } = record.findings.find((finding) => finding.case === id) ?? assert.fail(id);
    return Promise.all(
      evidence.map(
        async (digest) =>
          JSON.parse(await readFile(join(out, 'evidence', digest.replace(':', '/')), 'utf8')) as Kept,
      ),
    );
  };

  test('every finding that was driven has its own, named by what is in it', async () => {
    const driven = record.findings.filter(({ times }) => times > 0);
    assert.ok(driven.length > 20);
    const named = new Set<string>();
    for (const { case: id, evidence = [] } of driven) {
      assert.ok(evidence.length >= 2, `${id} has its stimulus and its control`);
      for (const digest of evidence) {
        const text = await readFile(join(out, 'evidence', digest.replace(':', '/')));
        assert.equal(`sha256:${createHash('sha256').update(text).digest('hex')}`, digest);
        named.add(digest.slice(7));
      }
    }
    for (const { evidence = [] } of record.noted as readonly { evidence?: readonly string[] }[])
      for (const digest of evidence) named.add(digest.slice(7));
    assert.deepEqual((await readdir(join(out, 'evidence/sha256'))).sort(), [...named].sort(), 'nothing else');
  });

  test('an exchange: request, certificate presented, handshake, answer', async () => {
    const [stimulus, control] = await keptFor('client-certificate/expired');
    assert.ok(stimulus?.kind === 'exchange' && control?.kind === 'exchange');
    assert.equal(stimulus.presented?.credential, 'expired');
    assert.equal(control.presented?.credential, 'valid');
    assert.match(
      stimulus.request,
      /^GET \S+\/metadata HTTP\/1\.1\r\n[\s\S]*Authorization: Bearer ‹token:\d+›/,
    );
    assert.ok(control.answer.kind === 'response');
    assert.equal(control.answer.handshake?.version, 'TLSv1.2');
    const shown = new X509Certificate(await readFile(join(folder, 'pki/provider/provider.pem')));
    assert.equal(control.answer.handshake.server, shown.fingerprint256);
  });

  test('a probe: its bytes and those that came back', async () => {
    const [stimulus] = await keptFor('tls-version/1.1');
    assert.ok(stimulus?.kind === 'flights');
    assert.match(stimulus.flights[0]?.sent ?? '', /^160301/);
    assert.match(stimulus.flights[0]?.received ?? '', /^15/, 'an alert');
    const [many] = await keptFor('cipher-suite/order');
    assert.ok(many?.kind === 'flights' && many.flights.length > 3);
  });

  test('each form of a record leads from a finding to its evidence', async () => {
    const [digest = ''] = record.findings.find(({ evidence = [] }) => evidence.length > 0)?.evidence ?? [];
    for (const name of ['report.html', 'sarif', 'traceability-csv']) {
      const text = await readFile(join(out, name), 'utf8');
      assert.ok(text.includes(digest) || text.includes(digest.replace(':', '/')), name);
    }
  });

  test("no token, key or NHS number in any file, on the screen or in the events; salts are the owner's alone", async () => {
    const key = (await readFile(join(folder, 'pki/clients/valid.key'), 'utf8')).split('\n')[5] ?? '';
    assert.ok(key.length > 40);
    const planted = [
      /eyJ[\w-]{10,}/,
      /PRIVATE KEY/,
      new RegExp(key.replace(/[+/]/g, '.')),
      ...[DATA.patient, DATA.registrable].map((number) => new RegExp(`(?<!\\d)${number}(?!\\d)`)),
    ];
    const names = (await readdir(out, { recursive: true, withFileTypes: true })).filter((each) =>
      each.isFile(),
    );
    assert.ok(names.length > 40);
    for (const { parentPath, name } of names) {
      const text = await readFile(join(parentPath, name), 'utf8');
      for (const secret of planted) assert.doesNotMatch(text, secret, name);
      if (name !== 'disclosure.json') assert.ok(!text.includes('"salt"'), name);
    }
    assert.equal((await stat(join(out, 'disclosure.json'))).mode & 0o777, 0o600);
    const text = await readFile(join(out, 'record.json'), 'utf8');
    assert.match(text, /‹token:\d+›/, 'the token was given away, and is a mark');
    const { digests } = JSON.parse(await readFile(join(out, 'disclosure.json'), 'utf8')) as {
      digests: Readonly<Record<string, string>>;
    };
    assert.ok(Object.keys(digests).some((mark) => mark.startsWith('‹nhs-number:')));
  });
});
