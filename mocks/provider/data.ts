import { disableable, type Capability, type DataField, type Disableable } from '../ssp/interactions.ts';
import type { Root } from './request-rules.ts';

type Held = Exclude<DataField, 'asid' | `sibling${string}` | `${Disableable}Off${string}`>;

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

/** The reference's place in the GP Connect URL form: ODS code, FHIR version, major version, capability. */
export const SERVICE_PATH = '/A11111/STU3/1/gpconnect';

/** Where a reference provider whose service root URL is `url` serves each capability. */
const capabilitiesAt = (url: string): Readonly<Partial<Record<Capability, string>>> => ({
  foundations: url,
  appointments: url,
  structured: `${url}/structured`,
  documents: `${url}/documents`,
});

/** A second endpoint of the same system: another practice, with an ASID of its own. */
const SIBLING = { path: '/A22222/STU3/1/gpconnect', asid: '999999990003' } as const;
const siblingOf = (url: string): string => new URL(SIBLING.path, url).href;

/** A third practice of it, which has every capability disabled. */
const DISABLED = { path: '/A33333/STU3/1/gpconnect', asid: '999999990004' } as const;
const disabledAt = (url: string): Readonly<Record<Disableable, Endpoint>> => {
  const roots = capabilitiesAt(new URL(DISABLED.path, url).href);
  return Object.fromEntries(
    disableable.map((name) => [name, { url: roots[name], asid: DISABLED.asid }]),
  ) as Record<Disableable, Endpoint>;
};

/** Where the same provider serves what 0.x has: the version of FHIR stands in the path. */
const olderRoot = (url: string): string => url.replace('/STU3/1/', '/DSTU2/1/');

/** A service root with the ASID that belongs to it. */
export interface Endpoint {
  readonly url: string;
  readonly asid: string;
}

/** Test data that speaks of other endpoints, by the names that stimuli need. */
export const endpointData = (
  sibling: (Pick<Endpoint, 'asid'> & Partial<Endpoint>) | undefined,
  disabled: Readonly<Partial<Record<Disableable, Endpoint>>> = {},
): Readonly<Record<string, string>> => ({
  ...(sibling && { siblingAsid: sibling.asid }),
  ...(sibling?.url !== undefined && { siblingUrl: sibling.url }),
  ...Object.fromEntries(
    Object.entries(disabled).flatMap(([name, { url, asid }]) => [
      [`${name}OffUrl`, url],
      [`${name}OffAsid`, asid],
    ]),
  ),
});

/** Every service root of a reference provider whose own is `url`. */
export const rootsAt = (url: string): readonly Root[] => {
  const own = { asid: ASID.provider, sibling: false };
  return [
    { ...own, url: `${url}/structured`, capabilities: ['structured'] },
    { ...own, url: `${url}/documents`, capabilities: ['documents'] },
    { ...own, url: olderRoot(url), capabilities: ['html'] },
    { ...own, url, capabilities: ['foundations', 'appointments'] },
    { url: siblingOf(url), asid: SIBLING.asid, sibling: true, capabilities: ['foundations'] },
    { url: olderRoot(siblingOf(url)), asid: SIBLING.asid, sibling: true, capabilities: ['html'] },
    ...rootsOff(url),
  ];
};

/** Those of the practice that has everything disabled. */
function rootsOff(url: string): readonly Root[] {
  const { foundations, structured, documents } = disabledAt(url);
  const off = { asid: DISABLED.asid, sibling: false, disabled: true };
  return [
    { ...off, url: structured.url, capabilities: ['structured'] },
    { ...off, url: documents.url, capabilities: ['documents'] },
    { ...off, url: foundations.url, capabilities: ['foundations', 'appointments'] },
  ];
}

/** A reference provider as a subject: what it is registered as, what it has on, what it holds. */
export const referenceAt = (url: string) => {
  const sibling = { url: siblingOf(url), asid: SIBLING.asid };
  const disabled = disabledAt(url);
  return {
    url,
    asid: { ...ASID },
    capabilities: capabilitiesAt(url),
    data: { ...DATA, asid: ASID.provider, ...endpointData(sibling, disabled) },
    siblings: [sibling],
    disabled,
  };
};

/** The same provider as a subject that is held to 0.7. */
export const olderReferenceAt = (url: string) => {
  const sibling = { url: olderRoot(siblingOf(url)), asid: SIBLING.asid };
  const { patient, organisation } = DATA;
  return {
    url: olderRoot(url),
    asid: { ...ASID },
    capabilities: { html: olderRoot(url) },
    data: { patient, organisation, asid: ASID.provider, ...endpointData(sibling) },
    siblings: [sibling],
  };
};
