import { interactions, type Interaction } from '../ssp/interactions.ts';
import { DATA } from './data.ts';

/**
 * What the reference provider answers: small, fictional, valid STU3 resources (and DSTU2 ones for HTML 0.7).
 * Nobody in them exists.
 */

type Resource = Readonly<Record<string, unknown>> & { readonly resourceType: string };

const VERSION = '1';
const profiled = (name: string) => ({
  versionId: VERSION,
  profile: [`https://fhir.nhs.uk/STU3/StructureDefinition/${name}`],
});
const identifier = (system: string, value: string) => ({ system: `https://fhir.nhs.uk/Id/${system}`, value });

const patient: Resource = {
  resourceType: 'Patient',
  id: DATA.patientId,
  meta: profiled('CareConnect-GPC-Patient-1'),
  identifier: [identifier('nhs-number', DATA.patient)],
  active: true,
  name: [{ use: 'official', text: 'Sample PATIENT', family: 'Patient', given: ['Sample'] }],
  gender: 'unknown',
  birthDate: '1970-01-01',
  managingOrganization: { reference: `Organization/${DATA.organisationId}` },
};
const practitioner: Resource = {
  resourceType: 'Practitioner',
  id: DATA.practitionerId,
  meta: profiled('CareConnect-GPC-Practitioner-1'),
  identifier: [identifier('sds-user-id', DATA.practitioner)],
  name: [{ family: 'Practitioner', given: ['Sample'] }],
};
const organization: Resource = {
  resourceType: 'Organization',
  id: DATA.organisationId,
  meta: profiled('CareConnect-GPC-Organization-1'),
  identifier: [identifier('ods-organization-code', DATA.organisation)],
  name: 'Sample practice',
};
const location: Resource = {
  resourceType: 'Location',
  id: DATA.location,
  meta: profiled('CareConnect-GPC-Location-1'),
  name: 'Sample site',
  managingOrganization: { reference: `Organization/${DATA.organisationId}` },
};
const SLOT = { start: `${DATA.slotFrom}T09:00:00+00:00`, end: `${DATA.slotFrom}T09:10:00+00:00` };
const appointment: Resource = {
  resourceType: 'Appointment',
  id: DATA.appointment,
  meta: profiled('GPConnect-Appointment-1'),
  status: 'booked',
  description: 'Sample appointment',
  ...SLOT,
  slot: [{ reference: 'Slot/50' }],
  participant: [
    { actor: { reference: `Patient/${DATA.patientId}` }, status: 'accepted' },
    { actor: { reference: `Location/${DATA.location}` }, status: 'accepted' },
  ],
};
const schedule: Resource = {
  resourceType: 'Schedule',
  id: '60',
  meta: profiled('GPConnect-Schedule-1'),
  actor: [{ reference: `Practitioner/${DATA.practitionerId}` }, { reference: `Location/${DATA.location}` }],
};
/** The first one that a search finds is booked; that more are left lets a booking that stays do no harm. */
const slots: readonly Resource[] = Array.from({ length: 40 }, (_, at) => ({
  resourceType: 'Slot',
  id: String(50 + at),
  meta: profiled('GPConnect-Slot-1'),
  schedule: { reference: 'Schedule/60' },
  status: 'free',
  ...SLOT,
}));
const document: Resource = {
  resourceType: 'DocumentReference',
  id: '41',
  meta: profiled('CareConnect-GPC-DocumentReference-1'),
  status: 'current',
  type: { text: 'Sample letter' },
  subject: { reference: `Patient/${DATA.patientId}` },
  indexed: '2026-01-01T00:00:00+00:00',
  content: [
    {
      attachment: { contentType: 'application/pdf', url: `Binary/${DATA.document}` },
    },
  ],
};
const binary: Resource = {
  resourceType: 'Binary',
  id: DATA.document,
  meta: { versionId: VERSION },
  contentType: 'text/plain',
  content: Buffer.from('A sample letter.').toString('base64'),
};
const allergies: Resource = {
  resourceType: 'List',
  status: 'current',
  mode: 'snapshot',
  title: 'Allergies and adverse reactions',
  subject: { reference: `Patient/${DATA.patientId}` },
  note: [{ text: 'Information not available' }],
};
const bundle = (type: string, ...resources: readonly Resource[]): Resource => ({
  resourceType: 'Bundle',
  type,
  ...(type === 'searchset' && { total: resources.length }),
  entry: resources.map((resource) => ({ resource })),
});
/** The care record of 0.x: a section in HTML, with the resources that the page wants beside it (DSTU2). */
const older = (name: string) => ({
  versionId: VERSION,
  profile: [`http://fhir.nhs.net/StructureDefinition/gpconnect-${name}-1`],
});
const identifiedBy = (system: string, value: string) => [
  { system: `http://fhir.nhs.net/Id/${system}`, value },
];
const SECTION = {
  coding: [{ system: 'http://fhir.nhs.net/ValueSet/gpconnect-record-section-1', code: 'SUM' }],
  text: 'Summary',
};
const careRecord: Resource = bundle(
  'searchset',
  {
    resourceType: 'Composition',
    id: '70',
    meta: older('carerecord-composition'),
    date: '2026-01-01T00:00:00+00:00',
    type: { coding: [{ system: 'http://snomed.info/sct', code: '425173008', display: 'record extract' }] },
    title: 'Patient care record',
    status: 'final',
    subject: { reference: `Patient/${DATA.patientId}` },
    author: [{ reference: `Practitioner/${DATA.practitionerId}` }],
    custodian: { reference: `Organization/${DATA.organisationId}` },
    section: [
      {
        title: 'Summary',
        code: SECTION,
        text: {
          status: 'generated',
          div: '<div xmlns="http://www.w3.org/1999/xhtml"><h1>Summary</h1><p>No data available.</p></div>',
        },
      },
    ],
  },
  {
    resourceType: 'Patient',
    id: DATA.patientId,
    meta: older('patient'),
    identifier: identifiedBy('nhs-number', DATA.patient),
    name: [{ use: 'official', text: 'Sample PATIENT', family: ['Patient'], given: ['Sample'] }],
    gender: 'unknown',
    birthDate: '1970-01-01',
  },
  {
    resourceType: 'Practitioner',
    id: DATA.practitionerId,
    meta: older('practitioner'),
    // With `/Id/` here: only in the claims of a token it stands without.
    identifier: identifiedBy('sds-user-id', DATA.practitioner),
    name: { family: ['Practitioner'], given: ['Sample'] },
  },
  {
    resourceType: 'Organization',
    id: DATA.organisationId,
    meta: older('organization'),
    identifier: identifiedBy('ods-organization-code', DATA.organisation),
    name: 'Sample practice',
  },
);
const STRUCTURED_BUNDLE = {
  meta: { profile: ['https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-StructuredRecord-Bundle-1'] },
};

