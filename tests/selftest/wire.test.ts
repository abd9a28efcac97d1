import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { olderReferenceAt, referenceAt } from '../../mocks/provider/data.ts';
import { interactionNamed } from '../../mocks/ssp/interactions.ts';
import type { RawEdits } from '../../mocks/ssp/edits.ts';
import { attack } from '../../mocks/ssp/attacks.ts';
import { compose, rootPath } from '../../mocks/ssp/outbound.ts';
import { catalogue } from '../cases/index.ts';
import { atEdge } from '../drive/driver.ts';
import type { Case, Exchange } from '../model.ts';
import { html } from '../profiles/gpconnect-html.ts';
import { gpconnect } from '../profiles/gpconnect.ts';
import { merge } from '../run/merge.ts';

/** A stimulus is one change on the wire: the bytes sent are compared with those of the valid exchange. */

const NOW = Date.UTC(2026, 0, 1);
const reference = referenceAt('https://provider.test/x');
/** What a run learns on its way: a free slot, and the version of what it booked. */
const learnt = { slot: '50', slotStart: '', slotEnd: '', created: '', etag: 'W/"1"' };
const subject = { ...reference, data: { ...reference.data, ...learnt } };
const valid = gpconnect.valid(subject);
/** The valid exchange that a case changes: on the first interaction that it is bound to. */
const validFor = ({ id, on }: Case): Exchange => {
  if (!/\bhtml[/-]/.test(id)) return on ? gpconnect.exchange(subject, interactionNamed(on[0])) : valid;
  const older = olderReferenceAt('https://provider.test/x');
  return on ? html.exchange(older, interactionNamed(on[0])) : html.valid(older);
};

const sent = (exchange: Exchange): string => {
  const { http, data, token, raw, attack: hostile } = exchange;
  const plainly = {
    method: http.method,
    target: `${rootPath(http.root, data) ?? '/x'}${http.path}`,
    host: 'provider.test',
    headers: http.headers,
    body: http.body,
    data,
    token: atEdge(token),
    raw,
  };
  const request = hostile ? attack(hostile, plainly, 'http://canary.test/') : plainly;
  return compose(request, NOW).bytes.toString('latin1');
};

const decoded = (part = ''): string => Buffer.from(part, 'base64url').toString('utf8');
/** The text of a JSON object cut into its members, as written: duplicates stay two. */
function members(text: string): readonly string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 1;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/g)) {
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    if ((token === ',' && depth === 1) || depth === 0) {
      found.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return found;
}

/** The independent parts of a request. One change moves one of them; framing goes with the body it frames. */
function parts(text: string): ReadonlyMap<string, string> {
  const end = text.indexOf('\r\n\r\n');
  const [line = '', ...fields] = text.slice(0, end).split('\r\n');
  const [method = '', target = ''] = line.split(' ');
  const found = new Map([
    ['method', method],
    ['target', target.replace(/[?&]access_token=.*$/, '')],
  ]);
  const add = (name: string, value: string): void =>
    void found.set(name, `${found.has(name) ? `${found.get(name)}\n` : ''}${value}`);
  for (const field of fields) {
    const [name = '', value = ''] = field.split(/: (.*)/s);
    if (field === 'Content-Length: 0') continue; // goes with the method: see below
    const uuid = value.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID');
    if (/^(content-length|content-encoding|transfer-encoding)$/i.test(name)) add('body', field);
    else if (/^authorization$/i.test(name)) authorization(uuid, add);
    else add(`header ${name.toLowerCase()}`, `${name}: ${uuid}`);
  }
  const query = /[?&]access_token=(.*)$/.exec(target)?.[1];
  if (query !== undefined) add('token', 'in the query');
  add('body', text.slice(end + 4));
  return found;
}

function authorization(value: string, add: (name: string, value: string) => void): void {
  const [, scheme = '', head, body, rest] = /^(\w+) ([\w-]+)\.([\w-]+)(\.[\w-]*)?$/.exec(value) ?? [];
  if (head === undefined) return add('token', value);
  add('token', `${scheme} ${rest}`);
  add('token header', decoded(head));
  const claims = decoded(body);
  if (!claims.endsWith('}')) return add('token', claims);
  for (const member of members(claims)) add(`claim ${/"(.*?)"/.exec(member)?.[1]?.toLowerCase()}`, member);
}

const differing = (stimulus: Exchange, from = valid): readonly string[] => {
  const [before, after] = [parts(sent(from)), parts(sent(stimulus))];
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.get(name) !== after.get(name),
  );
};

