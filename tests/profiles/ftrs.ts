import { FTRS_ODS } from '../../mocks/provider/ftrs/directory.ts';
import type { Interaction } from '../../mocks/ssp/interactions.ts';
import { FRESH } from '../../mocks/ssp/outbound.ts';
import type { Addressee, Exchange, Profile } from '../model.ts';

const ODS = 'https%3A%2F%2Ffhir.nhs.uk%2FId%2Fods-organization-code%7C{organisation}';

const search = (name: string, query: string): Interaction => ({
  name,
  capability: 'directory',
  method: 'GET',
  path: `/${query}=${ODS}`,
  id: '', // nothing of the Spine
  scope: '',
  media: 'application/fhir+json',
  needs: ['organisation'],
  payload: 'Bundle',
});
const organization = search('find-organization', 'Organization?identifier');

/** It answers unknown request headers with 400: none is sent, and the run travels in `X-Correlation-ID`. */
function exchange({ data }: Addressee, { method, path, media, body, headers }: Interaction): Exchange {
  return {
    tls: { certificate: 'valid' },
    http: {
      method,
      path,
      headers: {
        Accept: media,
        ...(body !== undefined && { 'Content-Type': media }),
        version: '1',
        'X-Request-ID': FRESH,
        'X-Correlation-ID': FRESH,
        ...headers,
      },
      ...(body !== undefined && { body }),
    },
    // An organisation that nobody knows is answered with an empty Bundle, not with an error.
    data: { organisation: FTRS_ODS, ...data },
    identity: {},
  };
}

/** An FtRS directory; its own valid exchange asks for one organisation. */
export const ftrs: Profile = {
  id: 'ftrs',
  title: 'FtRS provider',
  editions: ['1.1.0'],
  documents: ['ftrs-security'],
  informs: ['practice'],
  payload: organization.payload,
  valid: (subject) => exchange(subject, organization),
  interactions: [
    organization,
    search('find-healthcare-service', 'HealthcareService?organization.identifier'),
  ],
  exchange,
};
