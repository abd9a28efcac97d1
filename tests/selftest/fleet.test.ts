import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { verdictOf } from '../run/record.ts';
import { connectionCases, planFor, score, tell } from './fleet/compare.ts';
import { unable, type ServerName } from './fleet/configuration.ts';
import { configurations } from './fleet/configurations.ts';
import { flawsOf } from './fleet/facts.ts';
import { startNginx } from './fleet/servers/nginx.ts';
import { examined, having, hierarchy } from './stand.ts';

/**
 * Providers whose TLS nobody here wrote: what is wrong in their configuration, and nothing else, is found.
 * The representative part, and the cases of the connection alone; with ASSAY_FLEET=whole, as `.ci/run` has it, every
 * configuration with every case that `npm run fleet` drives.
 */

const WHOLE = process.env['ASSAY_FLEET'] === 'whole';
/** Servers that take one connection at a time are waited for. */
const AT_ONCE = WHOLE ? 3 : 2;
const driven = configurations.filter(({ quick }) => WHOLE || quick);

const known = hierarchy.then(flawsOf);
const skipOf = (server: ServerName): string | false => unable[server] ?? false;

describe('what is found is what the configuration makes true', { concurrency: AT_ONCE }, () => {
  for (const configuration of driven) {
    const { server, title } = configuration;
    test(`${server}: ${title}`, { skip: skipOf(server) }, async () => {
      const pki = await hierarchy;
      const planned = WHOLE ? planFor(configuration) : connectionCases;
      const { mismatches } = await score(configuration, pki, await known, planned);
      assert.deepEqual(mismatches.map(tell), []);
    });
  }
});

describe('the fleet', { skip: skipOf('nginx') }, () => {
  test('a server that is stopped: everything is inconclusive', async () => {
    const pki = await hierarchy;
    const provider = await startNginx(pki);
    await provider.close();
    const findings = await examined({ ...provider, close: async () => {} }, pki);
    assert.deepEqual(having(findings, 'pass'), []);
    assert.equal(verdictOf(findings), 'inconclusive');
  });

  test('an expectation that is wrong is a mismatch, and so is a case that nobody taught it', async () => {
    const pki = await hierarchy;
    const [first] = configurations;
    assert.ok(first);
    const changed = { ...first, facts: { ...first.facts, order: 'client' as const } };
    const wrong = await score(changed, pki, await known, connectionCases);
    assert.deepEqual(
      wrong.mismatches.map(({ expected, found }) => [expected, found]),
      wrong.mismatches.map(() => ['fail', 'pass']),
    );
    assert.ok(wrong.mismatches.length > 0);
    assert.equal(wrong.falsePasses, wrong.mismatches.length);
    const unlearned = await score(first, pki, new Map(), connectionCases);
    assert.ok(unlearned.mismatches.every(({ expected }) => expected === 'untold'));
    assert.ok(unlearned.mismatches.length > 0);
  });
});
