import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Hierarchy } from '../../certs/index.ts';
import { readPack } from '../../certs/pack-read.ts';
import { writePack } from '../../certs/pack.ts';
import type { Provider } from '../../mocks/provider/server.ts';
import { catalogue } from '../cases/index.ts';
import type { Observation } from '../model.ts';
import type { Finding } from '../run/finding.ts';
import { recognise, servers, type ServerName } from '../run/recognise.ts';
import { isKnown, remedyFor } from '../run/remedies.ts';
import { apachePath, startApache } from './fleet/servers/apache.ts';
import { haproxyPath, startHaproxy } from './fleet/servers/haproxy.ts';
import { nginxPath, startNginx } from './fleet/servers/nginx.ts';
import { assay } from './program.ts';

/** From a failure to the line to change, for servers that nobody here wrote. */

const answer = (body: string, headers: readonly (readonly [string, string])[] = []): Observation => ({
  kind: 'response',
  status: 400,
  headers,
  body,
  bytes: body.length,
});
const seen = (...observations: readonly Observation[]) => ({
  findings: observations.map((observation): Finding => ({
    case: 'a/b',
    title: '',
    payload: '',
    level: 'SHALL',
    requirements: [],
    expected: '',
    outcome: 'fail',
    because: '',
    observation,
    times: 1,
    control: { exchange: { kind: 'nothing', reason: '' } },
    trace: [],
    ms: 0,
  })),
  noted: [],
});

describe('a server is recognised by what it says', () => {
  const rows: readonly (readonly [ServerName, Observation, by: RegExp])[] = [
    ['nginx', answer('<center><h1>400 Bad Request</h1></center>\n<hr><center>nginx/1.22.1</center>'), /page/],
    ['nginx', answer('', [['Server', 'nginx']]), /server: nginx/],
    ['nginx', answer('', [['server', 'openresty/1.25']]), /openresty/],
    ['apache', answer('<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html>'), /page/],
    ['apache', answer('', [['Server', 'Apache/2.4.57 (Debian)']]), /Apache\/2\.4/],
    ['tomcat', answer('<hr class="line" /><h3>Apache Tomcat/10.1.6</h3>'), /page/],
    ['tomcat', answer('', [['Server', 'Apache-Coyote/1.1']]), /Coyote/],
    [
      'haproxy',
      answer(
        '<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>',
      ),
      /page/,
    ],
    ['node', answer('', [['X-Powered-By', 'Express']]), /Express/],
    ['api-gateway', answer('{"message":"Forbidden"}', [['x-amzn-RequestId', 'a-b']]), /x-amzn-requestid/],
    ['unknown', answer('no'), /nothing/],
    ['unknown', { kind: 'closed', how: 'fin', during: 'handshake' }, /nothing/],
  ];
  for (const [server, observation, by] of rows) {
    test(`${server} by ${by.source}`, () => {
      const found = recognise(seen({ kind: 'closed', how: 'fin', during: 'handshake' }, observation));
      assert.equal(found.server, server);
      assert.match(found.by, by);
    });
  }
  test('a page of its own goes before a header that may come from behind', () => {
    const behind = answer('{}', [['Server', 'nginx']]);
    const front = answer('<h1>403 Forbidden</h1>\n<h3>Apache Tomcat/9</h3>');
    assert.equal(recognise(seen(behind, front)).server, 'tomcat');
  });
});

test('there is a remedy for every case, in the words of every server', () => {
  const without = catalogue.filter(({ id, requirements }) => !isKnown({ case: id, requirements }));
  assert.deepEqual(
    without.map(({ id }) => id),
    [],
  );
  for (const { id, requirements } of catalogue) {
    for (const server of servers) {
      const { say, change } = remedyFor({ case: id, requirements }, server);
      assert.ok(say.length > 10 && (change ?? '').length > 3, `${id} on ${server}`);
    }
  }
});

