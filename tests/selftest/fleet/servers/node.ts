import { request as forward } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import { createSecureContext, type TLSSocket } from 'node:tls';
import type { Hierarchy } from '../../../../certs/index.ts';
import { closer, listen } from '../../../../mocks/listen.ts';
import type { Provider } from '../../../../mocks/provider/server.ts';
import { APPROVED, onSite, type Site } from '../site.ts';

/** The decisions of a server on Node's own https, and of the few lines that its author wrote. */
export interface NodeKnobs {
  readonly tls: ServerOptions;
  /** Replaces the CRLs: the hierarchy decides what is in them. */
  readonly crl: (pki: Hierarchy) => ServerOptions['crl'];
  readonly checksName: boolean;
  /** With `rejectUnauthorized: false`: whether the application looks at what the verification said. */
  readonly asks: boolean;
}

const nodeKeeping: NodeKnobs = {
  tls: {},
  crl: ({ crls }) => [...crls],
  checksName: true,
  asks: false,
};

const ANY_CRL = `-----BEGIN X509 CRL-----
MIGQMDgwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYRcNMjYxMTI1MjIzNTUwWhcN
MjYxMTI2MjIzNTUwWjAKBggqhkjOPQQDAgNIADBFAiEA9CwVp4M3hxi8eWhKgwzY
heYi4pR37TMfzucmOH6WYVACIHp8WqVHErdjwjRhA8Rbhl53OdY5iLohlaSW9G3r
O5dt
-----END X509 CRL-----`;
const BROKEN_CRL = '-----BEGIN X509 CRL-----\nMAMCAQA=\n-----END X509 CRL-----';
/**
 * Whether this Node reads every CRL of one PEM. Node 24.21 reads the first alone, and so passes over a broken second;
 * Node 26.10 reads all. (https://github.com/nodejs/node/issues/65576)
 */
export const readsEveryCrl = ((): boolean => {
  try {
    createSecureContext({ crl: `${ANY_CRL}\n${BROKEN_CRL}` });
    return false;
  } catch {
    return true;
  }
})();

async function start({ port, backend, pki }: Site, knobs: NodeKnobs): Promise<() => Promise<void>> {
  const server = createServer(
    {
      cert: [pki.provider.certificate, ...pki.provider.chain].join('\n'),
      key: pki.provider.key,
      ca: [pki.root, pki.sub],
      crl: knobs.crl(pki),
      dhparam: 'auto',
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      ciphers: APPROVED,
      honorCipherOrder: true,
      ...knobs.tls,
    },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      response.setHeader('Cache-Control', 'no-store');
      if (knobs.asks && !socket.authorized) {
        response.writeHead(401).end('client certificate required');
        return;
      }
      if (knobs.checksName && socket.getPeerCertificate().subject?.CN !== pki.ssp) {
        response.writeHead(403).end("the client certificate is not the SSP's");
        return;
      }
      const { method, url, rawHeaders } = request;
      const onward = forward({
        port: backend,
        host: '127.0.0.1',
        method,
        path: url,
        headers: rawHeaders as never,
      });
      onward.on('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    },
  );
  const close = closer(server);
  await listen(server, port);
  return close;
}

/** Node's https, set up as a provider's own author would, in front of the reference. */
export const startNode = (pki: Hierarchy, change: Partial<NodeKnobs> = {}): Promise<Provider> =>
  onSite(pki, (site) => start(site, { ...nodeKeeping, ...change }));
