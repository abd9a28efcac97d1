import type { ConsumerPki, SspFace } from '../../certs/consumer.ts';
import { GOOD_TLS, startSsp, type ConsumerTls, type SspOptions } from './proxy.ts';

/** An SSP as a consumer may meet it: the good one, and seven that are wrong in one thing each. */
export interface FaceDecisions {
  readonly title: string;
  readonly certificate: SspFace;
  readonly tls: ConsumerTls;
}

const showing = (certificate: SspFace, title: string): FaceDecisions => ({
  title,
  certificate,
  tls: GOOD_TLS,
});
const only = (version: 'TLSv1' | 'TLSv1.1'): ConsumerTls => ({
  versions: [version, version],
  ciphers: 'AES256+EECDH:AES256+EDH',
});

export const faces = {
  good: showing('good', 'nothing wrong: the control'),
  expired: showing('expired', 'a server certificate that has expired'),
  'wrong-name': showing('wrong-name', 'a server certificate of another name'),
  'wrong-issuer': showing('wrong-issuer', 'a server certificate of a rogue CA of the same names'),
  revoked: showing('revoked', 'a server certificate that the CRL names'),
  'tls-1.0': { title: 'nothing newer than TLS 1.0', certificate: 'good', tls: only('TLSv1') },
  'tls-1.1': { title: 'nothing newer than TLS 1.1', certificate: 'good', tls: only('TLSv1.1') },
  'unapproved-cipher': {
    title: 'one cipher suite, which is not approved: TLS_RSA_WITH_AES_128_CBC_SHA256',
    certificate: 'good',
    tls: { versions: ['TLSv1.2', 'TLSv1.2'], ciphers: 'AES128-SHA256' },
  },
} as const satisfies Record<string, FaceDecisions>;
export type FaceName = keyof typeof faces;
export const faceNames = Object.keys(faces) as readonly FaceName[];

/** What a consumer did with one face. */
export interface Met {
  readonly port: number;
  /** TCP connections that it opened. */
  readonly connections: () => number;
  /** Statuses of the requests that it sent; `undefined` where none could be told. */
  readonly statuses: () => readonly (number | undefined)[];
  readonly close: () => Promise<void>;
}

/** Starts the SSP with one face, on a port of its own. */
export async function startFace(
  name: FaceName,
  pki: ConsumerPki,
  options: Omit<SspOptions, 'server' | 'tls' | 'onPassage' | 'onConnection'>,
): Promise<Met> {
  const { certificate, tls } = faces[name];
  let connections = 0;
  const statuses: (number | undefined)[] = [];
  const { port, close } = await startSsp({
    ...options,
    server: pki.ssp[certificate],
    tls,
    onConnection: () => (connections += 1),
    onPassage: ({ status }) => statuses.push(status),
  });
  return { port, connections: () => connections, statuses: () => statuses, close };
}
