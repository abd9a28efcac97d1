import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { surveyPorts, surveyVersions } from '../drive/survey.ts';
import type { GrantStep, Observation, OpenPort } from '../model.ts';
import { judgeGrants, judgeLatency, judgePorts, judgeVersions } from '../oracle/survey.ts';
import { ftrs } from '../profiles/ftrs.ts';
import { baseline, runPlan, type Run } from '../run/engine.ts';
import { everythingOn, type Declared } from '../run/declared.ts';
import { plan } from '../run/plan.ts';
import { unreachable } from '../run/reached.ts';
import { readSubject, declaredBy } from '../run/subject.ts';
import { readRoles, surveyedBy } from '../run/surveyed.ts';
import { createStand, type FtrsStand } from './ftrs-stand.ts';

/** Ports, transfer endpoint, latency, roles and tenants: what is seen, what follows from it, and what has to be named. */

const response = (status: number, resourceType = 'Bundle'): Observation => ({
  kind: 'response',
  status,
  headers: [],
  body: '',
  bytes: 0,
  resourceType,
});

describe('from what surveys saw to a verdict', () => {
  const port = (number: number, approved: boolean, speaks: OpenPort['speaks']): OpenPort => ({
    port: number,
    approved,
    speaks,
  });
  const ports = (of: 'approved' | 'encrypted', ...open: readonly OpenPort[]) =>
    judgePorts({ kind: 'ports', looked: 9, open }, of).outcome;
  test('ports', () => {
    const own = port(443, true, 'tls');
    assert.equal(ports('approved'), 'inconclusive', 'not even its own');
    assert.equal(
      ports('approved', port(22, false, 'nothing')),
      'inconclusive',
      'another host may have answered',
    );
    assert.equal(ports('approved', own), 'pass');
    assert.equal(ports('approved', own, port(22, false, 'nothing')), 'fail');
    assert.equal(
      ports('encrypted', own, port(22, false, 'nothing')),
      'pass',
      'that it is open is the other case',
    );
    assert.equal(ports('encrypted', own, port(8080, true, 'clear')), 'fail');
    assert.equal(ports('encrypted', own, port(8080, true, 'nothing')), 'inconclusive');
    assert.equal(ports('encrypted', own, port(80, true, 'declared')), 'pass');
  });
  test('versions of the transfer endpoint', () => {
    const none: Observation = { kind: 'closed', how: 'fin', during: 'handshake' };
    const versions = (seen: Partial<Extract<Observation, { kind: 'versions' }>>) =>
      judgeVersions({ kind: 'versions', accepted: [], refused: [], untold: [], answer: none, ...seen })
        .outcome;
    assert.equal(versions({}), 'inconclusive', 'a close may be a refusal of who we are');
    assert.equal(versions({ answer: { kind: 'broken', what: 'SSH' } }), 'fail');
    assert.equal(versions({ accepted: ['TLSv1.3'] }), 'pass');
    assert.equal(versions({ accepted: ['TLSv1.1', 'TLSv1.2'] }), 'fail');
    assert.equal(versions({ accepted: ['TLSv1.2'], untold: ['TLSv1.1'] }), 'inconclusive');
  });
  test('latency', () => {
    const latency = (secured: number, unsecured: number) =>
      judgeLatency({
        kind: 'latency',
        samples: 20,
        secured: { median: 1, p95: secured },
        unsecured: { median: 1, p95: unsecured },
        within: 50,
      }).outcome;
    assert.equal(latency(150, 100), 'pass');
    assert.equal(latency(151, 100), 'fail');
    assert.equal(latency(90, 100), 'pass', 'faster with them is no fault');
  });
  test('what is served to whom', () => {
    const step = (want: GrantStep['want'], seen: Observation, entries?: number): GrantStep => ({
      what: 'x',
      want,
      ...(entries !== undefined && { entries }),
      seen,
    });
    const of = (whose: 'roles' | 'tenants', ...steps: readonly GrantStep[]) =>
      judgeGrants({ kind: 'grants', steps }, whose, 'Bundle').outcome;
    const own = step('served', response(200), 1);
    assert.equal(of('tenants'), 'inconclusive');
    for (const withheld of [
      step('withheld', response(200), 0),
      step('withheld', response(403, 'OperationOutcome')),
    ])
      assert.equal(of('tenants', own, withheld), 'pass');
    assert.equal(of('tenants', own, step('withheld', response(200), 1)), 'fail');
    assert.equal(of('tenants', step('served', response(200), 0)), 'inconclusive', 'there is no such record');
    assert.equal(
      of('roles', step('served', response(403, 'OperationOutcome'))),
      'fail',
      'the policy lets it',
    );
    assert.equal(of('roles', step('served', response(404, 'OperationOutcome'))), 'inconclusive');
    for (const status of [429, 503, 500])
      assert.equal(of('roles', own, step('withheld', response(status))), 'inconclusive', String(status));
    assert.equal(of('roles', own, step('withheld', { kind: 'nothing', reason: 'x' })), 'inconclusive');
  });
});

