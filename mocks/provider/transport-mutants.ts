import type { Mutant, Variant } from './mutants.ts';
import { wrong } from './policy.ts';

/** Providers that open what is in clear. */
export const transportMutants: Readonly<Record<string, Mutant>> = {
  'serves-plain-port': {
    title: 'serves requests on a plain-HTTP port beside its TLS port',
    policy: wrong('plain', 'serves'),
    caughtBy: ['plain-port/request'],
  },
  'redirects-in-clear': {
    title: 'redirects from its plain-HTTP port to another URL in clear',
    policy: wrong('plain', 'redirects-in-clear'),
    caughtBy: ['plain-port/request'],
  },
};

/** What the documents leave open about connections. */
export const transportVariants: Readonly<Record<string, Variant>> = {
  'conformant-redirecting': {
    title: 'redirects from its plain-HTTP port to https',
    policy: wrong('plain', 'redirects'),
  },
  'conformant-refusing-in-clear': {
    title: 'answers 403 on its plain-HTTP port',
    policy: wrong('plain', 'refuses'),
  },
  'conformant-closing-in-clear': {
    title: 'closes whatever connects to its plain-HTTP port',
    policy: wrong('plain', 'closes'),
  },
  'conformant-renegotiating': {
    title: 'takes a renegotiation that the client starts',
    policy: wrong('renegotiates', true),
    differs: ['tls/renegotiation'],
  },
  'conformant-not-resuming': {
    title: 'resumes no session',
    policy: wrong('resumes', false),
    differs: ['resumption/without-certificate', 'resumption/revoked-certificate'],
  },
};
