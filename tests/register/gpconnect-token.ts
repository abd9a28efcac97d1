import type { Document } from './requirement.ts';

const PAYLOAD = 'JWT payload';

/** The page on cross-organisation audit and provenance: the bearer token. */
export const gpconnectToken = {
  id: 'gpc-token',
  title: 'GP Connect · Cross-organisation audit and provenance',
  source: 'nhsconnect/gpconnect, integration_cross_organisation_audit_and_provenance (1.6.2)',
  requirements: [
    {
      id: 'GPC-JWT-ENCODING',
      section: 'JWT',
      keyword: 'SHALL',
      text: 'an unsecured JWT: base64url parts, the third empty, its last dot kept',
      because: 'RFC 7519 §6 and RFC 7515 §2 and §7.1 say what such a token looks like',
    },
    {
      id: 'GPC-JWT-HEADER',
      section: 'JWT header',
      keyword: 'SHALL',
      text: 'header {"alg":"none","typ":"JWT"}',
    },
    {
      id: 'GPC-JWT-ISSUER',
      section: `${PAYLOAD} · iss`,
      keyword: 'SHALL',
      text: "iss: 1..1, URL of the consumer's endpoint",
    },
    {
      id: 'GPC-JWT-SUBJECT',
      section: `${PAYLOAD} · sub`,
      keyword: 'SHALL',
      text: 'sub: 1..1, the id of requesting_practitioner',
    },
    {
      id: 'GPC-JWT-AUDIENCE',
      section: `${PAYLOAD} · aud`,
      keyword: 'SHALL',
      text: 'aud: 1..1, the provider service root URL',
      because: 'an invalid value is answered 400 BAD_REQUEST by the error table',
    },
    {
      id: 'GPC-JWT-EXPIRY',
      section: `${PAYLOAD} · exp`,
      keyword: 'SHALL',
      text: 'exp: 1..1, seconds since the epoch, five minutes after iat',
    },
    {
      id: 'GPC-JWT-EXPIRED',
      section: `${PAYLOAD} · exp`,
      keyword: 'SHALL',
      text: 'reject requests with expired tokens',
    },
    {
      id: 'GPC-JWT-ISSUED-AT',
      section: `${PAYLOAD} · iat`,
      keyword: 'SHALL',
      text: 'iat: 1..1, seconds since the epoch',
    },
    {
      id: 'GPC-JWT-FUTURE',
      section: `${PAYLOAD} · iat`,
      keyword: 'SHALL NOT',
      text: 'reject a token because its iat is in the future',
      because: 'clocks differ; the rule of the official provider tests since April 2019 (their ticket 188)',
    },
    {
      id: 'GPC-JWT-REASON',
      section: `${PAYLOAD} · reason_for_request`,
      keyword: 'SHALL',
      text: 'reason_for_request: 1..1, directcare (from 1.6 also migration)',
    },
    {
      id: 'GPC-JWT-SCOPE-CLAIM',
      section: `${PAYLOAD} · requested_scope`,
      keyword: 'SHALL',
      text: 'requested_scope: 1..1',
    },
    {
      id: 'GPC-JWT-SCOPE',
      section: `${PAYLOAD} · requested_scope`,
      keyword: 'SHALL',
      text: 'requested_scope: that of the resource and verb asked for (organization/*.read for metadata)',
      because: 'binds only a provider that declares options.enforcesScope',
    },
    {
      id: 'GPC-JWT-DEVICE',
      section: `${PAYLOAD} · requesting_device`,
      keyword: 'SHALL',
      text: 'requesting_device: 1..1, a Device with identifier, model and version',
    },
    {
      id: 'GPC-JWT-ORGANIZATION',
      section: `${PAYLOAD} · requesting_organization`,
      keyword: 'SHALL',
      text: 'requesting_organization: 1..1, an Organization with name and ODS code',
    },
    {
      id: 'GPC-JWT-PRACTITIONER',
      section: `${PAYLOAD} · requesting_practitioner`,
      keyword: 'SHALL',
      text: 'requesting_practitioner: 1..1, a Practitioner with id, name and SDS user id',
    },
    {
      id: 'GPC-JWT-BARE-PRACTITIONER',
      section: `${PAYLOAD} · requesting_practitioner`,
      keyword: 'SHALL',
      text: 'cope with a practitioner that has no role profile and no local identifier',
    },
    {
      id: 'GPC-JWT-NO-RECORD',
      section: PAYLOAD,
      keyword: 'SHALL NOT',
      text: 'requested_record is no claim of 1.x',
      because: 'removed in 1.0.0; what a provider does with a claim that it does not know is left open',
    },
  ],
} as const satisfies Document;
