import { cases } from './define.ts';

const refused = { kind: 'refused-connection', rule: 'certificate' } as const;

/** Client certificates (TLS/MA): each credential wrong in one thing. */
export default cases('client-certificate', {
  absent: {
    title: 'no client certificate',
    requirements: ['GPC-SEC-AUTHENTICATE-FIRST', 'GPC-SEC-TLS12'],
    stimulus: { tls: { certificate: null } },
    expect: refused,
    everywhere: true,
  },
  'self-signed': {
    title: "self-signed, with the SSP's name",
    requirements: ['GPC-SEC-CERT-CHAIN'],
    stimulus: { tls: { certificate: 'self-signed' } },
    expect: refused,
  },
  'wrong-issuer': {
    title: 'issued by a rogue CA of the same names and key identifiers',
    requirements: ['GPC-SEC-CERT-CHAIN'],
    stimulus: { tls: { certificate: 'wrong-issuer' } },
    expect: refused,
    everywhere: true,
  },
  expired: {
    title: 'expired',
    requirements: ['GPC-SEC-CERT-NOT-EXPIRED'],
    stimulus: { tls: { certificate: 'expired' } },
    expect: refused,
  },
  'not-yet-valid': {
    title: 'not yet valid',
    requirements: ['GPC-SEC-CERT-CHAIN'], // a path that is not yet valid is no path (RFC 5280 §6.1.3)
    stimulus: { tls: { certificate: 'not-yet-valid' } },
    expect: refused,
  },
  revoked: {
    title: 'revoked by its CA',
    requirements: ['GPC-SEC-CERT-NOT-REVOKED'],
    stimulus: { tls: { certificate: 'revoked' } },
    expect: refused,
    everywhere: true,
    learns: 'file',
  },
  'wrong-name': {
    title: "sound, but another system's name (CN and SAN)",
    requirements: ['GPC-SEC-CERT-FQDN', 'GPC-SEC-ONLY-SSP'],
    stimulus: { tls: { certificate: 'wrong-name' } },
    expect: refused,
    everywhere: true,
  },
});