describe('on real sockets', () => {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const opened = async (greet: (socket: Socket) => void): Promise<number> => {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      greet(socket);
    });
    servers.push(server);
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return (server.address() as AddressInfo).port;
  };
  after(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  });
  const target = (port: number) => ({ address: '127.0.0.1', port, servername: 'localhost' });

  test('a banner is no TLS, silence is nothing, and nobody is nobody', async () => {
    const [banner, silent] = [
      await opened((socket) => socket.write('SSH-2.0-assay\r\n')),
      await opened(() => {}),
    ];
    const seen = await surveyPorts(target(banner), { approved: [silent], looked: [1] }, 300);
    assert.ok(seen.kind === 'ports');
    assert.equal(seen.looked, 3);
    const spoken = new Map(seen.open.map((each) => [each.port, each.speaks]));
    assert.deepEqual(
      [spoken.get(banner), spoken.get(silent), spoken.get(1)],
      ['clear', 'nothing', undefined],
    );
    const versions = await surveyVersions(target(banner), 300);
    assert.equal(versions.kind === 'versions' && judgeVersions(versions).outcome, 'fail');
  });
});

describe('tenants that are told by their client certificates', () => {
  let stand: FtrsStand;
  before(async () => {
    stand = await createStand();
  });
  after(() => stand.close());
  for (const [separates, outcome] of [
    ['by-certificate', 'pass'],
    ['not-at-all', 'fail'],
  ] as const)
    test(`separated ${separates}: ${outcome}`, async () => {
      const { clients } = stand.pki;
      const provider = await stand.start({ separates });
      try {
        const run: Run = {
          ...stand.runOf(provider),
          surveyed: {
            tenants: [
              { identity: clients.valid, organisation: 'A11111' },
              { identity: clients['valid-next'], organisation: 'B22222' },
            ],
          },
        };
        const planned = plan(ftrs, everythingOn('1.1.0')).filter(({ id }) => id === 'isolation/tenants');
        const [finding] = await runPlan(run, planned, await baseline(run), 1);
        assert.equal(finding?.outcome, outcome, finding?.because);
        if (outcome === 'fail')
          assert.match(finding?.because ?? '', /the certificate of A11111, organisation B22222/);
      } finally {
        await provider.close();
      }
    });
});

test('the Playwright suite gives them, and those of key sets, to one worker after all others', async () => {
  const { default: config } = await import('../../playwright.config.ts');
  const [main, alone] = (config.projects ?? []).filter(({ name }) => name?.startsWith('ftrs'));
  assert.deepEqual(
    [main?.name, main?.teardown, alone?.name, alone?.workers],
    ['ftrs', 'ftrs-alone', 'ftrs-alone', 1],
  );
  const matches = (pattern: unknown, title: string) => pattern instanceof RegExp && pattern.test(title);
  const title = 'FtRS provider key-set/new-kid @ftrs @SEC-029 @alone';
  assert.deepEqual([matches(main?.grepInvert, title), matches(alone?.grep, title)], [true, true]);
  assert.ok(!matches(alone?.grep, 'FtRS provider transport/1.1 @ftrs @SEC-001'));
});

