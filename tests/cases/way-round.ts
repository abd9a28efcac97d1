import type { RoundName } from '../../mocks/ssp/rounds.ts';
import { cases } from './define.ts';

/**
 * Nobody who presents no certificate is let in, whatever a request says of one and under whatever name it asks. 421 is a
 * refusal here: the request was misdirected on purpose (RFC 9110 §15.5.20; nginx and Apache answer it).
 */
const way = (round: RoundName, title: string) =>
  ({
    title: `no client certificate, and ${title}`,
    requirements: ['GPC-SEC-AUTHENTICATE-FIRST'],
    stimulus: { tls: { certificate: null }, round },
    expect: { kind: 'refused-connection', rule: 'certificate', misdirected: true },
  }) as const;

/** Ways round the client certificate. */
export default cases('way-round', {
  'header-nginx': way('header-nginx', 'X-SSL-Client-* fields that tell of one'),
  'header-haproxy': way('header-haproxy', 'X-SSL-Client-* fields as HAProxy writes them'),
  'header-envoy': way('header-envoy', 'X-Forwarded-Client-Cert'),
  'header-alb': way('header-alb', 'X-Amzn-Mtls-Clientcert fields'),
  'header-client-cert': way('header-client-cert', 'Client-Cert (RFC 9440)'),
  'no-sni': way('no-sni', 'no SNI'),
  'other-sni': way('other-sni', 'another name in SNI than in Host'),
  'other-host': way('other-host', 'another name in Host than in SNI'),
  'other-name': way('other-name', 'another name in SNI and in Host'),
  'by-address': way('by-address', 'no SNI, and an address in Host'),
});
