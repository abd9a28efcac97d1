import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Provider } from '../../mocks/provider/server.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import type { Observation } from '../model.ts';
import { judge } from '../oracle/judge.ts';
import { prepareSubject } from '../run/prepare-subject.ts';
import { unable, type ServerName } from './fleet/configuration.ts';
import { startHaproxy } from './fleet/servers/haproxy.ts';
import { startNginx } from './fleet/servers/nginx.ts';
import { startNode } from './fleet/servers/node.ts';
import { startOpenssl } from './fleet/servers/openssl.ts';
import { freePort } from './fleet/site.ts';
import { examined, hierarchy, representative } from './stand.ts';

/** What the probes find on servers that nobody here wrote, in configurations that decide it. */

const named = (id: string) => representative.filter((planned) => planned.id === id);
const without = (server: ServerName) => unable[server] ?? false;

async function found(id: string, start: () => Promise<Provider>): Promise<string> {
  const [finding] = await examined(await start(), await hierarchy, named(id));
  assert.ok(finding);
  return `${finding.outcome}: ${finding.because}`;
}

describe('the declared plain-HTTP port of nginx', { skip: without('nginx') }, () => {
  const beside = (lines: string) => async (): Promise<Provider> => {
    const port = await freePort();
    const provider = await startNginx(await hierarchy, {
      beside: `server { listen 127.0.0.1:${port}; ${lines} }`,
    });
    return { ...provider, plain: `http://localhost:${port}` };
  };
  const rows: readonly (readonly [title: string, lines: string, expected: RegExp])[] = [
    ['that serves', 'location / { proxy_pass http://BACKEND; }', /^fail: served in clear/],
    ['that redirects', 'return 301 https://$host$request_uri;', /^pass: redirected to https:/],
    ['that redirects in clear', 'return 301 http://$host/other;', /^fail: HTTP 301 to http:/],
    ['that closes', 'return 444;', /^pass: refused in TLS|^pass: .*closed/],
    ['that refuses', 'return 403;', /^pass: refused over HTTP: HTTP 403/],
    ['that welcomes', 'return 200 "Welcome";', /^pass: another page/],
    ['that is broken', 'return 502;', /^inconclusive/],
  ];
  for (const [title, lines, expected] of rows)
    test(title, async () => assert.match(await found('plain-port/request', beside(lines)), expected));
  test('where nobody listens', async () => {
    const start = async () => ({
      ...(await startNginx(await hierarchy)),
      plain: `http://localhost:${await freePort()}`,
    });
    assert.match(await found('plain-port/request', start), /^pass: nobody listens/);
  });
});

test('a plain-HTTP port that takes connections and says nothing leaves it open', async () => {
  const sockets = new Set<Socket>();
  const mute = createServer((socket) => void sockets.add(socket));
  await new Promise<void>((ready) => mute.listen(0, '127.0.0.1', ready));
  const start = async (): Promise<Provider> => ({
    ...(await startStandIn('conformant', await hierarchy)),
    plain: `http://localhost:${(mute.address() as AddressInfo).port}`,
  });
  assert.match(await found('plain-port/request', start), /^inconclusive: nothing of the peer/);
  for (const socket of sockets) socket.destroy();
  mute.close();
});

describe('a renegotiation that the client starts', () => {
  const id = 'tls/renegotiation';
  test('nginx refuses it', { skip: without('nginx') }, async () =>
    assert.match(await found(id, async () => startNginx(await hierarchy)), /^pass: refused/),
  );
  test('HAProxy refuses it', { skip: without('HAProxy') }, async () =>
    assert.match(await found(id, async () => startHaproxy(await hierarchy)), /^pass: refused/),
  );
  test('Node takes it', async () =>
    assert.match(await found(id, async () => startNode(await hierarchy)), /^fail: taken/));
  test('openssl s_server refuses it', { skip: without('openssl s_server') }, async () =>
    assert.match(await found(id, async () => startOpenssl(await hierarchy)), /^pass: refused/),
  );
  test('openssl s_server -client_renegotiation takes it', { skip: without('openssl s_server') }, async () => {
    const start = async () =>
      startOpenssl(await hierarchy, { more: ['-serverpref', '-client_renegotiation'] });
    assert.match(await found(id, start), /^fail: taken/);
  });
  test('where TLS 1.3 alone is spoken there is none to try', { skip: without('nginx') }, async () => {
    const start = async () => startNginx(await hierarchy, { protocols: 'TLSv1.3' });
    assert.match(await found(id, start), /^inconclusive: .*no TLS 1.2 session/);
  });
});

