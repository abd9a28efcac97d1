import { profiles } from '../profiles/index.ts';
import { evidenceIn, rejudge, type RunRecord } from '../run/record.ts';
import { checkRecord } from '../run/record-schema.ts';
import { sha256, textOf, unpack, type Files } from './archive.ts';
import { challengeIn, type Challenge } from '../run/challenge.ts';
import { attemptsOf, challengesOf, saidOf, unmet } from './attempts.ts';
import {
  APART,
  challengeFile,
  evidenceName,
  ledgersIn,
  MANIFEST,
  SCORECARD,
  STATEMENT,
  waivedIn,
  type Manifest,
} from './bundle.ts';
import { openChallenge } from './challenge.ts';
import { obstacles } from './conditions.ts';
import type { TrustedKey, TrustSet } from './keys.ts';
import { openEnvelope, type Statement } from './statement.ts';

/** What came of verifying a bundle. */
export interface Verified {
  readonly holds: boolean;
  /** Why not, one sentence each; empty where it holds. */
  readonly faults: readonly string[];
  readonly statement?: Statement;
  /** The trusted key whose signature it carries. */
  readonly key?: string;
}

const refused = (...faults: readonly string[]): Verified => ({ holds: false, faults });

function manifestFaults(files: Files, statement: Statement): readonly string[] {
  const bytes = files[MANIFEST];
  if (!bytes) return ['the manifest is missing'];
  if (sha256(bytes) !== statement.subject[0].digest.sha256)
    return ['the manifest is not the one that was signed'];
  const { files: listed } = JSON.parse(textOf(bytes)) as Manifest;
  const there = Object.keys(files).filter((name) => !APART.has(name));
  return [
    ...there.filter((name) => listed[name] === undefined).map((name) => `${name} was added`),
    ...Object.entries(listed).flatMap(([name, digest]) => {
      const found = files[name];
      if (!found) return [`${name} was removed`];
      return sha256(found) === digest ? [] : [`${name} was changed`];
    }),
  ];
}

interface Verifying {
  readonly files: Files;
  readonly statement: Statement;
  /** The key that signed it. */
  readonly key: TrustedKey;
  readonly trust: TrustSet;
  readonly version: string;
}

/** Whether the attempts behind a record are as the statement says, and whether they met their challenges. */
function attemptFaults(name: string, record: RunRecord, bytes: Uint8Array, of: Verifying): readonly string[] {
  const { files, statement, key, trust } = of;
  const { predicate } = statement;
  const kept = attemptsOf(record, `sha256:${sha256(bytes)}`, ledgersIn(files, name));
  if (kept.faults.length > 0) return kept.faults;
  const said = saidOf(kept, (digest) => files[challengeFile(name, digest)]);
  const { attempts, challengedBy } = predicate.certified.find((each) => each.record === name) ?? {};
  const faults: string[] = [];
  if (JSON.stringify([attempts, challengedBy]) !== JSON.stringify([said.attempts, said.challengedBy]))
    faults.push('the statement says otherwise of its attempts than its ledger');
  const wanted = challengesOf(kept.own);
  const witnessed = predicate.assurance === 'witnessed';
  if (witnessed && !wanted) faults.push('it is called witnessed, and met no challenge');
  const met = new Map<string, Challenge>();
  for (const digest of wanted ?? []) {
    const file = files[challengeFile(name, digest)];
    if (!file) faults.push(`its challenge ${digest} is missing`);
    else if (`sha256:${sha256(file)}` !== digest) faults.push(`its challenge ${digest} is something else`);
    else {
      const opened = openChallenge(file, trust);
      const challenge = challengeIn(textOf(file));
      if (challenge) met.set(digest, challenge);
      // A bundle that says self-declared rests on nobody's challenge.
      if (!witnessed) continue;
      if ('fault' in opened) faults.push(opened.fault);
      else if (opened.key.holder === 'supplier')
        faults.push("it is called witnessed, and was challenged by a supplier's key");
      else if (predicate.ranBy === 'supplier' && opened.key.kid === key.kid)
        faults.push('it is called witnessed, and was challenged by the key that signed the bundle');
    }
  }
  return wanted ? [...faults, ...unmet(record, kept.own, met)] : faults;
}

