import { X509Certificate } from 'node:crypto';
import { createHierarchy, type Hierarchy } from '../../certs/index.ts';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { namesOf, ownName } from '../../certs/traits.ts';
import { readAuthorities, readPack, revocationOf, validity } from '../../certs/pack.ts';
import { ASID, olderReferenceAt, referenceAt } from '../../mocks/provider/data.ts';
import { FTRS_ODS } from '../../mocks/provider/ftrs/server.ts';
import { policyOf, startStandIn, standInNames } from '../../mocks/provider/stand-in.ts';
import { recordsAt } from '../../mocks/provider/retrieval.ts';
import type { Target } from '../drive/driver.ts';
import { NEAREST, USUAL_SKEW } from '../drive/edges.ts';
import { plainPort, type PlainPort } from '../drive/probe.ts';
import { createRedactor } from '../drive/redact.ts';
import type { Addressee, Profile } from '../model.ts';
import { inEdition } from '../profiles/edition.ts';
import { profiles } from '../profiles/index.ts';
import type { Run } from './engine.ts';
import { ftrsPolicyOf, ftrsStandIns, mintFrom, startFtrsStandIn } from './ftrs.ts';
import { nothingShown, showEvidence, type Shown } from './exhibits.ts';
import {
  guard,
  parseHostPort,
  resolveDestination,
  type Activity,
  type Consent,
  type Destination,
} from './guard.ts';
import { readCredentials, type CredentialOptions, type OwnCredentials } from './credentials.ts';
import { changedSince, everythingOn, type Declared } from './plan.ts';
import { setsOf, type FrozenSet } from './sets.ts';
import { withOperations } from './openapi.ts';
import type { RunRecord } from './record.ts';
import { attend, type Attending } from './revocation.ts';
import { dataOf, declaredBy, readSubject, type Subject } from './subject.ts';
import { surveyedBy } from './surveyed.ts';
import { readFile } from 'node:fs/promises';

/** A run that is ready to be driven, and what its record says of the subject. */
export interface Prepared {
  readonly run: Run;
  readonly declared: Declared;
  readonly subject: RunRecord['subject'];
  readonly notExamined: RunRecord['notExamined'];
  /** What the subject file shows beside the wire. */
  readonly shown: Shown;
  /** One sentence each, to be told before the run. */
  readonly warnings: readonly string[];
  /** What its preparation came upon. */
  readonly facts: Facts;
  readonly close: () => Promise<void>;
}

/** What a diagnosis has to know beside the run: where it all came from. */
export interface Facts {
  /** The subject file; absent: an embedded provider. */
  readonly file?: string;
  readonly destination: Destination;
  readonly pack?: { readonly folder: string; readonly ssp: string; readonly until: Date };
  /** The name in the valid credential of one's own, where that takes the place of a pack. */
  readonly own?: string;
  /** The file with the anchor of the server's certificate, where one is named. */
  readonly trust?: string;
  /** Started for this run alone: nothing can be asked of it again. */
  readonly passing?: true;
  /** Seconds by which the clocks may differ, as the subject file says. */
  readonly clockSkew?: number;
}

/** What the person who runs lets a subject file reach, and adds to it. */
export interface SubjectOptions extends CredentialOptions {
  /** Where the subject was started for this run: `host:port`, in place of the file's `connect`. */
  readonly connect?: string;
}

/**
 * A profile by its name.
 * @throws ConfigurationError when there is none of that name
 */
export function profileNamed(name: string, place: string): Profile {
  const profile = profiles.find(({ id }) => id === name);
  if (profile) return profile;
  const known = profiles.map(({ id }) => id).join(', ');
  throw new ConfigurationError(
    place,
    `there are no cases for the profile ${JSON.stringify(name)}; choose one of: ${known}`,
  );
}

/** Milliseconds for one exchange: an embedded provider is near, a subject may be far and slow. */
const PATIENCE = { standIn: 2_000, askingStandIn: 60_000, subject: 10_000 } as const;

function targetOf(
  url: URL,
  destination: Destination,
  clients: Target['clients'],
  trust: readonly string[],
): Target {
  const [address] = destination.addresses;
  return {
    address: address ?? destination.host,
    port: destination.port,
    servername: url.hostname.replace(/^\[|\]$/g, ''),
    host: url.host,
    basePath: url.pathname.replace(/\/$/, ''),
    trust,
    clients,
  };
}

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

/**
 * The profile that a subject is held to, with every operation that its OpenAPI file describes.
 * @throws ConfigurationError naming the file and what is wrong in it
 */
