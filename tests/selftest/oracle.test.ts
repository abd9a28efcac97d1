import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asXml } from '../../mocks/provider/resources.ts';
import type { Expectation, Observation, OutcomePart, Rule } from '../model.ts';
import { judge, type Controls } from '../oracle/judge.ts';

const PAYLOAD = 'CapabilityStatement';
type Response = Extract<Observation, { kind: 'response' }>;
const response = (status: number, body = '', more: Partial<Response> = {}): Observation => ({
  kind: 'response',
  status,
  headers: [],
  body,
  bytes: body.length,
  ...more,
});
const payload = response(200, '', { resourceType: PAYLOAD });
const willing: Controls = { exchange: payload };
const certificate: Expectation = { kind: 'refused-connection', rule: 'certificate' };
const request = (rule: Rule): Expectation => ({ kind: 'refused-request', rule });
const outcomeOf = (expected: Expectation, seen: Observation, controls = willing) =>
  judge(expected, seen, controls, PAYLOAD).outcome;

describe('from observation to outcome, for a certificate', () => {
  const table: readonly (readonly [string, Observation, 'pass' | 'fail' | 'inconclusive'])[] = [
    ['nothing of the peer', { kind: 'nothing', reason: 'ECONNREFUSED' }, 'inconclusive'],
    ['a broken answer', { kind: 'broken', what: 'cut short' }, 'inconclusive'],
    ['three tries that differ', { kind: 'unsteady', seen: [payload, response(400)] }, 'inconclusive'],
    ['421 misdirected', response(421), 'inconclusive'],
    ['429 throttled', response(429), 'inconclusive'],
    ['502', response(502), 'inconclusive'],
    ['503', response(503), 'inconclusive'],
    ['504', response(504), 'inconclusive'],
    ["the control's payload", payload, 'fail'],
    ['the payload with another success status', response(201, '', { resourceType: PAYLOAD }), 'fail'],
    ['alert 44', { kind: 'alert', alert: 44, name: 'certificate_revoked' }, 'pass'],
    ['alert 80, an odd code', { kind: 'alert', alert: 80, name: 'internal_error' }, 'pass'],
    ['FIN', { kind: 'closed', how: 'fin', during: 'exchange' }, 'pass'],
    ['RST', { kind: 'closed', how: 'reset', during: 'handshake' }, 'pass'],
    ["nginx's page", response(400, '<center>The SSL certificate error</center>'), 'pass'],
    ["nginx's other page", response(400, 'No required SSL certificate was sent'), 'pass'],
    ['a gateway', response(403, '{"message":"Forbidden"}'), 'pass'],
    ['495 with an outcome', response(495, '{}', { resourceType: 'OperationOutcome' }), 'pass'],
    ['496', response(496), 'pass'],
    ['401', response(401), 'pass'],
    ['400 that blames a header', response(400, 'Ssp-TraceID is missing'), 'inconclusive'],
    ['400 that blames the token', response(400, 'invalid bearer token'), 'inconclusive'],
    ['200 with another page', response(200, 'Welcome'), 'pass'],
    ['500', response(500, 'oops'), 'inconclusive'],
    ['501', response(501), 'inconclusive'],
    ['a redirect', response(302), 'inconclusive'],
  ];
  for (const [name, seen, outcome] of table) {
    test(`${name} → ${outcome}`, () => assert.equal(outcomeOf(certificate, seen), outcome));
  }
});

describe('from observation to outcome, for a header', () => {
  const table: readonly (readonly [string, Observation, 'pass' | 'fail' | 'inconclusive'])[] = [
    ['400', response(400, 'bad request'), 'pass'],
    ['422', response(422), 'pass'],
    [
      '400 that names the header',
      response(400, 'Ssp-From is missing; all of Ssp-To, Ssp-TraceID are needed'),
      'pass',
    ],
    ['400 that blames another header', response(400, 'Ssp-To is missing'), 'inconclusive'],
    ['400 that blames the certificate', response(400, 'The SSL certificate error'), 'inconclusive'],
    ['the payload', payload, 'fail'],
    ['200 with an outcome', response(200, '{}', { resourceType: 'OperationOutcome' }), 'fail'],
    ['302', response(302), 'fail'],
    ['500', response(500), 'fail'],
    ['503', response(503), 'inconclusive'],
    ['a close', { kind: 'closed', how: 'fin', during: 'exchange' }, 'pass'],
  ];
  for (const [name, seen, outcome] of table) {
    test(`${name} → ${outcome}`, () => assert.equal(outcomeOf(request('Ssp-From'), seen), outcome));
  }
  test('5xx counts where the documents let a failure be 5xx as well', () => {
    const expected = { ...request('request'), orServerError: true } as Expectation;
    for (const status of [400, 405, 500, 501]) assert.equal(outcomeOf(expected, response(status)), 'pass');
    for (const seen of [payload, response(200), response(204), response(302)])
      assert.equal(outcomeOf(expected, seen), 'fail');
    assert.equal(outcomeOf(expected, response(503)), 'inconclusive');
  });
});

