import { once } from 'node:events';
import { connect, createSecureContext } from 'node:tls';
import type { Hierarchy } from '../certs/index.ts';
import { compose } from '../mocks/ssp/outbound.ts';
import type { Provider } from '../mocks/provider/server.ts';
import { ASID, SERVICE_PATH } from '../mocks/provider/data.ts';
import { gpconnect } from '../tests/profiles/gpconnect.ts';

/** What figures are measured against, and how they are summed up. */

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** The valid exchange as an engineer would write it by hand: a context, a connection, a request, the answer. */
export function bareExchange(pki: Hierarchy, { url, port }: Provider): () => Promise<void> {
  const { valid } = pki.clients;
  const { http, token } = gpconnect.valid({ url, asid: ASID });
  return async () => {
    const secureContext = createSecureContext({
      ca: pki.root,
      cert: [valid.certificate, ...valid.chain].join('\n'),
      key: valid.key,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
    });
    const { bytes } = compose({
      method: 'GET',
      target: `${SERVICE_PATH}/metadata`,
      host: new URL(url).host,
      headers: http.headers,
      token,
    });
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', secureContext });
    await once(socket, 'secureConnect');
    socket.write(bytes);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    if (!text.startsWith('HTTP/1.1 200'))
      throw new Error(`the bare exchange was refused: ${text.slice(0, 80)}`);
  };
}
