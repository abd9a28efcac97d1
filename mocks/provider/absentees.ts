import { createServer as createSecureServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Hierarchy } from '../../certs/index.ts';
import type { Provider } from './server.ts';
import { ASID, SERVICE_PATH } from './data.ts';

/** Subjects that are not there. No case may pass one: a pass would be vacuous. */
export const absentees = {
  /** Nothing listens: port 1 (tcpmux) is given to nobody, while a port just closed may be given to the next. */
  dead: async () => ({ ...placed(1), close: async () => {} }),
  /** Accepts the connection and never speaks. */
  mute: () => listen(createServer(() => {})),
  /** Turns everybody away. */
  hermit: () => listen(createServer((socket) => socket.destroy())),
  /** Takes every certificate and answers every request with 400. */
  'always-400': ({ provider }) =>
    listen(
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

async function listen(server: Server): Promise<Provider> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  await new Promise<void>((ready, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', ready);
  });
  const { port } = server.address() as AddressInfo;
  return {
    ...placed(port),
    close: () =>
      new Promise((done) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => done());
      }),
  };
}
