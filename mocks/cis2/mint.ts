import { idTokenClaims } from './claims.ts';
import { defects, type DefectName } from './defects.ts';
import { signToken } from './keys.ts';
import type { Realm } from './realm.ts';
import { DEFAULT_CLIENT } from './users.ts';

/** What a minted ID token is to say. */
export interface MintOptions {
  /** Id of the user it is about; without it, the first. */
  readonly user?: string;
  /** Its audience: the client id of the relying party. */
  readonly audience?: string;
  /** Claims that replace those it would have; `null` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The name of what is to be wrong with it; without it, nothing is. */
  readonly defect?: string;
}

/** Names of the defects that a token can be minted with. */
export const defectNames = Object.keys(defects) as readonly DefectName[];

const isDefect = (name: string): name is DefectName => name in defects;

/**
 * Mints an ID token as the issuer would send it, outside of any flow.
 * @throws RangeError when there is no such user or defect
 */
export async function mint(realm: Realm, options: MintOptions = {}): Promise<string> {
  const { user, audience = DEFAULT_CLIENT, claims = {}, defect } = options;
  if (defect !== undefined && !isDefect(defect))
    throw new RangeError(
      `no defect is called ${JSON.stringify(defect)}; there are ${defectNames.join(', ')}`,
    );
  const session = realm.signIn(realm.user(user), audience, ['openid']);
  const whole = { ...idTokenClaims(realm, session), ...claims };
  const said = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== null));
  const key = realm.keys.signing;
  if (defect === undefined) return signToken(key, said);
  const header = { typ: 'JWT', kid: key.kid, alg: 'RS256' };
  return defects[defect].forge({ realm, key, header, claims: said });
}
