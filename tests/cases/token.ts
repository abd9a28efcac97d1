import type { Rule } from '../model.ts';
import { cases } from './define.ts';

const refused = (rule: Rule) => ({ kind: 'refused-request', rule }) as const;

/** The bearer token: present, well formed, for this provider, in time, of a fitting scope. */
export default cases('token', {
  absent: {
    title: 'no Authorization header',
    requirements: ['GPC-SEC-TOKEN-PRESENT'],
    stimulus: { token: null },
    expect: refused('token'),
  },
  malformed: {
    title: 'the claims as raw JSON, not a JWT',
    requirements: ['GPC-SEC-TOKEN-FORMED'],
    stimulus: { raw: { token: 'not-base64url' } },
    expect: refused('token'),
  },
  'audience-of-another': {
    title: 'aud is the 0.x constant, not the service root URL',
    requirements: ['GPC-JWT-AUDIENCE'],
    stimulus: { token: { claims: { aud: 'https://authorize.fhir.nhs.net/token' } } },
    expect: refused('token.aud'),
  },
  expired: {
    title: 'issued 15 minutes ago, expired 10 minutes ago',
    requirements: ['GPC-JWT-EXPIRED'],
    stimulus: { token: { times: { iat: -900, exp: -600 } } },
    expect: refused('token.exp'),
  },
  'scope-of-another-verb': {
    title: 'requested_scope is organization/*.write, asked for a read',
    requirements: ['GPC-JWT-SCOPE', 'GPC-SEC-SCOPE-APPLIED', 'GPC-SEC-SCOPE-CHOICE'],
    stimulus: { token: { claims: { requested_scope: 'organization/*.write' } } },
    expect: refused('token.scope'),
    onlyIf: 'enforcesScope',
  },
});
