import type { Case, Offer, Survey } from '../model.ts';
import { codesOf, gpconnectStrings } from '../oracle/approved.ts';
import { suitesUpTo12 } from '../oracle/suites.ts';
import { cis2Token } from './cis2-token.ts';
import { cases } from './define.ts';
import { asking, mutualTls, plainPort } from './ftrs-certificate.ts';
import { keySet } from './key-set.ts';
import { looking, TITLES } from './server-certificate.ts';

const refused = { kind: 'refused-connection', rule: 'certificate' } as const;
/** A token is asked for whatever is asked. */
const EVERY_OPERATION = ['find-organization', '*'] as const;
const offering = (version: Offer['version']) =>
  ({ via: 'hello', stimulus: { hello: { version } }, expect: { kind: 'offer-refused' } }) as const;
/** What no edition of the guidance on algorithms lets pass. */
const WEAK = /NULL|EXPORT|RC4|RC2|DES|MD5|anon|IDEA|SEED/;
const weak = suitesUpTo12.filter(({ iana }) => WEAK.test(iana)).map(({ code }) => code);

/** Suites with ephemeral keys, by which the groups are shown. */
const approved: Offer = { version: 'TLSv1.2', suites: codesOf(gpconnectStrings) };

const transport = cases('transport', {
  '1.2': {
    title: 'the valid exchange is accepted over TLS 1.2',
    requirements: ['SEC-003'],
    stimulus: { tls: { version: 'TLSv1.2' } },
    expect: { kind: 'accepted' },
    bearing: 'noted', // 1.2 and above: a provider of 1.3 alone conforms
  },
  '1.3': {
    title: 'the valid exchange is accepted over TLS 1.3, which is preferred',
    requirements: ['SEC-003'],
    stimulus: { tls: { version: 'TLSv1.3' } },
    expect: { kind: 'accepted' },
    bearing: 'noted',
  },
  '1.1': { title: 'a TLS 1.1 hello', requirements: ['SEC-003', 'SEC-001'], ...offering('TLSv1.1') },
  '1.0': { title: 'a TLS 1.0 hello', requirements: ['SEC-003', 'SEC-001'], ...offering('TLSv1') },
  'in-clear': {
    title: 'the valid request in clear on the TLS port',
    requirements: ['SEC-003', 'SEC-025'],
    stimulus: { tls: null },
    expect: refused,
  },
  prime: {
    title: 'size of the Diffie-Hellman prime: 2048 bits and more',
    requirements: ['SEC-001'],
    via: 'enumeration',
    stimulus: { hello: approved },
    expect: { kind: 'key-exchange', of: 'DHE' },
  },
  curve: {
    title: 'size of the elliptic curve: 224 bits and more',
    requirements: ['SEC-001'],
    via: 'enumeration',
    stimulus: { hello: approved },
    expect: { kind: 'key-exchange', of: 'ECDHE' },
  },
  'weak-ciphers': {
    title: 'a TLS 1.2 hello with suites that are broken or do not encrypt',
    requirements: ['SEC-001'],
    via: 'hello',
    stimulus: { hello: { version: 'TLSv1.2', suites: weak } },
    expect: { kind: 'offer-refused' },
  },
});

/**
 * What the provider itself shows. The anchor is a finding where the subject names it: nobody else can say whose
 * certificate is "Authority-issued".
 */
const ownCertificate = cases('own-certificate', {
  chain: {
    title: TITLES.chain,
    requirements: ['SEC-020'],
    onlyIf: 'trust',
    ...looking('chain'),
  },
  name: { title: TITLES.name, requirements: ['SEC-020'], ...looking('name') },
  // The alarm is due 30 days before the end at the latest, and the renewal with it.
  'days-left': { title: TITLES['days-left'], requirements: ['SEC-015'], ...looking('days-left') },
  'key-size': { title: TITLES['key-size'], requirements: ['SEC-001'], ...looking('key-size') },
  signature: { title: TITLES.signature, requirements: ['SEC-001'], ...looking('signature') },
  fingerprint: {
    title: TITLES.fingerprint,
    requirements: ['SEC-020'],
    declares: 'fingerprint',
    ...looking('fingerprint'),
  },
});

const surveying = (survey: Survey) => ({ via: 'survey', stimulus: { probe: survey } }) as const;

/** What more than one exchange shows; each is for who names in the subject file what it goes by. */
const surveys = [
  ...cases('ports', {
    approved: {
      title: 'of the usual TCP ports of its host none is open but the approved ones',
      requirements: ['SEC-021'],
      declares: 'ports',
      consent: ['ports'],
      ...surveying('ports'),
      expect: { kind: 'ports', of: 'approved' },
    },
    encrypted: {
      title: 'every approved port that is open speaks TLS',
      requirements: ['SEC-008'],
      declares: 'ports',
      consent: ['ports'],
      ...surveying('ports'),
      expect: { kind: 'ports', of: 'encrypted' },
    },
  }),
  ...cases('transfer', {
    encrypted: {
      title: 'its transfer endpoint takes TLS 1.2 or 1.3 alone',
      requirements: ['SEC-024'],
      declares: 'transfer',
      ...surveying('transfer'),
      expect: { kind: 'versions' },
    },
  }),
  ...cases('latency', {
    controls: {
      title: 'what the security controls add at p95, beside the same system without them',
      requirements: ['SEC-011'],
      declares: 'unsecured',
      ...surveying('latency'),
      expect: { kind: 'latency' },
    },
  }),
  ...cases('roles', {
    policy: {
      title: 'each role is served what the policy file says, and nothing else',
      requirements: ['SEC-012'],
      declares: 'roles',
      ...surveying('roles'),
      expect: { kind: 'grants', of: 'roles' },
    },
  }),
  ...cases('isolation', {
    tenants: {
      title: "either of two tenants reads its own record, and nothing of the other's",
      requirements: ['SEC-019'],
      declares: 'tenants',
      ...surveying('tenants'),
      expect: { kind: 'grants', of: 'tenants' },
    },
  }),
];

const isolation = cases('isolation', {
  // Any refusal will do: how it is told is SEC-029's matter.
  'token-of-another-environment': {
    title: 'a good token of the issuer that another environment trusts',
    requirements: ['SEC-005'],
    stimulus: { identity: { elsewhere: true } },
    on: EVERY_OPERATION,
    declares: 'otherIssuer',
    expect: { kind: 'refused-request', rule: 'token' },
  },
});

const exposure = cases('exposure', {
  key: {
    title: 'no private key in an answer',
    requirements: ['SEC-030'],
    stimulus: {},
    everywhere: true,
    expect: { kind: 'free-of', what: 'private-key' },
  },
  'key-in-error': {
    title: 'no private key in an error',
    requirements: ['SEC-030'],
    stimulus: { identity: null },
    expect: { kind: 'free-of', what: 'private-key' },
  },
  patient: {
    title: 'nothing that identifies a patient in an answer',
    requirements: ['SEC-026'],
    stimulus: {},
    everywhere: true,
    expect: { kind: 'free-of', what: 'patient' },
    bearing: 'noted', // what an unencrypted field of PID is, the document leaves open
  },
});

/** What an FtRS provider is examined by. */
export const ftrsCatalogue: readonly Case[] = [
  ...transport,
  ...plainPort,
  ...mutualTls,
  ...asking,
  ...ownCertificate,
  ...isolation,
  ...surveys,
  ...exposure,
  ...cis2Token,
  ...keySet,
];
