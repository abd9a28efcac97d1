import { X509Certificate } from 'node:crypto';
import { createHierarchy } from '../../certs/index.ts';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { ASID, olderReferenceAt, referenceAt } from '../../mocks/provider/data.ts';
import { FTRS_ODS } from '../../mocks/provider/ftrs/directory.ts';
import { policyOf, startStandIn, standInNames } from '../../mocks/provider/stand-in.ts';
import { recordsAt } from '../../mocks/provider/retrieval.ts';
import type { Target } from '../drive/driver.ts';
import { plainPort } from '../drive/probe.ts';
import { createRedactor } from '../drive/redact.ts';
import type { Addressee, Learning, Profile } from '../model.ts';
import { inEdition } from '../profiles/edition.ts';
import type { Run } from './engine.ts';
import { ftrsPolicyOf, ftrsStandIns, startFtrsStandIn } from './ftrs.ts';
import { nothingShown } from './exhibits.ts';
import { everythingOn } from './declared.ts';
import { attend, type Attending } from './revocation.ts';
import { PATIENCE, type Prepared, targetOf } from './prepared.ts';

/** The names of the stand-ins that a profile can be driven against; without one: of every profile. */
export const standInsOf = (profile?: string): readonly string[] =>
  profile === undefined
    ? [...standInNames, ...ftrsStandIns]
    : profile === 'ftrs'
      ? ftrsStandIns
      : standInNames;

/** @throws ConfigurationError at `place` when no stand-in of that profile has that name */
export function checkStandIn(name: string, place: string, profile?: string): void {
  if (standInsOf(profile).includes(name)) return;
  throw new ConfigurationError(
    place,
    `no stand-in is called ${JSON.stringify(name)}; \`assay list\` names the mutants`,
  );
}

/** A hierarchy that was made here, with what its CAs sign by. */
export type Made = Awaited<ReturnType<typeof createHierarchy>>;

/** What a stand-in is as a subject, by profile and edition, where that is not the GP Connect reference of today. */
const REFERENCES: Readonly<Record<string, (url: string) => Addressee>> = {
  nrl: (url) => recordsAt(url, ASID),
  'gpconnect@0.7': olderReferenceAt,
};

/** An embedded provider that was started, and what it stands behind. */
interface Embedded {
  readonly name: string;
  readonly edition: string;
  readonly hierarchy: Made;
  readonly way: Learning;
  /** Absent: it learns of revocation by files. */
  readonly attending: Attending | undefined;
  readonly provider: {
    readonly port: number;
    readonly plain?: string;
    readonly close: () => Promise<void>;
  };
}

/** A run against an embedded provider: everything is on, nothing was shown. */
function embedded(
  { name, edition, hierarchy, way, attending, provider }: Embedded,
  run: Omit<Run, 'target' | 'redactor'>,
  target: Partial<Target> = {},
): Prepared {
  const { url } = run.subject;
  const destination = { host: '127.0.0.1', port: provider.port, addresses: ['127.0.0.1'] };
  return {
    run: {
      ...run,
      target: {
        ...targetOf(new URL(url), destination, (attending ?? hierarchy).clients, [hierarchy.root]),
        shared: true,
        ...(provider.plain !== undefined && { plain: plainPort(provider.plain) }),
        ...target,
      },
      ...(attending && { asked: attending.asked, revoke: attending.revoke }),
      redactor: createRedactor(),
    },
    declared: { ...everythingOn(edition), revocation: way },
    subject: { url, connect: `127.0.0.1:${provider.port}`, standIn: name, ssp: hierarchy.ssp },
    notExamined: [],
    shown: nothingShown,
    warnings: [],
    facts: { destination: { ...destination, host: 'localhost' } },
    close: async () => {
      await provider.close();
      await attending?.revocation.close();
    },
  };
}

/**
 * Starts an embedded provider behind a fresh hierarchy, or behind one that others share. Keys live in memory only.
 * @throws ConfigurationError on `--mock` for an unknown name
 */
export async function prepareStandIn(
  name: string,
  whole: Profile,
  edition = whole.editions[0],
  keys?: Made,
): Promise<Prepared> {
  checkStandIn(name, '--mock', whole.id);
  if (!whole.editions.includes(edition)) {
    throw new ConfigurationError('--edition', `${whole.title} has the editions ${whole.editions.join(', ')}`);
  }
  const profile = inEdition(whole, edition);
  if (profile.id === 'ftrs') return prepareFtrs(name, profile, keys);
  const hierarchy = keys ?? (await createHierarchy());
  const way = policyOf(name)?.revocation.source ?? 'file';
  const attending =
    way === 'file' ? undefined : await attend(hierarchy, hierarchy.authorities, { slow: 15_000 });
  const provider = await startStandIn(name, hierarchy, undefined, attending?.place);
  const referenceOf = REFERENCES[`${profile.id}@${edition}`] ?? REFERENCES[profile.id] ?? referenceAt;
  return embedded(
    { name, edition, hierarchy, way, attending, provider },
    {
      profile,
      subject: referenceOf(provider.url),
      bounds: { patience: attending ? PATIENCE.askingStandIn : PATIENCE.standIn },
    },
  );
}

/** An embedded FtRS provider with an issuer of its own. */
async function prepareFtrs(name: string, profile: Profile, keys?: Made): Promise<Prepared> {
  const hierarchy = keys ?? (await createHierarchy());
  const way = ftrsPolicyOf(name)?.revocation.source ?? 'file';
  const attending = way === 'file' ? undefined : await attend(hierarchy, hierarchy.authorities);
  const provider = await startFtrsStandIn(name, hierarchy, attending?.place);
  return embedded(
    { name, edition: profile.editions[0], hierarchy, way, attending, provider },
    {
      profile,
      subject: { url: provider.url, data: { organisation: FTRS_ODS } },
      ...(provider.surveyed && { surveyed: provider.surveyed }),
      issuer: provider.issuer,
      bounds: { patience: PATIENCE.standIn },
    },
    {
      mint: provider.mint,
      fingerprint: new X509Certificate(hierarchy.provider.certificate).fingerprint256,
    },
  );
}
