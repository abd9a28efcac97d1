import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readPack } from '../../certs/pack-read.ts';
import { ASID } from '../../mocks/provider/data.ts';
import type { Hierarchy } from '../../certs/index.ts';
import type { RunRecord } from '../run/record.ts';
import { nginxPath, startNginx } from './fleet/servers/nginx.ts';
import { freePort } from './fleet/site.ts';
import { assay as run } from './program.ts';

/** A provider that reaches our responder at `callback`: trust pack, subject file, run; all through the command line. */

const skip =
  nginxPath === undefined
    ? 'nginx is not installed (apt-get install --no-install-recommends nginx-light)'
    : false;

let folder: string;
let pki: Hierarchy;
let place: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-callback-'));
  place = `127.0.0.1:${await freePort()}`;
  const { code, text } = await assay(
    'pki',
    '--out',
    'pki',
    '--host',
    'localhost',
    '--revocation',
    `http://${place}`,
  );
  assert.equal(code, 0, text);
  pki = await readPack(join(folder, 'pki'));
});
after(() => rm(folder, { recursive: true, force: true }));

const assay = async (...args: readonly string[]) => {
  const { code, out, err } = await run(folder, ...args);
  return { code, text: out + err };
};

/** What a run finds on nginx, which asks at the place that the trust pack names. */
async function judged(check: 'on' | 'leaf', ...args: readonly string[]) {
  const nginx = await startNginx(pki, {
    revocation: `ssl_ocsp ${check}; ssl_ocsp_responder http://${place}/ocsp;`,
  });
  try {
    const subject = {
      profile: 'gpconnect',
      url: nginx.url,
      pki: 'pki',
      asid: ASID,
      revocation: 'ocsp',
      callback: { listen: place, url: `http://${place}` },
    };
    await writeFile(join(folder, 'subject.json'), JSON.stringify(subject));
    const { code, text } = await assay('run', 'subject.json', '--case', 'ocsp/*revoked', ...args);
    const record = JSON.parse(await readFile(join(folder, 'assay-out/record.json'), 'utf8')) as RunRecord;
    const found = Object.fromEntries(record.findings.map((each) => [each.case, each.outcome]));
    return { code, text, found, record };
  } finally {
    await nginx.close();
  }
}

describe('nginx that asks at `callback`', { skip }, () => {
  test('about the whole chain: conformant, and a life ends as it should', async () => {
    const { code, text, found, record } = await judged('on', '--lifecycle', '20');
    assert.deepEqual(found, { 'ocsp/revoked': 'pass', 'ocsp/sub-revoked': 'pass' }, text);
    assert.equal(code, 0, text);
    const life = record.noted.find((each) => each.case === 'lifecycle/revoked');
    assert.match(life?.because ?? text, /after publication refused/);
  });
  test('about the leaf alone: a revoked subordinate CA is a finding', async () => {
    const { code, text, found } = await judged('leaf');
    assert.deepEqual(found, { 'ocsp/revoked': 'pass', 'ocsp/sub-revoked': 'fail' }, text);
    assert.equal(code, 1, text);
  });
});
