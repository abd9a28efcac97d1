/**
 * Every interaction that the SSP forwards to a GP Connect or an NRL provider, as data: the page on interaction ids
 * (nhsconnect/gpconnect 1.6.2 and, for HTML, 0.7.4) and the pages of the use cases. A table, hence its length.
 */

/** Each is deployed disabled and switched on alone; each but appointments has a service root of its own. */
export type Capability =
  | 'foundations'
  | 'appointments'
  | 'structured'
  | 'documents'
  | 'html'
  | 'retrieval'
  /** FtRS, which is switched on as a whole. */
  | 'directory';

/** Names of what a provider has to hold before it can answer; all of it fictional. */
export type DataField =
  | 'patient'
  | 'patientId'
  | 'organisation'
  | 'organisationId'
  | 'practitioner'
  | 'practitionerId'
  | 'location'
  | 'slotFrom'
  | 'slotTo'
  | 'appointment'
  | 'document'
  | 'registrable'
  /** The ASID of the service root that is asked, and the sibling's ASID and service root URL. */
  | 'asid'
  | 'siblingAsid'
  | 'siblingUrl'
  /** The service root URL and ASID of a practice that has one capability disabled. */
  | `${Disableable}${'OffUrl' | 'OffAsid'}`;

/** Capabilities of 1.x, each of which a practice can have disabled. */
export const disableable = ['foundations', 'appointments', 'structured', 'documents'] as const;
export type Disableable = (typeof disableable)[number];

/** One interaction of a profile: its id, method and path, and what it needs. */
export interface Interaction {
  /** Short and unique: `read-patient`. */
  readonly name: string;
  readonly capability: Capability;
  /** `GET`, or another method of HTTP in capitals. */
  readonly method: string;
  /** From the service root; `{name}` stands for test data, percent-encoded. */
  readonly path: string;
  /** `Ssp-InteractionID`. */
  readonly id: string;
  /** `requested_scope`. */
  readonly scope: string;
  /** Media type asked for and, with a body, sent. */
  readonly media: string;
  readonly body?: string;
  readonly needs: readonly DataField[];
  /** `resourceType` of the answer or, with a slash in it, its media type. */
  readonly payload: string;
  /** What it leaves behind: an appointment can be cancelled, a registration not undone. */
  readonly writes?: 'appointment' | 'registration' | 'resource';
  /** Why no good request can be made of it; absent: one can. */
  readonly lacks?: string;
  /** Asked of a second endpoint of the same system, under that one's ASID. */
  readonly atSibling?: true;
  /** Further header fields: `If-Match`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Editions that have it; absent: all of its profile that have its capability. */
  readonly editions?: readonly string[];
}

const JSON_1 = 'application/fhir+json';
const XML_1 = 'application/fhir+xml';
const JSON_0 = 'application/json+fhir';
const XML_0 = 'application/xml+fhir';
const FHIR = 'urn:nhs:names:services:gpconnect:fhir';
const STRUCTURED = 'urn:nhs:names:services:gpconnect:structured:fhir';
const DOCUMENTS = 'urn:nhs:names:services:gpconnect:documents:fhir';
/** Editions of the newer line, which has Documents. */
const SINCE_1_5 = ['2025-10', '1.6', '1.5'];
const SINCE_1_6 = ['2025-10', '1.6'];

const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';
const ODS = 'https://fhir.nhs.uk/Id/ods-organization-code';
const SDS_USER = 'https://fhir.nhs.uk/Id/sds-user-id';
const search = (system: string, field: DataField): string =>
  `identifier=${encodeURIComponent(`${system}|`)}{${field}}`;

const parameters = (system: string, name: string): string =>
  JSON.stringify({
    resourceType: 'Parameters',
    parameter: [
      { name: 'patientNHSNumber', valueIdentifier: { system, value: '{patient}' } },
      { name, part: [{ name: 'includeResolvedAllergies', valueBoolean: false }] },
    ],
  });