test('a case is told what mends it, not what mends its neighbour', () => {
  const rows: readonly (readonly [id: string, says: RegExp])[] = [
    ['client-certificate/name-wildcard', /the one name/],
    ['client-certificate/sub-revoked', /revocation/],
    ['client-certificate/valid-next', /pinned/],
    ['client-certificate/no-digital-signature', /key usages/],
    ['client-certificate/sha-1', /MD5 or SHA-1/],
    ['transport/prime', /2048 bits/],
    ['tls/renegotiation', /renegotiation/],
  ];
  for (const [id, says] of rows)
    assert.match(remedyFor({ case: id, requirements: [] }, 'nginx').say, says, id);
});

describe('from a failing configuration to the line to change, by what is on the screen', () => {
  let folder: string;
  let pack: Hierarchy;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-remedy-'));
    await writePack(join(folder, 'pki'), { hosts: ['localhost'], ssp: 'spine.example.test' });
    pack = await readPack(join(folder, 'pki'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function judged(provider: Provider, ids: readonly string[]) {
    try {
      const asid = { provider: '999999990001', consumer: '999999990002' };
      await writeFile(
        join(folder, 'subject.json'),
        JSON.stringify({ profile: 'gpconnect', url: provider.url, pki: 'pki', asid }),
      );
      const globs = [...ids, 'connection/in-clear'].flatMap((id) => ['--case', id]);
      return await assay(folder, 'run', 'subject.json', ...globs);
    } finally {
      await provider.close();
    }
  }
  const missing = (path: string | undefined, name: string): string | false =>
    path === undefined ? `${name} is not installed (apt-get install --no-install-recommends ${name})` : false;
  const rows: readonly (readonly [
    name: string,
    skip: string | false,
    wrong: () => Promise<Provider>,
    right: () => Promise<Provider>,
    ids: readonly string[],
    says: RegExp,
  ])[] = [
    [
      'nginx, client certificates optional',
      missing(nginxPath, 'nginx-light'),
      () => startNginx(pack, { verify: 'optional', nameRule: '' }),
      () => startNginx(pack),
      ['client-certificate/absent'],
      /says that it is nginx[\s\S]*change {2}Ask for a client certificate[\s\S]*ssl_verify_client +on;/,
    ],
    [
      'nginx, no CRL, and no look at the name',
      missing(nginxPath, 'nginx-light'),
      () => startNginx(pack, { revocation: '', nameRule: '' }),
      () => startNginx(pack),
      ['client-certificate/revoked', 'client-certificate/wrong-name'],
      // The name is that of the pack, as the server has to be told it.
      /nginx[\s\S]*ssl_crl crl\.pem;[\s\S]*"~\^CN=spine\\\.example\\\.test\(,\|\$\)" 1;/,
    ],
    [
      'Apache, the CRL never looked at',
      missing(apachePath, 'apache2'),
      () => startApache(pack, { revocation: 'SSLCARevocationFile crl.pem' }),
      () => startApache(pack),
      ['client-certificate/revoked'],
      /Apache httpd[\s\S]*SSLCARevocationCheck chain/,
    ],
    [
      'HAProxy, no CRL; its own words for the name keep others out',
      missing(haproxyPath, 'haproxy'),
      () => startHaproxy(pack, { revocation: '', rules: '' }),
      () => {
        const words = remedyFor(
          { case: 'client-certificate/wrong-name', requirements: [] },
          'haproxy',
          pack.ssp,
        );
        return startHaproxy(pack, { rules: words.change ?? '' });
      },
      ['client-certificate/revoked', 'client-certificate/wrong-name', 'client-certificate/name-nul'],
      /change {2}Check revocation/,
    ],
  ];
  for (const [name, skip, wrong, right, ids, says] of rows) {
    test(name, { skip }, async () => {
      const failing = await judged(await wrong(), ids);
      assert.equal(failing.code, 1, failing.out + failing.err);
      assert.match(failing.out, says);
      const mended = await judged(await right(), ids);
      assert.equal(mended.code, 0, mended.out + mended.err);
    });
  }
});
