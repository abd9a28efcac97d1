import { ConfigurationError } from '../../certs/configuration-error.ts';
import type { Hierarchy } from '../../certs/index.ts';
import { mint } from '../../mocks/cis2/mint.ts';
import { Realm, REALM_PATH } from '../../mocks/cis2/realm.ts';
import { startIssuer } from '../../mocks/cis2/server.ts';
import { readFolder } from '../../mocks/cis2/store.ts';
import { DEFAULT_CLIENT } from '../../mocks/cis2/users.ts';
import { absentees } from '../../mocks/provider/absentees.ts';
import { rolesOf } from '../../mocks/provider/cis2/roles.ts';
import {
  ftrsRevocationMutants,
  ftrsRevocationVariants,
} from '../../mocks/provider/ftrs/certificate-mutants.ts';
import type { RevocationPlace } from '../../mocks/provider/revocation.ts';
import { ftrsKeyMutants, ftrsMutants, ftrsVariants } from '../../mocks/provider/ftrs/mutants.ts';
import { ftrsConformant, type FtrsPolicy } from '../../mocks/provider/ftrs/policy.ts';
import { FTRS_ODS, FTRS_PATH } from '../../mocks/provider/ftrs/directory.ts';
import { startFtrs, type FtrsProvider } from '../../mocks/provider/ftrs/server.ts';
import type { Target } from '../drive/driver.ts';
import { steering, type Steering } from '../drive/key-set.ts';
import type { SteeredIssuer } from './key-set.ts';
import type { Surveyed } from './survey.ts';

/** What is particular to FtRS: an issuer beside the provider, and stand-ins of its own. */

const known = {
  ...ftrsVariants,
  ...ftrsMutants,
  ...ftrsKeyMutants,
  ...ftrsRevocationMutants,
  ...ftrsRevocationVariants,
};
/** The policy behind a name; `undefined` for an absentee or an unknown name. */
export const ftrsPolicyOf = (name: string): FtrsPolicy | undefined =>
  Object.hasOwn(known, name) ? known[name]?.policy : undefined;

/** Every name that an embedded FtRS provider can be started by. */
export const ftrsStandIns: readonly string[] = [
  ...Object.keys(ftrsVariants),
  ...Object.keys(ftrsMutants),
  ...Object.keys(ftrsKeyMutants),
  ...Object.keys(ftrsRevocationMutants),
  ...Object.keys(ftrsRevocationVariants),
  ...Object.keys(absentees),
];

type Mint = NonNullable<Target['mint']>;

export interface FtrsStandIn {
  readonly url: string;
  readonly port: number;
  /** URL of the plain-HTTP port that it declares; an absentee has none. */
  readonly plain?: string;
  readonly mint: Mint;
  readonly issuer: SteeredIssuer;
  /** What there is to survey; nothing of an absentee. */
  readonly surveyed?: Surveyed;
  readonly close: () => Promise<void>;
}

const minting =
  (realm: Realm, other?: Realm): Mint =>
  async ({ elsewhere, ...wanted }) =>
    mint(elsewhere ? otherOf(other) : realm, wanted);

function otherOf<T>(other: T | undefined): T {
  if (other === undefined) throw new Error('there is no issuer of another environment');
  return other;
}

/** The reference without its controls. */
export const UNSECURED = { ...ftrsConformant, requiresCertificate: false, checks: 'none' } as const;

/** What an embedded provider has that surveys look at. The policy that is held to is that of the reference. */
export const surveyOf = (
  { plain, ports, transfer }: Pick<FtrsProvider, 'plain' | 'ports' | 'transfer'>,
  twin: Pick<FtrsProvider, 'port'> | undefined,
): Surveyed => ({
  ports: { ...ports, plain: Number(new URL(plain).port) },
  transfer: { address: '127.0.0.1', port: transfer, servername: 'localhost' },
  ...(twin && {
    unsecured: {
      address: '127.0.0.1',
      port: twin.port,
      servername: 'localhost',
      host: `localhost:${twin.port}`,
      basePath: FTRS_PATH,
    },
  }),
  within: STAND_IN_ADDS,
  samples: 6,
  roles: [
    { user: 'aal3-clinician', may: ['find-organization', 'find-healthcare-service'], mayNot: [] },
    { user: 'aal2-admin', may: ['find-organization'], mayNot: ['find-healthcare-service'] },
  ],
  tenants: [
    { user: 'aal3-clinician', organisation: FTRS_ODS },
    { user: 'aal3-other-tenant', organisation: 'B22222' },
  ],
});
/** Milliseconds that controls may add on a stand-in: far more than they do, whatever else the machine is doing. */
const STAND_IN_ADDS = 1_000;

