import type { ErrorAnswer } from '../model.ts';

/** The answers to errors that the sources allow, by name. */

/** The error table of the guidance; the spreadsheet of expected error codes agrees with it. */
export const badRequest: ErrorAnswer = {
  status: 400,
  issue: ['invalid'],
  codes: ['BAD_REQUEST'],
  source: 'GP Connect error handling guidance, 400 BAD_REQUEST',
};

/** The guidance cites RFC 6750 §3.1 on the same site, which names other statuses. */
export const unauthorised: ErrorAnswer = {
  status: 401,
  issue: ['invalid', 'security', 'login', 'unknown', 'expired', 'forbidden'],
  codes: [],
  header: 'www-authenticate',
  source: 'RFC 6750 §3.1, cited by the audit and provenance page',
};

export const insufficientScope: ErrorAnswer = {
  status: 403,
  issue: ['invalid', 'security', 'forbidden'],
  codes: [],
  source: 'RFC 6750 §3.1 insufficient_scope',
};

/** A resource that breaks its StructureDefinition, in a claim as well as in a body. */
export const invalidResource: ErrorAnswer = {
  status: 422,
  issue: ['invalid'],
  codes: ['INVALID_RESOURCE'],
  source: 'GP Connect error handling guidance, 422 INVALID_RESOURCE',
};