describe('the session of a client that was let in', () => {
  for (const id of ['resumption/without-certificate', 'resumption/revoked-certificate']) {
    test(`${id}: nginx keeps none`, { skip: without('nginx') }, async () =>
      assert.match(await found(id, async () => startNginx(await hierarchy)), /^pass: refused over HTTP/),
    );
    for (const [protocols, more] of [
      ['TLSv1.2', 'ssl_session_cache shared:sessions:1m;'],
      ['TLSv1.2', 'ssl_session_tickets on; ssl_session_cache shared:sessions:1m;'],
      ['TLSv1.3', 'ssl_session_tickets on; ssl_session_cache shared:sessions:1m;'],
    ] as const)
      test(`${id}: nginx with ${more} over ${protocols}`, { skip: without('nginx') }, async () => {
        const start = async () => startNginx(await hierarchy, { protocols, more });
        assert.match(await found(id, start), /^fail: accepted: HTTP 200.*in a resumed session/);
      });
  }
});

describe('the verdict on an answer in clear', () => {
  const answer = (status: number, location?: string): Observation => ({
    kind: 'response',
    status,
    headers: location === undefined ? [] : [['Location', location]],
    body: '',
    bytes: 0,
  });
  const controls = {
    exchange: { ...answer(200), resourceType: 'CapabilityStatement' } as Observation,
  };
  const rows: readonly (readonly [Observation, string])[] = [
    [answer(302, 'HTTPS://other.test/'), 'pass'],
    [answer(302, '/elsewhere'), 'fail'],
    [answer(302), 'fail'],
    [answer(426), 'pass'],
    [answer(500), 'inconclusive'],
    [answer(503), 'inconclusive'],
    [{ kind: 'closed', how: 'reset', during: 'connect' }, 'pass'],
    [{ kind: 'closed', how: 'fin', during: 'exchange' }, 'pass'],
    [{ kind: 'nothing', reason: 'ETIMEDOUT' }, 'inconclusive'],
  ];
  for (const [seen, outcome] of rows)
    test(`${JSON.stringify(seen)}: ${outcome}`, () =>
      assert.equal(judge({ kind: 'not-in-clear' }, seen, controls, 'CapabilityStatement').outcome, outcome));
});

describe('`plain` in the subject file', () => {
  const prepared = async (plain: string): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), 'assay-plain-'));
    try {
      const file = join(folder, 'subject.json');
      const url = 'https://localhost/A11111/STU3/1/gpconnect';
      const asid = { provider: '999999990001', consumer: '999999990002' };
      await writeFile(file, JSON.stringify({ profile: 'gpconnect', url, asid, plain }));
      const { run, declared, close } = await prepareSubject(file);
      await close();
      const { address, port, host } = run.target.plain ?? {};
      return `${declared.plain} ${address} ${port} ${host}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      await rm(folder, { recursive: true });
    }
  };
  test('is resolved, 80 where it names no port', async () => {
    assert.equal(await prepared('http://127.0.0.1'), 'true 127.0.0.1 80 127.0.0.1');
    assert.equal(await prepared('http://127.0.0.1:8080'), 'true 127.0.0.1 8080 127.0.0.1:8080');
  });
  test('is dialled, so the guard judges it', async () => {
    assert.match(await prepared('http://proxy.spineservices.nhs.uk'), /#\/plain.*never talks to it/);
    assert.match(await prepared('http://gp.nhs.uk:80'), /#\/consent.*needs consent/);
  });
});
