import assert from 'node:assert/strict';
import { get } from 'node:http';
import { describe, test } from 'node:test';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { BUDGET, spend } from '../drive/budget.ts';
import { openCanary } from '../drive/canary.ts';
import { HELD, SETTLING_MS } from '../drive/siege.ts';
import type { Observation } from '../model.ts';
import { judge } from '../oracle/judge.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { everythingOn } from '../run/declared.ts';
import { plan } from '../run/plan.ts';
import { unreachable } from '../run/reached.ts';
import { everything, examined, having, hierarchy } from './stand.ts';

/** Active cases: bounded, only where somebody has said so, and never a verdict on what was not there. */

const active = everything.filter(({ case: { consent } }) => consent?.includes('active'));

describe('budget', () => {
  test('what the catalogue holds at once is below what is allowed in all', () => {
    const connections = Object.values(HELD).reduce((sum, each) => sum + each, 0);
    assert.ok(connections <= BUDGET.connections, String(connections));
    assert.ok(Object.keys(HELD).length * (SETTLING_MS + 5_000) <= BUDGET.ms);
  });
  test('a run that has spent it sends nothing more; another has its own', () => {
    const run = {};
    spend(run, { connections: BUDGET.connections });
    assert.throws(() => spend(run, { connections: 1 }), /budget of active cases is spent: 51 connections/);
    assert.throws(() => spend(run, { bytes: BUDGET.bytes + 1 }), /bytes/);
    spend({}, { connections: 1 });
  });
  test('one run of all of them keeps to it', async () => {
    const pki = await hierarchy;
    const findings = await examined(await startStandIn('conformant', pki), pki, active, true);
    assert.deepEqual(
      having(findings, 'pass').length,
      active.length,
      JSON.stringify(findings.map((f) => f.because)),
    );
    assert.ok(findings.every(({ times }) => times === 1));
  });
});

test('without consent they are not in the plan, and their clauses say why', () => {
  const declared = { ...everythingOn('2025-10'), consent: ['write'] };
  assert.ok(!plan(gpconnect, declared).some(({ id }) => id.startsWith('hostile/')));
  const open = unreachable(gpconnect, declared);
  assert.deepEqual(
    open.map(({ requirement, because }) => [requirement, because]),
    ['GPC-SEC-OWASP-SHOWN', 'GPC-SEC-DOS-HARDENED'].map((id) => [
      id,
      'driven only with "active" in consent.allow',
    ]),
  );
});

test('a canary counts its own address alone', async () => {
  const canary = await openCanary({ host: '127.0.0.1', port: 0 });
  const asked = (url: string) =>
    new Promise((done) =>
      get(url, (response) => response.resume().on('end', () => done(response.statusCode))),
    );
  try {
    assert.equal(await asked(new URL('/other', canary.url).href), 404);
    assert.equal(canary.fetched(), 0);
    assert.equal(await asked(canary.url), 200);
    assert.equal(canary.fetched(), 1);
  } finally {
    canary.close();
  }
});

describe('from what was seen to the outcome', () => {
  const response = (
    status: number,
    body = '',
    headers: readonly (readonly [string, string])[] = [],
  ): Observation => ({
    kind: 'response',
    status,
    headers,
    body,
    bytes: body.length,
    ...(status === 200 && { resourceType: 'Bundle' }),
  });
  const there = { exchange: response(200) };
  const gone = { exchange: { kind: 'nothing', reason: 'ECONNREFUSED' } } as const;
  const outcome = (seen: Observation, controls: Parameters<typeof judge>[2] = there) =>
    judge({ kind: 'withstood' }, seen, controls, 'Bundle').outcome;
  test('refused or cut off is withstood', () => {
    assert.equal(outcome(response(400)), 'pass');
    assert.equal(outcome(response(501)), 'pass');
    assert.equal(outcome({ kind: 'closed', how: 'reset', during: 'exchange' }), 'pass');
    assert.equal(outcome(response(200, '{"resourceType":"Bundle","total":0}')), 'pass');
  });
  test('broken, served, echoed or fetched is not', () => {
    assert.equal(outcome(response(500)), 'fail');
    assert.equal(outcome(response(200, '{"entry":[{"resource":{}}]}')), 'fail');
    assert.equal(outcome(response(404, 'root:x:0:0:root')), 'fail');
    assert.equal(outcome(response(404, '', [['X-Assay-Injected', '1']])), 'fail');
    assert.equal(outcome(response(400), { ...there, fetched: 1 }), 'fail');
    assert.equal(outcome(response(400), { ...there, fetched: 0 }), 'pass');
  });
  test('what answered and then is gone was brought down; what was never there was not', () => {
    assert.equal(outcome(response(400), gone), 'fail');
    assert.equal(outcome({ kind: 'nothing', reason: 'no answer' }, gone), 'inconclusive');
    assert.equal(outcome({ kind: 'nothing', reason: 'no answer' }), 'inconclusive');
  });
});