describe('a refusal is believed only beside an acceptance', () => {
  const refusals: readonly Observation[] = [
    response(400),
    { kind: 'nothing', reason: 'dead' },
    { kind: 'closed', how: 'fin', during: 'handshake' },
    response(200, '', { resourceType: 'OperationOutcome' }),
  ];
  for (const exchange of refusals) {
    test(`control ${exchange.kind}`, () => {
      const seen: Observation = { kind: 'alert', alert: 44, name: 'certificate_revoked' };
      assert.equal(outcomeOf(certificate, seen, { exchange }), 'inconclusive');
      assert.equal(outcomeOf(certificate, payload, { exchange }), 'inconclusive');
    });
  }
  test('a hello needs its twin as well', () => {
    const refused: Observation = { kind: 'alert', alert: 70, name: 'protocol_version' };
    const twin: Observation = { kind: 'server-hello', version: 'TLSv1.2', suite: 'x' };
    const offer: Expectation = { kind: 'offer-refused' };
    assert.equal(outcomeOf(offer, refused, { exchange: payload, hello: twin }), 'pass');
    assert.equal(outcomeOf(offer, twin, { exchange: payload, hello: twin }), 'fail');
    assert.equal(outcomeOf(offer, refused, { exchange: payload, hello: refused }), 'inconclusive');
  });
});

describe('strength of a refusal', () => {
  const strength = (seen: Observation) => judge(certificate, seen, willing, PAYLOAD).strength;
  test('strongest to weakest', () => {
    assert.equal(strength({ kind: 'alert', alert: 44, name: '' }), 'alert');
    assert.equal(strength(response(403, '{}', { resourceType: 'OperationOutcome' })), 'application');
    assert.equal(strength(response(400, 'The SSL certificate error')), 'terminator');
    assert.equal(strength({ kind: 'closed', how: 'fin', during: 'exchange' }), 'closed');
    assert.equal(strength({ kind: 'closed', how: 'reset', during: 'exchange' }), 'reset');
    assert.equal(strength(response(200, 'Welcome')), 'other-page');
  });
});

