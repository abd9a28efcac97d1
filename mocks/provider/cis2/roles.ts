import type { User } from '../../cis2/users.ts';
import type { KnownRole } from './policy.ts';

/** The roles of the issuer's users by `person_roleid`, and one role of the first of them that is at no organisation. */
export function rolesOf(users: Iterable<User>): ReadonlyMap<string, KnownRole> {
  const known = [...users].flatMap(({ uid, roles }) =>
    roles.map(({ person_roleid, role_code, org_code }): readonly [string, KnownRole] => [
      person_roleid,
      { uid, role_code, org_code },
    ]),
  );
  const [first] = known;
  const nowhere: readonly (readonly [string, KnownRole])[] = first
    ? [['555000000109', { ...first[1], org_code: '' }]]
    : [];
  return new Map([...known, ...nowhere]);
}
