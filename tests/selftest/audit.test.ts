import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ROOT } from './program.ts';

/** `npm run audit` against registries on loopback: one that has no advisories to offer, and two that have. */

const audited = async (
  answer: (asked: Readonly<Record<string, readonly string[]>>) => object | undefined,
) => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      const bulk = request.url?.endsWith('/advisories/bulk') ? answer(JSON.parse(String(text))) : undefined;
      response.writeHead(bulk ? 200 : 404, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(bulk ?? { error: 'not found' }));
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    return await new Promise<{ readonly code: number; readonly out: string }>((done) => {
      const args = ['scripts/audit.ts', '--registry', registry, '--fetch-retries=0'];
      execFile(process.execPath, args, { cwd: ROOT }, (error, out) =>
        done({ code: error ? Number(error.code) : 0, out }),
      );
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
};

test('a registry without advisories: said in plain words, and not taken for a clean one', async () => {
  const { code, out } = await audited(() => undefined);
  assert.equal(code, 2, out);
  assert.match(out, /^not audited: the registry offers no advisories here \(.+\)\n$/);
});
test('nothing is known, of all that is in the lock file', async () => {
  let asked = 0;
  const { code, out } = await audited((packages) => {
    asked = Object.keys(packages).length;
    return {};
  });
  assert.equal(code, 0, out);
  assert.equal(out, 'nothing is known against any package\n');
  assert.ok(asked > 200, String(asked));
});
test('what is known is named with its severity', async () => {
  const { code, out } = await audited(({ ajv = [] }) => ({
    ajv: [
      {
        id: 1,
        url: 'https://advisory.test/1',
        title: 'made up for this test',
        severity: 'high',
        vulnerable_versions: `<=${ajv[0]}`,
        cwe: [],
        cvss: { score: 7, vectorString: null },
      },
    ],
  }));
  assert.equal(code, 1, out);
  assert.match(out, /^high: ajv .*made up for this test$/m);
  assert.match(out, /known: critical within 14 days, high within 30\n$/);
});