export async function profileOf({ file, openapi, exempt = [] }: Subject, profile: Profile): Promise<Profile> {
  if (profile.id !== 'ftrs' || openapi === undefined) {
    if (exempt.length > 0)
      throw new ConfigurationError(
        `${file}#/exempt`,
        'speaks of operations, and no OpenAPI file of an FtRS subject names any',
      );
    return profile;
  }
  return withOperations(profile, openapi, exempt, `${file}#/exempt`);
}

/**
 * Reads a subject file, keeps to the guard, opens the trust pack and resolves the address, in that order.
 * Nothing is sent to the subject.
 * @throws ConfigurationError naming the file and the JSON pointer
 */
export async function prepareSubject(file: string, options: SubjectOptions = {}): Promise<Prepared> {
  const written = await readSubject(file, options);
  const subject: Subject = {
    ...written,
    ...(options.connect !== undefined && { connect: options.connect }),
  };
  const whole = await profileOf(subject, profileNamed(subject.profile, `${file}#/profile`));
  const edition = subject.edition ?? whole.editions[0];
  if (!whole.editions.includes(edition)) {
    throw new ConfigurationError(
      `${file}#/edition`,
      `${whole.title} has the editions ${whole.editions.join(', ')}`,
    );
  }
  const profile = inEdition(whole, edition);
  const declared = await declaredOf(subject, edition);
  const shown = await showEvidence(file, subject.evidence, {
    profile,
    edition,
    allowPath: options.allowPath ?? [],
    today: new Date(),
  });
  const url = new URL(subject.url);
  const destination = await resolveDestination(subject.url, subject.connect, `${file}#/connect`);
  guard(destination, ['wire'], subject.consent, { place: file, today: new Date() });
  const plain = await plainOf(subject);
  const pack = subject.pki === undefined ? undefined : await readPack(subject.pki);
  const own = await readCredentials(subject, options, pack);
  const ground = own.clients.valid ? undefined : (pack ?? (await createHierarchy()));
  const issuing =
    profile.id === 'ftrs'
      ? await mintFrom(
          subject.issuer,
          subject.options ?? {},
          `${file}#/issuer`,
          subject.otherIssuer === undefined
            ? undefined
            : { folder: subject.otherIssuer, place: `${file}#/otherIssuer` },
        )
      : undefined;
  const anchors = [await anchorOf(subject, file, ground)];
  const attending = pack && (await attendSubject(subject, file, pack));
  const ownTo = own.clients.valid && ownName(namesOf(own.clients.valid.certificate));
  const presented = ownTo ?? pack?.ssp;
  return {
    run: {
      profile,
      subject: { ...subject, data: dataOf(subject) },
      target: {
        ...targetOf(url, destination, clientsOf(attending ?? ground, own), anchors),
        // The place is taken where OCSP and CRLs are served there.
        ...(subject.callback &&
          !attending && { canary: perchOf(subject.callback, `${file}#/callback/listen`) }),
        ...(plain && { plain }),
        ...(subject.fingerprint !== undefined && { fingerprint: subject.fingerprint }),
        ...(issuing && { mint: issuing.mint }),
        edges: {
          skew: subject.options?.clockSkew ?? USUAL_SKEW,
          past: NEAREST,
          ahead: NEAREST,
        },
      },
      ...(attending && { asked: attending.asked, revoke: attending.revoke }),
      ...(issuing?.issuer && { issuer: issuing.issuer }),
      ...(profile.id === 'ftrs' && {
        surveyed: await surveyedBy(subject, profile, url, destination, options),
      }),
      redactor: createRedactor(),
      bounds: { patience: (subject.options?.patience ?? PATIENCE.subject / 1000) * 1000 },
    },
    declared,
    subject: {
      url: subject.url,
      ...(subject.connect !== undefined && { connect: subject.connect }),
      ...(presented !== undefined && { ssp: presented }),
    },
    notExamined: [...(subject.notExamined ?? []), ...changedSince(profile, declared)],
    shown,
    warnings: [
      ...(pack && validity(pack, new Date()) === 'last-day'
        ? [
            `the trust pack ends on ${pack.notAfter.toISOString()}; \`assay pki --out ${subject.pki} --renew\` renews it`,
          ]
        : []),
      ...own.warnings,
    ],
    facts: {
      file,
      destination,
      ...(pack &&
        subject.pki !== undefined && {
          pack: { folder: subject.pki, ssp: pack.ssp, until: pack.notAfter },
        }),
      ...(ownTo !== undefined && { own: ownTo }),
      ...(subject.trust !== undefined && { trust: subject.trust }),
      ...(subject.options?.clockSkew !== undefined && { clockSkew: subject.options.clockSkew }),
    },
    close: async () => attending?.revocation.close(),
  };
}