describe('every stimulus of the catalogue that is a request', () => {
  const requests = catalogue.filter(({ via }) => via === 'exchange');
  for (const entry of requests) {
    const { id, stimulus } = entry;
    test(id, () => {
      const own = validFor(entry);
      const changed = differing(merge(own, stimulus), own);
      // What is booked or registered twice is the same request twice.
      const twice = 'books' in stimulus || 'registers' in stimulus;
      const again = twice && stimulus.token === undefined;
      const inTls = stimulus.tls !== undefined || Object.keys(stimulus).length === 0 || again;
      // A token that is no JWT, or none at all, takes everything that was in it along.
      const token = changed.filter(
        (name) =>
          name.startsWith('token') ||
          // Test data are one thing, wherever a request speaks of them.
          (name.startsWith('claim') && !('data' in stimulus)),
      );
      // A body of another kind goes with the type that says so.
      const typed = changed.includes('body') ? 'header content-type' : '';
      const rest = changed.filter(
        (name) =>
          !token.includes(name) && name !== typed && !('data' in stimulus && name.startsWith('claim')),
      );
      const whole = 'token' in stimulus && stimulus.token === null;
      // Another endpoint is one thing: its path, its ASID, its audience.
      const elsewhere = stimulus.http?.root !== undefined;
      if (elsewhere) assert.deepEqual(changed, ['target', 'header ssp-to', 'claim aud']);
      const units = elsewhere
        ? 1
        : rest.length + (whole || changed.includes('token') ? 1 : times(stimulus, token));
      assert.equal(units, inTls ? 0 : 1, `${id} changes ${changed.join(', ')}`);
    });
  }
  /** `iat` and `exp` move together: a token is shifted in time as one thing. */
  const times = (stimulus: object, token: readonly string[]): number =>
    JSON.stringify(stimulus).match(/"(times|edge)"/) && token.length > 0 ? 1 : token.length;
});

