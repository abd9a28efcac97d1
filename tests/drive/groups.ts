import type { KeyExchange } from '../model.ts';
import type { ServerHello } from './flight.ts';

/** Named groups of the registry that a server up to TLS 1.2 may choose (RFC 8422 §5.1.1, RFC 7919). */
const GROUPS: Readonly<Record<number, string>> = {
  1: 'sect163k1',
  3: 'sect163r2',
  16: 'secp160r1',
  18: 'secp192k1',
  19: 'secp192r1',
  20: 'secp224k1',
  21: 'secp224r1',
  22: 'secp256k1',
  23: 'secp256r1',
  24: 'secp384r1',
  25: 'secp521r1',
  26: 'brainpoolP256r1',
  27: 'brainpoolP384r1',
  28: 'brainpoolP512r1',
  29: 'x25519',
  30: 'x448',
};

/** The key exchange of a ServerHello's flight, as an observation shows it. */
export function keyExchangeOf({ keyExchange }: ServerHello): KeyExchange | undefined {
  if (!keyExchange) return undefined;
  return keyExchange.kind === 'DHE'
    ? { kind: 'DHE', bits: keyExchange.bits }
    : { kind: 'ECDHE', group: GROUPS[keyExchange.group] ?? `group_${keyExchange.group}` };
}
