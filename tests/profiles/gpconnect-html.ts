import { interactionNamed, interactions, type Interaction } from '../../mocks/ssp/interactions.ts';
import { FRESH } from '../../mocks/ssp/outbound.ts';
import type { Addressee, Apart, Exchange } from '../model.ts';

/** The fictional consumer as 0.x describes it: resources of DSTU2, each with an id. */
const device = {
  resourceType: 'Device',
  id: 'assay-device',
  identifier: [{ system: 'https://assay.test/Id/device', value: 'assay' }],
  // At any offset this gives a `+` and a `/` in plain base64, so that its alphabet is told from base64url's.
  model: 'Assay >>> ???',
  version: '1',
};
const organization = {
  resourceType: 'Organization',
  id: 'assay-organization',
  name: 'Assay test consumer',
  identifier: [{ system: 'http://fhir.nhs.net/Id/ods-organization-code', value: 'ASSAY' }],
};
const practitioner = {
  resourceType: 'Practitioner',
  id: 'assay-1',
  // One name where 1.x has a list, a list of family names where 1.x has one.
  name: { family: ['Tester'], given: ['Assay'], prefix: ['Dr'] },
  identifier: [
    { system: 'http://fhir.nhs.net/sds-user-id', value: 'UNK' }, // without `/Id/`, as the page wants it
    { system: 'https://assay.test/Id/user', value: 'assay-1' },
  ],
  practitionerRole: [
    { role: { coding: [{ system: 'http://fhir.nhs.net/ValueSet/sds-job-role-name-1', code: 'UNK' }] } },
  ],
};

/** Whose record is asked for: the patient of the request or, for what is about none, the practice. */
const recordOf = ({ needs }: Interaction, data: Addressee['data']) =>
  needs.includes('patient')
    ? {
        resourceType: 'Patient',
        identifier: [{ system: 'http://fhir.nhs.net/Id/nhs-number', value: '{patient}' }],
      }
    : {
        resourceType: 'Organization',
        identifier: [
          {
            system: 'http://fhir.nhs.net/Id/ods-organization-code',
            value: data?.['organisation'] ?? 'ASSAY',
          },
        ],
      };

function exchange(subject: Addressee, interaction: Interaction): Exchange {
  const { url, asid, data, capabilities } = subject;
  const { method, path, media, id, body, scope, atSibling } = interaction;
  const root = (atSibling ? data?.['siblingUrl'] : capabilities?.html) ?? url;
  return {
    tls: { certificate: 'valid' },
    http: {
      method,
      ...(root !== url && { root: new URL(root).pathname }),
      path,
      headers: {
        Accept: media,
        ...(body !== undefined && { 'Content-Type': media }),
        'Ssp-TraceID': FRESH,
        'Ssp-From': asid?.consumer ?? '',
        'Ssp-To': (atSibling ? data?.['siblingAsid'] : asid?.provider) ?? '',
        'Ssp-InteractionID': id,
      },
      ...(body !== undefined && { body }),
    },
    ...(data && { data }),
    token: {
      header: { alg: 'none', typ: 'JWT' },
      claims: {
        iss: 'https://consumer.assay.test',
        sub: practitioner.id,
        aud: 'https://authorize.fhir.nhs.net/token', // fixed in 0.x
        reason_for_request: 'directcare',
        requested_record: recordOf(interaction, data),
        requested_scope: scope,
        requesting_device: device,
        requesting_organization: organization,
        requesting_practitioner: practitioner,
      },
      times: { iat: 0, exp: 300 },
    },
  };
}

/** GP Connect 0.7, which has Access Record HTML alone: FHIR DSTU2; its own exchange asks for the conformance statement. */
export const html: Apart = {
  title: 'GP Connect provider (Access Record HTML)',
  documents: ['gpc-html-security', 'gpc-html-token', 'gpc-html-errors', 'gpc-html-api'],
  payload: 'Conformance',
  valid: (subject) => exchange(subject, interactionNamed('html-metadata')),
  interactions: interactions.filter(({ capability }) => capability === 'html'),
  exchange,
};
