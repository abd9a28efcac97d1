import type { Case, Rule } from '../model.ts';
import { badRequest, insufficientScope, unauthorised } from './answers.ts';
import { cases } from './define.ts';
import { toldOfRequests } from './request.ts';
import { told } from './token.ts';

const headerError = (rule: Rule) => ({ kind: 'outcome', rule, answers: [badRequest] }) as const;
const tokenError = (rule: Rule, second = unauthorised) =>
  ({ kind: 'outcome', rule, answers: [badRequest, second] }) as const;

/** What a rejection says: status, OperationOutcome, code. The stimuli are those of `ssp-header` and `token`. */
const own = cases('error', {
  'trace-id-absent': {
    title: 'the answer to a request with no Ssp-TraceID',
    requirements: ['GPC-ERR-HEADER'],
    stimulus: { http: { headers: { 'Ssp-TraceID': null } } },
    expect: headerError('Ssp-TraceID'),
  },
  'from-absent': {
    title: 'the answer to a request with no Ssp-From',
    requirements: ['GPC-ERR-HEADER'],
    stimulus: { http: { headers: { 'Ssp-From': null } } },
    expect: headerError('Ssp-From'),
  },
  'to-absent': {
    title: 'the answer to a request with no Ssp-To',
    requirements: ['GPC-ERR-HEADER'],
    stimulus: { http: { headers: { 'Ssp-To': null } } },
    expect: headerError('Ssp-To'),
  },
  'interaction-id-absent': {
    title: 'the answer to a request with no Ssp-InteractionID',
    requirements: ['GPC-ERR-HEADER'],
    stimulus: { http: { headers: { 'Ssp-InteractionID': null } } },
    expect: headerError('Ssp-InteractionID'),
  },
  'to-another-provider': {
    title: "the answer to a request for another provider's ASID",
    requirements: ['GPC-ERR-HEADER'],
    stimulus: { http: { headers: { 'Ssp-To': '123456789012' } } },
    expect: headerError('Ssp-To'),
  },
  'interaction-of-another-endpoint': {
    title: 'the answer to an Ssp-InteractionID of another endpoint',
    requirements: ['GPC-ERR-INTERACTION'],
    stimulus: {
      http: { headers: { 'Ssp-InteractionID': 'urn:nhs:names:services:gpconnect:fhir:rest:read:patient-1' } },
    },
    expect: headerError('Ssp-InteractionID'),
  },
  'token-absent': {
    title: 'the answer to a request with no token',
    requirements: ['GPC-ERR-TOKEN'],
    stimulus: { token: null },
    expect: tokenError('token'),
  },
  'token-malformed': {
    title: 'the answer to a token that is no JWT',
    requirements: ['GPC-ERR-TOKEN'],
    stimulus: { raw: { token: 'not-base64url' } },
    expect: tokenError('token'),
  },
  'audience-of-another': {
    title: 'the answer to a token for another audience',
    requirements: ['GPC-ERR-TOKEN'],
    stimulus: { token: { claims: { aud: 'https://authorize.fhir.nhs.net/token' } } },
    expect: tokenError('token.aud'),
  },
  'token-expired': {
    title: 'the answer to an expired token',
    requirements: ['GPC-ERR-TOKEN'],
    stimulus: { token: { times: { iat: -900, exp: -600 } } },
    edge: -600,
    expect: tokenError('token.exp'),
  },
  'scope-of-another-verb': {
    title: 'the answer to a scope of another verb',
    requirements: ['GPC-ERR-TOKEN', 'GPC-JWT-SCOPE'],
    stimulus: { token: { claims: { requested_scope: 'organization/*.write' } } },
    expect: tokenError('token.scope', insufficientScope),
    onlyIf: 'enforcesScope',
  },
  'refusal-carries-error-status': {
    title: 'a refused certificate that is answered in HTTP is answered with 4xx or 5xx',
    requirements: ['GPC-ERR-STATUS'],
    stimulus: { tls: { certificate: null } },
    expect: { kind: 'error-status' },
  },
});

export default [...own, ...toldOfRequests, ...told] satisfies readonly Case[];
