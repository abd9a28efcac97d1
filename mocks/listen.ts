import type { AddressInfo, Server, Socket } from 'node:net';

/** Listens, on loopback unless told otherwise. @returns the port */
export const listen = (server: Server, port = 0, host = '127.0.0.1'): Promise<number> =>
  new Promise((ready, failed) => {
    server.once('error', failed);
    server.listen(port, host, () => ready((server.address() as AddressInfo).port));
  });

/** Knows the connections of a server from now on. @returns what ends them and the server: nobody is waited for */
export function closer(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  return () =>
    new Promise((done) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => done());
    });
}