const capability = (of: Interaction['capability'], resourceType: string, version: string): Resource => ({
  resourceType,
  status: 'active',
  date: '2026-01-01',
  kind: 'instance',
  software: { name: 'Assay reference provider' },
  fhirVersion: version,
  acceptUnknown: 'both',
  format: ['application/fhir+json', 'application/fhir+xml'],
  rest: [
    {
      mode: 'server',
      documentation: interactions
        .filter((each) => each.capability === of)
        .map(({ id }) => id)
        .join(' '),
    },
  ],
});

const ANSWERS: Readonly<Record<string, Resource>> = {
  metadata: capability('foundations', 'CapabilityStatement', '3.0.1'),
  'sibling-metadata': capability('foundations', 'CapabilityStatement', '3.0.1'),
  'find-patient': bundle('searchset', patient),
  'read-patient': patient,
  'find-practitioner': bundle('searchset', practitioner),
  'read-practitioner': practitioner,
  'find-organization': bundle('searchset', organization),
  'read-organization': organization,
  'read-location': location,
  'patient-appointments': bundle('searchset', appointment),
  'read-appointment': appointment,
  'structured-metadata': capability('structured', 'CapabilityStatement', '3.0.1'),
  'structured-record': { ...bundle('collection', patient, organization, allergies), ...STRUCTURED_BUNDLE },
  'migrate-record': {
    ...bundle('collection', patient, organization, practitioner, allergies),
    ...STRUCTURED_BUNDLE,
  },
  'documents-metadata': capability('documents', 'CapabilityStatement', '3.0.1'),
  'documents-patient': bundle('searchset', patient),
  'search-documents': bundle('searchset', document, patient),
  'retrieve-document': binary,
  'migrate-document': binary,
  'html-metadata': capability('html', 'Conformance', '1.0.2'),
  'html-metadata-xml': capability('html', 'Conformance', '1.0.2'),
  'html-record': careRecord,
};

/**
 * The answer to an interaction that leaves nothing behind; `undefined` for one that does.
 * @param taken ids of the slots that are not free
 */
export const answerTo = (
  { name }: Pick<Interaction, 'name'>,
  taken: readonly string[] = [],
): Resource | undefined =>
  name === 'search-slots'
    ? bundle('searchset', ...slots.filter(({ id }) => !taken.includes(String(id))).slice(0, 3), schedule)
    : ANSWERS[name];

/** The weak entity tag of a resource's version (FHIR STU3 http.html §2.21.0.5). */
export const etagOf = (resource: Resource): string | undefined => {
  const { versionId } = (resource['meta'] ?? {}) as { versionId?: string };
  return versionId === undefined ? undefined : `W/"${versionId}"`;
};

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<"]/g, (each) => ENTITIES[each] ?? each);

function element(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((each) => element(name, each)).join('');
  if (typeof value !== 'object' || value === null) return `<${name} value="${escaped(String(value))}"/>`;
  const inner = 'resourceType' in value ? written(value as Resource) : children(value);
  return `<${name}>${inner}</${name}>`;
}
const children = (value: object): string =>
  Object.entries(value)
    .filter(([name]) => name !== 'resourceType')
    .map(([name, inner]) => element(name, inner))
    .join('');
const written = (resource: Resource): string =>
  `<${resource.resourceType} xmlns="http://hl7.org/fhir">${children(resource)}</${resource.resourceType}>`;

/** A resource in FHIR XML (STU3 xml.html): an element a member, values in attributes. */
export const asXml = (resource: Resource): string =>
  `<?xml version="1.0" encoding="UTF-8"?>${written(resource)}`;
export type { Resource };
