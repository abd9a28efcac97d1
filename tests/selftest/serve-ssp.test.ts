import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request as startRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readPack } from '../../certs/pack-read.ts';
import { writePack } from '../../certs/pack.ts';
import { ASID } from '../../mocks/provider/data.ts';
import { recordsAt } from '../../mocks/provider/retrieval.ts';
import { readRegistry } from '../run/registry.ts';
import { assay, start } from './program.ts';
import { asFlags, curl, curlPath, GPC, headersFor, NRL, startBackend } from './ssp.ts';

/** `assay serve --ssp` as a person meets it: a process, its ready line, curl. */

const skip = curlPath === undefined ? 'curl is not installed (apt-get install curl)' : false;

interface Ready {
  readonly url: string;
  readonly ssp: {
    readonly url: string;
    readonly management: string;
    readonly token: string;
    readonly registry: string;
    readonly consumer: string;
  };
}
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-serve-test-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function serve(...args: readonly string[]) {
  const child = start(folder, ['serve', '--ssp', ...args]);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += String(chunk)));
  const lines: string[] = [];
  const closed = once(child, 'exit') as Promise<[number | null]>;
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  await Promise.race([once(reader, 'line'), closed]);
  const stop = async () => {
    child.kill('SIGTERM');
    const [code] = await closed;
    return { code, lines, errors };
  };
  return { child, ready: JSON.parse(lines[0] ?? 'null') as Ready, stop, closed, errors: () => errors };
}

test('one line when ready; curl reads through it; an audit line; SIGTERM ends it', { skip }, async () => {
  const audit = join(folder, 'audit.jsonl');
  const { ready, stop } = await serve('--audit', audit);
  const url = `${ready.ssp.url}/${ready.url}/metadata`;
  const { status, body } = await curl(ready.ssp.consumer, ...asFlags(headersFor(ready.url)), url);
  assert.equal(status, 200, body);
  // And a record of the NRL, by the encoded form, without a registry of one's own.
  const records = recordsAt(ready.url, ASID);
  const target = `${ready.ssp.url}/${encodeURIComponent(`${records.url}/${records.data.document}`)}`;
  const retrieved = await curl(ready.ssp.consumer, ...asFlags(headersFor(records.url, NRL)), target);
  assert.equal(retrieved.status, 200, retrieved.body);
  assert.match(retrieved.body, /^%PDF-/);
  const older = `${ready.url.replace('/STU3/', '/DSTU2/')}/metadata`;
  const html = await curl(
    ready.ssp.consumer,
    ...asFlags(headersFor(older, GPC.replace(/-1$/, ''))),
    `${ready.ssp.url}/${older}`,
  );
  // 400 by the provider: its token is one of 1.x, and says nothing of a record.
  assert.match(html.body, /gpconnect-operationoutcome-1/);
  assert.equal((await stat(join(ready.ssp.consumer, 'consumer.key'))).mode & 0o777, 0o600);
  const { code, lines, errors } = await stop();
  assert.deepEqual([code, lines.length, errors], [0, 1, '']);
  const [line = ''] = (await readFile(audit, 'utf8')).split('\n');
  assert.equal((JSON.parse(line) as { status: number }).status, 200);
  await assert.rejects(stat(ready.ssp.consumer));
});

test('--judge writes what the consumer did right and wrong', { skip }, async () => {
  const file = join(folder, 'consumer.json');
  const { ready, stop } = await serve('--audit', join(folder, 'judged.jsonl'), '--judge', file);
  const read = (headers: ReturnType<typeof headersFor>) =>
    curl(ready.ssp.consumer, ...asFlags(headers), `${ready.ssp.url}/${ready.url}/metadata`);
  const first = headersFor(ready.url);
  assert.equal((await read(first)).status, 200);
  assert.equal((await read(first)).status, 200);
  const { code, errors } = await stop();
  assert.equal(code, 0);
  assert.match(
    errors,
    /^consumer non-conformant in 2 requests: GPC-CON-TRACE-FRESH, GPC-CON-TOKEN-FRESH; record /,
  );
  const record = JSON.parse(await readFile(file, 'utf8')) as {
    verdict: string;
    findings: { outcome: string }[];
  };
  assert.equal(record.verdict, 'non-conformant');
  assert.equal(record.findings.filter(({ outcome }) => outcome === 'pass').length, 8);
});

