import type { TLSSocket } from 'node:tls';
import { dial, type Leg } from '../../mocks/ssp/outbound.ts';
import type { Observation } from '../model.ts';
import { DEFAULT_BOUNDS, type Bounds } from './http.ts';
import { handshakeOf, openParser } from './answer.ts';

/** A connection that is kept open over many exchanges, one at a time. */
export interface Line {
  /** What the peer answered; `undefined` where it closed before a byte, or could not be reached: ask again on a new one. */
  readonly exchange: (bytes: Buffer, method: string) => Promise<Observation | undefined>;
}

/**
 * Opens a line when it is first used, and again after the peer has closed it. For stand-ins of our own alone, where
 * nothing about the connection is under test: against a subject every exchange has a connection to itself.
 * With `once` it is not opened again: the connection itself is what is looked at.
 */
export function createLine(leg: Leg, bounds: Partial<Bounds> = {}, once = false): Line {
  const { patience, bodyBytes } = { ...DEFAULT_BOUNDS, ...bounds };
  let open: TLSSocket | undefined;
  let opened = false;

  const connected = (): Promise<TLSSocket | undefined> =>
    new Promise((resolve) => {
      if (open && !open.destroyed && open.writable) {
        resolve(open);
        return;
      }
      if (once && opened) {
        resolve(undefined);
        return;
      }
      opened = true;
      const socket = dial(leg);
      const timer = setTimeout(() => socket.destroy(), patience);
      const settle = (made: TLSSocket | undefined): void => {
        clearTimeout(timer);
        open = made;
        resolve(made);
      };
      socket.setNoDelay(true);
      socket.on('secureConnect', () => settle(socket)).on('error', () => settle(undefined));
      socket.on('close', () => settle(undefined));
    });

  return {
    exchange: async (bytes, method) => {
      const socket = await connected();
      if (!socket) return undefined;
      return new Promise((resolve) => {
        let answering = false;
        const settle = (observation: Observation | undefined): void => {
          clearTimeout(timer);
          answer.close();
          socket.off('data', onData).off('end', onEnd).off('close', onEnd);
          const ends = observation?.kind !== 'response' || saysClose(observation);
          if (ends) socket.destroy();
          socket.unref();
          resolve(observation);
        };
        const answer = openParser(method, bodyBytes, settle, () => handshakeOf(socket));
        const onData = (chunk: Buffer): void => {
          answering = true;
          answer.push(chunk);
        };
        const onEnd = (): void => {
          if (answering) answer.end();
          else settle(undefined);
        };
        const timer = setTimeout(() => settle(undefined), patience);
        socket.ref();
        socket.on('data', onData).on('end', onEnd).on('close', onEnd);
        socket.write(bytes);
      });
    },
  };
}

const saysClose = (seen: Extract<Observation, { kind: 'response' }>): boolean =>
  seen.headers.some(([name, value]) => /^connection$/i.test(name) && /\bclose\b/i.test(value));
