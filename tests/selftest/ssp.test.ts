import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as startRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { recordsAt } from '../../mocks/provider/retrieval.ts';
import { ASID } from '../../mocks/provider/data.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { auditLine } from '../../mocks/ssp/audit.ts';
import { readTarget } from '../../mocks/ssp/target.ts';
import { createRedactor } from '../drive/redact.ts';
import {
  asFlags,
  consumerFolder,
  curl,
  curlPath,
  GPC,
  headersFor,
  NRL,
  startBackend,
  startStage,
  until,
  worlds,
  type Folder,
  type Stage,
} from './ssp.ts';

/** The listening SSP, met by real clients over real sockets. */

const skip = curlPath === undefined ? 'curl is not installed (apt-get install curl)' : false;

interface Reply {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** Node's own client with the consumer's certificate. */
async function node(
  stage: Stage,
  path: string,
  headers: readonly (readonly [string, string])[],
  options: {
    method?: string;
    body?: string;
    agent?: Agent;
    as?: 'consumer' | 'revokedConsumer' | 'none';
  } = {},
): Promise<Reply> {
  const { method = 'GET', body, agent, as = 'consumer' } = options;
  const identity = as === 'none' ? undefined : stage.side[as];
  const request = startRequest({
    host: '127.0.0.1',
    port: stage.port,
    servername: 'localhost',
    ca: stage.anchor,
    ...(identity && { cert: [identity.certificate, ...identity.chain].join(''), key: identity.key }),
    method,
    path,
    headers: ['Host', `localhost:${stage.port}`, ...headers.flat()],
    agent: agent ?? false,
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, rawHeaders: response.rawHeaders, body: text };
}

const swap = (headers: readonly (readonly [string, string])[], name: string, value: string) =>
  headers.map(([each, old]) => [each, each === name ? value : old] as const);
const issueOf = (body: string) =>
  JSON.parse(body) as {
    meta?: unknown;
    issue: { severity: string; code: string; details: { coding: object[] } }[];
  };

describe('a consumer made of curl alone', { skip }, () => {
  let folder: Folder;
  before(async () => {
    const { pki, side } = await worlds;
    folder = await consumerFolder(side, pki.root);
  });
  after(() => folder.close());

  test('reads from the reference provider through the SSP', async () => {
    const provider = await startStandIn('conformant', (await worlds).pki);
    const stage = await startStage(provider);
    try {
      const url = `${stage.url}/${provider.url}/metadata`;
      const { code, status, body } = await curl(folder.path, ...asFlags(headersFor(provider.url)), url);
      assert.deepEqual([code, status], [0, 200], body);
      assert.equal((JSON.parse(body) as { resourceType: string }).resourceType, 'CapabilityStatement');
      assert.equal(stage.passages[0]?.peer.certificate?.commonName, 'consumer.assay.test');
    } finally {
      await stage.close();
      await provider.close();
    }
  });

  test('retrieves a record by a percent-encoded URL; the provider sees a plain path', async () => {
    const pdf = Buffer.from('%PDF-1.4\n\x00\xff binary', 'latin1');
    const seen: string[] = [];
    const provider = await startBackend((request, response) => {
      seen.push(request.url ?? '');
      response.writeHead(200, { 'Content-Type': 'application/pdf', 'Content-Length': pdf.length });
      response.end(pdf);
    });
    const stage = await startStage(provider);
    try {
      const pointer = `${provider.url}/records/a%20b//c?v=1&w=%7C`;
      const url = `${stage.url}/${encodeURIComponent(pointer)}`;
      const { status, head } = await curl(folder.path, ...asFlags(headersFor(provider.url, NRL)), url);
      assert.equal(status, 200);
      assert.match(head, /application\/pdf/);
      assert.deepEqual(seen, ['/A11111/STU3/1/gpconnect/records/a%20b//c?v=1&w=%7C']);
    } finally {
      await stage.close();
      await provider.close();
    }
  });

  test('retrieves a record from the reference provider', async () => {
    const reference = await startStandIn('conformant', (await worlds).pki);
    const { url, data } = recordsAt(reference.url, ASID);
    const stage = await startStage({ ...reference, url });
    try {
      const target = `${stage.url}/${encodeURIComponent(`${url}/${data.document}`)}`;
      const { status, head, body } = await curl(folder.path, ...asFlags(headersFor(url, NRL)), target);
      assert.equal(status, 200, body);
      assert.match(head, /application\/pdf/);
      assert.match(body, /^%PDF-/);
    } finally {
      await stage.close();
      await reference.close();
    }
  });

  test('uploads with Expect: 100-continue, the provider deciding', async () => {
    let got = 0;
    const provider = await startBackend((request, response) => {
      request.on('data', (chunk: Buffer) => (got += chunk.length));
      request.on('end', () => response.end('thanks'));
    });
    const stage = await startStage(provider);
    try {
      const flags = [...asFlags(headersFor(provider.url)), '-H', 'Content-Type: application/fhir+json'];
      const body = ['-H', 'Expect: 100-continue', '--data-binary', 'x'.repeat(100_000)];
      const { status } = await curl(folder.path, ...flags, ...body, `${stage.url}/${provider.url}/x`);
      assert.deepEqual([status, got], [200, 100_000]);
    } finally {
      await stage.close();
      await provider.close();
    }
  });
});

test('Node’s fetch reads through the SSP', async () => {
  const { pki } = await worlds;
  // The client certificate of `fetch` goes in by a dispatcher of the undici that Node carries; 26 wraps it for older ones.
  await fetch('data:,').catch(() => {});
  const held = globalThis as unknown as Record<symbol, object | undefined>;
  const [own] = [2, 1].flatMap((version) => held[Symbol.for(`undici.globalDispatcher.${version}`)] ?? []);
  const Dispatcher = own?.constructor as new (options: object) => { close: () => Promise<void> };
  const provider = await startStandIn('conformant', pki);
  const stage = await startStage(provider);
  try {
    const { certificate, chain, key } = stage.side.consumer;
    const dispatcher = new Dispatcher({
      connect: { ca: pki.root, cert: [certificate, ...chain].join(''), key },
    });
    const wanted = {
      headers: headersFor(provider.url).map(([a, b]): [string, string] => [a, b]),
      dispatcher,
    };
    const response = await fetch(`${stage.url}/${provider.url}/metadata`, wanted as RequestInit);
    assert.equal(response.status, 200);
    assert.match(await response.text(), /CapabilityStatement/);
    await dispatcher.close();
  } finally {
    await stage.close();
    await provider.close();
  }
});

describe('what passes, passes as it came', () => {
  let seen: { url: string; method: string; rawHeaders: readonly string[]; body: string } | undefined;
  let provider: Awaited<ReturnType<typeof startBackend>>;
  let stage: Stage;
  before(async () => {
    provider = await startBackend((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += String(chunk)));
      request.on('end', () => {
        seen = { url: request.url ?? '', method: request.method ?? '', rawHeaders: request.rawHeaders, body };
        response.sendDate = false;
        response.writeHead(201, 'Made', [
          'x-lower', 'a', 'X-Twice', '1', 'X-Twice', '2', 'ETag', 'W/"1"', 'Transfer-Encoding', 'chunked', 'Trailer', 'X-Sum',
        ]); // prettier-ignore
        response.write('one');
        response.addTrailers({ 'X-Sum': '3' });
        response.end();
      });
    });
    stage = await startStage(provider);
  });
  after(async () => {
    await stage.close();
    await provider.close();
  });

  test('headers in their order and letter case, doubled ones doubled; only Host is the provider’s own', async () => {
    const headers = [...headersFor(provider.url), ['x-MiXeD', '1'], ['X-Two', 'a'], ['X-Two', 'b']] as const;
    const reply = await node(stage, `/${provider.url}/Patient//$x?identifier=a|b`, headers);
    assert.equal(reply.status, 201);
    assert.equal(seen?.url, '/A11111/STU3/1/gpconnect/Patient//$x?identifier=a|b');
    const expected = ['Host', `localhost:${provider.port}`, ...headers.flat()];
    assert.deepEqual(seen?.rawHeaders.slice(0, expected.length), expected);
    assert.deepEqual(reply.rawHeaders.slice(0, 10), [
      'x-lower', 'a', 'X-Twice', '1', 'X-Twice', '2', 'ETag', 'W/"1"', 'Transfer-Encoding', 'chunked',
    ]); // prettier-ignore
  });

  test('a body in chunks, and one with a length', async () => {
    const type = ['Content-Type', 'application/fhir+json'] as const;
    const chunked = [...headersFor(provider.url), type, ['Transfer-Encoding', 'chunked']] as const;
    await node(stage, `/${provider.url}/Patient`, chunked, { method: 'POST', body: '{"a":1}' });
    assert.deepEqual([seen?.method, seen?.body], ['POST', '{"a":1}']);
    const sized = [...headersFor(provider.url), type, ['Content-Length', '7']] as const;
    await node(stage, `/${provider.url}/Patient`, sized, { method: 'PUT', body: '{"a":2}' });
    assert.deepEqual([seen?.method, seen?.body], ['PUT', '{"a":2}']);
  });

  test('connections are kept on both legs', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let times = 0; times < 5; times += 1) {
      await node(stage, `/${provider.url}/metadata`, headersFor(provider.url), { agent });
    }
    assert.equal(new Set(stage.passages.slice(-5).map(({ connection }) => connection)).size, 1);
    assert.ok(provider.connections() <= 2, String(provider.connections()));
    agent.destroy();
  });
});

