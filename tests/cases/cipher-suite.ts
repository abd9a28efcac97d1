import {
  codesOf,
  families,
  gpconnectStrings,
  inFamily,
  named,
  nrlSuites,
  unapproved,
  type FamilyName,
} from '../oracle/approved.ts';
import type { Case, Offer } from '../model.ts';
import { cases } from './define.ts';

/** What is not approved, asked for once: a hello or two where nothing of it is accepted, one more for each that is. */
const forbidden = unapproved(gpconnectStrings);
const everythingForbidden: Offer = {
  version: 'TLSv1.2',
  suites: forbidden.map(({ code }) => code),
  unordered: true,
};
const approved: Offer = { version: 'TLSv1.2', suites: codesOf(gpconnectStrings) };
/** As few hellos as show a suite of each string, and in whose order. */
const covering: Offer = {
  ...approved,
  covering: gpconnectStrings.map(({ suites }) => suites.map(({ code }) => code)),
};

const family = (name: FamilyName) =>
  ({
    title: families[name].title,
    requirements: ['GPC-SEC-ONLY-APPROVED-CIPHERS'],
    via: 'enumeration',
    stimulus: { hello: everythingForbidden },
    expect: {
      kind: 'suites-refused',
      family: families[name].title,
      suites: inFamily(name, forbidden).map(({ iana }) => iana),
    },
  }) as const;

/**
 * Cipher suites of TLS 1.2. Cases that make the same offer share what was seen: the verdict on what is approved,
 * supported and whose order rules takes five hellos where nothing forbidden is accepted.
 */
export default cases('cipher-suite', {
  'only-approved': {
    title: 'no suite that is not approved',
    requirements: ['GPC-SEC-ONLY-APPROVED-CIPHERS'],
    via: 'enumeration',
    stimulus: { hello: everythingForbidden },
    expect: {
      kind: 'suites-refused',
      family: 'not of the four strings',
      suites: forbidden.map(({ iana }) => iana),
    },
  },
  null: family('null'),
  export: family('export'),
  anonymous: family('anonymous'),
  rc4: family('rc4'),
  des: family('des'),
  'static-key': family('static-key'),
  'unlisted-cbc': family('unlisted-cbc'),
  'each-string': {
    title: 'of each of the four strings at least one suite is accepted',
    requirements: ['GPC-SEC-CIPHERS-SUPPORTED'],
    via: 'enumeration',
    stimulus: { hello: covering },
    expect: { kind: 'suites-supported', groups: named(gpconnectStrings) },
  },
  'server-preference': {
    title: "the server's order of preference rules",
    requirements: ['GPC-SEC-CIPHERS-ORDERED'],
    via: 'enumeration',
    stimulus: { hello: covering },
    expect: { kind: 'suites-preferred' },
  },
  order: {
    title: 'suites are picked in the order of the list',
    requirements: ['GPC-SEC-CIPHERS-ORDERED'],
    via: 'enumeration',
    stimulus: { hello: approved },
    expect: { kind: 'suites-ordered', groups: named(gpconnectStrings) },
  },
  'older-eight': {
    title: 'each of the eight suites that the older test suite tries',
    requirements: ['GPC-SEC-CIPHERS-SUPPORTED'],
    bearing: 'noted',
    via: 'enumeration',
    stimulus: { hello: approved },
    expect: { kind: 'suites-supported', groups: named(nrlSuites) },
  },
  prime: {
    title: 'size of the Diffie-Hellman prime: 2048 bits and more',
    requirements: ['GPC-SEC-ONLY-APPROVED-CIPHERS'],
    bearing: 'noted',
    via: 'enumeration',
    stimulus: { hello: approved },
    expect: { kind: 'key-exchange', of: 'DHE' },
  },
  curve: {
    title: 'size of the elliptic curve: 224 bits and more',
    requirements: ['GPC-SEC-ONLY-APPROVED-CIPHERS'],
    bearing: 'noted',
    via: 'enumeration',
    stimulus: { hello: approved },
    expect: { kind: 'key-exchange', of: 'ECDHE' },
  },
}) satisfies readonly Case[];
