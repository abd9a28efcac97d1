import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decodeJwt } from 'jose';
import { REALM_PATH } from '../../mocks/cis2/realm.ts';
import { KeyRing } from '../../mocks/cis2/keys.ts';
import { announce, keepKeys } from '../../mocks/cis2/store.ts';
import { mintFrom } from '../run/ftrs.ts';

/** The issuer of another environment, from its folder. */

let folder: string;
const issuerOf = (name: string): string => `https://${name}.localhost:443${REALM_PATH}`;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-issuers-'));
  for (const name of ['own', 'other']) {
    await keepKeys(join(folder, name), await KeyRing.create());
    // Nobody is there: an issuer that is down.
    await announce(join(folder, name), issuerOf(name), { url: 'https://localhost:1', token: 'none' });
  }
});
after(() => rm(folder, { recursive: true, force: true }));

const from = (name: string) =>
  mintFrom(join(folder, 'own'), { audience: 'https://dos.test/' }, 's.json#/issuer', {
    folder: join(folder, name),
    place: 's.json#/otherIssuer',
  });

test('a token of each', async () => {
  const { mint } = await from('other');
  assert.equal(decodeJwt(await mint({})).iss, issuerOf('own'));
  assert.equal(decodeJwt(await mint({ elsewhere: true })).iss, issuerOf('other'));
  for (const wanted of [{}, { elsewhere: true } as const, { defect: 'aal-low' } as const])
    assert.equal(decodeJwt(await mint(wanted)).aud, 'https://dos.test/');
});
test('a folder that is none, or the same issuer again', async () => {
  await assert.rejects(from('nowhere'), /s\.json#\/otherIssuer: is not the folder of an issuer/);
  await assert.rejects(from('own'), /s\.json#\/otherIssuer: has the same issuer as `issuer`/);
});
