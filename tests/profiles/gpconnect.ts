import {
  interactionNamed,
  interactions,
  type Capability,
  type Interaction,
} from '../../mocks/ssp/interactions.ts';
import { FRESH } from '../../mocks/ssp/outbound.ts';
import type { Addressee, Exchange, Profile } from '../model.ts';
import { html } from './gpconnect-html.ts';

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

const ROOTS: Readonly<Partial<Record<Capability, Capability>>> = { appointments: 'foundations' };

/** The service root URL at which a subject serves a capability; appointments share that of foundations. */
const rootOf = ({ url, capabilities }: Addressee, capability: Capability): string =>
  capabilities?.[capability] ?? capabilities?.[ROOTS[capability] ?? capability] ?? url;

function exchange(subject: Addressee, interaction: Interaction): Exchange {
  const { asid, data } = subject;
  const root = interaction.atSibling
    ? (data?.['siblingUrl'] ?? subject.url)
    : rootOf(subject, interaction.capability);
  return {
    tls: { certificate: 'valid' },
    http: {
      method: interaction.method,
      ...(root !== subject.url && { root: new URL(root).pathname }),
      path: interaction.path,
      headers: {
        Accept: interaction.media,
        ...(interaction.body !== undefined && { 'Content-Type': interaction.media }),
        'Ssp-TraceID': FRESH,
        'Ssp-From': asid?.consumer ?? '',
        'Ssp-To': (interaction.atSibling ? data?.['siblingAsid'] : asid?.provider) ?? '',
        'Ssp-InteractionID': interaction.id,
        ...interaction.headers,
      },
      ...(interaction.body !== undefined && { body: interaction.body }),
    },
    ...(data && { data }),
    ...(interaction.writes === 'appointment' && {
      books: interaction.method === 'POST' ? ('new' as const) : ('before' as const),
    }),
    ...(interaction.writes === 'registration' && { registers: 'once' as const }),
    token: {
      header: { alg: 'none', typ: 'JWT' },
      claims: {
        iss: 'https://consumer.assay.test',
        sub: practitioner.id,
        aud: root,
        reason_for_request: interaction.name.startsWith('migrate-') ? 'migration' : 'directcare',
        requested_scope: interaction.scope,
        requesting_device: device,
        requesting_organization: organization,
        requesting_practitioner: practitioner,
      },
      times: { iat: 0, exp: 300 },
    },
  };
}

/** A GP Connect provider; in 1.x its own valid exchange asks for the capability statement, which needs no data. */
export const gpconnect: Profile = {
  id: 'gpconnect',
  title: 'GP Connect provider',
  editions: ['2025-10', '1.6', '1.5', '1.2', '0.7'],
  documents: ['gpc-security', 'gpc-token', 'gpc-errors', 'gpc-api'],
  informs: ['practice'],
  payload: 'CapabilityStatement',
  valid: (subject) => exchange(subject, interactionNamed('metadata')),
  interactions: interactions.filter(({ capability }) => capability !== 'html'),
  exchange,
  apart: { '0.7': html },
};
