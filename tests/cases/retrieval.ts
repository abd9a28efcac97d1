import type { Case } from '../model.ts';
import { gpconnectStrings as approvedGroups } from '../oracle/approved.ts';
import { cases } from './define.ts';

/** The eight suites of the NRL are those of the four strings that an RSA key authenticates, CCM left out. */
const groups = approvedGroups.map(({ name, suites }) => ({
  name,
  suites: suites.filter(({ iana }) => iana.includes('_RSA_') && !iana.includes('_CCM')),
}));

const without = (name: 'Ssp-TraceID' | 'Ssp-From' | 'Ssp-To' | 'Ssp-InteractionID', title: string) =>
  ({
    title,
    requirements: ['NRL-RET-HEADERS'],
    bearing: 'noted',
    stimulus: { http: { headers: { [name]: null } } },
    expect: { kind: 'refused-request', rule: name },
  }) as const;

/** Retrieval of a record to which a pointer of the NRL points. */
export default cases('retrieval', {
  'each-string': {
    title: 'of each of the four strings at least one RSA suite is accepted',
    requirements: ['NRL-SEC-CIPHERS-SUPPORTED'],
    via: 'enumeration',
    stimulus: {
      hello: {
        version: 'TLSv1.2',
        suites: groups.flatMap(({ suites }) => suites.map(({ code }) => code)),
      },
    },
    expect: {
      kind: 'suites-supported',
      groups: groups.map(({ name, suites }) => ({ name, suites: suites.map(({ iana }) => iana) })),
    },
  },
  unwrapped: {
    title: 'a PDF is answered as application/pdf, not in a FHIR Binary',
    requirements: ['NRL-RET-UNWRAPPED'],
    stimulus: {},
    expect: { kind: 'header', name: 'Content-Type', pattern: '^application/pdf\\b', of: 'answer' },
  },
  'unknown-record': {
    title: 'a record that does not exist is answered with 4xx or 5xx',
    requirements: ['NRL-RET-FAILURE'],
    stimulus: { http: { path: '/assay-no-such-record.pdf' } },
    expect: { kind: 'error-status' },
  },
  ...Object.fromEntries(
    (['POST', 'PUT', 'DELETE'] as const).map((method) => [
      `by-${method.toLowerCase()}`,
      {
        title: `${method} where only GET is due`,
        requirements: ['NRL-RET-GET-ONLY'] as const,
        stimulus: { http: { method } },
        // A failure is 4xx or 5xx (NRL-RET-FAILURE); 501 is HTTP's own answer to a method that a server does not know (RFC 9110 §15.6.2).
        expect: { kind: 'refused-request', rule: 'request', orServerError: true } as const,
      },
    ]),
  ),
  'trace-id-absent': without('Ssp-TraceID', 'no Ssp-TraceID'),
  'from-absent': without('Ssp-From', 'no Ssp-From'),
  'to-absent': without('Ssp-To', 'no Ssp-To'),
  'interaction-id-absent': without('Ssp-InteractionID', 'no Ssp-InteractionID'),
  'token-absent': {
    title: 'no Authorization header',
    requirements: ['NRL-RET-HEADERS'],
    bearing: 'noted',
    stimulus: { token: null },
    expect: { kind: 'refused-request', rule: 'token' },
  },
}) satisfies readonly Case[];
