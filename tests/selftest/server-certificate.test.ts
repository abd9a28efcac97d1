import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serverCertificateVariants } from '../../mocks/provider/server-certificate.ts';
import type { Provider } from '../../mocks/provider/server.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import type { Observation } from '../model.ts';
import { judge } from '../oracle/judge.ts';
import { rejudge } from '../run/record.ts';
import { unable } from './fleet/configuration.ts';
import { startNginx } from './fleet/servers/nginx.ts';
import { examined, having, hierarchy, representative, everything } from './stand.ts';

const looking = representative.filter(({ id }) => id.startsWith('server-certificate/'));

async function outcomes(start: () => Promise<Provider>): Promise<ReadonlyMap<string, string>> {
  const findings = await examined(await start(), await hierarchy, looking);
  assert.deepEqual(rejudge({ findings }), []);
  return new Map(findings.map((finding) => [finding.case, `${finding.outcome}: ${finding.because}`]));
}
const failing = (seen: ReadonlyMap<string, string>): readonly string[] =>
  [...seen].filter(([, told]) => !told.startsWith('pass')).map(([id]) => id);

describe('the certificate that a server shows is noted, aspect by aspect', () => {
  test('the reference has a sound one', async () => {
    const seen = await outcomes(async () => startStandIn('conformant', await hierarchy));
    assert.equal(seen.size, 5);
    assert.deepEqual(failing(seen), [], JSON.stringify([...seen]));
    assert.match(seen.get('server-certificate/key-size') ?? '', /RSA of 2048 bits, RSA of 2048 bits/);
    assert.match(seen.get('server-certificate/signature') ?? '', /SHA-256 with RSA/);
  });
  for (const [name, { title, differs = [] }] of Object.entries(serverCertificateVariants))
    test(`${name}: ${title}`, async () => {
      const seen = await outcomes(async () => startStandIn(name, await hierarchy));
      assert.deepEqual(failing(seen), differs, JSON.stringify([...seen]));
      for (const id of differs) assert.match(seen.get(id) ?? '', /^fail/);
    });
  test('what stays away from it for its certificate decides nothing else', async () => {
    for (const name of ['foreign', 'misnamed'].map((each) => `conformant-${each}-server-certificate`)) {
      const findings = await examined(await startStandIn(name, await hierarchy), await hierarchy);
      assert.deepEqual([having(findings, 'pass'), having(findings, 'fail')], [[], []]);
    }
  });
  test('a certificate that is about to end keeps nobody away', async () => {
    const start = await startStandIn('conformant-ending-server-certificate', await hierarchy);
    const findings = await examined(start, await hierarchy, everything, true);
    assert.deepEqual([having(findings, 'fail'), having(findings, 'inconclusive')], [[], []]);
  });
  test('nginx, with its whole chain', { skip: unable.nginx ?? false }, async () => {
    assert.deepEqual(failing(await outcomes(async () => startNginx(await hierarchy))), []);
  });
});

describe('the verdict on a certificate', () => {
  const sound = {
    subject: 'CN=a.test',
    issuer: 'CN=ca',
    until: '2027-01-01T00:00:00.000Z',
    key: { kind: 'RSA', bits: 2048 },
    signature: 'SHA-256 with RSA',
    selfSigned: false,
  };
  const anchor = {
    ...sound,
    selfSigned: true,
    key: { kind: 'RSA', bits: 1024 },
    signature: 'SHA-1 with RSA',
  };
  type Certificate = Extract<Observation, { kind: 'certificate' }>;
  const seen = (change: Partial<Certificate>): Certificate => ({
    kind: 'certificate',
    chain: [sound],
    name: 'a.test',
    named: true,
    daysLeft: 30,
    ...change,
  });
  const payload = 'CapabilityStatement';
  const exchange: Observation = {
    kind: 'response',
    status: 200,
    headers: [],
    body: '',
    bytes: 0,
    resourceType: payload,
  };
  const rows: readonly (readonly [string, Partial<Certificate>, Parameters<typeof outcome>[1], string])[] = [
    ['30 days', {}, 'days-left', 'pass'],
    ['29 days', { daysLeft: 29 }, 'days-left', 'fail'],
    ['a weak anchor that is sent along', { chain: [sound, anchor] }, 'key-size', 'pass'],
    ['an anchor over SHA-1 that is sent along', { chain: [sound, anchor] }, 'signature', 'pass'],
    ['a weak intermediate', { chain: [sound, { ...anchor, selfSigned: false }] }, 'key-size', 'fail'],
    ['a self-signed leaf over SHA-1', { chain: [anchor] }, 'signature', 'fail'],
    ['P-256', { chain: [{ ...sound, key: { kind: 'prime256v1', bits: 256 } }] }, 'key-size', 'pass'],
    ['P-192', { chain: [{ ...sound, key: { kind: 'prime192v1', bits: 192 } }] }, 'key-size', 'fail'],
    ['ECDSA over SHA-1', { chain: [{ ...sound, signature: 'SHA-1 with ECDSA' }] }, 'signature', 'fail'],
  ];
  function outcome(
    change: Partial<Certificate>,
    aspect: 'chain' | 'name' | 'days-left' | 'key-size' | 'signature',
  ): string {
    return judge({ kind: 'server-certificate', aspect }, seen(change), { exchange }, payload).outcome;
  }
  for (const [title, change, aspect, expected] of rows)
    test(title, () => assert.equal(outcome(change, aspect), expected));
});