/** A record of a bundle is certified again, as on the day of issue, and each of its verdicts derived anew. */
function recordFaults(name: string, verifying: Verifying): readonly string[] {
  const { files, statement, version } = verifying;
  const bytes = files[name];
  if (!bytes) return [`${name} is missing`];
  let record: RunRecord;
  try {
    record = JSON.parse(textOf(bytes)) as RunRecord;
    checkRecord(record);
  } catch (error) {
    return [`${name} is no record: ${error instanceof Error ? error.message : String(error)}`];
  }
  const profile = profiles.find(({ id }) => id === record.profile);
  if (!profile) return [`${name}: there is no profile ${record.profile}`];
  const said = statement.predicate.certified.find((each) => each.record === name);
  if (!said) return [`${name} is not in the statement`];
  const differs =
    said.profile !== record.profile ||
    said.edition !== record.edition ||
    said.subject !== record.subject.url ||
    said.verdict !== record.verdict ||
    JSON.stringify(said.waived ?? []) !== JSON.stringify(waivedIn(record));
  const standIn = record.subject.standIn !== undefined && !statement.predicate.specimen;
  return [
    ...(differs ? [`${name} says otherwise than the statement`] : []),
    ...(standIn ? [`${name} is of an embedded provider, and the statement does not call it a specimen`] : []),
    ...obstacles(record, { version, today: new Date(statement.predicate.issued), profile }).map(
      (why) => `${name}: ${why}`,
    ),
    ...[...evidenceIn(record)].flatMap((digest) => {
      const found = files[evidenceName(name, digest)];
      if (!found) return [`${name}: its evidence ${digest} is missing`];
      return `sha256:${sha256(found)}` === digest
        ? []
        : [`${name}: its evidence ${digest} is something else`];
    }),
    ...attemptFaults(name, record, bytes, verifying).map((why) => `${name}: ${why}`),
    ...rejudge(record).map((id) => `${name}: ${id} does not follow from what was observed`),
  ];
}

function scorecardFaults(found: Uint8Array | undefined, own: Uint8Array, version: string): readonly string[] {
  if (!found) return [`${SCORECARD} is missing`];
  return sha256(found) === sha256(own)
    ? []
    : [`${SCORECARD} is not the scorecard that shipped with Assay ${version}`];
}

/**
 * Verifies a bundle without any network: byte form, signature, key and its validity, every digest, completeness
 * against the register, and each verdict from its observation.
 * @param version of this tool: another version's register and rulings are not these
 * @param scorecard of the fleet, as it shipped with this tool: whoever trusts this release trusts that one
 */
export function verifyBundle(
  bytes: Uint8Array,
  trust: TrustSet,
  today: Date,
  version: string,
  scorecard?: Uint8Array,
): Verified {
  const files = unpack(bytes);
  if (!files)
    return refused('it is not in the one byte form of a bundle: changed, or made by something else');
  const signed = files[STATEMENT];
  if (!signed) return refused('the statement is missing');
  const opened = openEnvelope(signed, trust, today);
  if ('fault' in opened) return refused(opened.fault);
  const { statement, key } = opened;
  if (key.holder === 'supplier' && statement.predicate.ranBy === 'assessor')
    return refused("it says that an assessor ran it, and is signed by a supplier's key");
  if (statement.predicate.tool.version !== version) {
    return refused(
      `it was certified by Assay ${statement.predicate.tool.version}; verify it with that version (this is ${version})`,
    );
  }
  const faults = [
    ...manifestFaults(files, statement),
    ...(scorecard ? scorecardFaults(files[SCORECARD], scorecard, version) : []),
  ];
  if (faults.length > 0) return { holds: false, faults, statement, key: key.kid };
  const records = statement.predicate.certified.flatMap(({ record }) =>
    recordFaults(record, { files, statement, key, trust, version }),
  );
  return { holds: records.length === 0, faults: records, statement, key: key.kid };
}
