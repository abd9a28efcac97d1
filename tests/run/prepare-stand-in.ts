import { X509Certificate } from 'node:crypto';
import { createHierarchy } from '../../certs/index.ts';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { ASID, olderReferenceAt, referenceAt } from '../../mocks/provider/data.ts';
import { FTRS_ODS } from '../../mocks/provider/ftrs/server.ts';
import { policyOf, startStandIn, standInNames } from '../../mocks/provider/stand-in.ts';
import { recordsAt } from '../../mocks/provider/retrieval.ts';
import { plainPort } from '../drive/probe.ts';
import { createRedactor } from '../drive/redact.ts';
import type { Addressee, Profile } from '../model.ts';
import { inEdition } from '../profiles/edition.ts';
import { ftrsPolicyOf, ftrsStandIns, startFtrsStandIn } from './ftrs.ts';
import { nothingShown } from './exhibits.ts';
import { everythingOn } from './declared.ts';
import { attend } from './revocation.ts';
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
  const provider = await startStandIn(
    name,
    hierarchy,
    undefined,
    way === 'file' ? undefined : attending?.place,
  );
  const subject = (REFERENCES[`${profile.id}@${edition}`] ?? REFERENCES[profile.id] ?? referenceAt)(
    provider.url,
  );
  const url = new URL(subject.url);
  const destination = { host: '127.0.0.1', port: provider.port, addresses: ['127.0.0.1'] };
  return {
    run: {
      profile,
      subject,
      target: {
        ...targetOf(url, destination, hierarchy.clients, [hierarchy.root]),
        shared: true,
        ...(attending && { clients: attending.clients }),
        ...(provider.plain !== undefined && { plain: plainPort(provider.plain) }),
      },
      ...(attending && { asked: attending.asked, revoke: attending.revoke }),
      redactor: createRedactor(),
      bounds: { patience: attending ? PATIENCE.askingStandIn : PATIENCE.standIn },
    },
    declared: { ...everythingOn(edition), revocation: way },
    subject: { url: subject.url, connect: `127.0.0.1:${provider.port}`, standIn: name, ssp: hierarchy.ssp },
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

/** An embedded FtRS provider with an issuer of its own. */
async function prepareFtrs(name: string, profile: Profile, keys?: Made): Promise<Prepared> {
  const hierarchy = keys ?? (await createHierarchy());
  const way = ftrsPolicyOf(name)?.revocation.source ?? 'file';
  const attending = way === 'file' ? undefined : await attend(hierarchy, hierarchy.authorities);
  const standIn = await startFtrsStandIn(name, hierarchy, way === 'file' ? undefined : attending?.place);
  const url = new URL(standIn.url);
  const destination = { host: '127.0.0.1', port: standIn.port, addresses: ['127.0.0.1'] };
  return {
    run: {
      profile,
      subject: { url: standIn.url, data: { organisation: FTRS_ODS } },
      target: {
        ...targetOf(url, destination, hierarchy.clients, [hierarchy.root]),
        shared: true,
        ...(attending && { clients: attending.clients }),
        mint: standIn.mint,
        ...(standIn.plain !== undefined && { plain: plainPort(standIn.plain) }),
        fingerprint: new X509Certificate(hierarchy.provider.certificate).fingerprint256,
      },
      ...(standIn.surveyed && { surveyed: standIn.surveyed }),
      issuer: standIn.issuer,
      ...(attending && { asked: attending.asked, revoke: attending.revoke }),
      redactor: createRedactor(),
      bounds: { patience: PATIENCE.standIn },
    },
    declared: { ...everythingOn(profile.editions[0]), revocation: way },
    subject: { url: standIn.url, connect: `127.0.0.1:${standIn.port}`, standIn: name, ssp: hierarchy.ssp },
    notExamined: [],
    shown: nothingShown,
    warnings: [],
    facts: { destination: { ...destination, host: 'localhost' } },
    close: async () => {
      await standIn.close();
      await attending?.revocation.close();
    },
  };
}
