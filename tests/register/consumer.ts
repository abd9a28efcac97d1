import type { Document } from './requirement.ts';

/** What the same pages ask of a consumer, as far as an SSP can see it. No provider is held to it. */
export const gpconnectConsumer = {
  id: 'gpc-consumer',
  title: 'GP Connect · what a consumer sends',
  source:
    'nhsconnect/gpconnect, integration_spine_secure_proxy, integration_cross_organisation_audit_and_provenance, development_api_security_guidance (1.6.2); NRL, retrieval through the SSP',
  requirements: [
    {
      id: 'GPC-CON-CERTIFICATE',
      section: 'Mutual authentication',
      keyword: 'SHALL',
      text: 'a consumer presents a client certificate that is in order',
    },
    {
      id: 'GPC-CON-HEADERS',
      section: 'SSP headers',
      keyword: 'SHALL',
      text: 'Ssp-TraceID, Ssp-From, Ssp-To and Ssp-InteractionID, each once',
    },
    {
      id: 'GPC-CON-TRACE-FORM',
      section: 'SSP headers',
      keyword: 'SHALL',
      text: 'Ssp-TraceID is a GUID or UUID',
    },
    {
      id: 'GPC-CON-TRACE-FRESH',
      section: 'SSP headers',
      keyword: 'SHALL',
      text: 'a new Ssp-TraceID for each request',
    },
    {
      id: 'GPC-CON-TARGET',
      section: 'URL',
      keyword: 'SHALL',
      text: "the provider's URL follows the SSP's un-encoded; for the NRL it is percent-encoded whole",
    },
    {
      id: 'GPC-CON-ENCODING',
      section: 'URL',
      keyword: 'SHALL',
      text: 'what RFC 3986 reserves is percent-encoded, `|` among it',
    },
    {
      id: 'GPC-CON-TOKEN-FORM',
      section: 'JWT',
      keyword: 'SHALL',
      text: 'a bearer token that is an unsecured JWT, its last dot kept',
    },
    {
      id: 'GPC-CON-TOKEN-CLAIMS',
      section: 'JWT',
      keyword: 'SHALL',
      text: 'every claim present, of its type and its value',
    },
    {
      id: 'GPC-CON-TOKEN-SCOPE',
      section: 'JWT',
      keyword: 'SHALL',
      text: 'requested_scope is that of the interaction',
    },
    {
      id: 'GPC-CON-TOKEN-FRESH',
      section: 'JWT',
      keyword: 'SHALL',
      text: 'a new token for each request',
    },
  ],
} as const satisfies Document;

export type ConsumerRequirement = (typeof gpconnectConsumer)['requirements'][number]['id'];
