import { profiles } from '../profiles/index.ts';
import { evidenceIn, rejudge, type RunRecord } from '../run/record.ts';
import { checkRecord } from '../run/record-schema.ts';
import { sha256, textOf, unpack, type Files } from './archive.ts';
import { APART, evidenceName, MANIFEST, STATEMENT, waivedIn, type Manifest } from './bundle.ts';
import { obstacles } from './conditions.ts';
import type { TrustSet } from './keys.ts';
import { openEnvelope, type Statement } from './statement.ts';

/** What came of verifying a bundle. */
export interface Verified {
  readonly holds: boolean;
  /** Why not, one sentence each; empty where it holds. */
  readonly faults: readonly string[];
  readonly statement?: Statement;
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

/** A record of a bundle is certified again, as on the day of issue, and each of its verdicts derived anew. */
function recordFaults(name: string, files: Files, statement: Statement, version: string): readonly string[] {
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
    ...rejudge(record).map((id) => `${name}: ${id} does not follow from what was observed`),
  ];
}

/**
 * Verifies a bundle without any network: byte form, signature, key and its validity, every digest, completeness
 * against the register, and each verdict from its observation.
 * @param version of this tool: another version's register and rulings are not these
 */
export function verifyBundle(bytes: Uint8Array, trust: TrustSet, today: Date, version: string): Verified {
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
  const faults = manifestFaults(files, statement);
  if (faults.length > 0) return { holds: false, faults, statement };
  const records = statement.predicate.certified.flatMap(({ record }) =>
    recordFaults(record, files, statement, version),
  );
  return { holds: records.length === 0, faults: records, statement };
}
