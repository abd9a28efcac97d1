import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { JSONWebKeySet } from 'jose';
import { ConfigurationError } from '../../certs/configuration-error.ts';

/** An assurance level as CIS2 sends it: a number in some answers, a string in others. */
export type Level = 0 | 1 | 2 | 3 | '0' | '1' | '2' | '3';

/** One entry of `nhsid_nrbac_roles`, with the name of its organisation. */
export interface Role {
  readonly org_code: string;
  readonly org_name?: string;
  readonly person_orgid: string;
  readonly person_roleid: string;
  /** `S8000:G8000:R8001`. */
  readonly role_code: string;
  readonly role_name: string;
  readonly activities?: readonly string[];
  readonly activity_codes?: readonly string[];
  readonly workgroups?: readonly string[];
  readonly workgroups_codes?: readonly string[];
  readonly aow?: readonly string[];
  readonly aow_codes?: readonly string[];
}

/** A health professional who can sign in. All of it is fictional. */
export interface User {
  /** A short name for tests and for `login_hint`. */
  readonly id: string;
  /** SDS user id of twelve digits: `sub` and `nhsid_useruid`. */
  readonly uid: string;
  readonly name: string;
  readonly given_name?: string;
  readonly family_name?: string;
  readonly title?: string;
  readonly email?: string;
  readonly id_assurance_level: Level;
  readonly authentication_assurance_level: Level;
  readonly acr?: string;
  readonly amr?: readonly string[];
  readonly roles: readonly Role[];
  /** `person_roleid` of the role in use; without it, the first. */
  readonly selected_role?: string;
}

/** A relying party, in the terms of OpenID Connect dynamic registration. */
export interface Client {
  readonly client_id: string;
  readonly redirect_uris: readonly string[];
  readonly post_logout_redirect_uris?: readonly string[];
  readonly backchannel_logout_uri?: string;
  readonly token_endpoint_auth_method: 'client_secret_post' | 'private_key_jwt';
  readonly client_secret?: string;
  readonly jwks?: JSONWebKeySet;
}

/** What a users file holds. */
export interface Register {
  readonly users: readonly User[];
  readonly clients?: readonly Client[];
}

/** The client id of the relying party that is always there: the audience of an ID token. */
export const DEFAULT_CLIENT = '999999999999.apps.national';

const role = (person_roleid: string, role_code: string, role_name: string, org_code = 'A11111'): Role => ({
  org_code,
  org_name: `Assay Test Practice ${org_code}`,
  person_orgid: `9${person_roleid.slice(1)}`,
  person_roleid,
  role_code,
  role_name,
});
const CLINICIAN = 'Clinical Practitioner Access Role';

/** Users by assurance level and role, as the NHS's own test realms name theirs. */
export const defaultUsers: readonly [User, ...User[]] = [
  {
    id: 'aal3-clinician',
    uid: '999999999101',
    name: 'Clinician Three (fictional)',
    given_name: 'Clinician',
    family_name: 'Three',
    title: 'Dr',
    email: 'clinician.three@assay.test',
    id_assurance_level: 3,
    authentication_assurance_level: 3,
    roles: [
      { ...role('555000000101', 'S8000:G8000:R8000', CLINICIAN), activity_codes: ['B0825', 'B0168'] },
      role('555000000102', 'S8000:G8000:R8000', CLINICIAN, 'B22222'),
    ],
  },
  {
    id: 'aal3-strings',
    uid: '999999999102',
    name: 'Clinician Strings (fictional)',
    id_assurance_level: '3',
    authentication_assurance_level: '3',
    roles: [role('555000000103', 'S8000:G8000:R8000', CLINICIAN)],
  },
  {
    id: 'aal2-admin',
    uid: '999999999103',
    name: 'Admin Two (fictional)',
    id_assurance_level: 3,
    authentication_assurance_level: 2,
    roles: [role('555000000104', 'S8001:G8002:R8008', 'Admin/Clinical Support Access Role')],
  },
  {
    id: 'aal1-reader',
    uid: '999999999104',
    name: 'Reader One (fictional)',
    id_assurance_level: 3,
    authentication_assurance_level: 1,
    roles: [role('555000000105', 'S8001:G8003:R8015', 'Systems Support Access Role')],
  },
  {
    id: 'ial1-clinician',
    uid: '999999999105',
    name: 'Clinician of low identity assurance (fictional)',
    id_assurance_level: 1,
    authentication_assurance_level: 3,
    roles: [role('555000000106', 'S8000:G8000:R8000', CLINICIAN)],
  },
  {
    id: 'aal3-other-tenant',
    uid: '999999999107',
    name: 'Clinician Elsewhere (fictional)',
    id_assurance_level: 3,
    authentication_assurance_level: 3,
    roles: [role('555000000107', 'S8000:G8000:R8000', CLINICIAN, 'B22222')],
  },
  {
    id: 'aal3-no-role',
    uid: '999999999106',
    name: 'Nobody in particular (fictional)',
    id_assurance_level: 3,
    authentication_assurance_level: 3,
    roles: [],
  },
];

const schema = JSON.parse(readFileSync(new URL('./users.schema.json', import.meta.url), 'utf8')) as object;
let validate: ReturnType<Ajv['compile']> | undefined;

/**
 * Checks what a users file holds.
 * @param file how errors name it
 * @throws ConfigurationError with the JSON pointer of the first mistake
 */
export function checkRegister(value: unknown, file: string): Register {
  validate ??= new Ajv({ strict: true, strictRequired: false, strictTypes: false, verbose: true }).compile(
    schema,
  );
  if (!validate(value)) {
    const [error] = validate.errors ?? [];
    const { instancePath = '', keyword = '', params = {}, data } = error ?? {};
    const named = params['additionalProperty'] ?? params['missingProperty'];
    const pointer = `${instancePath}${named === undefined ? '' : `/${String(named)}`}`;
    const what =
      keyword === 'additionalProperties'
        ? 'is no known field'
        : keyword === 'required'
          ? 'is missing'
          : keyword === 'oneOf' || keyword === 'enum'
            ? `${JSON.stringify(data)} is none of the values that may stand here`
            : `${error?.message ?? 'is wrong'}, and is ${JSON.stringify(data)?.slice(0, 80)}`;
    throw new ConfigurationError(`${file}#${pointer}`, what);
  }
  const register = value as Register;
  checkNames(register, file);
  return register;
}

function checkNames({ users, clients = [] }: Register, file: string): void {
  const once = (names: readonly string[], at: (index: number) => string): void => {
    const index = names.findIndex((name, here) => names.indexOf(name) !== here);
    if (index >= 0)
      throw new ConfigurationError(`${file}#${at(index)}`, `${names[index]} stands there twice`);
  };
  once(
    users.map(({ id }) => id),
    (index) => `/users/${index}/id`,
  );
  once(
    users.map(({ uid }) => uid),
    (index) => `/users/${index}/uid`,
  );
  once(
    clients.map(({ client_id }) => client_id),
    (index) => `/clients/${index}/client_id`,
  );
  for (const [index, { roles, selected_role }] of users.entries())
    if (selected_role !== undefined && !roles.some(({ person_roleid }) => person_roleid === selected_role))
      throw new ConfigurationError(
        `${file}#/users/${index}/selected_role`,
        `${selected_role} is the person_roleid of none of this user's roles`,
      );
}
