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

/** With a space in the code set and on newer pages, with an underscore on older ones and the Documents page. */
export const accessDenied: ErrorAnswer = {
  status: 403,
  issue: ['forbidden'],
  codes: ['ACCESS DENIED', 'ACCESS_DENIED'],
  source:
    'GP Connect error handling guidance, 403 ACCESS DENIED (1.2.9, 1.5 and later); Documents capability statement page, ACCESS_DENIED',
};

/** What would be there twice. */
export const duplicate: ErrorAnswer = {
  status: 409,
  issue: ['duplicate'],
  codes: ['DUPLICATE_REJECTED'],
  source: 'GP Connect error handling guidance, 409 DUPLICATE_REJECTED',
};

/** The identifier in it is not of its form. */
export const value = (code: string): ErrorAnswer => ({
  status: 400,
  issue: ['value'],
  codes: [code],
  source: `GP Connect error handling guidance, 400 ${code}`,
});

/** 404, with the code of the resource or the one for every other. */
export const notFound = (...codes: readonly string[]): ErrorAnswer => ({
  status: 404,
  issue: ['not-found', 'not-supported', 'invalid'],
  codes,
  source: 'GP Connect error handling guidance, 404',
});

export const notImplemented: ErrorAnswer = {
  status: 501,
  issue: ['not-supported'],
  codes: ['NOT_IMPLEMENTED'],
  source: 'GP Connect error handling guidance, 501 NOT_IMPLEMENTED; spreadsheet of expected error codes',
};

/** The guidance names 415 and no code; the spreadsheet has BAD_REQUEST. */
export const unsupportedMedia: ErrorAnswer = {
  status: 415,
  issue: ['invalid', 'not-supported'],
  codes: [],
  source: 'GP Connect FHIR API guidance, 415; spreadsheet of expected error codes',
};

/** Listed by the FHIR API page; the error page answers a wrong verb with 400. */
export const methodNotAllowed: ErrorAnswer = {
  status: 405,
  issue: ['invalid', 'not-supported'],
  codes: [],
  source: 'GP Connect FHIR API guidance, list of statuses',
};
