import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedactor, isNhsNumber } from '../drive/redact.ts';

test('a token is redacted whole, in parts, and where we do not know it', () => {
  const { redact } = createRedactor();
  const token = `${'h'.repeat(30)}.${'p'.repeat(40)}.`;
  const secrets = [{ kind: 'token', value: token }] as const;
  assert.equal(redact(`got ${token}!`, secrets), 'got ‹token:1›!');
  assert.equal(redact(`claims ${'p'.repeat(40)}`, secrets), 'claims ‹token:1›');
  const jwt = `eyJhbGciOiJub25lIn0.eyJhIjoxfQabc.sig-na_ture`;
  assert.equal(redact(`x ${jwt} y`), 'x ‹token:2› y');
});

test('a token with quotes in it is redacted in JSON and in XML too', () => {
  const { redact } = createRedactor();
  const secrets = [{ kind: 'token', value: '{"alg":"none"}{"sub":"<1>"}' }] as const;
  const [{ value }] = secrets;
  assert.equal(redact(JSON.stringify({ said: value }), secrets), '{"said":"‹token:1›"}');
  assert.equal(
    redact(`<d value="${value.replaceAll('"', '&quot;').replaceAll('<', '&lt;')}"/>`, secrets),
    '<d value="‹token:1›"/>',
  );
});

test('the same value has the same mark, another value another', () => {
  const { redact, disclosure } = createRedactor();
  const text = redact('a 9434765919 b 943 476 5919 c 9658218865');
  assert.equal(text, 'a ‹nhs-number:1› b ‹nhs-number:1› c ‹nhs-number:2›');
  const { digests, salt } = disclosure();
  assert.deepEqual(Object.keys(digests), ['‹nhs-number:1›', '‹nhs-number:2›']);
  assert.ok(!JSON.stringify({ digests, salt }).includes('9434765919'));
});

test('an NHS number is redacted wherever it stands: at the end of a sentence, in a file name, in a URL', () => {
  const { redact } = createRedactor();
  for (const text of [
    'No patient with NHS number 9434765919.',
    '9434765919.xml',
    'patient.9434765919',
    '943%20476%205919',
    '943+476+5919',
    '943\u00a0476\u00a05919',
    '/Patient/9434765919',
    '%7C9434765919',
    '%C2%A09434765919',
  ])
    assert.match(redact(text), /^(?:%\w\w|[^0-9])*‹nhs-number:\d›[^0-9]*$/, text);
  assert.equal(redact('1.2.9434765919.3 0.9434765919'), '1.2.9434765919.3 0.9434765919');
});

test('ten digits that are no NHS number stay', () => {
  assert.equal(createRedactor().redact('1234567890 99999999901234'), '1234567890 99999999901234');
  assert.ok(isNhsNumber('943 476 5919'));
  assert.ok(!isNhsNumber('9434765918'));
  assert.ok(!isNhsNumber('943476591'));
});

test('a private key goes, also one that is cut short', () => {
  const { redact } = createRedactor();
  const key = '-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----';
  assert.equal(redact(`a ${key} b`), 'a ‹key:1› b');
  assert.equal(redact('a -----BEGIN RSA PRIVATE KEY-----\nMIIEvQ'), 'a ‹key:2›');
});
