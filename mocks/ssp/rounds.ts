import { X509Certificate } from 'node:crypto';
import type { Credential } from '../../certs/index.ts';

/**
 * Ways round a client certificate: what is said of one in header fields by which terminators tell the application
 * behind them, and other names under which a server may be asked that has one name to guard.
 */

/** A name that no provider under test has. */
const STRANGER = 'another-provider.assay.test';
/** An address that nobody has (RFC 5737). */
const ADDRESS = '192.0.2.1';

type Fields = Readonly<Record<string, string>>;

interface Round {
  /** What is sent in SNI; `null`: no SNI. Absent: the provider's name. */
  readonly sni?: string | null;
  /** The `Host` header; absent: the provider's. */
  readonly host?: string;
  /** Fields that tell of a certificate that is not presented. */
  readonly fields?: (certificate: X509Certificate) => Fields;
}

/** `CN=…,OU=…,O=…`, the last first, as RFC 4514 has it and terminators write it. */
const nameOf = ({ subject }: X509Certificate): string => subject.split('\n').reverse().join(',');
const commonNameOf = ({ subject }: X509Certificate): string => /^CN=(.*)$/m.exec(subject)?.[1] ?? '';
const issuerOf = ({ issuer }: X509Certificate): string => issuer.split('\n').reverse().join(',');
/** PEM in a header field: percent-encoded, as `$ssl_client_escaped_cert`, Envoy and ALB do. */
const escaped = (certificate: X509Certificate): string => encodeURIComponent(certificate.toString());

export const rounds = {
  /** As nginx's users pass `$ssl_client_verify` and its like on. */
  'header-nginx': {
    fields: (certificate) => ({
      'X-SSL-Client-Verify': 'SUCCESS',
      'X-SSL-Client-S-DN': nameOf(certificate),
      'X-SSL-Client-Cert': escaped(certificate),
    }),
  },
  /** As HAProxy's documentation passes `ssl_c_verify` and its like on. */
  'header-haproxy': {
    fields: (certificate) => ({
      'X-SSL': '1',
      'X-SSL-Client-Verify': '0',
      'X-SSL-Client-DN': `/${certificate.subject.split('\n').join('/')}`,
      'X-SSL-Client-CN': commonNameOf(certificate),
    }),
  },
  /** `X-Forwarded-Client-Cert` as Envoy writes it. */
  'header-envoy': {
    fields: (certificate) => ({
      'X-Forwarded-Client-Cert': [
        `Hash=${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`,
        `Cert="${escaped(certificate)}"`,
        `Subject="${nameOf(certificate)}"`,
        `DNS=${commonNameOf(certificate)}`,
      ].join(';'),
    }),
  },
  /** `X-Amzn-Mtls-*` as an AWS Application Load Balancer writes them, in passthrough and in verify mode. */
  'header-alb': {
    fields: (certificate) => ({
      'X-Amzn-Mtls-Clientcert': escaped(certificate),
      'X-Amzn-Mtls-Clientcert-Leaf': escaped(certificate),
      'X-Amzn-Mtls-Clientcert-Subject': nameOf(certificate),
      'X-Amzn-Mtls-Clientcert-Issuer': issuerOf(certificate),
      'X-Amzn-Mtls-Clientcert-Serial-Number': certificate.serialNumber,
    }),
  },
  /** `Client-Cert` (RFC 9440). */
  'header-client-cert': {
    fields: (certificate) => ({ 'Client-Cert': `:${certificate.raw.toString('base64')}:` }),
  },
  'no-sni': { sni: null },
  'other-sni': { sni: STRANGER },
  'other-host': { host: STRANGER },
  'other-name': { sni: STRANGER, host: STRANGER },
  'by-address': { sni: null, host: ADDRESS },
} satisfies Readonly<Record<string, Round>>;

export type RoundName = keyof typeof rounds;

/** What of a request and of its connection a way round replaces. */
export interface Detour {
  readonly sni?: string | null;
  readonly host?: string;
  readonly headers: Fields;
}

/**
 * A way round as it goes out.
 * @param credential what the fields are to tell of: a certificate that would be let in
 */
export function detour(name: RoundName, credential: Credential): Detour {
  const { fields, ...rest }: Round = rounds[name];
  return { ...rest, headers: fields?.(new X509Certificate(credential.certificate)) ?? {} };
}
