import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { writePack } from '../../certs/pack.ts';
import { ASID } from '../../mocks/provider/data.ts';
import { judgeVisit } from '../oracle/consumer.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { assay } from './program.ts';
import { curlPath } from './ssp.ts';

/** curl as a consumer, with right and with wrong options: what it does wrong, and nothing else, is found. */

const skip = curlPath === undefined ? 'curl is not installed (apt-get install curl)' : false;
const APPROVED = 'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256';
const CERTIFICATES = ['expired', 'revoked', 'wrong-issuer', 'wrong-name'];

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-judge-'));
  await writePack(join(folder, 'pki'), {});
});
after(() => rm(folder, { recursive: true, force: true }));

/** A consumer of a few lines of shell: a fresh token and trace id, one read. */
async function judged(options: string, suffix = '.') {
  const script = join(folder, 'one-read.sh');
  const { http, token } = gpconnect.valid({ url: '@AUD@', asid: ASID });
  const claims = { ...token?.claims, iat: '@IAT@', exp: '@EXP@' };
  await writeFile(join(folder, 'claims.json'), JSON.stringify(claims));
  await writeFile(
    script,
    [
      '#!/bin/sh',
      'now=$(date +%s)',
      'part() { base64 -w0 | tr "+/" "-_" | tr -d "="; }',
      `claims="$(sed "s#@AUD@#$ASSAY_PROVIDER#; s#\\"@IAT@\\"#$now#; s#\\"@EXP@\\"#$((now + 300))#" ${folder}/claims.json)"`,
      `token="$(printf '{"alg":"none","typ":"JWT"}' | part).$(printf %s "$claims" | part)${suffix}"`,
      'exec curl -sS -o /dev/null --max-time 10 --cert "$ASSAY_CONSUMER/consumer.pem" --key "$ASSAY_CONSUMER/consumer.key" \\',
      `  ${options} -H "Accept: application/fhir+json" -H "Ssp-TraceID: $(cat /proc/sys/kernel/random/uuid)" \\`,
      `  -H "Ssp-From: ${ASID.consumer}" -H "Ssp-To: ${ASID.provider}" \\`,
      `  -H "Ssp-InteractionID: ${http.headers['Ssp-InteractionID']}" \\`,
      '  -H "Authorization: Bearer $token" "$ASSAY_SSP/$ASSAY_PROVIDER/metadata" 2>/dev/null',
    ].join('\n'),
  );
  await chmod(script, 0o700);
  const ended = await assay(folder, 'judge-consumer', '--pki', 'pki', '--', script);
  const { code } = ended;
  const out = ended.out + ended.err;
  const failed = [...out.matchAll(/^FAIL {2}([\w.-]+):/gm)].map(([, name = '']) => name).sort();
  return { code, failed, out };
}

const trust = '--cacert "$ASSAY_CONSUMER/ca.pem"';
const crl = '--crlfile "$ASSAY_CONSUMER/crl.pem"';

describe('assay judge-consumer', { skip }, () => {
  const rows: readonly (readonly [title: string, options: string, failed: readonly string[]])[] = [
    ['every option right', `${trust} ${crl} --tlsv1.2 --ciphers ${APPROVED}`, []],
    ['no CRL', `${trust} --tlsv1.2 --ciphers ${APPROVED}`, ['revoked']],
    ['-k', `-k --tlsv1.2 --ciphers ${APPROVED}`, CERTIFICATES],
    ['its own list of ciphers', `${trust} ${crl} --tlsv1.2`, ['unapproved-cipher']],
    [
      'old protocols let in',
      `${trust} ${crl} --tlsv1.0 --ciphers DEFAULT@SECLEVEL=0`,
      ['tls-1.0', 'tls-1.1', 'unapproved-cipher'],
    ],
  ];
  for (const [title, options, failed] of rows) {
    test(`curl: ${title}`, async () => {
      const seen = await judged(options);
      assert.deepEqual(seen.failed, failed, seen.out);
      assert.equal(seen.code, failed.length > 0 ? 1 : 0, seen.out);
    });
  }
  test('a command that the good SSP does not serve is judged in nothing', async () => {
    const { code, failed, out } = await judged(`${trust} ${crl} --tlsv1.2 --ciphers ${APPROVED}`, '');
    assert.deepEqual([code, failed], [2, []], out);
    assert.match(out, /the good SSP did not serve the command either \(statuses: 400\)/);
  });
});

test('keeping away is believed only of a consumer that connected, and only beside the control', () => {
  const served = { connections: 1, statuses: [200] };
  const nothing = { connections: 0, statuses: [] };
  const outcomes = [
    judgeVisit({ connections: 1, statuses: [] }, served),
    judgeVisit(nothing, served),
    judgeVisit({ connections: 1, statuses: [] }, nothing),
    judgeVisit({ connections: 1, statuses: [undefined] }, served),
  ].map(({ outcome }) => outcome);
  assert.deepEqual(outcomes, ['pass', 'inconclusive', 'inconclusive', 'fail']);
});