describe('the error answer', () => {
  const body = (change: (outcome: Record<string, unknown>) => void = () => {}): string => {
    const outcome = {
      resourceType: 'OperationOutcome',
      meta: { profile: ['https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-OperationOutcome-1'] },
      issue: [
        {
          severity: 'error',
          code: 'invalid',
          details: {
            coding: [
              {
                system: 'https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1',
                code: 'BAD_REQUEST',
                display: 'Bad request',
              },
            ],
          },
        },
      ],
    };
    change(outcome);
    return JSON.stringify(outcome);
  };
  const expected: Expectation = {
    kind: 'outcome',
    rule: 'token',
    answers: [
      { status: 400, issue: ['invalid'], codes: ['BAD_REQUEST'], source: 'table' },
      {
        status: 401,
        issue: ['invalid', 'security'],
        codes: [],
        header: 'www-authenticate',
        source: 'RFC 6750',
      },
    ],
  };
  const seen = (status: number, text: string, headers: Response['headers'] = []) =>
    response(status, text, { headers, resourceType: 'OperationOutcome' });

  test('the preferred answer passes and names its source', () => {
    const verdict = judge(expected, seen(400, body()), willing, PAYLOAD);
    assert.deepEqual([verdict.outcome, verdict.because], ['pass', 'as the source says: table']);
  });
  test('the second answer needs its header', () => {
    assert.equal(outcomeOf(expected, seen(401, body(), [['WWW-Authenticate', 'Bearer']])), 'pass');
    const verdict = judge(expected, seen(401, body()), willing, PAYLOAD);
    assert.equal(verdict.outcome, 'fail');
    assert.match(verdict.because, /www-authenticate/);
  });
  const faults: readonly (readonly [string, string, RegExp])[] = [
    ['no JSON', '<html>', /no OperationOutcome/],
    ['another resource', '{"resourceType":"Basic"}', /no OperationOutcome/],
    ['no issue', body((outcome) => (outcome['issue'] = [])), /no issue/],
    ['null issue', body((outcome) => (outcome['issue'] = [null])), /no issue/],
    [
      'details left out',
      body((outcome) => (outcome['issue'] = [{ severity: 'error', code: 'invalid' }])),
      /details\.coding/,
    ],
    ['another code', body().replace('BAD_REQUEST', 'INVALID_PARAMETER'), /code "INVALID_PARAMETER"/],
  ];
  for (const [name, text, because] of faults) {
    test(`${name} fails, and says so`, () => {
      const verdict = judge(expected, seen(400, text), willing, PAYLOAD);
      assert.equal(verdict.outcome, 'fail');
      assert.match(verdict.because, because);
    });
  }
  describe('its parts', () => {
    const profile = 'https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-OperationOutcome-1';
    const system = 'https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1';
    const parts: Readonly<Record<string, OutcomePart>> = {
      schema: { part: 'schema', release: 'STU3' },
      profile: { part: 'profile', anyOf: [profile] },
      severity: { part: 'severity', anyOf: ['error'] },
      system: { part: 'system', anyOf: [system] },
      display: { part: 'display', texts: { BAD_REQUEST: ['Bad request'] } },
    };
    const of = (name: string, text: string) => {
      const part = parts[name];
      assert.ok(part, name);
      return judge({ kind: 'outcome-part', ...part }, seen(400, text), willing, PAYLOAD);
    };
    for (const part of Object.keys(parts)) {
      test(`${part} of a sound outcome, in JSON and in XML`, () => {
        assert.equal(of(part, body()).outcome, 'pass');
        assert.equal(of(part, asXml(JSON.parse(body()) as Parameters<typeof asXml>[0])).outcome, 'pass');
      });
      test(`${part} of what is no outcome`, () => {
        assert.equal(of(part, '<html>').outcome, 'inconclusive');
        assert.equal(of(part, '{"resourceType":"Basic"}').outcome, 'inconclusive');
      });
    }
    const wrong: readonly (readonly [string, string, RegExp])[] = [
      ['schema', body().replace('"details":{', '"diagnostics":[],"details":{'), /\/issue\/0\/diagnostics/],
      ['schema', body((outcome) => delete outcome['issue']), /issue/],
      ['profile', body((outcome) => delete outcome['meta']), /meta\.profile/],
      ['severity', body().replace('"error"', '"warning"'), /severity "warning"/],
      ['system', body().replace('CodeSystem', 'ValueSet'), /ValueSet/],
      ['display', body().replace('"Bad request"', '""'), /display/],
      ['display', body().replace('"Bad request"', '"BAD_REQUEST"'), /display/],
    ];
    for (const [part, text, because] of wrong) {
      test(`${part}: ${String(because)}`, () => {
        const verdict = of(part, text);
        assert.equal(verdict.outcome, 'fail');
        assert.match(verdict.because, because);
      });
    }
    test('letter case and a closing full stop of a display do not count', () =>
      assert.equal(of('display', body().replace('"Bad request"', '"bad Request."')).outcome, 'pass'));
    test('a code that has no text is not judged by its text', () =>
      assert.equal(of('display', body().replace('BAD_REQUEST', 'OTHER')).outcome, 'inconclusive'));
    test('a document type is not FHIR: no entity is expanded or fetched', () => {
      const text = asXml(JSON.parse(body()) as Parameters<typeof asXml>[0]);
      const typed = text.replace('?>', '?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>');
      assert.equal(of('schema', typed).outcome, 'inconclusive');
      assert.equal(of('schema', text.replace(/<\/\w+>$/, '')).outcome, 'inconclusive');
    });
  });
  test('a close or the payload is no error answer', () => {
    assert.equal(outcomeOf(expected, { kind: 'closed', how: 'fin', during: 'exchange' }), 'fail');
    assert.equal(outcomeOf(expected, payload), 'fail');
  });
});

