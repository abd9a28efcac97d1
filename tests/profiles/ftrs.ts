import { FTRS_ODS } from '../../mocks/provider/ftrs/server.ts';
import { FRESH } from '../../mocks/ssp/outbound.ts';
import type { Addressee, Exchange, Profile } from '../model.ts';

const valid = ({ data }: Addressee): Exchange => ({
  tls: { certificate: 'valid' },
  http: {
    method: 'GET',
    path: '/Organization?identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fods-organization-code%7C{ods}',
    headers: {
      Accept: 'application/fhir+json',
      version: '1',
      'X-Request-ID': FRESH,
      'X-Correlation-ID': FRESH,
    },
  },
  data: { ods: data?.['organisation'] ?? FTRS_ODS },
  identity: {},
});

/** An FtRS directory, asked for one organisation. It answers unknown request headers with 400: none is sent. */
export const ftrs: Profile = {
  id: 'ftrs',
  title: 'FtRS provider',
  editions: ['1.1.0'],
  documents: ['ftrs-security'],
  payload: 'Bundle',
  valid,
  interactions: [],
  exchange: valid,
};
