import { cases } from './define.ts';

/** Cache-Control: no-store, wherever a response is made. */
export default cases('cache-control', {
  answer: {
    title: 'on the answer to a valid request',
    requirements: ['GPC-SEC-NO-STORE'],
    stimulus: {},
    expect: { kind: 'cache-control', directive: 'no-store', of: 'answer' },
  },
  error: {
    title: "on the provider's own error",
    requirements: ['GPC-SEC-NO-STORE'],
    stimulus: { http: { headers: { 'Ssp-TraceID': null } } },
    expect: { kind: 'cache-control', directive: 'no-store', of: 'error' },
  },
  'refusal-page': {
    title: "on the page that refuses a certificate, where one is sent (a TLS terminator's, say)",
    requirements: ['GPC-SEC-NO-STORE'],
    stimulus: { tls: { certificate: null } },
    expect: { kind: 'cache-control', directive: 'no-store', of: 'refusal' },
  },
});
