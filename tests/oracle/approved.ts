import type { SuiteGroup } from '../model.ts';
import { suiteOf, suites, type Suite } from './suites.ts';

/** What each profile approves, demands and forbids: cipher suites as data. */

/** Suites that a document names together. */
export interface ApprovedGroup {
  readonly name: string;
  readonly suites: readonly Suite[];
}
const group = (name: string, codes: readonly number[]): ApprovedGroup => ({
  name,
  suites: codes.flatMap((code) => suiteOf(code) ?? []),
});

/**
 * GP Connect's four OpenSSL strings, most preferred first, each as OpenSSL 3 expands it on its own, so that a suite
 * may stand under two of them. CCM and DSS suites are approved with their string and demanded of nobody.
 */
// prettier-ignore
export const gpconnectStrings: readonly ApprovedGroup[] = [
  group('AESGCM+EECDH', [0xc02c, 0xc030, 0xc02b, 0xc02f]),
  group('AESGCM+EDH', [0x00a3, 0x009f, 0x00a2, 0x009e]),
  group('AES256+EECDH', [0xc02c, 0xc030, 0xc0af, 0xc0ad, 0xc024, 0xc028, 0xc00a, 0xc014]),
  group('AES256+EDH', [0x00a3, 0x009f, 0xc0a3, 0xc09f, 0x006b, 0x006a, 0x0039, 0x0038]),
];

/**
 * NRL's eight, by name and in its order of preference; all of them for an RSA key. The test suite that GP Connect
 * published before (nhsconnect/gpconnect-provider-testing, Security.feature) tries the same eight.
 */
export const nrlSuites: readonly ApprovedGroup[] = [
  0xc030, 0xc02f, 0x009f, 0x009e, 0xc028, 0x006b, 0x0039, 0xc014,
].map((code) => group(suiteOf(code)?.openssl ?? '', [code]));

/** Code points of groups, each once. */
export const codesOf = (groups: readonly ApprovedGroup[]): readonly number[] => [
  ...new Set(groups.flatMap(({ suites: own }) => own.map(({ code }) => code))),
];

/** Groups as a case names them. */
export const named = (groups: readonly ApprovedGroup[]): readonly SuiteGroup[] =>
  groups.map(({ name, suites: own }) => ({ name, suites: own.map(({ iana }) => iana) }));

/** Every suite up to TLS 1.2 that is not among these: what a server that keeps to them may not take. */
export function unapproved(groups: readonly ApprovedGroup[]): readonly Suite[] {
  const approved = new Set(codesOf(groups));
  return suites.filter(({ code }) => code >> 8 !== 0x13 && !approved.has(code));
}

/** Families that every guidance forbids or that GP Connect's strings leave out, by their IANA names. */
export const families = {
  null: { title: 'no encryption (NULL)', names: /_WITH_NULL_/ },
  export: { title: 'export grade, 40 and 56 bits', names: /_EXPORT_/ },
  anonymous: { title: 'no server certificate (anonymous)', names: /_anon_/ },
  rc4: { title: 'RC4 (RFC 7465)', names: /_RC4_/ },
  des: { title: 'DES and triple DES', names: /_(?:DES|DES40|3DES_EDE)_CBC/ },
  'static-key': {
    title: 'no forward secrecy: static RSA and static Diffie-Hellman',
    names: /^TLS_(?:RSA|DH_RSA|DH_DSS|ECDH_RSA|ECDH_ECDSA)_WITH_(?!NULL)/,
  },
  'unlisted-cbc': {
    title: 'CBC with forward secrecy that no approved list names',
    names: /^TLS_(?:ECDHE|DHE)_(?:ECDSA|RSA|DSS)_WITH_(?!DES|3DES)\w+_CBC_/,
  },
} as const;
export type FamilyName = keyof typeof families;

/** The suites of a family among those given. */
export const inFamily = (name: FamilyName, among: readonly Suite[]): readonly Suite[] =>
  among.filter(({ iana }) => families[name].names.test(iana));
