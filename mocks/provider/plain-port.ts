import { createServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { closer, listen } from '../listen.ts';

/** What a provider does on a plain-HTTP port beside its TLS port; `nothing`: nobody listens there. */
export type PlainPolicy = 'nothing' | 'serves' | 'redirects' | 'redirects-in-clear' | 'refuses' | 'closes';

/** A plain-HTTP port that is declared, and whatever is behind it. */
export interface PlainDoor {
  /** `http://host:port` */
  readonly url: string;
  readonly close: () => void;
}

/** Nobody listens on tcpmux, while a port just closed may be given to the next. */
const NOBODY = 1;

/** Opens a provider's plain-HTTP port on loopback. `serve`: what answers where it serves. */
export async function openPlainDoor(
  policy: PlainPolicy,
  origin: string,
  serve: RequestListener,
): Promise<PlainDoor> {
  if (policy === 'nothing') return { url: `http://localhost:${NOBODY}`, close: () => {} };
  const handle: RequestListener = (request, response) => {
    const base = policy === 'redirects' ? origin : origin.replace(/^https/, 'http');
    if (policy === 'serves') return serve(request, response);
    if (policy === 'refuses') response.writeHead(403, { 'Cache-Control': 'no-store' });
    else response.writeHead(308, { Location: `${base}${request.url ?? '/'}`, 'Cache-Control': 'no-store' });
    response.end();
  };
  const server = createServer(handle);
  const close = closer(server);
  if (policy === 'closes') server.on('connection', (socket: Socket) => socket.destroy());
  return { url: `http://localhost:${await listen(server)}`, close: () => void close() };
}