describe('faults on demand', { skip }, () => {
  let served: Awaited<ReturnType<typeof serve>>;
  before(async () => {
    served = await serve('--cis2', '--issuer', join(folder, 'issuer'));
  });
  after(() => served.stop());
  const manage = (method: string, body?: unknown, token = served.ready.ssp.token) =>
    fetch(`${served.ready.ssp.management}/faults`, {
      method,
      headers: { Authorization: `Bearer ${token}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const read = () => {
    const { ssp, url } = served.ready;
    return curl(ssp.consumer, ...asFlags(headersFor(url)), `${ssp.url}/${url}/metadata`);
  };

  test(
    'every listener of the process is bound to 127.0.0.1 alone, where none was told otherwise',
    { skip: process.platform === 'linux' ? false : '127.0.0.2 is an address of this machine on Linux alone' },
    async () => {
      const ports = new Set(
        JSON.stringify(served.ready)
          .match(/(?:localhost|127\.0\.0\.1|\[::1\]):\d+/g)
          ?.map((place) => Number(place.split(':').at(-1))),
      );
      assert.ok(ports.size >= 5, JSON.stringify([...ports]));
      const opens = (host: string, port: number) =>
        new Promise<boolean>((done) => {
          const socket = connect({ host, port }, () => done(true)).on('error', () => done(false));
          socket.on('connect', () => socket.destroy());
        });
      for (const port of ports) {
        assert.ok(await opens('127.0.0.1', port), `${port} is up`);
        assert.ok(!(await opens('127.0.0.2', port)), `${port} listens on other addresses too`);
      }
    },
  );
  test('closed without the token, and on the protocol port', async () => {
    assert.equal((await manage('GET', undefined, 'x')).status, 401);
    assert.equal((await fetch(`${served.ready.ssp.management}/faults`)).status, 401);
    const { status } = await curl(served.ready.ssp.consumer, `${served.ready.ssp.url}/faults`);
    assert.equal(status, 403);
  });
  test('429 twice with Retry-After, then none', async () => {
    assert.equal((await manage('PUT', [{ kind: 'status', status: 429, times: 2 }])).status, 200);
    const answers = [await read(), await read(), await read()];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [429, 429, 200],
    );
    assert.match(answers[0]?.head ?? '', /Retry-After: 1/);
  });
  test('503', async () => {
    await manage('PUT', [{ kind: 'status', status: 503 }]);
    assert.equal((await read()).status, 503);
  });
  test('delay', async () => {
    await manage('PUT', [{ kind: 'delay', ms: 300 }]);
    const started = performance.now();
    assert.equal((await read()).status, 200);
    assert.ok(performance.now() - started >= 300);
  });
  test('cut: curl says that the transfer broke', async () => {
    await manage('PUT', [{ kind: 'cut', after: 10 }]);
    assert.ok([18, 52, 56].includes((await read()).code));
  });
  test('a header dropped on the way to the provider', async () => {
    await manage('PUT', [{ kind: 'drop-header', header: 'Ssp-TraceID', of: 'request' }]);
    const { status, body } = await read();
    assert.equal(status, 400);
    assert.match(body, /Ssp-TraceID is missing/);
  });
  test('a header dropped on the way back', async () => {
    await manage('PUT', [{ kind: 'drop-header', header: 'cache-control', of: 'response' }]);
    assert.doesNotMatch((await read()).head, /cache-control/i);
    assert.match((await read()).head, /cache-control/i);
  });
  test('DELETE ends them; a wrong one is named and changes nothing', async () => {
    await manage('PUT', [{ kind: 'status', status: 503, times: 9 }]);
    const refused = await manage('PUT', [{ kind: 'delay' }]);
    assert.deepEqual(
      [refused.status, await refused.json()],
      [400, { error: "/0: must have required property 'ms'" }],
    );
    assert.deepEqual(await (await manage('GET')).json(), [
      { kind: 'status', status: 503, times: 9, of: 'request' },
    ]);
    await manage('DELETE');
    assert.equal((await read()).status, 200);
  });
});

/** Resident memory of a process, in bytes (Linux). */
const memoryOf = async (pid: number): Promise<number> =>
  1024 * Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? NaN);

test(
  '200 MB go through, and its memory stays flat',
  { skip: process.platform === 'linux' ? false : 'memory is read from /proc, which is Linux' },
  async () => {
    const SIZE = 200_000_000;
    // Garbage waits for busy cores (54 MB of it were seen); what kept the body would grow by 140 MB after it has settled.
    const GROWTH = SIZE / 2;
    const pki = join(folder, 'pki');
    await writePack(pki, {});
    const hierarchy = await readPack(pki);
    const provider = await startBackend((_request, response) => {
      const chunk = Buffer.alloc(1_000_000, 'a');
      let left = SIZE;
      const more = (): void => {
        while (left > 0) {
          left -= chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    }, hierarchy);
    const registry = join(folder, 'registry.json');
    await writeFile(
      registry,
      JSON.stringify({
        senders: [{ asid: '999999990002', fqdn: 'consumer.assay.test', interactions: [GPC] }],
        endpoints: [
          {
            asid: provider.asid,
            url: provider.url,
            connect: `127.0.0.1:${provider.port}`,
            interactions: [GPC],
          },
        ],
      }),
    );
    const { child, ready, stop } = await serve('--pki', pki, '--registry', registry);
    try {
      const own = (name: string) => readFile(join(ready.ssp.consumer, name));
      const [ca, cert, key] = await Promise.all([own('ca.pem'), own('consumer.pem'), own('consumer.key')]);
      const fetchAll = async (): Promise<{ bytes: number; memory: readonly number[] }> => {
        const request = startRequest(`${ready.ssp.url}/x`, {
          ca,
          cert,
          key,
          agent: false,
          path: `/${provider.url}/big`,
          headers: Object.fromEntries(headersFor(provider.url)),
        });
        request.end();
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        let bytes = 0;
        const memory: number[] = [];
        let next = 0;
        for await (const chunk of response) {
          bytes += (chunk as Buffer).length;
          if (bytes < next) continue;
          next += 20_000_000;
          memory.push(await memoryOf(child.pid ?? 0));
        }
        return { bytes, memory };
      };
      const { bytes, memory } = await fetchAll();
      assert.equal(bytes, SIZE);
      const [, , settled = NaN] = memory; // by then the buffers and the code that stay are there
      assert.ok(Math.max(...memory) - settled < GROWTH, memory.join(' '));
    } finally {
      await stop();
      await provider.close();
    }
  },
);

describe('a registry file that is wrong is told in one line a mistake', () => {
  const good = {
    senders: [{ asid: '1', fqdn: 'consumer.assay.test', interactions: [GPC] }],
    endpoints: [{ asid: '2', url: 'https://localhost:1/x', interactions: [GPC] }],
  };
  const rows: readonly (readonly [title: string, file: unknown, told: RegExp])[] = [
    ['no endpoints', { senders: good.senders }, /#\/endpoints: is missing/],
    [
      'an unknown field',
      { ...good, endpoint: 1 },
      /#\/endpoint: is no known field; did you mean endpoints\?/,
    ],
    [
      'an endpoint in clear',
      { ...good, endpoints: [{ ...good.endpoints[0], url: 'http://localhost/x' }] },
      /#\/endpoints\/0\/url: a provider is reached over https/,
    ],
    ['sharing with nobody', { ...good, sharing: [{ from: '1', to: '9' }] }, /#\/sharing\/0\/to: is no ASID/],
    [
      'the header id of the NRL',
      {
        ...good,
        senders: [
          { ...good.senders[0], interactions: ['urn:nhs:names:services:nrl:DocumentReference.content.read'] },
        ],
      },
      /#\/senders\/0\/interactions\/0: SDS registers it without/,
    ],
    [
      'a host of the Spine',
      { ...good, endpoints: [{ ...good.endpoints[0], url: 'https://x.spineservices.nhs.uk/a' }] },
      /never talks to it/,
    ],
    [
      'a host of the health service without consent',
      {
        ...good,
        endpoints: [
          { ...good.endpoints[0], url: 'https://x.thirdparty.nhs.uk/a', connect: 'x.thirdparty.nhs.uk:1' },
        ],
      },
      /needs consent/,
    ],
  ];
  for (const [title, content, told] of rows) {
    test(title, async () => {
      const file = join(folder, 'wrong.json');
      await writeFile(file, JSON.stringify(content));
      await assert.rejects(readRegistry(file), told);
    });
  }
  test('and ends the program with 4', async () => {
    const file = join(folder, 'empty.json');
    await writeFile(file, '{}');
    const { closed, errors } = await serve('--registry', file);
    const [code] = await closed;
    assert.equal(code, 4, errors());
  });
});

test('flags of the SSP want --ssp', async () => {
  const { code, err } = await assay(folder, 'serve', '--audit', 'x');
  assert.deepEqual([code, err], [4, 'assay: --audit: goes with --ssp\n']);
});
