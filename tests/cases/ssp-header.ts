import type { Rule } from '../model.ts';
import { cases } from './define.ts';

const refused = (rule: Rule) => ({ kind: 'refused-request', rule }) as const;

/** The four SSP headers: present, for this provider, fitting the endpoint. */
export default cases('ssp-header', {
  'trace-id-absent': {
    title: 'no Ssp-TraceID',
    requirements: ['GPC-SEC-SSP-HEADERS'],
    stimulus: { http: { headers: { 'Ssp-TraceID': null } } },
    expect: refused('Ssp-TraceID'),
  },
  'from-absent': {
    title: 'no Ssp-From',
    requirements: ['GPC-SEC-SSP-HEADERS'],
    stimulus: { http: { headers: { 'Ssp-From': null } } },
    expect: refused('Ssp-From'),
  },
  'to-absent': {
    title: 'no Ssp-To',
    requirements: ['GPC-SEC-SSP-HEADERS'],
    stimulus: { http: { headers: { 'Ssp-To': null } } },
    expect: refused('Ssp-To'),
  },
  'interaction-id-absent': {
    title: 'no Ssp-InteractionID',
    requirements: ['GPC-SEC-SSP-HEADERS'],
    stimulus: { http: { headers: { 'Ssp-InteractionID': null } } },
    expect: refused('Ssp-InteractionID'),
  },
  'to-another-provider': {
    title: "Ssp-To is another provider's ASID",
    requirements: ['GPC-SEC-OWN-ASID'],
    stimulus: { http: { headers: { 'Ssp-To': '123456789012' } } },
    expect: refused('Ssp-To'),
  },
  'interaction-of-another-endpoint': {
    title: 'Ssp-InteractionID of another endpoint (read patient, asked of /metadata)',
    requirements: ['GPC-SEC-INTERACTION'],
    stimulus: {
      http: { headers: { 'Ssp-InteractionID': 'urn:nhs:names:services:gpconnect:fhir:rest:read:patient-1' } },
    },
    expect: refused('Ssp-InteractionID'),
  },
});
