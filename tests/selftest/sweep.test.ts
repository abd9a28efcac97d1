import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, Socket, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ajv } from 'ajv';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { readPack } from '../../certs/pack-read.ts';
import { writePack } from '../../certs/pack.ts';
import type { Provider } from '../../mocks/provider/server.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { readEndpoints } from '../run/endpoints.ts';
import { inLanes } from '../run/lanes.ts';
import { rejudge, type RunRecord } from '../run/record.ts';
import { checkRecord } from '../run/record-schema.ts';
import { sweep, worstOf, type Swept } from '../run/sweep.ts';
import { assay } from './program.ts';

/** Many subjects in one run, each by itself. */

let folder: string;
let providers: readonly Provider[];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-sweep-'));
  await writePack(join(folder, 'pki'), { hosts: ['localhost'] });
  const pki = await readPack(join(folder, 'pki'));
  providers = await Promise.all(
    ['conformant', 'accepts-another-asid', 'conformant'].map((name) => startStandIn(name, pki)),
  );
});
after(async () => {
  await Promise.all(providers.map((each) => each.close()));
  await rm(folder, { recursive: true, force: true });
});
const write = (name: string, value: unknown): Promise<void> =>
  writeFile(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
const subjectAt = (at: number, changes: object = {}) => ({
  profile: 'gpconnect',
  url: providers[at]?.url,
  connect: `127.0.0.1:${portOf(at)}`,
  pki: 'pki',
  asid: { provider: '999999990001', consumer: '999999990002' },
  options: { enforcesScope: true },
  ...changes,
});
const portOf = (at: number): number => providers[at]?.port ?? 0;

describe('lanes', () => {
  test('no more at a time than there are, nothing that another holds, all of it, in order where nothing waits', async () => {
    let running = 0;
    let most = 0;
    const holding = new Set<string>();
    const done: number[] = [];
    const job = (at: number, holds: readonly string[]) => ({
      holds,
      work: async () => {
        running += 1;
        most = Math.max(most, running);
        for (const each of holds) {
          assert.equal(holding.has(each), false, 'held by one alone');
          holding.add(each);
        }
        await sleep(2);
        holds.forEach((each) => holding.delete(each));
        running -= 1;
        done.push(at);
      },
    });
    await inLanes(
      Array.from({ length: 30 }, (_, at) => job(at, at % 3 === 0 ? ['a'] : [`own ${at}`])),
      4,
    );
    assert.deepEqual([most, done.length, new Set(done).size], [4, 30, 30]);
    await inLanes([], 4);
  });

  test('none is started once it is ended', async () => {
    const ended = new AbortController();
    let started = 0;
    const work = async (): Promise<void> => {
      started += 1;
      if (started === 2) ended.abort('SIGINT');
      await sleep(1);
    };
    await inLanes(
      Array.from({ length: 9 }, () => ({ holds: [], work })),
      2,
      ended.signal,
    );
    assert.equal(started, 2);
  });
});

test('the exit code is the worst, as they are documented', () => {
  assert.deepEqual([[], [0], [0, 2], [2, 1, 0], [1, 3], [3, 4, 1, 2, 0]].map(worstOf), [0, 0, 2, 1, 3, 4]);
});

describe('a file of endpoints', () => {
  const wrong: readonly (readonly [name: string, text: unknown, message: RegExp])[] = [
    ['is no JSON', '{', /e\.json: is no JSON \(line 1, column 2\)/],
    ['is empty', { endpoints: [] }, /#\/endpoints: .*fewer than 1/],
    ['leads out by a name', { endpoints: [{ name: '../x', mock: 'dead' }] }, /#\/endpoints\/0\/name/],
    ['hides by a name', { endpoints: [{ name: '.x', mock: 'dead' }] }, /#\/endpoints\/0\/name/],
    [
      'takes the name of a file',
      { endpoints: [{ name: 'Overview.json', mock: 'dead' }] },
      /\/0\/name.*itself/,
    ],
    [
      'names two alike',
      {
        endpoints: [
          { name: 'a', mock: 'dead' },
          { name: 'A', mock: 'dead' },
        ],
      },
      /#\/endpoints\/1\/name: "A" is the name of \/endpoints\/0 too/,
    ],
    ['says nothing of one', { endpoints: [{ name: 'a' }] }, /\/0: names either `subject` or `mock`/],
    ['says both', { endpoints: [{ name: 'a', mock: 'dead', subject: 'x' }] }, /\/0: names either/],
    [
      'has a field of its own',
      { endpoints: [{ name: 'a', mok: 'dead' }] },
      /\/0\/mok: is no known field; did you mean mock\?/,
    ],
    [
      'gives a profile twice',
      { endpoints: [{ name: 'a', subject: 'x', profile: 'nrl' }] },
      /\/0\/profile: goes with `mock`/,
    ],
  ];
  for (const [name, text, message] of wrong) {
    test(`is refused where it ${name}`, async () => {
      await write('e.json', text);
      await assert.rejects(readEndpoints(join(folder, 'e.json')), (error: unknown) => {
        assert.ok(error instanceof ConfigurationError);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

test(
  'connections stay within their bounds, for each host and in all; a record each, that re-judges',
  { skip: process.platform === 'linux' ? false : '127.0.0.2 is an address of this machine on Linux alone' },
  async () => {
    // A second host: another address of the loopback network, which leads to the third provider.
    const door = createServer((socket) => {
      const inner = connect(portOf(2), '127.0.0.1');
      socket.on('error', () => inner.destroy()).pipe(inner);
      inner.on('error', () => socket.destroy()).pipe(socket);
    });
    door.listen(0, '127.0.0.2');
    await once(door, 'listening');
    const far = (door.address() as AddressInfo).port;
    await write('one.json', subjectAt(0));
    await write('two.json', subjectAt(1));
    await write('three.json', subjectAt(2, { connect: `127.0.0.2:${far}` }));
    const counted = new Set([portOf(0), portOf(1), far]);
    const open = new Map<Socket, string>();
    let most = 0;
    const mostOf = new Map<string, number>();
    const dial = Socket.prototype.connect;
    const watch = mock.method(Socket.prototype, 'connect', function (this: Socket, ...given: unknown[]) {
      const [first] = given;
      const { port, host = '' } = (Array.isArray(first) ? first[0] : first) as {
        port?: number;
        host?: string;
      };
      if (port !== undefined && counted.has(port)) {
        open.set(this, host);
        const live = [...open].filter(([socket]) => !socket.destroyed);
        most = Math.max(most, live.length);
        const own = live.filter(([, to]) => to === host).length;
        mostOf.set(host, Math.max(mostOf.get(host) ?? 0, own));
      }
      return Reflect.apply(dial, this, given) as Socket;
    });
    const records = new Map<string, RunRecord>();
    const order: string[] = [];
    try {
      const endpoints = ['one', 'two', 'three'].map((name) => ({
        name,
        place: `e.json#/${name}`,
        subject: `${name}.json`,
      }));
      const swept = await sweep(endpoints, {
        file: join(folder, 'e.json'),
        connections: 4,
        perHost: 2,
        cases: ['ssp-header/*', 'client-certificate/expired', 'tls-version/1.1'],
        allowPath: [],
        env: [],
        onStart: ({ name }) => order.push(`+${name}`),
        keep: async (name, record) => void records.set(name, record),
        onEnd: ({ name }) => order.push(`-${name}`),
      });
      assert.deepEqual(
        swept.map(({ name, verdict, exitCode }) => [name, verdict, exitCode]),
        [
          ['one', 'conformant', 0],
          ['two', 'non-conformant', 1],
          ['three', 'conformant', 0],
        ],
        JSON.stringify(swept),
      );
    } finally {
      watch.mock.restore();
      door.close();
    }
    assert.deepEqual([...mostOf].sort(), [
      ['127.0.0.1', 2],
      ['127.0.0.2', 2],
    ]);
    assert.ok(most > 2 && most <= 4, `${most} at once`);
    assert.ok(order.indexOf('-one') < order.indexOf('+two'), 'subjects of one host come one after the other');
    assert.ok(order.indexOf('+three') < order.indexOf('-one'), 'those of another do not wait');
    for (const record of records.values()) {
      checkRecord(record);
      assert.deepEqual(rejudge(record), []);
      assert.equal(
        record.findings.some((each) => each.observation.kind === 'ports'),
        false,
      );
    }
  },
);

test('the program: one bad subject stops no other, an overview, events, shards; the exit code is the worst', async () => {
  await mkdir(join(folder, 'results/unreadable'), { recursive: true });
  await write('results/unreadable/record.json', 'of an earlier sweep');
  await write('leads-out.json', subjectAt(0, { pki: '/etc' }));
  await write('spine.json', subjectAt(0, { connect: 'x.spineservices.nhs.uk.:443' }));
  await write('unreadable.json', '{"profile":');
  await write('good.json', subjectAt(0));
  const names = ['missing', 'leads-out', 'spine', 'unreadable', 'good'];
  await write('fleet.json', {
    endpoints: [
      ...names.map((name) => ({ name, subject: `${name}.json` })),
      { name: 'nobody', mock: 'nobody' },
      { name: 'gone', mock: 'dead' },
    ],
  });
  const [{ code, out, err }, part] = await Promise.all([
    assay(
      folder,
      'sweep',
      'fleet.json',
      '--out',
      'results',
      '--case',
      'token/absent',
      '--events',
      'events.jsonl',
    ),
    assay(folder, 'sweep', 'fleet.json', '--out', 'part', '--case', 'token/absent', '--shard', '7/7'),
  ]);
  assert.equal(code, 4, out + err);
  assert.match(out, /7 endpoints: 5 not judged, 1 inconclusive, 1 conformant/);
  const overview = JSON.parse(await readFile(join(folder, 'results/overview.json'), 'utf8')) as {
    readonly exitCode: number;
    readonly endpoints: readonly Swept[];
  };
  assert.equal(overview.exitCode, 4);
  const why = Object.fromEntries(
    overview.endpoints.map((each) => [each.name, [each.exitCode, each.because]]),
  );
  for (const [name, expected, because] of [
    ['missing', 4, /fleet\.json#\/endpoints\/0\/subject: "missing\.json" does not exist/],
    ['leads-out', 4, /leads-out\.json#\/pki: .*leads out of the subject file's folder/],
    ['spine', 4, /x\.spineservices\.nhs\.uk is a host of the Spine itself/],
    ['unreadable', 4, /unreadable\.json: is no JSON/],
    ['nobody', 4, /fleet\.json#\/endpoints\/5\/mock: no stand-in is called "nobody"/],
    ['good', 0, undefined],
    ['gone', 2, undefined],
  ] as const) {
    assert.equal(why[name]?.[0], expected, name);
    if (because) assert.match(String(why[name]?.[1]), because);
    const record = await readFile(join(folder, `results/${name}/record.json`), 'utf8').catch(() => undefined);
    assert.equal(
      record === undefined,
      expected === 4,
      `${name}: a record where it was judged, and none of before`,
    );
  }
  const page = await readFile(join(folder, 'results/overview.html'), 'utf8');
  assert.match(page, /<a href="good\/report\.html">good<\/a>/);
  const schema = JSON.parse(
    readFileSync(new URL('../run/events.schema.json', import.meta.url), 'utf8'),
  ) as object;
  const validate = new Ajv({ strict: true, strictRequired: false, strictTypes: false }).compile(schema);
  const lines = (await readFile(join(folder, 'events.jsonl'), 'utf8')).trim().split('\n');
  for (const line of lines)
    assert.ok(validate(JSON.parse(line)), `${line} ${JSON.stringify(validate.errors)}`);
  assert.equal(lines.length, 2 + 2 * 7);
  assert.deepEqual([part.code, /1 endpoint: 1 inconclusive/.test(part.out)], [2, true], part.out + part.err);
});
