/**
 * The prober: one ClientHello, written by us to the byte, and what the peer answered it with.
 *
 * ```ts
 * import { scan } from 'assay/drive';
 *
 * const { protocols } = await scan({ address: '127.0.0.1', port: 8443, servername: 'localhost' });
 * ```
 */
export { hello, type HelloAnswer, type HelloResult, type HelloTarget } from './hello.ts';
export { enumerateOffer, offer } from './offer.ts';
export { scan, type Scan, type ScannedProtocol } from './scan.ts';
export type { Observation, Offer, OfferedVersion } from '../model.ts';