describe('a request target', () => {
  const rows: readonly (readonly [raw: string, url: string | undefined])[] = [
    ['/https://h/a//b?c', 'https://h/a//b?c'],
    ['/https%3A%2F%2Fh%2Fa%20b', undefined], // a space is no part of a request target
    ['/https%3a%2f%2fh%2fa%2520b', 'https://h/a%20b'],
    ['/https%3A%2F%2Fh%2Fa%0d%0aX:%20y', undefined],
    ['/https%3A%2F%2Fh%2Fa%E0%A4%A', undefined],
    ['/http://h/a', undefined],
    ['/https:/h/a', undefined],
    ['//https://h/a', undefined],
    ['/metadata', undefined],
    ['https://ssp:1/https://h/a', 'https://h/a'],
  ];
  for (const [raw, url] of rows) test(raw, () => assert.equal(readTarget(raw)?.url, url));
});

describe('errors of its own', () => {
  let provider: Awaited<ReturnType<typeof startBackend>>;
  before(async () => {
    provider = await startBackend((_request, response) => response.end('{}'));
  });
  after(() => provider.close());

  interface Row {
    readonly title: string;
    readonly path?: string;
    readonly change?: readonly [string, string];
    readonly method?: string;
    readonly more?: readonly (readonly [string, string])[];
    readonly rules?: object;
    readonly told: readonly [status: number, issue: string, text: string, severity?: string];
  }
  const sent = 'ASID_CHECK_FAILED_MESSAGESENDER_';
  const rows: readonly Row[] = [
    { title: 'an unknown sender', change: ['Ssp-From', '1'], told: [403, 'forbidden', `${sent}1`] },
    { title: 'no sender', change: ['Ssp-From', ''], told: [403, 'forbidden', sent] },
    {
      title: 'an interaction that the sender is not accredited for',
      change: ['Ssp-InteractionID', 'urn:x'],
      told: [403, 'forbidden', `${sent}999999990002`],
    },
    {
      title: 'a certificate of another FQDN than the sender’s',
      rules: { senders: [{ asid: '999999990002', fqdn: 'other.assay.test', interactions: [GPC] }] },
      told: [403, 'forbidden', `${sent}999999990002`],
    },
    {
      title: 'an unknown receiver',
      change: ['Ssp-To', '2'],
      told: [403, 'forbidden', 'PARTYKEY_INTERACTION_CHECK_FAILED_MESSAGERECEIVER_2'],
    },
    {
      title: 'no sharing agreement',
      rules: { sharing: [] },
      told: [403, 'forbidden', 'FOT_CHECK_FAILED_MESSAGESENDER_999999990002_MESSAGERECEIVER_999999990001'],
    },
    { title: 'another URL', path: '/https://elsewhere/x', told: [400, 'invalid', 'https://elsewhere/x'] },
    { title: 'a URL that only begins alike', path: 'x', told: [400, 'invalid', 'gpconnectx/metadata'] },
    { title: 'DELETE', method: 'DELETE', told: [405, 'forbidden', '405: Method Not Allowed', 'fatal'] },
    {
      title: 'a media type that is none',
      method: 'POST',
      more: [
        ['Content-Type', 'json'],
        ['Content-Length', '2'],
      ],
      told: [415, 'not-supported', 'Unsupported_Media_Type'],
    },
  ];
  for (const { title, path, change, method, more = [], rules = {}, told } of rows) {
    test(title, async () => {
      const stage = await startStage(provider, { rules });
      try {
        const [status, issue, text, severity = 'error'] = told;
        const target = path?.startsWith('/') ? path : `/${provider.url}${path ?? ''}/metadata`;
        const base = headersFor(provider.url);
        const headers = [...(change ? swap(base, ...change) : base), ...more];
        const reply = await node(stage, target, headers, {
          ...(method !== undefined && { method }),
          ...(more.length > 0 && { body: '{}' }),
        });
        assert.equal(reply.status, status, reply.body);
        const outcome = issueOf(reply.body);
        assert.equal(outcome.meta, undefined);
        const [only] = outcome.issue;
        assert.deepEqual([only?.severity, only?.code], [severity, issue]);
        const [coding] = only?.details.coding as { code: string; display: string }[];
        assert.equal(coding?.code, String(status));
        if (status === 400) {
          const form = `ENDPOINT_${provider.url}_CPAID_S00000A000001_VARIES_FROM_TARGETURL_`;
          assert.ok(coding?.display.startsWith(form) && coding.display.endsWith(text), coding?.display);
        } else assert.equal(coding?.display, text);
        assert.deepEqual(
          stage.passages.map(({ answered }) => answered),
          ['ssp'],
        );
      } finally {
        await stage.close();
      }
    });
  }

  test('a certificate that is revoked: 495; none: 496', async () => {
    const stage = await startStage(provider);
    try {
      const headers = headersFor(provider.url);
      const path = `/${provider.url}/metadata`;
      assert.equal((await node(stage, path, headers, { as: 'revokedConsumer' })).status, 495);
      assert.equal((await node(stage, path, headers, { as: 'none' })).status, 496);
      assert.equal((await node(stage, path, headers)).status, 200);
    } finally {
      await stage.close();
    }
  });

  test('a provider that is not there: 502; one that is silent: 504', async () => {
    const silent = await startBackend(() => {});
    const gone = await startStage({ ...provider, port: 1 });
    const slow = await startStage({ ...silent }, { bounds: { answerMs: 200 } });
    try {
      const refused = await node(gone, `/${provider.url}/metadata`, headersFor(provider.url));
      assert.equal(refused.status, 502);
      assert.match(refused.body, /"code":"transient".*ERROR_COMMUNICATING_TO_ENDPOINT_URL_https:/);
      const late = await node(slow, `/${silent.url}/metadata`, headersFor(silent.url));
      assert.deepEqual([late.status, issueOf(late.body).issue[0]?.code], [504, 'transient']);
    } finally {
      await Promise.all([gone.close(), slow.close(), silent.close()]);
    }
  });

  for (const [what, line] of [
    ['a status that is none', 'HTTP/1.1 099 Odd'],
    ['a reason phrase with a control character', 'HTTP/1.1 200 O\u0001K'],
  ] as const)
    test(`a provider that answers with ${what}: 502, and the SSP goes on`, async () => {
      const odd = await startBackend(({ socket }) => {
        socket.end(`${line}\r\nContent-Length: 0\r\n\r\n`);
      });
      const stage = await startStage(odd);
      try {
        for (let time = 0; time < 2; time += 1)
          assert.equal((await node(stage, `/${odd.url}/metadata`, headersFor(odd.url))).status, 502);
      } finally {
        await Promise.all([stage.close(), odd.close()]);
      }
    });

  test('CONNECT opens no tunnel', async () => {
    const stage = await startStage(provider);
    try {
      const { certificate, chain, key } = stage.side.consumer;
      const socket: TLSSocket = connect({
        host: '127.0.0.1',
        port: stage.port,
        servername: 'localhost',
        ca: stage.anchor,
        cert: [certificate, ...chain].join(''),
        key,
      });
      socket.write('CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n');
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      assert.match(text, /^HTTP\/1\.1 405 /);
    } finally {
      await stage.close();
    }
  });
});

