import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { createHierarchy, type Authorities, type Hierarchy } from '../../certs/index.ts';
import {
  asked,
  bookOf,
  startRevocation,
  type OcspBehaviour,
  type Revocation,
} from '../../mocks/revocation/index.ts';
import type { Provider } from '../../mocks/provider/server.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { baseline, runPlan } from '../run/engine.ts';
import { plan } from '../run/plan.ts';
import { describe as told } from '../oracle/response.ts';
import { nginxPath, startNginx } from './fleet/servers/nginx.ts';
import { runOf } from './stand.ts';

/** nginx that asks our responder about every client certificate: a relying party that nobody here wrote. */

const skip =
  nginxPath === undefined
    ? 'nginx is not installed (apt-get install --no-install-recommends nginx-light)'
    : false;

describe('nginx with ssl_ocsp leaf', { skip }, () => {
  let pki: Hierarchy & { authorities: Authorities };
  let revocation: Revocation;
  let nginx: Provider;
  before(async () => {
    pki = await createHierarchy();
    revocation = await startRevocation({ book: bookOf(pki.authorities, pki), slow: 100 });
    nginx = await startNginx(pki, {
      revocation: `ssl_ocsp leaf; ssl_ocsp_responder ${revocation.url.href}ocsp;`,
    });
  });
  after(async () => {
    await nginx?.close();
    await revocation?.close();
  });

  const entry = () => ({
    issuer: 'sub',
    serial: new X509Certificate(pki.clients.valid.certificate).serialNumber,
  });
  const valid = async (): Promise<string> => told((await baseline(runOf(nginx, pki))).observation);
  const rows: readonly (readonly [OcspBehaviour, served: boolean])[] = [
    ['honest', true],
    ['good', true],
    ['slow', true],
    ['revoked', false],
    ['unknown', false],
    ['try-later', false],
    ['stale', false],
    ['wrong-signer', false],
    ['unreachable', false],
  ];
  for (const [behaviour, served] of rows) {
    test(`${behaviour}: ${served ? 'served' : 'refused, since nginx fails closed'}`, async () => {
      revocation.book.behave(entry(), behaviour);
      const before = revocation.book.fetches[asked(entry())] ?? 0;
      assert.match(await valid(), served ? /^HTTP 200/ : /^HTTP 400/);
      assert.ok((revocation.book.fetches[asked(entry())] ?? 0) > before, 'nginx asked');
      revocation.book.behave(entry(), 'honest');
      assert.match(await valid(), /^HTTP 200/);
    });
  }
  test('a defect of a CA is found by who asks about the leaf, and its sound sibling is let in', async () => {
    const planned = plan(gpconnect, { edition: '2025-10', enforcesScope: true, revocation: 'ocsp' }).filter(
      ({ case: { id } }) =>
        /^client-certificate\/(?:sub-(?!revoked)|issued-by-leaf|path-length|sibling-sub)/.test(id),
    );
    const run = runOf(nginx, pki);
    const findings = await runPlan(run, planned, await baseline(run), 4);
    const outcomes = new Map(findings.map((each) => [each.case, each.outcome]));
    const bound = findings.filter(({ level }) => level !== 'noted');
    assert.equal(bound.length, 9);
    for (const each of bound) assert.equal(each.outcome, 'pass', `${each.case}: ${each.because}`);
    assert.equal(outcomes.get('client-certificate/sibling-sub'), 'pass');
  });
});
