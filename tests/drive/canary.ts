import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where a canary listens, and how the subject reaches it. */
export interface Perch {
  readonly host: string;
  readonly port: number;
  /** Base URL; absent: that of the place where it listens. */
  readonly url?: string;
}

/** An address that nobody has a reason to fetch: whoever does was made to. */
export interface Canary {
  readonly url: string;
  /** How often it was fetched. */
  readonly fetched: () => number;
  readonly close: () => void;
}

/** Milliseconds after the answer in which a fetch still counts. */
export const LINGER_MS = 300;

/** Opens a canary, for one exchange. It says nothing but that it was there. */
export async function openCanary({ host, port, url }: Perch): Promise<Canary> {
  const path = `/${randomUUID()}`;
  let fetched = 0;
  const server = createServer({ requestTimeout: 5_000, maxHeaderSize: 8_192 }, (request, response) => {
    if (request.url === path) fetched += 1;
    response.writeHead(request.url === path ? 200 : 404, { 'Content-Type': 'text/plain' }).end('canary');
  });
  server.listen(port, host);
  await once(server, 'listening');
  // Nothing of a run waits for it.
  server.unref();
  const base = url ?? `http://${host}:${(server.address() as AddressInfo).port}`;
  return {
    url: `${base.replace(/\/$/, '')}${path}`,
    fetched: () => fetched,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
