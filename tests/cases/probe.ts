import { cases } from './define.ts';

/** A plain-HTTP port that the subject file declares (`plain`). */
const plainPort = cases('plain-port', {
  request: {
    title: 'the valid request in clear on the declared plain-HTTP port',
    requirements: ['GPC-SEC-ONLY-ENCRYPTED'],
    via: 'probe',
    stimulus: { probe: 'plain-port' },
    expect: { kind: 'not-in-clear' },
    declares: 'plain',
  },
});

/** What the documents do not speak of: noted. */
const renegotiation = cases('tls', {
  renegotiation: {
    title: 'a renegotiation that the client starts is refused (RFC 9325 §3.5; CVE-2011-1473)',
    requirements: ['GPC-SEC-TLS12'],
    bearing: 'noted',
    via: 'probe',
    stimulus: { probe: 'renegotiation' },
    expect: { kind: 'no-renegotiation' },
  },
});

/**
 * A session carries the certificate that it was established with (RFC 5246 §7.3, RFC 8446 §2.2): whoever has its ticket
 * is asked for none, and one that was revoked since goes on. Every server measured does so: noted.
 */
const resumption = cases('resumption', {
  'without-certificate': {
    title: 'no client certificate, and the session of a client that was let in',
    requirements: ['GPC-SEC-AUTHENTICATE-FIRST'],
    bearing: 'noted',
    via: 'probe',
    stimulus: { tls: { certificate: null }, probe: 'resumption' },
    expect: { kind: 'refused-connection', rule: 'certificate' },
  },
  'revoked-certificate': {
    title: 'a revoked certificate, and the session of a client that was let in',
    requirements: ['GPC-SEC-CERT-NOT-REVOKED'],
    bearing: 'noted',
    via: 'probe',
    stimulus: { tls: { certificate: 'revoked' }, probe: 'resumption' },
    expect: { kind: 'refused-connection', rule: 'certificate' },
    learns: 'file',
  },
});

/** What takes more than one request over one fresh connection. */
export default [...plainPort, ...renegotiation, ...resumption];
