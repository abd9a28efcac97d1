import { ConfigurationError } from '../../certs/configuration-error.ts';
import type { Hierarchy } from '../../certs/index.ts';
import { mint } from '../../mocks/cis2/mint.ts';
import { Realm } from '../../mocks/cis2/realm.ts';
import { startIssuer } from '../../mocks/cis2/server.ts';
import { readFolder } from '../../mocks/cis2/store.ts';
import { DEFAULT_CLIENT } from '../../mocks/cis2/users.ts';
import { absentees } from '../../mocks/provider/absentees.ts';
import { rolesOf } from '../../mocks/provider/cis2/roles.ts';
import { ftrsMutants, ftrsVariants } from '../../mocks/provider/ftrs/mutants.ts';
import { startFtrs } from '../../mocks/provider/ftrs/server.ts';
import type { Target } from '../drive/driver.ts';

/** What is particular to FtRS: an issuer beside the provider, and stand-ins of its own. */

/** Every name that an embedded FtRS provider can be started by. */
export const ftrsStandIns: readonly string[] = [
  ...Object.keys(ftrsVariants),
  ...Object.keys(ftrsMutants),
  ...Object.keys(absentees),
];

type Mint = NonNullable<Target['mint']>;

export interface FtrsStandIn {
  readonly url: string;
  readonly port: number;
  readonly mint: Mint;
  readonly close: () => Promise<void>;
}

const minting =
  (realm: Realm): Mint =>
  ({ defect }) =>
    mint(realm, defect === undefined ? {} : { defect });

/** Starts a stand-in by its name, with the issuer that it trusts. */
export async function startFtrsStandIn(name: string, hierarchy: Hierarchy): Promise<FtrsStandIn> {
  const issuer = await startIssuer({ identity: hierarchy.provider });
  const { realm } = issuer;
  const absentee = Object.entries(absentees).find(([known]) => known === name)?.[1];
  const policy = (ftrsVariants[name] ?? ftrsMutants[name])?.policy;
  try {
    const provider = absentee
      ? await absentee(hierarchy)
      : policy &&
        (await startFtrs({
          policy,
          hierarchy,
          issuer: issuer.issuer,
          jwks: realm.url('jwks'),
          ca: hierarchy.root,
          audience: DEFAULT_CLIENT,
          roles: rolesOf(realm.users.values()),
        }));
    if (!provider) throw new RangeError(`no stand-in is called ${name}`);
    return {
      url: provider.url,
      port: provider.port,
      mint: minting(realm),
      close: async () => {
        await Promise.all([provider.close(), issuer.close()]);
      },
    };
  } catch (error) {
    await issuer.close();
    throw error;
  }
}

/**
 * How a subject's tokens are minted: with the keys in the folder of the issuer that it trusts.
 * @throws ConfigurationError at `place` when there is no such folder
 */
export async function mintFrom(folder: string | undefined, place: string): Promise<{ readonly mint: Mint }> {
  const found = folder === undefined ? undefined : await readFolder(folder);
  if (!found?.issuer)
    throw new ConfigurationError(
      place,
      'the folder of the issuer that the provider trusts is wanted; `assay serve --cis2 --issuer DIR` makes one',
    );
  return { mint: minting(await Realm.create({ issuer: found.issuer, keys: found.keys })) };
}