/** What the use case page makes mandatory of a booking; `{slot}` and its like come from the search before it. */
const booking = JSON.stringify({
  resourceType: 'Appointment',
  meta: { profile: ['https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-Appointment-1'] },
  contained: [
    {
      resourceType: 'Organization',
      id: '1',
      meta: { profile: ['https://fhir.nhs.uk/STU3/StructureDefinition/CareConnect-GPC-Organization-1'] },
      name: 'Assay test consumer',
      telecom: [{ system: 'phone', value: '01632 960000' }],
    },
  ],
  extension: [
    {
      url: 'https://fhir.nhs.uk/STU3/StructureDefinition/Extension-GPConnect-BookingOrganisation-1',
      valueReference: { reference: '#1' },
    },
  ],
  status: 'booked',
  description: 'Assay test appointment',
  start: '{slotStart}',
  end: '{slotEnd}',
  slot: [{ reference: 'Slot/{slot}' }],
  created: '{created}',
  participant: [
    { actor: { reference: 'Patient/{patientId}' }, status: 'accepted' },
    { actor: { reference: 'Location/{location}' }, status: 'accepted' },
  ],
});
/** Of an appointment that is booked only what is changed: the rest goes back as it was answered. */
const amendment = JSON.stringify({ resourceType: 'Appointment', description: 'Assay amended appointment' });
const cancellation = JSON.stringify({
  resourceType: 'Appointment',
  status: 'cancelled',
  extension: [
    {
      url: 'https://fhir.nhs.uk/STU3/StructureDefinition/Extension-GPConnect-AppointmentCancellationReason-1',
      valueString: 'Assay test appointment',
    },
  ],
});
/** The five that the Documents page makes mandatory. */
const INCLUDES = [
  'DocumentReference:subject:Patient',
  'DocumentReference:custodian:Organization',
  'DocumentReference:author:Organization',
  'DocumentReference:author:Practitioner',
];

/** A question for one section of a care record in HTML (value set gpconnect-record-section-1). */
export const careRecordOf = (section: string): string =>
  JSON.stringify({
    resourceType: 'Parameters',
    parameter: [
      {
        name: 'patientNHSNumber',
        valueIdentifier: { system: 'http://fhir.nhs.net/Id/nhs-number', value: '{patient}' },
      },
      {
        name: 'recordSection',
        valueCodeableConcept: {
          coding: [{ system: 'http://fhir.nhs.net/ValueSet/gpconnect-record-section-1', code: section }],
        },
      },
    ],
  });

const read = (of: string, field: DataField, scope: string): Interaction => ({
  name: `read-${of.toLowerCase()}`,
  capability: 'foundations',
  method: 'GET',
  path: `/${of}/{${field}}`,
  id: `${FHIR}:rest:read:${of.toLowerCase()}-1`,
  scope,
  media: JSON_1,
  needs: [field],
  payload: of,
});
const find = (of: string, system: string, field: DataField, scope: string): Interaction => ({
  name: `find-${of.toLowerCase()}`,
  capability: 'foundations',
  method: 'GET',
  path: `/${of}?${search(system, field)}`,
  id: `${FHIR}:rest:search:${of.toLowerCase()}-1`,
  scope,
  media: JSON_1,
  needs: [field],
  payload: 'Bundle',
});
const PATIENT = 'patient/*.read';
const ORGANISATION = 'organization/*.read';

