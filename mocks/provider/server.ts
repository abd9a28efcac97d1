import { createServer as createPlainServer, type RequestListener } from 'node:http';
import type { Server } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import type { Hierarchy } from '../../certs/index.ts';
import { ASID, SERVICE_PATH } from './data.ts';
import type { Policy } from './policy.ts';
import { openPlainDoor } from './plain-port.ts';
import type { RevocationPlace } from './revocation.ts';
import { openDiary } from './diary.ts';
import { isFull, watch } from './weakness.ts';
import { serverCredential } from './server-certificate.ts';
import type { Registration } from './rules.ts';
import { closer, listen } from '../listen.ts';
import { asking, admit, secureServer } from './welcome.ts';
import { respond } from './respond.ts';

/** A provider that listens on loopback. */
export interface Provider extends Registration {
  readonly port: number;
  /** URL of the plain-HTTP port that it declares. */
  readonly plain?: string;
  readonly close: () => Promise<void>;
}

export interface ProviderOptions {
  readonly policy: Policy;
  readonly hierarchy: Hierarchy;
  /** Fixed port; without it the system picks one. */
  readonly port?: number;
  /** Address to listen on; loopback unless told otherwise. Its URL names localhost all the same. */
  readonly host?: string;
  /**
   * Plain HTTP behind a TLS terminator that has authenticated the client: the policy's TLS decisions are the
   * terminator's then, and this is the service root URL that the terminator serves; `host`: as its `Host` header says.
   */
  readonly behind?: string;
  /** Used where the policy learns of revocation by asking. */
  readonly revocation?: RevocationPlace;
}

/** Starts a provider that behaves as its policy says and in no other way. It listens on loopback unless told otherwise. */
export async function startProvider(options: ProviderOptions): Promise<Provider> {
  const { policy, behind } = options;
  const registration = { url: behind === 'host' ? '' : (behind ?? ''), asid: ASID.provider };
  const diary = openDiary(policy.ignores);
  const handle: RequestListener = (request, response) => {
    const url = registration.url || `https://${request.headers.host ?? 'localhost'}${SERVICE_PATH}`;
    const answer = (): void =>
      void respond(request, response, policy, { ...registration, url }, diary).catch(() =>
        response.destroy(),
      );
    if (isFull(server, request.socket, policy.weakness)) return;
    const pending = asking.get(request.socket)?.();
    if (pending) void pending.then(answer);
    else answer();
  };
  const server =
    behind === undefined
      ? secureServer(options, await serverCredential(policy.serverCertificate, options.hierarchy), handle)
      : createPlainServer(handle);
  if (behind === undefined) watch(server as Server, policy.weakness);
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
    const breaks = policy.weakness === 'large-header' && code === 'HPE_HEADER_OVERFLOW';
    const head = `HTTP/1.1 ${breaks ? '500 Internal Server Error' : '400 Bad Request'}\r\nCache-Control: ${policy.cacheError ?? 'private'}\r\n`;
    if (socket.writable) socket.end(`${head}Content-Length: 0\r\nConnection: close\r\n\r\n`);
  });
  const clear = createPlainServer(handle);
  const front = createTcpServer((socket) =>
    behind === undefined ? admit(socket, policy, server, clear) : server.emit('connection', socket),
  );
  const closeFront = closer(front);
  const port = await listen(front, options.port, options.host);
  if (behind === undefined) registration.url = `https://localhost:${port}${SERVICE_PATH}`;
  const door =
    behind === undefined
      ? await openPlainDoor(policy.plain, new URL(registration.url).origin, handle)
      : undefined;
  return {
    ...registration,
    port,
    ...(door && { plain: door.url }),
    close: () => {
      door?.close();
      server.close();
      clear.close();
      return closeFront();
    },
  };
}
