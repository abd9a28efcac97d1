import type { Case } from '../model.ts';
import { cases } from './define.ts';

/**
 * FtRS SEC-029: what a subject makes of its issuer's keys while they change and while they cannot be had. The issuer is
 * steered, so these come last and one at a time.
 */

const steered = (title: string): Omit<Case, 'id'> => ({
  title,
  requirements: ['SEC-029'],
  stimulus: {},
  via: 'key-set',
  expect: { kind: 'key-set' },
  consent: ['active'],
});

export const keySet: readonly Case[] = cases('key-set', {
  'new-kid': steered('a new key is taken up within the time stated'),
  'retired-kid': steered('a retired key is believed no more after the time stated'),
  'reused-kid': steered('another key under the same kid is taken up, and the old one believed no more'),
  'unknown-kid': {
    ...steered('ten tokens under an unknown kid cost at most one fetch'),
    bearing: 'noted', // good practice, and in no document that binds
  },
  'issuer-status': steered('the issuer answers 503: nothing is believed, and it recovers'),
  'issuer-reset': steered('the issuer breaks the connection: nothing is believed, and it recovers'),
  'issuer-slow': steered('the issuer never answers: nothing is believed, nothing hangs, and it recovers'),
  'issuer-garbage': steered('the issuer serves what is no JSON: nothing is believed, and it recovers'),
  'issuer-large': steered('the issuer serves 10 MB: nothing is believed, and it recovers'),
});
