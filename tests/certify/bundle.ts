import type { RunRecord } from '../run/record.ts';
import { attemptsOf, challengeName, isLedger, NONE, saidOf } from './attempts.ts';
import { pack, sha256, utf8, type Files } from './archive.ts';
import { FRESH_DAYS } from './conditions.ts';
import type { SigningKey } from './keys.ts';
import { seal, type Predicate, type Statement } from './statement.ts';

/** `manifest.json`: every other file of the bundle, by digest. */
export interface Manifest {
  readonly files: Readonly<Record<string, string>>;
}

export const MANIFEST = 'manifest.json';
/** What this very build found on real servers whose configuration is known. */
export const SCORECARD = 'scorecard.json';
export const STATEMENT = 'statement.dsse.json';
/** Files that the manifest cannot list: itself, and the signature over it. */
export const APART: ReadonlySet<string> = new Set([MANIFEST, STATEMENT]);

export interface Certification {
  readonly tool: Predicate['tool'];
  readonly ranBy: Predicate['ranBy'];
  readonly issued: Date;
}

const DAY = 86_400_000;

/** The failures of a record that are let pass, as the statement lists them. */
export const waivedIn = ({ waivers = [] }: Pick<RunRecord, 'waivers'>) =>
  waivers
    .filter(({ state }) => state === 'applied')
    .map(({ case: id, risk, expires }) => ({ case: id, risk, expires }));

/** The last moment of a certificate: a year after its issue, or with the first of its waivers. */
function untilOf(issued: Date, records: readonly RunRecord[]): Date {
  const ends = records.flatMap((record) =>
    waivedIn(record).map(({ expires }) => Date.parse(expires) + DAY - 1),
  );
  // One that is over already ends nothing: no such record is certified at all.
  const due = ends.filter((end) => end > issued.getTime());
  return new Date(Math.min(issued.getTime() + 12 * FRESH_DAYS * DAY, ...due));
}

/** Where a file of evidence of a record stands in a bundle. */
export const evidenceName = (record: string, digest: string): string =>
  `${record.slice(0, record.lastIndexOf('/'))}/evidence/${digest.replace(':', '/')}`;

/** Where the n-th record stands in a bundle. */
export const recordName = (at: number): string => `records/${String(at + 1).padStart(3, '0')}/record.json`;

/** The ledgers of a record that is in a folder of a bundle, or beside it. */
export const ledgersIn = (files: Files, record: string): Files => {
  const folder = record.slice(0, record.lastIndexOf('/') + 1);
  return Object.fromEntries(
    Object.entries(files).filter(([name]) => name.startsWith(folder) && isLedger(name.slice(folder.length))),
  );
};

/** The challenges that a record met, in its folder. */
export const challengeFile = (record: string, digest: string): string =>
  `${record.slice(0, record.lastIndexOf('/'))}/${challengeName(digest)}`;

/**
 * Makes a bundle: records, whatever else is put in, a manifest of digests, and a signed statement over the manifest.
 * @param records each with its bytes as they will stand in the bundle
 */
export function bundle(
  records: readonly { readonly record: RunRecord; readonly bytes: Uint8Array }[],
  others: Files,
  { tool, ranBy, issued }: Certification,
  key: SigningKey,
): Uint8Array {
  const files: Record<string, Uint8Array> = { ...others };
  for (const [at, { bytes }] of records.entries()) files[recordName(at)] = bytes;
  const digests = Object.fromEntries(
    Object.keys(files)
      .sort()
      .map((name) => [name, sha256(files[name] ?? new Uint8Array())]),
  );
  const said = records.map(({ record, bytes }, at) => {
    const name = recordName(at);
    const kept = attemptsOf(record, `sha256:${sha256(bytes)}`, ledgersIn(files, name));
    return saidOf(kept, (digest) => files[challengeFile(name, digest)]);
  });
  // Nobody witnesses himself: a supplier's own challenge shows nothing to anybody else.
  const witnessed = said.every(
    ({ challengedBy = [] }) =>
      challengedBy.length > 0 && (ranBy === 'assessor' || !challengedBy.includes(key.kid)),
  );
  const manifest = utf8(`${JSON.stringify({ files: digests } satisfies Manifest, null, 2)}\n`);
  const statement: Statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: MANIFEST, digest: { sha256: sha256(manifest) } }],
    predicateType: 'https://assay.test/certification/v1',
    predicate: {
      tool,
      ranBy,
      assurance: witnessed ? 'witnessed' : 'self-declared',
      specimen: records.some(({ record }) => record.subject.standIn !== undefined),
      issued: issued.toISOString(),
      until: untilOf(
        issued,
        records.map(({ record }) => record),
      ).toISOString(),
      certified: records.map(({ record }, at) => ({
        record: recordName(at),
        profile: record.profile,
        edition: record.edition,
        subject: record.subject.url,
        started: record.started,
        verdict: record.verdict,
        sets: record.documents.map(({ set }) => set),
        ...(said[at] ?? { attempts: NONE }),
        ...(waivedIn(record).length > 0 && { waived: waivedIn(record) }),
      })),
    },
  };
  return pack({
    ...files,
    [MANIFEST]: manifest,
    [STATEMENT]: utf8(`${JSON.stringify(seal(statement, key), null, 2)}\n`),
  });
}
