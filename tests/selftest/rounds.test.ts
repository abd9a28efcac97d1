import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { detour, rounds, type RoundName } from '../../mocks/ssp/rounds.ts';
import { createDriver } from '../drive/driver.ts';
import { createRedactor } from '../drive/redact.ts';
import type { Observation } from '../model.ts';
import { judge } from '../oracle/judge.ts';
import { hierarchy, runOf } from './stand.ts';

/** What a server sees of each way round: SNI and the head of the request, and no certificate. */
async function seenBy(round: RoundName) {
  const pki = await hierarchy;
  const { provider } = pki;
  const server = createServer({
    cert: [provider.certificate, ...provider.chain].join('\n'),
    key: provider.key,
    requestCert: true,
    rejectUnauthorized: false,
  });
  const seen = new Promise<{ sni: unknown; presented: boolean; head: string }>((done) =>
    server.on('secureConnection', (socket: TLSSocket & { servername?: unknown }) =>
      socket
        .on('error', () => {})
        .once('data', (head: Buffer) => {
          const presented = Object.keys(socket.getPeerCertificate()).length > 0;
          done({ sni: socket.servername, presented, head: head.toString('latin1') });
          socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        }),
    ),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const run = runOf({ url: `https://localhost:${port}/x`, asid: '', port, close: async () => {} }, pki);
  const valid = run.profile.valid(run.subject);
  await createDriver(run.target, createRedactor())({ ...valid, tls: {}, round }, 'TLSv1.2');
  server.close();
  return { port, ...(await seen) };
}

describe('each way round goes out as its name says, and without a certificate', () => {
  for (const name of Object.keys(rounds) as RoundName[])
    test(name, async () => {
      const { port, sni, presented, head } = await seenBy(name);
      const valid = (await hierarchy).clients.valid;
      const { sni: wanted = 'localhost', host = `localhost:${port}`, headers } = detour(name, valid);
      assert.equal(presented, false);
      assert.equal(sni, wanted ?? false);
      assert.match(head, new RegExp(`\\r\\nHost: ${host}\\r\\n`));
      for (const [field, value] of Object.entries(headers))
        assert.ok(head.includes(`\r\n${field}: ${value}\r\n`), field);
      assert.ok(Object.keys(headers).length > 0 || sni !== 'localhost' || host !== `localhost:${port}`);
      // Servers of default settings read 8 kB of head.
      assert.ok(head.length < 8_000, String(head.length));
    });
  test('what a field tells of is a certificate that would be let in', async () => {
    const { clients, ssp } = await hierarchy;
    const { headers } = detour('header-client-cert', clients.valid);
    const told = new X509Certificate(Buffer.from(String(headers['Client-Cert']).slice(1, -1), 'base64'));
    assert.match(told.subject, new RegExp(`^CN=${ssp}$`, 'm'));
    assert.equal(told.toString().trim(), clients.valid.certificate.trim());
  });
});

test('421 is a refusal of who was misdirected on purpose, and no answer to anybody else', () => {
  const answer = (status: number, resourceType?: string): Observation => ({
    kind: 'response',
    status,
    headers: [],
    body: '',
    bytes: 0,
    ...(resourceType !== undefined && { resourceType }),
  });
  const controls = { exchange: answer(200, 'CapabilityStatement') };
  const outcome = (misdirected: boolean): string =>
    judge(
      {
        kind: 'refused-connection',
        rule: 'certificate',
        ...(misdirected && { misdirected: true as const }),
      },
      answer(421),
      controls,
      'CapabilityStatement',
    ).outcome;
  assert.deepEqual([outcome(true), outcome(false)], ['pass', 'inconclusive']);
});
