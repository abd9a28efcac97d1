import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { createPace } from '../drive/pace.ts';
import { baseline, runPlan } from '../run/engine.ts';
import { everything, having, hierarchy, runOf } from './stand.ts';

test('every connection waits for its turn: exchanges, bare hellos and enumerations alike', async () => {
  const pki = await hierarchy;
  const provider = await startStandIn('conformant', pki);
  let met = 0;
  const door = createServer((socket) => {
    met += 1;
    const inner = connect(provider.port, '127.0.0.1');
    socket.on('error', () => inner.destroy()).pipe(inner);
    inner.on('error', () => socket.destroy()).pipe(socket);
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  let turns = 0;
  const pace = createPace(25);
  try {
    const run = runOf({ ...provider, port: (door.address() as AddressInfo).port }, pki);
    const polite = {
      ...run,
      target: {
        ...run.target,
        pace: () => {
          turns += 1;
          return pace();
        },
      },
    };
    const planned = everything.filter(({ case: { id } }) =>
      ['client-certificate/expired', 'tls-version/1.1', 'cipher-suite/order'].includes(id),
    );
    const started = performance.now();
    const findings = await runPlan(polite, planned, await baseline(polite), 4);
    assert.equal(having(findings, 'pass').length, 3, JSON.stringify(findings.map(({ because }) => because)));
    assert.equal(turns, met, 'no connection without its turn');
    // A lower bound: whatever the machine does, so many turns cannot come sooner. A timer may be a millisecond early.
    assert.ok(performance.now() - started >= (turns - 1) * (40 - 1));
  } finally {
    door.close();
    await provider.close();
  }
});