/** Starts a stand-in by its name, with the issuer that it trusts. */
export async function startFtrsStandIn(
  name: string,
  hierarchy: Hierarchy,
  revocation?: RevocationPlace,
): Promise<FtrsStandIn> {
  const other = await Realm.create({ issuer: OTHER_ISSUER });
  const issuer = await startIssuer({ identity: hierarchy.provider });
  const { realm } = issuer;
  const absentee = Object.entries(absentees).find(([each]) => each === name)?.[1];
  const policy = ftrsPolicyOf(name);
  try {
    const options = {
      hierarchy,
      issuer: issuer.issuer,
      jwks: realm.url('jwks'),
      ca: hierarchy.root,
      audience: DEFAULT_CLIENT,
      roles: rolesOf(realm.users.values()),
      other,
      ...(revocation && { revocation }),
    };
    const provider = absentee
      ? await absentee(hierarchy)
      : policy && (await startFtrs({ ...options, policy }));
    const twin = policy && (await startFtrs({ ...options, policy: UNSECURED }));
    if (!provider) throw new RangeError(`no stand-in is called ${name}`);
    return {
      url: provider.url,
      port: provider.port,
      ...('plain' in provider && provider.plain !== undefined && { plain: provider.plain }),
      mint: minting(realm, other),
      ...('ports' in provider && { surveyed: surveyOf(provider, twin) }),
      issuer: {
        steering: steering(issuer.management.url, issuer.management.token),
        within: STAND_IN_WITHIN,
      },
      close: async () => {
        await Promise.all([provider.close(), twin?.close(), issuer.close()]);
      },
    };
  } catch (error) {
    await issuer.close();
    throw error;
  }
}

/** The issuer of another environment, on a sister host. Nobody serves it: a provider that trusts it has its keys. */
export const OTHER_ISSUER = `https://issuer.test.localhost:443${REALM_PATH}`;

/** Milliseconds within which our own stand-ins take a change of the key set up: ten times what the reference takes. */
const STAND_IN_WITHIN = 5_000;

/** What of a run has to do with the issuer that the subject trusts. */
export interface Issuing {
  readonly mint: Mint;
  /** Absent: nobody serves it, so that it cannot be steered. */
  readonly issuer?: SteeredIssuer;
}

/**
 * How a subject's tokens are minted: by the issuer that is up, or else with the keys in the folder of it.
 * @param other the folder of the issuer of another environment, whose tokens are minted with the keys in it
 * @param stated of the subject, as its file states it: `audience` of its tokens (RFC 7519 §4.1.3; that of the issuer's
 * first client otherwise), and the seconds `keysWithin` which it takes a change of the key set up
 * @throws ConfigurationError at `place` when there is no such folder, or it leads away from this machine
 */
export async function mintFrom(
  folder: string | undefined,
  { audience, keysWithin: within }: { readonly audience?: string; readonly keysWithin?: number },
  place: string,
  other?: { readonly folder: string; readonly place: string },
): Promise<Issuing> {
  const found = folder === undefined ? undefined : await readFolder(folder);
  if (!found?.issuer)
    throw new ConfigurationError(
      place,
      'the folder of the issuer that the provider trusts is wanted; `assay serve --cis2 --issuer DIR` makes one',
    );
  const elsewhere = other && (await otherFrom(other, found.issuer));
  const steered = found.management && (await reached(found.management, place));
  const meant = audience === undefined ? {} : { audience };
  if (!steered) {
    const own = minting(await Realm.create({ issuer: found.issuer, keys: found.keys }), elsewhere);
    return { mint: (wanted) => own({ ...meant, ...wanted }) };
  }
  return {
    mint: async ({ elsewhere: away, ...wanted }) =>
      away
        ? mint(otherOf(elsewhere), meant)
        : String((await meaning(steered, meant).call('POST', '/token', wanted))['token']),
    issuer: { steering: meaning(steered, meant), ...(within !== undefined && { within: within * 1000 }) },
  };
}

/** Every token that it mints is for the audience that is meant. */
const meaning = (issuer: Steering, meant: { readonly audience?: string }): Steering => ({
  call: (method, path, body) => issuer.call(method, path, path === '/token' ? { ...meant, ...body } : body),
});

/** The issuer of another environment, at hand. */
async function otherFrom(
  { folder, place }: { readonly folder: string; readonly place: string },
  own: string,
): Promise<Realm> {
  const found = await readFolder(folder);
  if (!found?.issuer)
    throw new ConfigurationError(
      place,
      'is not the folder of an issuer; `assay serve --cis2 --issuer DIR` makes one',
    );
  if (found.issuer === own)
    throw new ConfigurationError(
      place,
      `has the same issuer as \`issuer\`, ${own}: that is no other environment`,
    );
  return Realm.create({ issuer: found.issuer, keys: found.keys });
}

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** The management port that a folder names, if it is up. A folder is data from a stranger: it may lead nowhere else. */
async function reached(
  { url, token }: { readonly url: string; readonly token: string },
  place: string,
): Promise<Steering | undefined> {
  if (!URL.canParse(url) || !LOOPBACK.test(new URL(url).hostname))
    throw new ConfigurationError(place, 'its management.json names an address that is not of this machine');
  const steered = steering(url, token);
  return steered.call('GET', '/').then(
    () => steered,
    () => undefined, // left behind by an issuer that is down
  );
}
