import { FRESH } from '../../mocks/ssp/outbound.ts';
import type { Profile } from '../model.ts';

/** Identifies the fictional consumer in the token; none of it exists. */
const device = {
  resourceType: 'Device',
  identifier: [{ system: 'https://assay.test/Id/device', value: 'assay' }],
  // At any offset this gives a `+` and a `/` in plain base64, so that its alphabet is told from base64url's.
  model: 'Assay >>> ???',
  version: '1',
};
const organization = {
  resourceType: 'Organization',
  name: 'Assay test consumer',
  identifier: [{ system: 'https://fhir.nhs.uk/Id/ods-organization-code', value: 'ASSAY' }],
};
const practitioner = {
  resourceType: 'Practitioner',
  id: 'assay-1',
  name: [{ family: 'Tester', given: ['Assay'], prefix: ['Dr'] }],
  identifier: [
    { system: 'https://fhir.nhs.uk/Id/sds-user-id', value: 'UNK' },
    { system: 'https://fhir.nhs.uk/Id/sds-role-profile-id', value: 'UNK' },
    { system: 'https://assay.test/Id/user', value: 'assay-1' },
  ],
};

/** A GP Connect 1.x provider, asked for its capability statement: the one interaction that needs no data. */
export const gpconnect: Profile = {
  id: 'gpconnect',
  title: 'GP Connect provider',
  editions: ['2025-10', '1.6'],
  documents: ['gpc-security', 'gpc-token', 'gpc-errors'],
  payload: 'CapabilityStatement',
  valid: ({ url, asid }) => ({
    tls: { certificate: 'valid' },
    http: {
      method: 'GET',
      path: '/metadata',
      headers: {
        Accept: 'application/fhir+json',
        'Ssp-TraceID': FRESH,
        'Ssp-From': asid?.consumer ?? '',
        'Ssp-To': asid?.provider ?? '',
        'Ssp-InteractionID': 'urn:nhs:names:services:gpconnect:fhir:rest:read:metadata-1',
      },
    },
    token: {
      header: { alg: 'none', typ: 'JWT' },
      claims: {
        iss: 'https://consumer.assay.test',
        sub: practitioner.id,
        aud: url,
        reason_for_request: 'directcare',
        requested_scope: 'organization/*.read',
        requesting_device: device,
        requesting_organization: organization,
        requesting_practitioner: practitioner,
      },
      times: { iat: 0, exp: 300 },
    },
  }),
};
