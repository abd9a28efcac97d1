import type { Profile } from '../model.ts';
import { documentsOf } from '../run/held-to.ts';
import { inEveryVersion, plan } from '../run/plan.ts';
import type { Declared } from '../run/declared.ts';
import { digestOf, setsOf } from '../run/sets.ts';
import { verdictOf, withoutWaived, type RunRecord } from '../run/record.ts';
import { shardInWords } from '../run/shard.ts';
import { judgeWaivers, waiversFor } from '../run/waivers.ts';

/** Days after which a record says nothing about today's system. */
export const FRESH_DAYS = 30;

/** What a certifier is. */
export interface Certifier {
  readonly version: string;
  readonly today: Date;
  readonly profile: Profile;
}

const DAY = 86_400_000;
const named = (ids: readonly string[]): string =>
  ids.length > 5 ? `${ids.slice(0, 5).join(', ')} and ${ids.length - 5} more` : ids.join(', ');

const dayOf = (date: Date): string => date.toISOString().slice(0, 10);

/** Waivers whose last day is over. */
const expiredWaivers = ({ waivers = [] }: Pick<RunRecord, 'waivers'>, today: Date): readonly string[] =>
  waivers
    .filter(({ expires }) => expires < dayOf(today))
    .map((waiver) => `the waiver for ${waiver.case} expired on ${waiver.expires}`);

/** What is wrong with the waivers of a record: nobody's word for their state is taken. */
function waiverFaults(record: RunRecord, today: Date): readonly string[] {
  const { waivers = [], findings, subject, finished } = record;
  const own = new Set<unknown>(waiversFor(waivers, subject));
  const judged = judgeWaivers(waivers, findings, finished.slice(0, 10));
  return [
    ...expiredWaivers(record, today),
    ...waivers.flatMap((waiver, at) => {
      const name = `the waiver for ${waiver.case}`;
      if (!own.has(waiver)) return [`${name} is for another subject, ${waiver.target}`];
      const state = judged[at]?.state;
      if (state !== waiver.state) return [`${name} is called ${waiver.state}, and is ${state ?? 'none'}`];
      return state === 'stale' ? [`${name} is not needed any more`] : [];
    }),
  ];
}

/** How a subject may learn of revocation: what is due of one of these ways is due, whichever it is. */
const LEARNT = ['file', 'crldp', 'ocsp'] as const;

/**
 * Everything that keeps a record from being certified, in words that name what is missing; empty: nothing does.
 * The plan is made again: a record cannot leave out what it was to examine.
 */
export function obstacles(record: RunRecord, { version, today, profile }: Certifier): readonly string[] {
  const { findings, tool, edition, selection, notExamined, pending } = record;
  const documents = record.documents.filter(({ informs }) => !informs);
  if (!profile.editions.includes(edition)) return [`${profile.id} has no edition ${edition}`];
  const found: string[] = [];
  if (tool.version !== version) found.push(`it was made by Assay ${tool.version}, and this is ${version}`);
  if (record.incomplete) found.push('the run was interrupted: the record is incomplete');
  if (selection) found.push(`the run was narrowed to ${selection.join(', ')}`);
  if (record.shard)
    found.push(`it is shard ${shardInWords(record.shard)} alone; \`assay merge\` puts all of them together`);
  if (notExamined.length > 0) found.push(`not examined: ${named(notExamined.map((each) => each.case))}`);
  // A record of an older set is held to that one, as long as its digest is that of a set of ours.
  const set = setsOf(profile, edition).find((each) =>
    documents.every(({ id, set: named }) => digestOf(each, id) === named.digest),
  );
  const declared: Declared = { edition, enforcesScope: true, ...(set && { set }) };
  const seen = new Set(findings.map((finding) => finding.case));
  const missing = LEARNT.map((revocation) =>
    inEveryVersion(plan(profile, { ...declared, revocation }), record.versions ?? [])
      .filter(({ level, case: entry }) => level !== 'noted' && !entry.onlyIf)
      .map(({ id }) => id)
      .filter((id) => !seen.has(id) && ![...seen].some((each) => each.startsWith(`${id}#`))),
  ).reduce((least, each) => (each.length < least.length ? each : least));
  if (record.versions === undefined) found.push('it does not say in which TLS versions the subject was met');
  if (missing.length > 0) found.push(`no finding for ${named(missing)}`);
  const open = findings.filter(({ outcome }) => outcome === 'inconclusive').map((finding) => finding.case);
  if (open.length > 0) found.push(`inconclusive: ${named(open)}`);
  found.push(...waiverFaults(record, today));
  const counted = withoutWaived(findings, record.waivers);
  const failed = counted
    .filter(({ outcome, level }) => outcome === 'fail' && /^(SHALL|MUST)/.test(level))
    .map((finding) => finding.case);
  if (failed.length > 0) found.push(`failed: ${named(failed)}`);
  if (record.verdict !== verdictOf(counted, false, notExamined.length) || record.verdict !== 'conformant')
    found.push(`its verdict is ${record.verdict}`);
  // A specimen certifies nothing, so it need not show what no embedded provider has.
  if (pending.length > 0 && record.subject.standIn === undefined)
    found.push(
      `waiting for evidence or attestation: ${named([...new Set(pending.map(({ requirement }) => requirement))])}`,
    );
  const age = (today.getTime() - new Date(record.finished).getTime()) / DAY;
  if (age > FRESH_DAYS)
    found.push(`it is ${Math.floor(age)} days old; a record certifies for ${FRESH_DAYS} days`);
  if (age < -1 / 24) found.push('it was finished in the future');
  const sets = new Map(
    documentsOf(profile, edition, set).map(({ id, set: named }) => [id as string, named.digest]),
  );
  const other = documents.filter(({ id, set }) => sets.get(id) !== set.digest).map(({ id }) => id);
  const gone = [...sets.keys()].filter((id) => !documents.some((each) => each.id === id));
  if (other.length > 0) found.push(`held to another set of ${named(other)}`);
  if (gone.length > 0) found.push(`not held to ${named(gone)}`);
  return found;
}
