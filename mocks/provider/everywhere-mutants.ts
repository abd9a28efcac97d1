import type { Mutant } from './mutants.ts';
import { wrong } from './policy.ts';

/**
 * Providers that look at certificates, but not everywhere. What catches them is the battery in another version or on
 * another interaction. A test derives from the plan which findings these are; here one stands for all.
 */
export const everywhereMutants: Readonly<Record<string, Mutant>> = {
  'overlooks-certificates-in-tls13': {
    title: 'looks at certificates in TLS 1.2, and at none in TLS 1.3',
    policy: { ...wrong('examinesIn', ['TLSv1.2']), versions: ['TLSv1.2', 'TLSv1.3'] },
    caughtBy: ['client-certificate/expired@TLSv1.3'],
  },
  'overlooks-certificates-beyond-metadata': {
    title: 'turns bad certificates away from the capability statement alone',
    policy: wrong('guards', /\/metadata$/),
    caughtBy: ['client-certificate/absent@read-patient'],
  },
};