test('a consumer that stops reading stops the provider', async () => {
  let written = 0;
  const provider = await startBackend((_request, response) => {
    const chunk = Buffer.alloc(65_536);
    const more = (): void => {
      while (written < 400_000_000) {
        written += chunk.length;
        if (!response.write(chunk)) return void response.once('drain', more);
      }
      response.end();
    };
    more();
  });
  const stage = await startStage(provider);
  try {
    const { certificate, chain, key } = stage.side.consumer;
    const request = startRequest({
      host: '127.0.0.1',
      port: stage.port,
      servername: 'localhost',
      ca: stage.anchor,
      cert: [certificate, ...chain].join(''),
      key,
      path: `/${provider.url}/big`,
      headers: Object.fromEntries(headersFor(provider.url)),
      agent: false,
    });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.pause();
    let before = -1;
    for (let still = 0; still < 5;) {
      await new Promise((done) => setTimeout(done, 50));
      still = written === before ? still + 1 : 0;
      before = written;
    }
    assert.ok(written < 60_000_000, `${written} bytes went out unread`);
    request.destroy();
  } finally {
    await stage.close();
    await provider.close();
  }
});

test('an answer that breaks off is never made whole', async () => {
  const provider = await startBackend((_request, response) => {
    response.writeHead(200, { 'Transfer-Encoding': 'chunked' });
    response.write('half');
    setTimeout(() => response.destroy(), 20);
  });
  const stage = await startStage(provider);
  try {
    await assert.rejects(node(stage, `/${provider.url}/x`, headersFor(provider.url)), /aborted|ECONNRESET/);
    await until(() => stage.passages.length > 0);
    assert.deepEqual(
      stage.passages.map(({ answered, status }) => [answered, status]),
      [['provider', 200]],
    );
  } finally {
    await stage.close();
    await provider.close();
  }
});

