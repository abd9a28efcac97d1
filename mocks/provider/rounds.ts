import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { RoundName } from '../ssp/rounds.ts';
import type { Mutant } from './mutants.ts';
import { wrong } from './policy.ts';

/**
 * How careless providers let somebody in who has presented no certificate: they believe what a header field says of
 * one, or have it asked for under one name alone. One entry a way, named after it.
 */

/** What there is to go by: the fields of the request, the name in SNI, and whether either name is the provider's. */
interface Asked {
  readonly fields: IncomingMessage['headers'];
  readonly ssp: string;
  /** `none`: no SNI. */
  readonly sni: 'own' | 'other' | 'none';
  readonly host: 'own' | 'other';
}

const isNamed = (subject: string, ssp: string): boolean => subject.split(/[,/\n"]/).includes(`CN=${ssp}`);
/** Whether a certificate, of whoever issued it, has the SSP's name. */
function isOf(ssp: string, certificate: () => string | Buffer): boolean {
  try {
    return isNamed(new X509Certificate(certificate()).subject, ssp);
  } catch {
    return false;
  }
}

const open: Readonly<Record<RoundName, (asked: Asked) => boolean>> = {
  'header-nginx': ({ fields, ssp }) =>
    fields['x-ssl-client-verify'] === 'SUCCESS' && isNamed(String(fields['x-ssl-client-s-dn']), ssp),
  'header-haproxy': ({ fields, ssp }) =>
    fields['x-ssl-client-verify'] === '0' && fields['x-ssl-client-cn'] === ssp,
  'header-envoy': ({ fields, ssp }) =>
    isNamed(/Subject=("[^"]*")/.exec(String(fields['x-forwarded-client-cert']))?.[1] ?? '', ssp),
  'header-alb': ({ fields, ssp }) =>
    isOf(ssp, () => decodeURIComponent(String(fields['x-amzn-mtls-clientcert']))),
  'header-client-cert': ({ fields, ssp }) =>
    isOf(ssp, () => Buffer.from(String(fields['client-cert']).replaceAll(':', ''), 'base64')),
  'no-sni': ({ sni, host }) => sni === 'none' && host === 'own',
  'other-sni': ({ sni, host }) => sni === 'other' && host === 'own',
  'other-host': ({ sni, host }) => sni === 'own' && host === 'other',
  'other-name': ({ sni, host }) => sni === 'other' && host === 'other',
  'by-address': ({ sni, host }) => sni === 'none' && host === 'other',
};

/** Whether a provider of these weaknesses lets a request in whose client was refused. */
export function letsRound(
  request: IncomingMessage,
  weaknesses: ReadonlySet<RoundName>,
  ssp: string,
  host: string,
): boolean {
  if (weaknesses.size === 0) return false;
  const { servername } = request.socket as TLSSocket & { readonly servername?: string | false };
  const own = host.replace(/:\d+$/, '');
  const asked: Asked = {
    fields: request.headers,
    ssp,
    sni: !servername ? 'none' : servername === own ? 'own' : 'other',
    host: request.headers.host === host ? 'own' : 'other',
  };
  return [...weaknesses].some((name) => open[name](asked));
}

/** The cases of every way round. */
export const everyRound = Object.keys(open).map((name) => `way-round/${name}`);

const mutant = (title: string, weakness: RoundName, ...others: readonly RoundName[]): Mutant => ({
  title,
  policy: wrong('weaknesses', new Set([weakness, ...others])),
  caughtBy: [`way-round/${weakness}`, ...others.map((each) => `way-round/${each}`)],
});

/** Providers whose client certificate there is a way round. */
export const roundMutants: Readonly<Record<string, Mutant>> = {
  'trusts-nginx-header': mutant('believes X-SSL-Client-Verify: SUCCESS of anybody', 'header-nginx'),
  'trusts-haproxy-header': mutant('believes X-SSL-Client-CN of anybody', 'header-haproxy'),
  'trusts-envoy-header': mutant('believes X-Forwarded-Client-Cert of anybody', 'header-envoy'),
  'trusts-alb-header': mutant('believes X-Amzn-Mtls-Clientcert of anybody', 'header-alb'),
  'trusts-client-cert-header': mutant('believes Client-Cert (RFC 9440) of anybody', 'header-client-cert'),
  'opens-without-sni': mutant('asks for no certificate where there is no SNI', 'no-sni', 'by-address'),
  'opens-to-other-sni': mutant(
    'asks for no certificate where SNI has another name',
    'other-sni',
    'other-name',
  ),
  'opens-to-other-host': mutant(
    'looks for a certificate where Host has its name alone',
    'other-host',
    'other-name',
    'by-address',
  ),
  'opens-to-other-names': mutant('serves every other name without a certificate', 'other-name'),
  'opens-by-address': mutant('serves whoever asks for an address without a certificate', 'by-address'),
};
