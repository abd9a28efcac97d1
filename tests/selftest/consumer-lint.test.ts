import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Passage } from '../../mocks/ssp/proxy.ts';
import { serialise } from '../../mocks/ssp/token.ts';
import { ASID } from '../../mocks/provider/data.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { gpconnectConsumer, type ConsumerRequirement } from '../register/consumer.ts';
import { lintConsumer } from '../run/consumer.ts';

/** What an SSP says of a consumer: a good one passes every clause, and one that is wrong in one thing fails that one. */

const ROOT = 'https://provider.test/A11111/STU3/1/gpconnect';
type Fields = readonly (readonly [name: string, value: string])[];

let minted = 0;
/** A new token each: no two are issued in the same second. */
function fields(claims: Readonly<Record<string, unknown>> = {}): Fields {
  const { http, token } = gpconnect.valid({ url: ROOT, asid: ASID });
  assert.ok(token);
  minted += 1;
  const changed = { ...token, claims: { ...token.claims, ...claims, iss: `https://${minted}.assay.test` } };
  return [
    ...Object.entries(http.headers).map(
      ([name, value]) => [name, name === 'Ssp-TraceID' ? crypto.randomUUID() : value] as const,
    ),
    ['Authorization', `Bearer ${serialise(changed as typeof token, Date.now())}`],
  ];
}
const passage = (headers: Fields, change: Partial<Passage> = {}): Passage => ({
  at: new Date(),
  ms: 1,
  peer: {
    address: '127.0.0.1',
    protocol: 'TLSv1.2',
    cipher: 'ECDHE-RSA-AES256-GCM-SHA384',
    certificate: { commonName: 'consumer.test', subject: 'CN=consumer.test', serial: '01' },
  },
  connection: {},
  method: 'GET',
  target: `/${ROOT}/metadata`,
  rawHeaders: headers.flat(),
  answered: 'provider',
  status: 200,
  bytes: 0,
  ...change,
});
const without = (headers: Fields, name: string): Fields => headers.filter(([each]) => each !== name);
const having = (headers: Fields, name: string, value: string): Fields => [
  ...without(headers, name),
  [name, value],
];
const judged = (...passages: readonly Passage[]) => {
  const lint = lintConsumer([ROOT]);
  for (const each of passages) lint.see(each);
  return lint.record('0');
};
const failing = (...passages: readonly Passage[]) =>
  judged(...passages)
    .findings.filter(({ outcome }) => outcome === 'fail')
    .map(({ requirement }) => requirement);

test('a good consumer passes every clause', () => {
  const record = judged(passage(fields()), passage(fields()));
  assert.deepEqual(
    record.findings.filter(({ outcome }) => outcome !== 'pass'),
    [],
  );
  assert.equal(record.verdict, 'conformant');
});

describe('one request shows nothing of what has to be new', () => {
  test('inconclusive, and so is no request at all', () => {
    assert.equal(judged(passage(fields())).verdict, 'inconclusive');
    assert.equal(judged().verdict, 'inconclusive');
    assert.ok(judged().findings.every(({ outcome }) => outcome === 'inconclusive'));
  });
});

const good = fields();
const wrong: Readonly<Record<ConsumerRequirement, () => readonly Passage[]>> = {
  'GPC-CON-CERTIFICATE': () => [
    passage(fields(), { peer: { address: '', protocol: 'TLSv1.2', cipher: '' } }),
  ],
  'GPC-CON-HEADERS': () => [passage(without(fields(), 'Ssp-From'))],
  'GPC-CON-TRACE-FORM': () => [passage(having(fields(), 'Ssp-TraceID', '42'))],
  'GPC-CON-TRACE-FRESH': () => {
    const id = crypto.randomUUID();
    return [0, 1].map(() => passage(having(fields(), 'Ssp-TraceID', id)));
  },
  'GPC-CON-TARGET': () => [passage(fields(), { target: `/${encodeURIComponent(`${ROOT}/metadata`)}` })],
  'GPC-CON-ENCODING': () => [passage(fields(), { target: `/${ROOT}/Patient?identifier=a|b` })],
  'GPC-CON-TOKEN-FORM': () => {
    const token = fields().find(([name]) => name === 'Authorization')?.[1] ?? '';
    return [passage(having(fields(), 'Authorization', token.replace(/\.$/, '')))];
  },
  'GPC-CON-TOKEN-CLAIMS': () => [passage(fields({ reason_for_request: 'curiosity' }))],
  'GPC-CON-TOKEN-SCOPE': () => [passage(fields({ requested_scope: 'patient/*.write' }))],
  'GPC-CON-TOKEN-FRESH': () => {
    const [, token = ''] = good.find(([name]) => name === 'Authorization') ?? [];
    return [0, 1].map(() => passage(having(fields(), 'Authorization', token)));
  },
};
describe('a consumer that is wrong in one thing fails that clause and no other', () => {
  for (const { id } of gpconnectConsumer.requirements)
    test(id, () => assert.deepEqual(failing(...wrong[id](), passage(fields())), [id]));
});

test('an NRL retrieval is encoded whole, and its token is not GP Connect’s', () => {
  const headers = having(
    fields(),
    'Ssp-InteractionID',
    'urn:nhs:names:services:nrl:DocumentReference.content.read',
  );
  const target = `/${encodeURIComponent('https://provider.test/records/1.pdf')}`;
  assert.deepEqual(failing(passage(having(headers, 'Authorization', 'Bearer x.y.z'), { target })), []);
  assert.deepEqual(failing(passage(headers)), ['GPC-CON-TARGET']);
});

test('nothing of a token, a patient or a trace id is in the record', () => {
  const seen = passage(fields(), { target: `/${ROOT}/Patient?identifier=x|9990000018` });
  const text = JSON.stringify(judged(seen, seen));
  assert.doesNotMatch(text, /9990000018|eyJ|[0-9a-f]{8}-[0-9a-f]{4}/);
});