describe('each edit of the wire form changes what its name says and nothing else', () => {
  const body = '{"resourceType":"Parameters"}';
  const posting: Exchange = { ...valid, http: { ...valid.http, method: 'POST', body } };
  const edits: readonly (readonly [string, RawEdits, readonly string[], RegExp])[] = [
    [
      'a header twice',
      {
        headers: {
          name: 'Ssp-To',
          lines: [
            ['Ssp-To', '{value}'],
            ['Ssp-To', '{value}'],
          ],
        },
      },
      ['header ssp-to'],
      /Ssp-To: 999999990001\r\nSsp-To: 999999990001\r\n/,
    ],
    [
      'a header in another case',
      { headers: { name: 'Ssp-To', lines: [['SSP-TO', '{value}']] } },
      ['header ssp-to'],
      /\r\nSSP-TO: 999999990001\r\n/,
    ],
    ['a claim that is null', { claims: { name: 'aud', members: [['aud', 'null']] } }, ['claim aud'], /^/],
    [
      'a claim twice',
      {
        claims: {
          name: 'aud',
          members: [
            ['aud', '{value}'],
            ['aud', '"other"'],
          ],
        },
      },
      ['claim aud'],
      /^/,
    ],
    [
      'a number as a string',
      { claims: { name: 'exp', members: [['exp', '"{value}"']] } },
      ['claim exp'],
      /^/,
    ],
    ['no last dot', { token: 'dot-dropped' }, ['token'], /Bearer [\w-]+\.[\w-]+\r\n/],
    ['padding', { token: 'padded' }, ['token'], /Bearer [\w-]+=+\.[\w-]+=+\.\r\n/],
    ['plain base64', { token: 'plain-base64' }, ['token'], /Bearer .*(\+.*\/|\/.*\+).*\.\r\n/],
    ['a token cut', { token: 'cut' }, ['token'], /Bearer [\w-]+\.[\w-]+\.\r\n/],
    ['a signature', { token: 'with-signature' }, ['token'], /Bearer [\w-]+\.[\w-]+\.[\w-]+\r\n/],
    ['another case of the scheme', { token: 'scheme-lower-case' }, ['token'], /: bearer ey/],
    ['the token in the query', { token: 'in-query' }, ['token'], /^POST \S+\?access_token=ey\S+\. HTTP/],
    ['half a body', { body: 'cut' }, ['body'], /Content-Length: 14\r\n/],
    ['a body in chunks', { body: 'chunked' }, ['body'], /\r\n\r\ne\r\n\{.*\r\n0\r\n\r\n$/s],
    ['a compressed body', { body: 'gzip' }, ['body'], /Content-Encoding: gzip\r\n/],
  ];
  for (const [name, raw, expected, pattern] of edits) {
    test(name, () => {
      const stimulus = { ...posting, raw };
      const changed = differing(stimulus, posting);
      const named = changed.filter((each) => !changed.includes('token') || !/^(token .|claim)/.test(each));
      assert.deepEqual(named, expected);
      assert.match(sent(stimulus), pattern);
    });
  }
  test('claims as they are written', () => {
    const claims = (raw: RawEdits): string => {
      const [, body] = /Bearer [^.]*\.([^.]*)/.exec(sent({ ...posting, raw })) ?? [];
      return decoded(body);
    };
    assert.match(claims({ claims: { name: 'aud', members: [['aud', 'null']] } }), /"aud":null,/);
    assert.match(
      claims({ claims: { name: 'exp', members: [['exp', '"{value}"']] } }),
      new RegExp(`"exp":"${NOW / 1000 + 300}"`),
    );
  });
  test('what was compressed is what would have been sent', () => {
    const text = sent({ ...posting, raw: { body: 'gzip' } });
    const content = Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1');
    assert.equal(gunzipSync(content).toString(), body);
  });
  test('an edit that finds nothing to change is refused', () => {
    assert.throws(() => sent({ ...valid, raw: { headers: { name: 'X-No', lines: [] } } }), /no header X-No/);
    assert.throws(() => sent({ ...valid, raw: { claims: { name: 'no', members: [] } } }), /no claim no/);
  });
});

test('data stand in path, headers and body, each encoded for its place', () => {
  const text = sent({
    ...valid,
    http: {
      method: 'POST',
      path: '/Patient?identifier=a%7C{patient}',
      headers: { 'If-Match': '{etag}' },
      body: '{"value":"{patient}"}',
    },
    data: { patient: 'a|"b', etag: 'W/"1"' },
  });
  assert.match(text, /^POST \/x\/Patient\?identifier=a%7Ca%7C%22b HTTP/);
  assert.match(text, /If-Match: W\/"1"\r\n/);
  assert.match(text, /\{"value":"a\|\\"b"\}$/);
  assert.throws(() => sent({ ...valid, http: { ...valid.http, path: '/{hole}' } }), /no value for \{hole\}/);
});

test('a method that anticipates content says that there is none', () => {
  const request = (method: string) =>
    compose({ method, target: '/x', host: 'provider.test', headers: {} }, NOW).bytes.toString();
  for (const method of ['POST', 'PUT', 'PATCH']) assert.match(request(method), /\r\nContent-Length: 0\r\n/);
  for (const method of ['GET', 'DELETE', 'TRACE']) assert.doesNotMatch(request(method), /Content-Length/);
});
