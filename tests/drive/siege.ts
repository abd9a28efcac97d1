import type { TLSSocket } from 'node:tls';
import { dial, type Leg } from '../../mocks/ssp/outbound.ts';
import type { Observation } from '../model.ts';
import { DEFAULT_BOUNDS, send, type Bounds } from './http.ts';

/** How connections are held that keep a server busy with nothing. */
export type Siege = 'beside-idle' | 'beside-slow-headers' | 'beside-slow-body';

/** Connections held at once; all sieges of a run together stay below the budget of active cases. */
export const HELD: Readonly<Record<Siege, number>> = {
  'beside-idle': 30,
  'beside-slow-headers': 8,
  'beside-slow-body': 8,
};
/** Milliseconds that they have to settle before the request goes out. */
export const SETTLING_MS = 200;

const bytesOf = (siege: Siege, host: string): string => {
  switch (siege) {
    case 'beside-idle':
      return '';
    case 'beside-slow-headers':
      return `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Assay-Slow: `;
    case 'beside-slow-body':
      return `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/fhir+json\r\nContent-Length: 1000\r\n\r\n{`;
  }
};

/** Opens a connection and leaves it half said. Resolves also where the server will have none of it. */
const held = (leg: Leg, text: string): Promise<TLSSocket> =>
  new Promise((resolve) => {
    const socket = dial(leg);
    const done = (): void => {
      clearTimeout(timer);
      resolve(socket);
    };
    const timer = setTimeout(done, 2_000);
    socket.once('secureConnect', () => {
      if (text !== '') socket.write(text);
      done();
    });
    socket.on('error', done).on('data', () => {});
  });

/** Sends a request while other connections are held, and lets go of all of them. What came of it is the observation. */
export async function besiege(
  siege: Siege,
  { leg, host, bytes, method, bounds }: SiegeOn,
): Promise<Observation> {
  const text = bytesOf(siege, host);
  const sockets = await Promise.all(Array.from({ length: HELD[siege] }, () => held(leg, text)));
  try {
    await new Promise((settled) => setTimeout(settled, SETTLING_MS));
    const patience = Math.min(bounds.patience ?? DEFAULT_BOUNDS.patience, 5_000);
    return await send(leg, bytes, method, { ...bounds, patience });
  } finally {
    for (const socket of sockets) socket.destroy();
    // The control comes next: the server has to have noticed that they are gone.
    await new Promise((noticed) => setTimeout(noticed, SETTLING_MS));
  }
}

export interface SiegeOn {
  readonly leg: Leg;
  readonly host: string;
  readonly bytes: Buffer;
  readonly method: string;
  readonly bounds: Partial<Bounds>;
}