describe('what a subject file names', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-survey-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  const written = async (name: string, value: object): Promise<string> => {
    await writeFile(join(folder, name), JSON.stringify(value));
    return join(folder, name);
  };
  const base = { profile: 'ftrs', url: 'https://localhost:8443/dos-search/FHIR/R4' } as const;
  const declared = (fields: object, consent: readonly string[] = []): Declared => ({
    ...declaredBy({ ...base, ...fields } as never, '1.1.0'),
    consent,
  });
  const lacks = (name: string, of: Declared) => plan(ftrs, of).find(({ id }) => id === name);

  test('nothing named: the clauses say what they wait for', () => {
    const told = new Map(unreachable(ftrs, declared({})).map((each) => [each.requirement, each.because]));
    for (const [requirement, field] of [
      ['SEC-008', 'ports'],
      ['SEC-011', 'unsecured'],
      ['SEC-012', 'roles'],
      ['SEC-019', 'tenants'],
      ['SEC-021', 'ports'],
      ['SEC-024', 'transfer'],
    ])
      assert.equal(told.get(requirement ?? ''), `driven only with \`${field}\` in the subject file`);
  });
  test('half of it named: not driven, and the field is told', () => {
    assert.match(
      lacks('ports/approved', declared({ ports: [443] }))?.lacks ?? '',
      /consent\.allow with "ports"/,
    );
    assert.equal(lacks('ports/approved', declared({ ports: [443] }, ['ports']))?.lacks, undefined);
    const twin = { unsecured: 'https://localhost:9443/x' };
    assert.match(lacks('latency/controls', declared(twin))?.lacks ?? '', /options\.addedLatency/);
    assert.equal(
      lacks('latency/controls', declared({ ...twin, options: { addedLatency: 50 } }))?.lacks,
      undefined,
    );
  });
  test('a policy of roles: unknown operations, and refusals that nothing stands beside', async () => {
    const roles = (...of: readonly object[]) => written('roles.json', { roles: of });
    const read = async (...of: readonly object[]) => readRoles(await roles(...of), ftrs);
    const one = { user: 'a', may: ['find-organization'], mayNot: [] };
    assert.equal((await read(one)).length, 1);
    await assert.rejects(
      read({ ...one, may: ['find-patient'] }),
      /#\/roles\/0\/may\/0: "find-patient" is no operation/,
    );
    await assert.rejects(
      read({ ...one, mayNot: ['find-healthcare-service'] }),
      /#\/roles\/0\/mayNot\/0: no role may/,
    );
    await assert.rejects(read({ user: 'a' }), /#\/roles\/0\/may: is missing/);
  });
  test('fields of the wrong form, and places that may not be dialled', async () => {
    const reads = async (fields: object) =>
      readSubject(await written('subject.json', { ...base, ...fields }));
    await assert.rejects(reads({ ports: [70_000] }), /#\/ports\/0/);
    await assert.rejects(reads({ fingerprint: 'zz' }), /#\/fingerprint: "zz" has not the right form/);
    await assert.rejects(reads({ tenants: [{ user: 'a', organisation: 'A11111' }] }), /#\/tenants/);
    await assert.rejects(reads({ tenants: [{ user: 'a' }, { user: 'b' }] }), /#\/tenants\/0\/organisation/);
    const surveys = async (fields: object) =>
      surveyedBy(await reads(fields), ftrs, new URL(base.url), {
        host: 'localhost',
        port: 8443,
        addresses: [],
      });
    const two = (credential?: object) => ({
      tenants: [
        { user: 'a', organisation: 'A11111' },
        { organisation: 'B22222', ...(credential && { credential }) },
      ],
    });
    await assert.rejects(surveys(two()), /#\/tenants\/1: names neither `user` nor `credential`/);
    await assert.rejects(
      surveys(two({ certificate: { file: 'none.pem' }, key: { file: 'none.key' } })),
      /#\/tenants\/1\/credential\/certificate: .*none\.pem/,
    );
    const never = 'https://x.spineservices.nhs.uk';
    await assert.rejects(surveys({ transfer: never }), /#\/transfer: .* Assay never talks to it/);
    await assert.rejects(surveys({ unsecured: `${never}/x` }), /#\/unsecured: .* Assay never talks to it/);
    const named = await surveys({
      ports: [8443, 8080],
      plain: 'http://localhost:8080',
      transfer: 'https://127.0.0.1:9443',
      options: { addedLatency: 20 },
    });
    assert.deepEqual(
      [named.ports?.approved, named.ports?.plain, named.transfer?.port, named.within],
      [[8443, 8080], 8080, 9443, 20],
    );
  });
});
