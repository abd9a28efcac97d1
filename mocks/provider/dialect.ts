/**
 * What differs between the releases of FHIR in which GP Connect is written, in what a provider reads of a token and
 * writes in its answers: 1.x is STU3, 0.x DSTU2. Data, so that every rule is the same one for both.
 */

type Json = Readonly<Record<string, unknown>>;
export type ResourceWord = 'device' | 'organization' | 'practitioner';

export interface Dialect {
  /** Who every token is for, whichever service root is asked; absent: the service root. */
  readonly audience?: string;
  /** System of the ODS code in `requesting_organization`, and of the SDS user id in `requesting_practitioner`. */
  readonly ods: string;
  readonly sdsUser: string;
  /** Whether the token says whose record is asked for, in `requested_record`. */
  readonly namesRecord: boolean;
  /** Family names in `requesting_practitioner`. */
  readonly families: (practitioner: Json) => readonly unknown[];
  /** Elements of the three resources beside those of every resource. */
  readonly elements: Readonly<Record<ResourceWord, ReadonlySet<string>>>;
  /** URLs and media types of STU3 that are written otherwise. */
  readonly words: Readonly<Record<string, string>>;
}

const set = (text: string): ReadonlySet<string> => new Set(text.split(' '));
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);
const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Json)[name] : undefined;

export const stu3: Dialect = {
  ods: 'https://fhir.nhs.uk/Id/ods-organization-code',
  sdsUser: 'https://fhir.nhs.uk/Id/sds-user-id',
  namesRecord: false,
  // A list of names, each with one family name.
  families: ({ name }) => (Array.isArray(name) ? name.map((each) => member(each, 'family')) : []),
  elements: {
    device: set(
      'identifier udi status type lotNumber manufacturer manufactureDate expirationDate model version patient owner contact location url note safety',
    ),
    organization: set('identifier active type name alias telecom address partOf contact endpoint'),
    practitioner: set(
      'identifier active name telecom address gender birthDate photo qualification communication',
    ),
  },
  words: {},
};

const dstu2: Dialect = {
  audience: 'https://authorize.fhir.nhs.net/token',
  ods: 'http://fhir.nhs.net/Id/ods-organization-code',
  // Without `/Id/`: a mistake that the 0.7 page keeps, since providers came to check for it.
  sdsUser: 'http://fhir.nhs.net/sds-user-id',
  namesRecord: true,
  // One name, with a list of family names.
  families: ({ name }) => (Array.isArray(name) ? [] : list(member(name, 'family'))),
  elements: {
    device: set(
      'identifier type note status manufacturer model version manufactureDate expiry udi lotNumber owner location patient contact url',
    ),
    organization: set('identifier active type name telecom address partOf contact'),
    practitioner: set(
      'identifier active name telecom address gender birthDate photo practitionerRole qualification communication',
    ),
  },
  words: {
    'https://fhir.nhs.uk/STU3/StructureDefinition/GPConnect-OperationOutcome-1':
      'http://fhir.nhs.net/StructureDefinition/gpconnect-operationoutcome-1',
    'https://fhir.nhs.uk/STU3/CodeSystem/Spine-ErrorOrWarningCode-1':
      'http://fhir.nhs.net/ValueSet/gpconnect-error-or-warning-code-1',
    'fhir+json': 'json+fhir',
    'fhir+xml': 'xml+fhir',
  },
};

/** The dialect of a capability: HTML is the one that 0.x has. */
export const dialectOf = (capabilities: readonly string[]): Dialect =>
  capabilities.includes('html') ? dstu2 : stu3;

/** A text with every word of STU3 in it as the dialect writes it. */
export const inDialect = (text: string, { words }: Dialect): string =>
  Object.entries(words).reduce((said, [word, other]) => said.replaceAll(word, other), text);
