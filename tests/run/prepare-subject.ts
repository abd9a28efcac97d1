import { createHierarchy, type Hierarchy } from '../../certs/index.ts';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { namesOf, ownName } from '../../certs/traits.ts';
import { readPack, validity } from '../../certs/pack-read.ts';
import type { Target } from '../drive/driver.ts';
import { NEAREST, USUAL_SKEW } from '../drive/edges.ts';
import { plainPort, type PlainPort } from '../drive/probe.ts';
import { createRedactor } from '../drive/redact.ts';
import type { Profile } from '../model.ts';
import { inEdition } from '../profiles/edition.ts';
import { mintFrom } from './ftrs.ts';
import { showEvidence } from './exhibits.ts';
import { guard, resolveDestination } from './guard.ts';
import { readCredentials, type CredentialOptions, type OwnCredentials } from './credentials.ts';
import { changedSince } from './reached.ts';
import { withOperations } from './openapi.ts';
import { dataOf, readSubject, type Subject } from './subject.ts';
import { surveyedBy } from './surveyed.ts';
import { readFile } from 'node:fs/promises';
import { PATIENCE, type Prepared, profileNamed, targetOf } from './prepared.ts';
import { declaredOf } from './declare.ts';
import { attendSubject, perchOf } from './callback.ts';

/** What the person who runs lets a subject file reach, and adds to it. */
export interface SubjectOptions extends CredentialOptions {
  /** Where the subject was started for this run: `host:port`, in place of the file's `connect`. */
  readonly connect?: string;
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

async function readAnchor(file: string, place: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  } catch {
    throw new ConfigurationError(place, `cannot read ${file}`);
  }
  throw new ConfigurationError(place, `${file} holds no PEM certificate`);
}
