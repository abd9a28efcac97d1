import { createServer as createSecureServer } from 'node:https';
import { createServer, type Server } from 'node:net';
import type { Hierarchy } from '../../certs/index.ts';
import { closer, listen } from '../listen.ts';
import type { Provider } from './server.ts';
import { ASID, SERVICE_PATH } from './data.ts';

/** Subjects that are not there. No case may pass one: a pass would be vacuous. */
export const absentees = {
  /** Nothing listens: port 1 (tcpmux) is given to nobody, while a port just closed may be given to the next. */
  dead: async () => ({ ...placed(1), close: async () => {} }),
  /** Accepts the connection and never speaks. */
  mute: () => open(createServer(() => {})),
  /** Turns everybody away. */
  hermit: () => open(createServer((socket) => socket.destroy())),
  /** Takes every certificate and answers every request with 400. */
  'always-400': ({ provider }) =>
    open(
      createSecureServer(
        {
          cert: [provider.certificate, ...provider.chain].join('\n'),
          key: provider.key,
          requestCert: true,
          rejectUnauthorized: false,
          maxVersion: 'TLSv1.2',
        },
        (_request, response) => {
          response.writeHead(400, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' });
          response.end('Bad Request');
        },
      ),
    ),
} satisfies Record<string, (hierarchy: Hierarchy) => Promise<Provider>>;

const placed = (port: number) => ({
  url: `https://localhost:${port}${SERVICE_PATH}`,
  asid: ASID.provider,
  port,
});

async function open(server: Server): Promise<Provider> {
  const close = closer(server);
  return { ...placed(await listen(server)), close };
}
