import type { Mutant, Variant } from './mutants.ts';
import { conformant, wrong } from './policy.ts';

/** What is wrong in TLS before any certificate or request: versions, suites, groups, renegotiation. */

/** Also accepts these suites; OpenSSL keeps the worst of them behind security level 0. */
const alsoTaking = (ciphers: string) => wrong('ciphers', `${conformant.ciphers}:${ciphers}:@SECLEVEL=0`);

export const tlsMutants: Readonly<Record<string, Mutant>> = {
  'falls-back-to-tls-1.0': {
    title: 'answers a TLS 1.2 hello without elliptic curve suites in TLS 1.0',
    policy: wrong('fake', 'downgrade'),
    caughtBy: ['tls-version/downgrade'],
  },
  'accepts-unapproved-cipher': {
    title: 'accepts a strong suite that no string names',
    policy: wrong('ciphers', `${conformant.ciphers}:ECDHE-RSA-CHACHA20-POLY1305`),
    caughtBy: ['cipher-suite/only-approved'],
  },
  'accepts-null-cipher': {
    title: 'accepts a suite that does not encrypt',
    policy: alsoTaking('ECDHE-RSA-NULL-SHA'),
    caughtBy: ['cipher-suite/null', 'cipher-suite/only-approved'],
  },
  'accepts-anonymous-cipher': {
    title: 'accepts a suite without a server certificate',
    policy: alsoTaking('ADH-AES256-GCM-SHA384'),
    caughtBy: ['cipher-suite/anonymous', 'cipher-suite/only-approved'],
  },
  'accepts-export-cipher': {
    title: 'answers an offer of export-grade suites',
    policy: wrong('fake', 'EXPORT'),
    caughtBy: ['cipher-suite/export', 'cipher-suite/only-approved'],
  },
  'accepts-rc4': {
    title: 'answers an offer of RC4',
    policy: wrong('fake', 'RC4'),
    caughtBy: ['cipher-suite/rc4', 'cipher-suite/only-approved'],
  },
  'accepts-3des': {
    title: 'answers an offer of triple DES',
    policy: wrong('fake', '3DES'),
    caughtBy: ['cipher-suite/des', 'cipher-suite/only-approved'],
  },
  'accepts-static-rsa': {
    title: 'accepts a suite without forward secrecy',
    policy: wrong('ciphers', `${conformant.ciphers}:AES256-GCM-SHA384`),
    caughtBy: ['cipher-suite/static-key', 'cipher-suite/only-approved'],
  },
  'accepts-unlisted-cbc': {
    title: 'accepts a CBC suite that no string names',
    policy: wrong('ciphers', `${conformant.ciphers}:ECDHE-RSA-AES128-SHA256`),
    caughtBy: ['cipher-suite/unlisted-cbc', 'cipher-suite/only-approved'],
  },
  'lacks-finite-field-suites': {
    title: 'accepts no suite of the two EDH strings',
    policy: wrong('ciphers', 'AESGCM+EECDH:AES256+EECDH'),
    caughtBy: ['cipher-suite/each-string'],
  },
  'prefers-weaker-string': {
    title: 'picks AES256+EECDH before AESGCM+EDH',
    policy: wrong('ciphers', 'AESGCM+EECDH:AES256+EECDH:AESGCM+EDH:AES256+EDH'),
    caughtBy: ['cipher-suite/order'],
  },
  'follows-client-order': {
    title: "follows the client's order of cipher suites",
    policy: wrong('cipherOrder', 'client'),
    caughtBy: ['cipher-suite/server-preference', 'cipher-suite/order'],
  },
};

export const tlsVariants: Readonly<Record<string, Variant>> = {
  'conformant-gcm-only': {
    title: 'accepts the GCM suites of the four strings and no CBC suite',
    policy: wrong('ciphers', 'AESGCM+EECDH:AESGCM+EDH'),
    differs: ['cipher-suite/older-eight'],
  },
  'conformant-short-prime': {
    title: 'exchanges keys over a prime of 1024 bits',
    policy: wrong('groups', { prime: 'modp2', curve: 'auto' }),
    differs: ['cipher-suite/prime'],
  },
  'conformant-small-curve': {
    title: 'exchanges keys over a curve of 192 bits',
    policy: wrong('groups', { prime: 'auto', curve: 'prime192v1' }),
    // A client's key on a curve that it does not know is none either (RFC 8422 §5.6).
    differs: ['cipher-suite/curve', 'client-certificate/p-256'],
  },
  'conformant-compressing': {
    title: 'compresses where it is offered',
    policy: wrong('fake', 'compression'),
    differs: ['tls/compression'],
  },
  'conformant-without-renegotiation-info': {
    title: 'does not know secure renegotiation',
    policy: wrong('fake', 'no-renegotiation-info'),
    differs: ['tls/secure-renegotiation'],
  },
  'conformant-falling-back': {
    title: 'takes a fallback to TLS 1.1 that is marked as one',
    policy: wrong('fake', 'fallback'),
    differs: ['tls/fallback'],
  },
};
