import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Driver } from '../drive/driver.ts';
import type { Observation } from '../model.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { settle } from '../run/baseline.ts';

/** Which versions a subject is examined in, by what it did with the valid exchange in each. */

const valid = gpconnect.valid({ url: 'https://provider.test/x' });
const answer = (status: number): Observation => ({
  kind: 'response',
  status,
  headers: [],
  body: '',
  bytes: 0,
  ...(status === 200 && { resourceType: 'CapabilityStatement' }),
});
const alert: Observation = { kind: 'alert', alert: 70, name: 'protocol_version' };

const rows: readonly (readonly [what: string, older: Observation, newer: Observation, versions: string])[] = [
  ['taken in both', answer(200), answer(200), 'TLSv1.2 TLSv1.3'],
  ['1.3 refused by an alert', answer(200), alert, 'TLSv1.2'],
  ['1.3 refused by a page', answer(200), answer(403), 'TLSv1.2'],
  ['1.3 spoken by a hop that is down: it is not left out', answer(200), answer(503), 'TLSv1.2 TLSv1.3'],
  ['1.3 spoken, and throttled', answer(200), answer(429), 'TLSv1.2 TLSv1.3'],
  ['1.2 refused by an alert', alert, answer(200), 'TLSv1.3'],
  ['taken in neither', alert, alert, ''],
];
for (const [what, older, newer, versions] of rows)
  test(what, async () => {
    const drive: Driver = (_exchange, version) =>
      Promise.resolve({ observation: version === 'TLSv1.2' ? older : newer, trace: [] });
    assert.equal((await settle(drive, valid, gpconnect.payload)).versions.join(' '), versions);
  });
