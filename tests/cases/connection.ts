import { approvedGroups, unapprovedSuites } from '../oracle/suites.ts';
import type { Case, Offer } from '../model.ts';
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

const demanded = approvedGroups.map(({ name, suites }) => ({ name, suites: suites.map(({ iana }) => iana) }));
const approved = approvedGroups.flatMap(({ suites }) => suites.map(({ code }) => code));

const suites = cases('cipher-suite', {
  'only-approved': {
    title: 'a TLS 1.2 hello with every suite that is not approved',
    requirements: ['GPC-SEC-ONLY-APPROVED-CIPHERS'],
    via: 'hello',
    stimulus: { hello: { version: 'TLSv1.2', suites: unapprovedSuites.map(({ code }) => code) } },
    expect: { kind: 'offer-refused' },
  },
  'each-string': {
    title: 'of each of the four strings at least one suite is accepted',
    requirements: ['GPC-SEC-CIPHERS-SUPPORTED'],
    via: 'enumeration',
    stimulus: { hello: { version: 'TLSv1.2', suites: approved } },
    expect: { kind: 'suites-supported', groups: demanded },
  },
  order: {
    title: 'suites are picked in the order of the list',
    requirements: ['GPC-SEC-CIPHERS-ORDERED'],
    via: 'enumeration',
    stimulus: { hello: { version: 'TLSv1.2', suites: approved } },
    expect: { kind: 'suites-ordered', groups: demanded },
  },
});

/** Protocol versions, encryption, cipher suites: what is settled before any request. */
export default [...versions, ...connection, ...suites] satisfies readonly Case[];
