import type { Capability, DataField } from '../ssp/interactions.ts';
import type { Root } from './request-rules.ts';

type Held = Exclude<DataField, 'asid' | 'siblingAsid' | 'siblingUrl'>;

/** What the reference provider holds, by the names that interactions need. All of it is fictional. */
export const DATA: Readonly<Record<Held, string>> = {
  patient: '9990000018', // of the range for tests
  patientId: '2',
  organisation: 'A11111',
  organisationId: '14',
  practitioner: 'G99999999',
  practitionerId: '7',
  location: '21',
  slotFrom: '2027-03-01',
  slotTo: '2027-03-12',
  appointment: '30',
  document: '40',
  registrable: '9990000026',
};

/** The ASIDs of the reference and of the fictional consumer. */
export const ASID = { provider: '999999990001', consumer: '999999990002' } as const;

/** Where a reference provider whose service root URL is `url` serves each capability. */
export const capabilitiesAt = (url: string): Readonly<Partial<Record<Capability, string>>> => ({
  foundations: url,
  appointments: url,
  structured: `${url}/structured`,
  documents: `${url}/documents`,
});

/** A second endpoint of the same system: another practice, with an ASID of its own. */
const SIBLING = { path: '/A22222/STU3/1/gpconnect', asid: '999999990003' } as const;
const siblingOf = (url: string): string => new URL(SIBLING.path, url).href;

/** Where the same provider serves what 0.x has: the version of FHIR stands in the path. */
const olderRoot = (url: string): string => url.replace('/STU3/1/', '/DSTU2/1/');

/** Every service root of a reference provider whose own is `url`. */
export const rootsAt = (url: string): readonly Root[] => {
  const own = { asid: ASID.provider, sibling: false };
  return [
    { ...own, url: `${url}/structured`, capabilities: ['structured'] },
    { ...own, url: `${url}/documents`, capabilities: ['documents'] },
    { ...own, url: olderRoot(url), capabilities: ['html'] },
    { ...own, url, capabilities: ['foundations', 'appointments'] },
    { url: siblingOf(url), asid: SIBLING.asid, sibling: true, capabilities: ['foundations'] },
  ];
};

/** A reference provider as a subject: what it is registered as, what it has on, what it holds. */
export const referenceAt = (url: string) => ({
  url,
  asid: { ...ASID },
  capabilities: capabilitiesAt(url),
  data: { ...DATA, asid: ASID.provider, siblingAsid: SIBLING.asid, siblingUrl: siblingOf(url) },
  siblings: [{ url: siblingOf(url), asid: SIBLING.asid }],
});

/** The same provider as a subject that is held to 0.7. */
export const olderReferenceAt = (url: string) => ({
  url: olderRoot(url),
  asid: { ...ASID },
  capabilities: { html: olderRoot(url) },
  data: { patient: DATA.patient, organisation: DATA.organisation, asid: ASID.provider },
});
