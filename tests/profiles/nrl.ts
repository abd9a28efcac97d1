import type { Interaction } from '../../mocks/ssp/interactions.ts';
import { FRESH } from '../../mocks/ssp/outbound.ts';
import type { Addressee, Exchange, Profile } from '../model.ts';

/** A retrieval: a plain path at the provider, whatever the pointer's URL looked like to the consumer. */
const retrieval: Interaction = {
  name: 'retrieve-record',
  capability: 'retrieval',
  method: 'GET',
  path: '/{document}',
  // The header's value; SDS registers the same without `.read`.
  id: 'urn:nhs:names:services:nrl:DocumentReference.content.read',
  scope: 'patient/*.read',
  media: 'application/pdf',
  needs: [],
  payload: 'application/pdf|Binary',
};

const SDS_ROLE = 'https://fhir.nhs.uk/Id/sds-role-profile-id|123456789012';

/** The claims are the NRL's: strings and `scope`, where GP Connect has resources and `requested_scope`. */
function exchange({ url, asid, data }: Addressee, { method, id, scope, media }: Interaction): Exchange {
  return {
    tls: { certificate: 'valid' },
    http: {
      method,
      // Without a document the registered URL is itself what a pointer points to.
      path: data?.['document'] === undefined ? '' : `/${data['document'].replace(/^\//, '')}`,
      headers: {
        Accept: media,
        'Ssp-TraceID': FRESH,
        'Ssp-From': asid?.consumer ?? '',
        'Ssp-To': asid?.provider ?? '',
        'Ssp-InteractionID': id,
      },
    },
    token: {
      header: { alg: 'none', typ: 'JWT' },
      claims: {
        iss: 'https://consumer.assay.test',
        sub: SDS_ROLE,
        aud: url,
        reason_for_request: 'directcare',
        scope,
        requesting_system: `https://fhir.nhs.uk/Id/accredited-system|${asid?.consumer ?? ''}`,
        requesting_organization: 'https://fhir.nhs.uk/Id/ods-organization-code|ASSAY',
        requesting_user: SDS_ROLE,
      },
      times: { iat: 0, exp: 300 },
    },
  };
}

/** A provider of records to which pointers of the NRL point, asked for a PDF through the SSP. */
export const nrl: Profile = {
  id: 'nrl',
  title: 'NRL record provider',
  editions: ['single'],
  documents: ['nrl-security', 'nrl-retrieval'],
  informs: ['practice'],
  // A wrapped document is recognised too, so that the clause on wrapping can fail and nothing else.
  payload: retrieval.payload,
  valid: (subject) => exchange(subject, retrieval),
  interactions: [],
  exchange,
};
