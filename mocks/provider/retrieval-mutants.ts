import type { Mutant, Variant } from './mutants.ts';
import { conformant, type Policy } from './policy.ts';
import type { RetrievalPolicy } from './retrieval.ts';

/** Providers of records that get one thing wrong; `lacks-finite-field-suites` and its like serve records as well. */

const retrieving = (change: Partial<RetrievalPolicy>): Policy => ({
  ...conformant,
  retrieval: { ...conformant.retrieval, ...change },
});

export const retrievalMutants: Readonly<Record<string, Mutant>> = {
  'wraps-records': {
    title: 'puts a PDF into a FHIR Binary',
    policy: retrieving({ wraps: true }),
    caughtBy: ['retrieval/unwrapped'],
  },
  ...Object.fromEntries(
    ['POST', 'PUT', 'DELETE'].map((method): readonly [string, Mutant] => [
      `serves-records-by-${method.toLowerCase()}`,
      {
        title: `serves a record by ${method} as well as by GET`,
        policy: retrieving({ methods: ['GET', method] }),
        caughtBy: [`retrieval/by-${method.toLowerCase()}`],
      },
    ]),
  ),
  'answers-200-for-no-record': {
    title: 'answers 200 with a page for a record that does not exist',
    policy: retrieving({ unknown: 200 }),
    caughtBy: ['retrieval/unknown-record'],
  },
  'records-without-finite-field-suites': {
    title: 'serves records and accepts no suite of the two EDH strings',
    policy: { ...conformant, ciphers: 'AESGCM+EECDH:AES256+EECDH' },
    caughtBy: ['retrieval/each-string'],
  },
};

export const retrievalVariants: Readonly<Record<string, Variant>> = {
  'conformant-records-at-ease': {
    title: 'serves records whichever headers are missing',
    policy: retrieving({ wantsHeaders: false }),
    differs: ['trace-id', 'from', 'to', 'interaction-id', 'token'].map((name) => `retrieval/${name}-absent`),
  },
};
