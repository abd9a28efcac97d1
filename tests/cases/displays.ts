/**
 * The display texts of Spine-ErrorOrWarningCode-1 by code: what the error handling guidance prints in its table and in
 * its examples, and what the code system itself says. Where they differ, each will do. A table.
 */
export const displays: Readonly<Record<string, readonly string[]>> = {
  INVALID_IDENTIFIER_SYSTEM: ['Invalid identifier system'],
  INVALID_IDENTIFIER_VALUE: ['Invalid identifier value'],
  INVALID_NHS_NUMBER: ['Invalid NHS number'],
  ORGANISATION_NOT_FOUND: ['Organisation not found'],
  PATIENT_NOT_FOUND: ['Patient not found'],
  PRACTITIONER_NOT_FOUND: ['Practitioner not found'],
  NO_RECORD_FOUND: ['No record found'],
  NO_PATIENT_CONSENT: ['Patient has not provided consent to share data'],
  // The page and the value set spell the code differently.
  NO_ORGANISATION_CONSENT: ['Organisation has not provided consent to share data'],
  NO_ORGANISATIONAL_CONSENT: ['Organisation has not provided consent to share data'],
  // With a space in the code; the second text is the value set's.
  'ACCESS DENIED': ['Access denied', 'Access has been denied to process this request'],
  ACCESS_DENIED: ['Access denied', 'Access has been denied to process this request'],
  NO_RELATIONSHIP: ['No legitimate relationship exists with this patient'],
  DUPLICATE_REJECTED: ['Create would lead to creation of a duplicate resource'],
  INVALID_RESOURCE: ['Invalid validation of resource'],
  INVALID_PARAMETER: ['Invalid parameter'],
  REFERENCE_NOT_FOUND: ['Reference not found'],
  // Table and example.
  BAD_REQUEST: [
    'Bad request',
    'Submitted request is malformed/invalid',
    'Submitted request is malformed / invalid',
  ],
  CONFLICTING_VALUES: ['Conflicting values have been specified in different fields'],
  NOT_IMPLEMENTED: ['Not implemented'],
  INTERNAL_SERVER_ERROR: ['Unexpected internal server error', 'Internal server error'],
};

/** Texts that the pages of 1.2.x print; the code system's own came in May 2022, with 1.5.0 and later. */
const before: Readonly<Record<string, readonly string[]>> = {
  INVALID_NHS_NUMBER: ['NHS number invalid'],
  ORGANISATION_NOT_FOUND: ['Organisation record not found'],
  PATIENT_NOT_FOUND: ['Patient record not found'],
  PRACTITIONER_NOT_FOUND: ['Practitioner record not found'],
  INVALID_RESOURCE: ['Submitted resource is not valid'],
  INVALID_PARAMETER: ['Submitted parameter is not valid'],
  REFERENCE_NOT_FOUND: ['Referenced resource not found'],
  BAD_REQUEST: ['Submitted request is malformed/invalid', 'Submitted request is malformed / invalid'],
  NOT_IMPLEMENTED: ['FHIR resource or operation not implemented at server'],
};

/** The texts that a provider of the older line may answer with: those of its own pages and those that came after. */
export const olderDisplays: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  [...new Set([...Object.keys(displays), ...Object.keys(before)])].map((code) => [
    code,
    [...(before[code] ?? []), ...(displays[code] ?? [])],
  ]),
);
