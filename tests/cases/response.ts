import { cases } from './define.ts';

const UTF8_JSON = '^application/fhir\\+json\\s*;\\s*charset=utf-8';

/** How answers and errors are made: media type, versions, transport, discretion. */
export default cases('response', {
  'content-type': {
    title: 'the type of the answer to a valid request',
    requirements: ['GPC-API-CONTENT-TYPE'],
    stimulus: {},
    expect: { kind: 'header', name: 'Content-Type', pattern: UTF8_JSON, of: 'answer' },
  },
  'content-type-of-error': {
    title: 'the type of an error',
    requirements: ['GPC-API-CONTENT-TYPE'],
    stimulus: { http: { headers: { 'Ssp-TraceID': null } } },
    expect: { kind: 'header', name: 'Content-Type', pattern: UTF8_JSON, of: 'error' },
  },
  'transport-security': {
    title: 'Strict-Transport-Security on the answer to a valid request',
    requirements: ['GPC-API-HSTS'],
    stimulus: {},
    expect: { kind: 'header', name: 'Strict-Transport-Security', pattern: '^max-age=[1-9]', of: 'answer' },
  },
  'entity-tag': {
    title: 'ETag on a resource that is read',
    requirements: ['GPC-API-ETAG'],
    stimulus: {},
    expect: { kind: 'header', name: 'ETag', pattern: '^W/"[^"]+"$', of: 'answer' },
    on: ['read-patient'],
  },
  gzip: {
    title: 'Accept-Encoding: gzip is taken up',
    requirements: ['GPC-API-GZIP'],
    stimulus: { http: { headers: { 'Accept-Encoding': 'gzip' } } },
    expect: { kind: 'header', name: 'Content-Encoding', pattern: '^gzip$', of: 'answer' },
  },
  chunked: {
    title: 'a body in chunks is read',
    requirements: ['GPC-API-CHUNKED'],
    stimulus: { raw: { body: 'chunked' } },
    expect: { kind: 'accepted' },
    on: ['structured-record'],
  },
  discreet: {
    title: 'an error gives nothing away',
    requirements: ['GPC-ERR-DISCREET'],
    stimulus: { http: { headers: { 'Ssp-InteractionID': null } } },
    expect: { kind: 'discreet' },
  },
  'discreet-of-token-error': {
    title: 'an error about the token gives nothing away',
    requirements: ['GPC-ERR-DISCREET'],
    stimulus: { raw: { token: 'not-base64url' } },
    expect: { kind: 'discreet' },
  },
  'discreet-of-body-error': {
    title: 'an error about a malformed body gives nothing away',
    requirements: ['GPC-ERR-DISCREET'],
    stimulus: { raw: { body: 'cut' } },
    expect: { kind: 'discreet' },
    on: ['structured-record'],
  },
});