describe('Cache-Control', () => {
  const expected = (of: 'answer' | 'refusal'): Expectation => ({
    kind: 'cache-control',
    directive: 'no-store',
    of,
  });
  const with_ = (...values: readonly string[]) =>
    response(400, '', { headers: values.map((value) => ['cache-control', value] as const) });
  test('a directive among others, any letter case, on any of several lines', () => {
    assert.equal(outcomeOf(expected('refusal'), with_('private, No-Store')), 'pass');
    assert.equal(outcomeOf(expected('refusal'), with_('private', 'no-store')), 'pass');
  });
  test('a name that merely contains it is another directive', () => {
    assert.equal(outcomeOf(expected('refusal'), with_('x-no-store')), 'fail');
    assert.equal(outcomeOf(expected('refusal'), with_()), 'fail');
  });
  test('a refusal in TLS makes no response; an answer has to be one', () => {
    const closed: Observation = { kind: 'closed', how: 'fin', during: 'handshake' };
    assert.equal(outcomeOf(expected('refusal'), closed), 'pass');
    assert.equal(outcomeOf(expected('answer'), closed), 'inconclusive');
  });
});

describe('cipher suites', () => {
  const groups = [
    { name: 'A', suites: ['TLS_ECDHE_RSA_1', 'TLS_ECDHE_ECDSA_1'] },
    { name: 'B', suites: ['TLS_DHE_RSA_1'] },
  ];
  const supported: Expectation = { kind: 'suites-supported', groups };
  const ordered: Expectation = { kind: 'suites-ordered', groups };
  const suites = (order: 'server' | 'client' | 'single', ...accepted: string[]): Observation => ({
    kind: 'suites',
    accepted,
    order,
  });
  test('each group once', () => {
    assert.equal(outcomeOf(supported, suites('server', 'TLS_ECDHE_RSA_1', 'TLS_DHE_RSA_1')), 'pass');
    assert.equal(outcomeOf(supported, suites('server', 'TLS_ECDHE_RSA_1')), 'fail');
  });
  test('an EC key cannot pick an RSA suite, so none is demanded', () => {
    assert.equal(outcomeOf(supported, suites('single', 'TLS_ECDHE_ECDSA_1')), 'pass');
  });
  test('order by group; within a group any', () => {
    assert.equal(
      outcomeOf(ordered, suites('server', 'TLS_ECDHE_ECDSA_1', 'TLS_ECDHE_RSA_1', 'TLS_DHE_RSA_1')),
      'pass',
    );
    assert.equal(outcomeOf(ordered, suites('server', 'TLS_DHE_RSA_1', 'TLS_ECDHE_RSA_1')), 'fail');
    assert.equal(outcomeOf(ordered, suites('client', 'TLS_ECDHE_RSA_1', 'TLS_DHE_RSA_1')), 'fail');
    assert.equal(outcomeOf(ordered, suites('single')), 'inconclusive');
  });
});

describe('an outcome that the SSP made says nothing of the provider', () => {
  const made = (coding: object, profile?: string): Observation =>
    response(
      403,
      JSON.stringify({
        resourceType: 'OperationOutcome',
        ...(profile !== undefined && { meta: { profile: [profile] } }),
        issue: [{ severity: 'error', code: 'forbidden', details: { coding: [coding] } }],
      }),
      { resourceType: 'OperationOutcome' },
    );
  const expected = request('request');
  const system = 'http://fhir.nhs.net/ValueSet/gpconnect-schedule-response-code-1-0';
  test('its own code system', () =>
    assert.equal(outcomeOf(expected, made({ system, code: '403' })), 'inconclusive'));
  test('the status where a Spine code is due', () =>
    assert.equal(outcomeOf(expected, made({ code: '403' })), 'inconclusive'));
  test('a Spine code is the provider’s', () =>
    assert.equal(outcomeOf(expected, made({ code: 'BAD_REQUEST' })), 'pass'));
  test('and so is whatever carries a profile', () =>
    assert.equal(outcomeOf(expected, made({ system, code: '403' }, 'https://profile.test')), 'pass'));
});
