import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createHierarchy } from '../../certs/index.ts';
import type { Provider } from '../../mocks/provider/server.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ftrsConformant } from '../../mocks/provider/ftrs/policy.ts';
import { baseline } from '../run/engine.ts';
import type { Finding } from '../run/finding.ts';
import { lifecycle } from '../run/lifecycle.ts';
import { attend, type Attending } from '../run/revocation.ts';
import { nginxPath, startNginx } from './fleet/servers/nginx.ts';
import { rejudge } from '../run/record.ts';
import { createStand } from './ftrs-stand.ts';
import { runOf } from './stand.ts';

/** Each test has CAs of its own: a lifecycle changes them. */
const pki = createHierarchy();

async function lived(
  way: 'ocsp' | 'crldp',
  start: (attending: Attending) => Promise<Provider>,
): Promise<readonly [Finding, ...Finding[]]> {
  const hierarchy = await pki;
  const attending = await attend(hierarchy, hierarchy.authorities);
  try {
    const provider = await start(attending);
    try {
      const run = {
        ...runOf(provider, hierarchy, 20_000),
        asked: attending.asked,
        revoke: attending.revoke,
      };
      const asking = { ...run, target: { ...run.target, clients: attending.clients } };
      return await lifecycle(asking, await baseline(asking), way, { limit: 3_000, interval: 200 });
    } finally {
      await provider.close();
    }
  } finally {
    await attending.revocation.close();
  }
}
const standIn = (way: 'ocsp' | 'crldp', name: string) =>
  lived(way, async (attending) => startStandIn(name, await pki, undefined, attending.place));

describe('FtRS gives five minutes: what is waited for so long is judged', () => {
  const judged = async (heeds: boolean, binds?: number) => {
    const hierarchy = await createHierarchy();
    const attending = await attend(hierarchy, hierarchy.authorities);
    const stand = await createStand(hierarchy);
    setDefaultCACertificates([...getCACertificates('default'), hierarchy.root]);
    const revocation = { ...ftrsConformant.revocation, source: 'ocsp', heeds } as const;
    const provider = await stand.start({ revocation }, attending.place);
    try {
      const run = { ...stand.runOf(provider), asked: attending.asked, revoke: attending.revoke };
      const asking = { ...run, target: { ...run.target, clients: attending.clients } };
      const bounds = { limit: 2_000, interval: 200, ...(binds !== undefined && { binds }) };
      const [finding] = await lifecycle(asking, await baseline(asking), 'ocsp', bounds);
      return finding;
    } finally {
      await Promise.all([provider.close(), stand.close(), attending.revocation.close()]);
    }
  };
  test('refused in time: SEC-014 passes, and the record bears it out', async () => {
    const finding = await judged(true, 2_000);
    assert.deepEqual(
      [finding.outcome, finding.level, finding.requirements],
      ['pass', 'MUST', ['SEC-014']],
      finding.because,
    );
    assert.deepEqual(rejudge({ findings: [finding] }), []);
  });
  test('still let in when the time is over: SEC-014 fails', async () => {
    const finding = await judged(false, 2_000);
    assert.deepEqual([finding.outcome, finding.level], ['fail', 'MUST'], finding.because);
    assert.deepEqual(rejudge({ findings: [finding] }), []);
  });
  test('waited for less than five minutes it is noted', async () => {
    assert.equal((await judged(false)).level, 'noted');
  });
});

describe('a certificate from issue to refusal', () => {
  for (const way of ['ocsp', 'crldp'] as const) {
    test(`${way}: refused by a provider that asks, and after how long`, async () => {
      const [{ outcome, because, times }] = await standIn(way, `conformant-${way}`);
      assert.equal(outcome, 'pass', because);
      assert.match(because, /^\d+\.\d s after publication refused/);
      assert.ok(times >= 2);
    });
    test(`${way}: still let in by a provider that disregards it, when the time is over`, async () => {
      const [{ outcome, because }] = await standIn(way, `${way}-disregards-revoked`);
      assert.equal(outcome, 'fail', because);
      assert.match(because, /the last try: accepted/);
    });
    test(`${way}: no verdict on a provider that never asks`, async () => {
      assert.equal((await standIn(way, `${way}-never-asks`))[0].outcome, 'inconclusive');
    });
  }
  test('without a service to revoke in, it names the fields', async () => {
    const provider = await startStandIn('conformant', await pki);
    const run = runOf(provider, await pki);
    try {
      const [{ outcome, because }] = await lifecycle(run, await baseline(run), 'ocsp');
      assert.equal(outcome, 'inconclusive');
      assert.match(because, /`callback`/);
    } finally {
      await provider.close();
    }
  });
  const skip =
    nginxPath === undefined
      ? 'nginx is not installed (apt-get install --no-install-recommends nginx-light)'
      : false;
  test('nginx with ssl_ocsp leaf', { skip }, async () => {
    const [{ outcome, because }, ...survivors] = await lived('ocsp', async (attending) =>
      startNginx(await pki, {
        revocation: `ssl_ocsp leaf; ssl_ocsp_responder ${attending.revocation.url.href}ocsp;`,
      }),
    );
    assert.equal(outcome, 'pass', because);
    assert.match(because, /HTTP 400/);
    // It asks in the handshake and keeps no session here.
    assert.deepEqual(
      survivors.map((each) => [each.case, each.outcome]),
      [
        ['lifecycle/open-connection', 'fail'],
        ['lifecycle/resumed-session', 'pass'],
      ],
      survivors.map((each) => each.because).join('\n'),
    );
  });
  test('nginx with ssl_ocsp leaf and sessions asks of a resumed one as well', { skip }, async () => {
    const [, ...survivors] = await lived('ocsp', async (attending) =>
      startNginx(await pki, {
        revocation: `ssl_ocsp leaf; ssl_ocsp_responder ${attending.revocation.url.href}ocsp;`,
        more: 'ssl_session_cache shared:sessions:1m;',
      }),
    );
    const told = survivors.map((each) => `${each.case} ${each.outcome}: ${each.because}`);
    assert.match(told[1] ?? '', /^lifecycle\/resumed-session pass: .*in a resumed session/, told.join('\n'));
  });
  test('what was established before goes on, or not, by what the provider decides', async () => {
    const outcomes = async (name: string) =>
      (await standIn('ocsp', name)).slice(1).map((each) => `${each.case} ${each.outcome}`);
    assert.deepEqual(await outcomes('conformant-ocsp'), [
      'lifecycle/open-connection fail',
      'lifecycle/resumed-session pass',
    ]);
    assert.deepEqual(await outcomes('conformant-ocsp-in-handshakes'), [
      'lifecycle/open-connection fail',
      'lifecycle/resumed-session fail',
    ]);
    assert.deepEqual(await outcomes('conformant-ocsp-every-request'), [
      'lifecycle/open-connection pass',
      'lifecycle/resumed-session pass',
    ]);
  });
});
