import type { Hierarchy } from '../../../../certs/index.ts';
import type { Provider } from '../../../../mocks/provider/server.ts';
import { APPROVED, onSite, programPath, startServer, type Site } from '../site.ts';

/** The decisions of the terminator, a few words of its configuration each. */
export interface HaproxyKnobs {
  readonly versions: string;
  readonly ciphers: string;
  readonly verify: string;
  readonly revocation: string;
  /** Lines of the frontend; `SSP` stands for the SSP's name. */
  readonly rules: string;
}

export const DENY = 'http-request deny deny_status 403 hdr Cache-Control no-store';
export const haproxyKeeping: HaproxyKnobs = {
  versions: 'ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2',
  ciphers: `ciphers ${APPROVED}`,
  verify: 'ca-file ca.pem verify required',
  revocation: 'crl-file crl.pem',
  rules: `${DENY} unless { ssl_c_s_dn(,0,rfc2253) -m str CN=SSP,OU=Devices,O=nhs }`,
};

export const configuration = (knobs: HaproxyKnobs, { port, backend, pki }: Site): string => `
global
  log stderr local0 warning
  tune.ssl.default-dh-param 2048
defaults
  mode http
  timeout connect 10s
  timeout client 30s
  timeout server 30s
frontend provider
  bind 127.0.0.1:${port} ssl crt both.pem ${knobs.verify} ${knobs.revocation} ${knobs.versions} ${knobs.ciphers} no-tls-tickets
  ${knobs.rules.replaceAll('SSP', pki.ssp)}
  default_backend application
backend application
  server reference 127.0.0.1:${backend}
`;

export const haproxyPath = programPath('haproxy');

/** HAProxy in front of the reference provider's plain HTTP. */
export const startHaproxy = (pki: Hierarchy, change: Partial<HaproxyKnobs> = {}): Promise<Provider> =>
  onSite(pki, (site) =>
    startServer(site, {
      program: haproxyPath ?? 'haproxy',
      args: ['-db', '-f', 'haproxy.cfg'],
      files: {
        'haproxy.cfg': configuration({ ...haproxyKeeping, ...change }, site),
        'both.pem': [pki.provider.certificate, ...pki.provider.chain, pki.provider.key].join('\n'),
      },
    }),
  );
