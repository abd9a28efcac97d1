import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttps } from 'node:https';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Hierarchy } from '../../certs/index.ts';
import { readPack } from '../../certs/pack-read.ts';
import { writePack } from '../../certs/pack.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { baseline, createWorker } from '../run/engine.ts';
import { examine } from '../run/examine.ts';
import { rejudge, type RunRecord } from '../run/record.ts';
import { createThrottle } from '../run/throttle.ts';
import { start, type Ended } from './program.ts';
import { everything, runOf } from './stand.ts';

/** Environments that throttle, through the program: what a throttle does is never a refusal, and never a failure. */

let folder: string;
let pki: Hierarchy;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-throttle-'));
  await writePack(join(folder, 'pki'), {});
  pki = await readPack(join(folder, 'pki'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Connections in a row that are let in, and the milliseconds without any after which the count starts again. */
const BURST = 5;
const QUIET = 400;
function meter(): () => boolean {
  let count = 0;
  let last = -Infinity;
  return () => {
    const now = performance.now();
    count = now - last >= QUIET ? 1 : count + 1;
    last = now;
    return count > BURST;
  };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A door that resets what comes above the burst, in front of a provider. */
async function resetting(port: number): Promise<{ readonly port: number; readonly server: Server }> {
  const above = meter();
  const server = createServer((socket) => {
    socket.on('error', () => {});
    if (above()) return void socket.resetAndDestroy();
    const inner = connect(port, '127.0.0.1');
    inner.on('error', () => socket.destroy()).pipe(socket);
    socket.on('error', () => inner.destroy()).pipe(inner);
  });
  return { server, port: await listening(server) };
}

/** A provider that lets every certificate in, and above the burst says what it is told to. */
async function answering(
  status: number,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly port: number; readonly server: Server }> {
  const above = meter();
  const { certificate, key, chain } = pki.provider;
  const server = createHttps(
    { key, cert: [certificate, ...chain].join(''), requestCert: true, rejectUnauthorized: false },
    (_request, response) => {
      const [code, body] = above()
        ? [status, 'slow down']
        : [200, '{"resourceType":"CapabilityStatement","fhirVersion":"3.0.1"}'];
      response.writeHead(code, code === 200 ? { 'Content-Type': 'application/fhir+json' } : headers);
      response.end(body);
    },
  );
  return { server, port: await listening(server) };
}

async function judged(
  name: string,
  port: number,
  url: string,
  ...args: readonly string[]
): Promise<Ended & { readonly record: RunRecord }> {
  const asid = { provider: '999999990001', consumer: '999999990002' };
  const subject = { profile: 'gpconnect', url, connect: `127.0.0.1:${port}`, pki: 'pki', asid };
  await writeFile(join(folder, `${name}.json`), JSON.stringify(subject));
  const ended = await start(folder, ['run', `${name}.json`, '--out', name, ...args]).done;
  const text = await readFile(join(folder, name, 'record.json'), 'utf8').catch(() => '');
  assert.ok(text, ended.err);
  return { ...ended, record: JSON.parse(text) as RunRecord };
}
const flags = (globs: readonly string[]): readonly string[] => globs.flatMap((glob) => ['--case', glob]);
const CERTIFICATES = ['absent', 'self-signed', 'wrong-issuer', 'expired', 'not-yet-valid', 'wrong-name'].map(
  (name) => `client-certificate/${name}`,
);
const GLOBS = flags([...CERTIFICATES, 'tls-version/*', 'cipher-suite/*']);
const by = (record: RunRecord, outcome: string) => record.findings.filter((each) => each.outcome === outcome);

test('resets above a burst: open, told as throttled, with what to do; politely it is judged as without', async () => {
  const provider = await startStandIn('accepts-expired-certificate', pki);
  const door = await resetting(provider.port);
  try {
    const { out, code, record } = await judged('reset', door.port, provider.url, ...GLOBS);
    const throttled = by(record, 'inconclusive').filter(({ because }) => because.startsWith('throttled: '));
    assert.ok(throttled.length > 0, out);
    for (const { because } of throttled) assert.match(because, /--polite/);
    for (const { case: id, outcome, observation } of record.findings) {
      const rests = observation.kind === 'closed' || observation.kind === 'suites';
      assert.ok(outcome === 'inconclusive' || !rests, `${id}: ${outcome} on ${observation.kind}`);
    }
    // What is decided is decided rightly: this provider is wrong in one thing.
    for (const { case: id } of by(record, 'fail')) assert.match(id, /^client-certificate\/expired/);
    assert.ok(code === 1 || code === 2, out);
    assert.match(out, /throttle.*--polite/);
    assert.deepEqual(rejudge(record), []);

    const few = flags(CERTIFICATES);
    const polite = await judged('polite', door.port, provider.url, ...few, '--polite', '2');
    const direct = await judged('direct', provider.port, provider.url, ...few);
    const told = ({ record: { findings } }: typeof direct) =>
      findings.map((each) => [each.case, each.outcome]);
    assert.deepEqual(told(polite), told(direct), polite.out);
    assert.equal(polite.code, 1);
  } finally {
    door.server.close();
    await provider.close();
  }
});

test('a throttle that hits every try and lets the control pass is found out by the control between them', async () => {
  const provider = await startStandIn('accepts-expired-certificate', pki);
  // Lets the baseline pass, and then every fourth connection: three tries are reset, and what comes after them is not.
  let at = -Infinity;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    at += 1;
    // Once the hello has come: a reset before that is no word of the provider's in anybody's eyes.
    if (at > 0 && at % 4 !== 0) return void socket.once('data', () => socket.resetAndDestroy());
    const inner = connect(provider.port, '127.0.0.1');
    inner.on('error', () => socket.destroy()).pipe(socket);
    socket.on('error', () => inner.destroy()).pipe(inner);
  });
  try {
    const run = runOf({ ...provider, port: await listening(server) }, pki);
    const start = await baseline(run);
    assert.ok(start.accepted);
    at = 0;
    const planned = everything.find(({ id }) => id === 'client-certificate/expired');
    assert.ok(planned);
    const finding = await examine(planned, createWorker(run, start, new Map(), createThrottle([10, 20])));
    assert.equal(finding.outcome, 'inconclusive', finding.because);
    assert.match(finding.because, /^throttled: .*--polite/);
  } finally {
    server.close();
    await provider.close();
  }
});

describe('answers above a burst', () => {
  for (const [status, headers] of [
    [429, {}],
    [503, { 'Retry-After': '1' }],
  ] as const) {
    test(`${status}: no refusal, and told as throttled`, async () => {
      const lax = await answering(status, headers);
      try {
        const url = 'https://localhost/A11111/STU3/1/gpconnect';
        const { record, out } = await judged(String(status), lax.port, url, ...flags(CERTIFICATES));
        assert.deepEqual(
          by(record, 'pass').map((each) => each.case),
          [],
          'nothing is refused by it',
        );
        const throttled = by(record, 'inconclusive').filter((each) =>
          /^throttled: .*--polite/.test(each.because),
        );
        assert.ok(throttled.length > 0, out);
        assert.deepEqual(rejudge(record), []);
      } finally {
        lax.server.close();
      }
    });
  }
});
