import type { Case, Offer } from '../model.ts';
import cipherSuites from './cipher-suite.ts';
import { cases } from './define.ts';

const offering = (version: Offer['version']) =>
  ({ via: 'hello', stimulus: { hello: { version } }, expect: { kind: 'offer-refused' } }) as const;

const versions = cases('tls-version', {
  '1.2': {
    title: 'the valid exchange is accepted over TLS 1.2',
    requirements: ['GPC-SEC-TLS12'],
    stimulus: { tls: { version: 'TLSv1.2' } },
    expect: { kind: 'accepted' },
  },
  '1.1': { title: 'a TLS 1.1 hello', requirements: ['GPC-SEC-NOT-TLS11'], ...offering('TLSv1.1') },
  '1.0': { title: 'a TLS 1.0 hello', requirements: ['GPC-SEC-NOT-TLS10'], ...offering('TLSv1') },
  sslv3: { title: 'an SSLv3 hello', requirements: ['GPC-SEC-NOT-SSLV3'], ...offering('SSLv3') },
  sslv2: { title: 'an SSLv2 hello', requirements: ['GPC-SEC-NOT-SSLV2'], ...offering('SSLv2') },
  '1.3': {
    title: 'a TLS 1.3 hello: the documents neither ask for it nor forbid it',
    requirements: ['GPC-SEC-TLS12'],
    bearing: 'noted',
    ...offering('TLSv1.3'),
  },
});

const connection = cases('connection', {
  'in-clear': {
    title: 'the valid request in clear on the TLS port',
    requirements: ['GPC-SEC-ONLY-ENCRYPTED'],
    stimulus: { tls: null },
    expect: { kind: 'refused-connection', rule: 'certificate' },
  },
});

/** What a client of before elliptic curves offers, best first. */
// prettier-ignore
const OLD_CLIENT = [0x009f, 0x009e, 0x006b, 0x0067, 0x0039, 0x0033, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x0016, 0x000a];
/** TLS_FALLBACK_SCSV (RFC 7507 §2): "I could do better, and fell back". */
const FALLBACK = 0x5600;

const downgrade = cases('tls-version', {
  downgrade: {
    title: 'a TLS 1.2 hello is not answered in an older version',
    requirements: ['GPC-SEC-NOT-TLS10', 'GPC-SEC-NOT-TLS11'],
    via: 'hello',
    stimulus: { hello: { version: 'TLSv1.2', suites: OLD_CLIENT } },
    expect: { kind: 'offer-kept' },
  },
});

/** Known weaknesses of TLS that the documents do not speak of: noted. */
const weaknesses = cases('tls', {
  'secure-renegotiation': {
    title: 'renegotiation_info in the ServerHello (RFC 5746 §3.6)',
    requirements: ['GPC-SEC-TLS12'],
    bearing: 'noted',
    via: 'hello',
    stimulus: { hello: { version: 'TLSv1.2' } },
    expect: { kind: 'hello-trait', trait: 'secure-renegotiation' },
  },
  compression: {
    title: 'no TLS compression, though offered (CRIME; RFC 9325 §3.3)',
    requirements: ['GPC-SEC-TLS12'],
    bearing: 'noted',
    via: 'hello',
    stimulus: { hello: { version: 'TLSv1.2', compression: true } },
    expect: { kind: 'hello-trait', trait: 'no-compression' },
  },
  fallback: {
    title: 'a TLS 1.1 hello marked as a fallback is refused (RFC 7507 §3)',
    requirements: ['GPC-SEC-TLS12'],
    bearing: 'noted',
    via: 'hello',
    stimulus: { hello: { version: 'TLSv1.1', suites: [...OLD_CLIENT, FALLBACK] } },
    expect: { kind: 'offer-refused' },
  },
});

/** Protocol versions, encryption, cipher suites: what is settled before any request. */
export default [
  ...versions,
  ...downgrade,
  ...connection,
  ...cipherSuites,
  ...weaknesses,
] satisfies readonly Case[];