/** What is presented: one's own before the pack's, and nothing of a pack to a provider that trusts another CA. */
const clientsOf = (
  ground: { readonly clients: Target['clients'] } | undefined,
  { clients }: OwnCredentials,
): Target['clients'] =>
  Object.keys(clients).length === 0 && ground ? ground.clients : { ...ground?.clients, ...clients };

/**
 * The declared plain-HTTP port, resolved; it is dialled too, so the guard judges it.
 * @throws ConfigurationError at `plain` where there is no such address, and as the guard does
 */
async function plainOf({ plain, url, consent, file }: Subject): Promise<PlainPort | undefined> {
  if (plain === undefined) return undefined;
  const place = `${file}#/plain`;
  if (!URL.canParse(plain)) throw new ConfigurationError(place, `${JSON.stringify(plain)} is no URL`);
  const { hostname, port } = new URL(plain);
  const destination = await resolveDestination(url, `${hostname}:${port || 80}`, place);
  guard(destination, ['wire'], consent, { place, today: new Date(), spot: `${file}#/consent` });
  const [address] = destination.addresses;
  if (address === undefined) throw new ConfigurationError(place, `${hostname} has no address`);
  return plainPort(plain, address);
}

/** The anchor of the server's own certificate. */
async function anchorOf(
  { trust }: Subject,
  file: string,
  ground: Pick<Hierarchy, 'root'> | undefined,
): Promise<string> {
  if (trust !== undefined) return readAnchor(trust, `${file}#/trust`);
  if (ground) return ground.root;
  throw new ConfigurationError(
    `${file}#/trust`,
    "is missing: with `credentials` and no `pki`, name the PEM file with the anchor of the server's own certificate",
  );
}

/** What a subject declares, with the kinds of consent that the guard sees given. Looks its name up; sends nothing. */
export async function declaredOf(subject: Subject, edition: string): Promise<Declared> {
  const { url, connect, consent, file } = subject;
  const destination = await resolveDestination(url, connect, `${file}#/connect`);
  const given = (['write', 'active', 'ports'] as const).filter((each) =>
    allows(destination, each, consent, file),
  );
  const set = setNamed(subject, edition);
  return {
    ...declaredBy(subject, edition),
    ...(set && { set }),
    consent: given,
    // Our responder and CRLs speak for the CAs of a pack alone; another CA's revocations are on its own CRL.
    ...(subject.revocation && subject.pki !== undefined && { revocation: subject.revocation }),
  };
}

/** The frozen set that a subject names. @throws ConfigurationError when there is none of that name */
function setNamed({ set, file, profile: name }: Subject, edition: string): FrozenSet | undefined {
  if (set === undefined) return undefined;
  const sets = setsOf(profileNamed(name, `${file}#/profile`), edition);
  const found = sets.find(({ id }) => id === set);
  if (found) return found;
  throw new ConfigurationError(
    `${file}#/set`,
    `there is no set ${set} of ${name} in the edition ${edition}; choose one of: ${sets.map(({ id }) => id).join(', ')}`,
  );
}

/** Whether the guard lets a kind of activity happen at a destination. */
function allows(
  destination: Destination,
  activity: Activity,
  consent: Consent | undefined,
  place: string,
): boolean {
  try {
    guard(destination, [activity], consent, { place, today: new Date() });
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts OCSP and CRLs where the subject says that it asks for them, at `callback`. They speak plain HTTP (RFC 5280 §8)
 * under the base URL that the pack's certificates name, or else under that of `callback`.
 */
async function attendSubject(
  subject: Subject,
  file: string,
  pack: Hierarchy,
): Promise<Attending | undefined> {
  const { revocation, callback, pki } = subject;
  if ((revocation !== 'ocsp' && revocation !== 'crldp') || !callback || pki === undefined) return undefined;
  const { host, port } = parseHostPort(callback.listen, `${file}#/callback/listen`);
  const base = (await revocationOf(pki)) ?? new URL(callback.url);
  base.protocol = 'http:';
  try {
    return await attend(pack, await readAuthorities(pki), { host, port, base });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EADDRNOTAVAIL' && code !== 'EACCES') throw error;
    throw new ConfigurationError(
      `${file}#/callback/listen`,
      `cannot listen on ${callback.listen} (${code}); name an address of this machine and a port that is free`,
    );
  }
}

/** Where a canary listens, and how the subject reaches it: over plain HTTP, as every revocation service. */
function perchOf({ listen, url }: NonNullable<Subject['callback']>, place: string) {
  const base = new URL(url);
  base.protocol = 'http:';
  return { ...parseHostPort(listen, place), url: base.href };
}

async function readAnchor(file: string, place: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  } catch {
    throw new ConfigurationError(place, `cannot read ${file}`);
  }
  throw new ConfigurationError(place, `${file} holds no PEM certificate`);
}