test('plain HTTP on the protocol port is no way in', async () => {
  const provider = await startBackend((_request, response) => response.end());
  const stage = await startStage(provider);
  try {
    const socket = connectTcp(stage.port, '127.0.0.1');
    socket.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    assert.doesNotMatch(text, /HTTP\/1\.1 2/);
  } finally {
    await stage.close();
    await provider.close();
  }
});

test('an audit line names the request and no NHS number, however it is written', async () => {
  const provider = await startBackend((_request, response) => response.end('{}'));
  const stage = await startStage(provider);
  try {
    const { redact } = createRedactor();
    const forms = [
      'identifier=x|9990548609',
      'identifier=x%7C9990548609',
      'n=%209990548609',
      'n=999%20054%208609',
    ];
    for (const query of forms) {
      await node(stage, `/${provider.url}/Patient?${query}`, headersFor(provider.url));
      const encoded = encodeURIComponent(`${provider.url}/Patient?${query}`);
      await node(stage, `/${encoded}`, headersFor(provider.url));
    }
    await until(() => stage.passages.length === forms.length * 2);
    for (const passage of stage.passages) {
      const line = auditLine(passage, redact);
      const entry = JSON.parse(line) as Record<string, unknown>;
      assert.doesNotMatch(line, /9990548609|999 054 8609|eyJ/);
      assert.match(String(entry['url']), /‹nhs-number:\d›/);
      assert.deepEqual(
        [entry['method'], entry['Ssp-From'], entry['protocol'], entry['status'], entry['answered']],
        ['GET', '999999990002', 'TLSv1.2', 200, 'provider'],
      );
    }
  } finally {
    await stage.close();
    await provider.close();
  }
});