/** Every interaction, in the order of the page. */
export const interactions: readonly Interaction[] = [
  {
    name: 'metadata',
    capability: 'foundations',
    method: 'GET',
    path: '/metadata',
    id: `${FHIR}:rest:read:metadata-1`,
    scope: ORGANISATION,
    media: JSON_1,
    needs: [],
    payload: 'CapabilityStatement',
  },
  {
    name: 'sibling-metadata',
    capability: 'foundations',
    method: 'GET',
    path: '/metadata',
    id: `${FHIR}:rest:read:metadata-1`,
    scope: ORGANISATION,
    media: JSON_1,
    needs: ['siblingAsid', 'siblingUrl'],
    payload: 'CapabilityStatement',
    atSibling: true,
  },
  {
    name: 'metadata-xml',
    capability: 'foundations',
    method: 'GET',
    path: '/metadata',
    id: `${FHIR}:rest:read:metadata-1`,
    scope: ORGANISATION,
    media: XML_1,
    needs: [],
    payload: 'CapabilityStatement',
  },
  find('Patient', NHS_NUMBER, 'patient', PATIENT),
  read('Patient', 'patientId', PATIENT),
  find('Practitioner', SDS_USER, 'practitioner', ORGANISATION),
  read('Practitioner', 'practitionerId', ORGANISATION),
  find('Organization', ODS, 'organisation', ORGANISATION),
  read('Organization', 'organisationId', ORGANISATION),
  read('Location', 'location', ORGANISATION),
  {
    name: 'register-patient',
    capability: 'foundations',
    method: 'POST',
    path: '/Patient/$gpc.registerpatient',
    id: `${FHIR}:operation:gpc.registerpatient-1`,
    scope: 'patient/*.write',
    media: JSON_1,
    body: JSON.stringify({
      resourceType: 'Parameters',
      parameter: [
        {
          name: 'registerPatient',
          resource: {
            resourceType: 'Patient',
            identifier: [{ system: NHS_NUMBER, value: '{registrable}' }],
            name: [{ use: 'official', family: 'Tester', given: ['Registered'] }],
            gender: 'unknown',
            birthDate: '1970-01-01',
          },
        },
      ],
    }),
    needs: ['registrable'],
    payload: 'Bundle',
    writes: 'registration',
  },
  {
    name: 'search-slots',
    capability: 'appointments',
    method: 'GET',
    path: '/Slot?status=free&start=ge{slotFrom}&end=le{slotTo}&_include=Slot%3Aschedule',
    id: `${FHIR}:rest:search:slot-1`,
    scope: ORGANISATION,
    media: JSON_1,
    needs: ['slotFrom', 'slotTo'],
    payload: 'Bundle',
  },
  {
    name: 'patient-appointments',
    capability: 'appointments',
    method: 'GET',
    path: '/Patient/{patientId}/Appointment?start=ge{slotFrom}&start=le{slotTo}',
    id: `${FHIR}:rest:search:patient_appointments-1`, // with an underscore
    scope: PATIENT,
    media: JSON_1,
    needs: ['patientId', 'slotFrom', 'slotTo'],
    payload: 'Bundle',
  },
  {
    ...read('Appointment', 'appointment', PATIENT),
    capability: 'appointments',
  },
  {
    name: 'book-appointment',
    capability: 'appointments',
    method: 'POST',
    path: '/Appointment',
    id: `${FHIR}:rest:create:appointment-1`,
    scope: 'patient/*.write',
    media: JSON_1,
    body: booking,
    needs: ['patientId', 'slotFrom', 'slotTo'],
    payload: 'Appointment',
    writes: 'appointment',
  },
  {
    name: 'amend-appointment',
    capability: 'appointments',
    method: 'PUT',
    path: '/Appointment/{appointment}',
    id: `${FHIR}:rest:update:appointment-1`,
    scope: 'patient/*.write',
    media: JSON_1,
    body: amendment,
    needs: ['patientId', 'slotFrom', 'slotTo'],
    payload: 'Appointment',
    writes: 'appointment',
    headers: { 'If-Match': '{etag}' },
  },
  {
    // The URL of an amendment: only the interaction id differs.
    name: 'cancel-appointment',
    capability: 'appointments',
    method: 'PUT',
    path: '/Appointment/{appointment}',
    id: `${FHIR}:rest:cancel:appointment-1`,
    scope: 'patient/*.write',
    media: JSON_1,
    body: cancellation,
    needs: ['patientId', 'slotFrom', 'slotTo'],
    payload: 'Appointment',
    writes: 'appointment',
    headers: { 'If-Match': '{etag}' },
  },
  {
    name: 'structured-metadata',
    capability: 'structured',
    method: 'GET',
    path: '/metadata',
    id: `${STRUCTURED}:rest:read:metadata-1`,
    scope: ORGANISATION,
    media: JSON_1,
    needs: [],
    payload: 'CapabilityStatement',
  },
  {
    name: 'structured-record',
    capability: 'structured',
    method: 'POST',
    path: '/Patient/$gpc.getstructuredrecord',
    id: `${FHIR}:operation:gpc.getstructuredrecord-1`, // with no segment `structured`
    scope: PATIENT,
    media: JSON_1,
    body: parameters(NHS_NUMBER, 'includeAllergies'),
    needs: ['patient'],
    payload: 'Bundle',
  },
  {
    name: 'migrate-record',
    capability: 'structured',
    method: 'POST',
    path: '/Patient/$gpc.migratestructuredrecord',
    id: `${FHIR}:operation:gpc.migratestructuredrecord-1`,
    scope: `${PATIENT} conf/N`,
    media: JSON_1,
    body: JSON.stringify({
      resourceType: 'Parameters',
      parameter: [
        { name: 'patientNHSNumber', valueIdentifier: { system: NHS_NUMBER, value: '{patient}' } },
        {
          name: 'includeFullRecord',
          part: [{ name: 'includeSensitiveInformation', valueBoolean: false }],
        },
      ],
    }),
    needs: ['patient'],
    payload: 'Bundle',
    editions: SINCE_1_6,
  },
  {
    name: 'documents-metadata',
    capability: 'documents',
    method: 'GET',
    path: '/metadata',
    id: `${DOCUMENTS}:rest:read:metadata-1`,
    scope: ORGANISATION,
    media: JSON_1,
    needs: [],
    payload: 'CapabilityStatement',
    editions: SINCE_1_5,
  },
  {
    ...find('Patient', NHS_NUMBER, 'patient', PATIENT),
    name: 'documents-patient',
    capability: 'documents',
    id: `${DOCUMENTS}:rest:search:patient-1`,
    editions: SINCE_1_5,
  },
  {
    name: 'search-documents',
    capability: 'documents',
    method: 'GET',
    path: `/Patient/{patientId}/DocumentReference?${INCLUDES.map((each) => `_include=${encodeURIComponent(each)}`).join('&')}&_revinclude%3Arecurse=PractitionerRole%3Apractitioner`,
    id: `${DOCUMENTS}:rest:search:documentreference-1`,
    scope: PATIENT,
    media: JSON_1,
    needs: ['patientId'],
    payload: 'Bundle',
    editions: SINCE_1_5,
  },
  {
    name: 'retrieve-document',
    capability: 'documents',
    method: 'GET',
    path: '/Binary/{document}',
    id: `${DOCUMENTS}:rest:read:binary-1`,
    scope: PATIENT,
    media: JSON_1,
    needs: ['document'],
    payload: 'Binary',
    editions: SINCE_1_5,
  },
  {
    // The URL of a retrieval: only the interaction id differs.
    name: 'migrate-document',
    capability: 'documents',
    method: 'GET',
    path: '/Binary/{document}',
    id: `${DOCUMENTS}:rest:migrate:binary-1`,
    scope: `${PATIENT} conf/N`,
    media: JSON_1,
    needs: ['document'],
    payload: 'Binary',
    editions: SINCE_1_6,
  },
  {
    name: 'html-metadata',
    capability: 'html',
    method: 'GET',
    path: '/metadata',
    id: `${FHIR}:rest:read:metadata`, // no `-1` in 0.x
    scope: ORGANISATION,
    media: JSON_0,
    needs: [],
    payload: 'Conformance',
    editions: ['0.7'],
  },
  {
    name: 'html-sibling-metadata',
    capability: 'html',
    method: 'GET',
    path: '/metadata',
    id: `${FHIR}:rest:read:metadata`,
    scope: ORGANISATION,
    media: JSON_0,
    needs: ['siblingAsid', 'siblingUrl'],
    payload: 'Conformance',
    atSibling: true,
    editions: ['0.7'],
  },
  {
    name: 'html-metadata-xml',
    capability: 'html',
    method: 'GET',
    path: '/metadata',
    id: `${FHIR}:rest:read:metadata`,
    scope: ORGANISATION,
    media: XML_0,
    needs: [],
    payload: 'Conformance',
    editions: ['0.7'],
  },
  {
    name: 'html-record',
    capability: 'html',
    method: 'POST',
    path: '/Patient/$gpc.getcarerecord',
    id: `${FHIR}:operation:gpc.getcarerecord`,
    scope: PATIENT,
    media: JSON_0,
    body: careRecordOf('SUM'),
    needs: ['patient'],
    payload: 'Bundle',
    editions: ['0.7'],
  },
];

/** Those of a GP Connect 1.x provider that need no writing, in JSON, beside the one that needs no data. */
export const readable: readonly Interaction[] = interactions.filter(
  ({ writes, capability, name, media }) =>
    writes === undefined &&
    media !== XML_1 &&
    capability !== 'html' &&
    capability !== 'retrieval' &&
    name !== 'metadata',
);

/** An interaction of GP Connect by its name. @throws RangeError when there is none */
export function interactionNamed(name: string): Interaction {
  const found = interactions.find((each) => each.name === name);
  if (found) return found;
  throw new RangeError(`no interaction is called ${name}`);
}
