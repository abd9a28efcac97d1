import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Finding } from '../run/examine.ts';
import { verdictOf } from '../run/record.ts';
import { keeping, nginxPath, startNginx, type NginxDecisions } from './nginx.ts';
import { examined, having, hierarchy } from './stand.ts';

/** A provider whose TLS we did not write: what it does wrong in its configuration, and nothing else, is found. */

const skip =
  nginxPath === undefined
    ? 'nginx is not installed (apt-get install --no-install-recommends nginx-light)'
    : false;

const told = (findings: readonly Finding[]): string =>
  findings
    .filter(({ outcome }) => outcome !== 'pass')
    .map((each) => `${each.case}: ${each.because}`)
    .join('\n');

type Row = readonly [
  title: string,
  change: Partial<NginxDecisions>,
  failing: readonly string[],
  /** Left without a verdict: what they look at does not happen there. */
  open?: readonly string[],
];
const table: readonly Row[] = [
  ['keeps every rule', {}, []],
  ['ssl_crl taken out', { revocation: '' }, ['client-certificate/revoked']],
  ['the name rule taken out', { nameRule: '' }, ['client-certificate/wrong-name']],
  [
    'always taken out of add_header',
    { cacheControl: 'add_header Cache-Control no-store;' },
    ['cache-control/refusal-page'],
  ],
  [
    'ssl_protocols widened and the security level lowered',
    { protocols: 'TLSv1 TLSv1.1 TLSv1.2', ciphers: `${keeping.ciphers}:@SECLEVEL=0` },
    ['tls-version/1.0', 'tls-version/1.1'],
  ],
  [
    'error_page 495 496 =200: the certificate clauses hold, the status clause does not',
    { more: 'error_page 495 496 =200 @welcome; location @welcome { return 200 "Welcome"; }' },
    ['error/refusal-carries-error-status'],
  ],
  // With `optional` nginx still refuses a bad certificate and lets a missing one through.
  [
    'ssl_verify_client optional, and nobody behind it asks',
    { verify: 'optional', nameRule: '' },
    ['client-certificate/absent', 'client-certificate/wrong-name'],
    ['error/refusal-carries-error-status'],
  ],
  // `optional_no_ca` passes over the issuer alone: a defect at a time.
  [
    'ssl_verify_client optional_no_ca, no CRL, and nobody behind it asks',
    { verify: 'optional_no_ca', nameRule: '', revocation: '' },
    [
      'client-certificate/absent',
      'client-certificate/revoked',
      'client-certificate/self-signed',
      'client-certificate/wrong-name',
    ],
    ['error/refusal-carries-error-status'],
  ],
  ['every cipher', { ciphers: 'ALL:@SECLEVEL=0' }, ['cipher-suite/only-approved', 'cipher-suite/order']],
  ['TLS 1.3 beside 1.2, which is noted', { protocols: 'TLSv1.2 TLSv1.3' }, []],
  [
    'TLS 1.3 alone',
    { protocols: 'TLSv1.3' },
    ['cipher-suite/each-string', 'tls-version/1.2'],
    ['cipher-suite/order'],
  ],
];

describe('nginx in front of the reference provider', { skip }, () => {
  for (const [title, change, failing, open = []] of table) {
    test(title, async () => {
      const pki = await hierarchy;
      const findings = await examined(await startNginx(pki, change), pki);
      assert.deepEqual([...having(findings, 'fail')].sort(), failing, told(findings));
      assert.deepEqual(having(findings, 'inconclusive'), open, told(findings));
      assert.equal(verdictOf(findings), failing.length > 0 ? 'non-conformant' : 'conformant');
    });
  }

  test('ssl_crl without the CRL of the root refuses everybody: inconclusive, never a pass', async () => {
    const pki = await hierarchy;
    const provider = await startNginx({ ...pki, crls: [pki.crls[1], pki.crls[1]] });
    const findings = await examined(provider, pki);
    assert.deepEqual(having(findings, 'pass'), []);
    assert.deepEqual(having(findings, 'fail'), []);
  });

  test('stopped: everything is inconclusive', async () => {
    const pki = await hierarchy;
    const provider = await startNginx(pki);
    await provider.close();
    const findings = await examined({ ...provider, close: async () => {} }, pki);
    assert.deepEqual(having(findings, 'pass'), []);
    assert.equal(verdictOf(findings), 'inconclusive');
  });
});
