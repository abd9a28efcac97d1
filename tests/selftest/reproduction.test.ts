import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Hierarchy } from '../../certs/index.ts';
import { readPack } from '../../certs/pack-read.ts';
import { writePack } from '../../certs/pack.ts';
import { DATA, referenceAt } from '../../mocks/provider/data.ts';
import { mutants } from '../../mocks/provider/mutants.ts';
import { requestMutants } from '../../mocks/provider/request-mutants.ts';
import { startStandIn } from '../../mocks/provider/stand-in.ts';
import { assay } from './program.ts';

/** The scripts that a run leaves, run as a developer would: against the mutant they show the defect, else they do not. */

let folder: string;
let pack: Hierarchy;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-repro-'));
  await writePack(join(folder, 'pki'), { hosts: ['localhost'] });
  pack = await readPack(join(folder, 'pki'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Runs a script of bash. */
async function bash(file: string, env: NodeJS.ProcessEnv = {}) {
  const child = spawn('bash', [file], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // With it goes what it started.
  const deadline = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), 45_000);
  const out: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => out.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(deadline);
  return { code, out: Buffer.concat(out).toString() };
}

const catching = { ...mutants, ...requestMutants };
const mutantOf = (id: string): string =>
  Object.entries(catching).find(([, { caughtBy }]) => caughtBy[0] === id)?.[0] ??
  Object.entries(catching).find(([, { caughtBy }]) => caughtBy.includes(id))?.[0] ??
  assert.fail(`no mutant for ${id}`);

/** A case, and what its script says of the reference: `0` it does not show, `2` somebody has to read the answer. */
const rows: readonly (readonly [id: string, onReference: 0 | 2])[] = [
  ['client-certificate/absent', 0],
  ['client-certificate/expired', 0],
  ['client-certificate/self-signed', 0],
  ['client-certificate/revoked', 0],
  ['client-certificate/wrong-name', 0],
  ['connection/in-clear', 0],
  ['tls-version/1.1', 0],
  ['tls-version/sslv3', 0],
  ['tls-version/sslv2', 0],
  ['cipher-suite/only-approved', 0],
  ['cipher-suite/each-string', 0],
  ['cipher-suite/server-preference', 0],
  ['cipher-suite/order', 0],
  ['ssp-header/from-absent', 0],
  ['token/absent', 0],
  ['token/expired', 0],
  ['token/audience-of-another', 0],
  ['token/in-query', 0],
  ['token/of-another-scheme', 0],
  ['cache-control/error', 0],
  ['cache-control/refusal-page', 0],
  ['error/token-expired', 2],
  ['request/bad-check-digit', 0],
  ['interaction/find-patient', 0],
];

describe('repro/<case>.sh', { concurrency: 2 }, () => {
  for (const [id, onReference] of rows) {
    const name = mutantOf(id);
    test(`${id} on ${name}, then on the reference`, async () => {
      const out = id.replaceAll('/', '-');
      const mutant = await startStandIn(name, pack);
      const described = {
        ...referenceAt(mutant.url),
        profile: 'gpconnect',
        pki: 'pki',
        options: { enforcesScope: true },
      };
      const { slotFrom, slotTo, ...held } = DATA;
      await writeFile(
        join(folder, `${out}.json`),
        JSON.stringify({ ...described, data: { ...held, slot: { from: slotFrom, to: slotTo } } }),
      );
      const script = join(folder, out, 'repro', `${id}.sh`);
      try {
        const ran = await assay(folder, 'run', `${out}.json`, '--case', id, '--out', out);
        assert.equal(ran.code, 1, ran.out + ran.err);
        assert.match(ran.out, new RegExp(`bash ${out}/repro/${id}\\.sh`));
        const text = await readFile(script, 'utf8');
        assert.equal((await stat(script)).mode & 0o777, 0o755);
        assert.doesNotMatch(text, /PRIVATE KEY|BEGIN CERT|eyJ[\w-]{10,}/);
        for (const number of [DATA.patient, DATA.registrable])
          assert.ok(!text.includes(number), 'no NHS number');
        const shown = await bash(script, { PATIENT: DATA.patient });
        assert.match(shown.out, /^expected: /);
        if (onReference === 0) assert.equal(shown.code, 1, shown.out);
        else assert.match(shown.out, /HTTP\/1\.1 \d{3}/);
      } finally {
        await mutant.close();
      }
      const silent = await bash(script, { PATIENT: DATA.patient });
      assert.equal(silent.code, 2, `nobody is there: ${silent.out}`);
      const reference = await startStandIn('conformant', pack, mutant.port);
      try {
        const { code, out: said } = await bash(script, { PATIENT: DATA.patient });
        assert.equal(code, onReference, said);
      } finally {
        await reference.close();
      }
    });
  }

  test('nothing of a run before is left, and a run without failures leaves none', async () => {
    const reference = await startStandIn('conformant', pack);
    try {
      await writeFile(
        join(folder, 'clean.json'),
        JSON.stringify({
          profile: 'gpconnect',
          url: reference.url,
          pki: 'pki',
          asid: { provider: '999999990001', consumer: '999999990002' },
        }),
      );
      const { code, out } = await assay(
        folder,
        'run',
        'clean.json',
        '--case',
        'token/absent',
        '--out',
        'token-absent',
      );
      assert.equal(code, 0, out);
      assert.ok(!(await readdir(join(folder, 'token-absent'))).includes('repro'));
    } finally {
      await reference.close();
    }
  });
});
