import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../certs/folder.ts';
import { everyCase } from '../cases/index.ts';
import { lifecycleCase } from '../cases/revocation.ts';
import type { Profile, TlsVersion } from '../model.ts';
import { judge } from '../oracle/judge.ts';
import { collapse, ENFORCED, flattened } from './enforcement.ts';
import type { Finding } from './finding.ts';
import { nothingShown, waiting, type Shown } from './exhibits.ts';
import { documentsOf, informingOf } from './held-to.ts';
import { excludedClauses } from './reached.ts';
import { scope } from './scope.ts';
import { informing } from './scope.ts';
import type { FrozenSet } from './sets.ts';
import type { Shard } from './shard.ts';
import { judgeWaivers, type Waiver } from './waivers.ts';

/** What a record says: non-conformant before inconclusive before conformant. */
export type RunVerdict = 'conformant' | 'non-conformant' | 'inconclusive';

/** A case that binds nobody in this profile. */
export type Noted = Omit<Finding, 'level' | 'outcome'>;

/** A waiver as the run found it: it lets one failure of one case pass, for a time and a stated reason. */
export interface JudgedWaiver {
  readonly case: string;
  readonly target: string;
  readonly owner: string;
  readonly reason: string;
  /** Where the risk is recorded. */
  readonly risk: string;
  /** Its last day, `YYYY-MM-DD`. */
  readonly expires: string;
  /**
   * `applied`: the case failed and was let pass; `stale`: it passed; `expired`: its last day is over;
   * `undecided`: the case was inconclusive; `unexamined`: the case was not part of this run.
   */
  readonly state: 'applied' | 'stale' | 'expired' | 'undecided' | 'unexamined';
}

/** Everything a run leaves behind. Every report and every certificate is a function of this alone. */
export interface RunRecord {
  readonly tool: { readonly name: 'assay'; readonly version: string };
  readonly profile: string;
  readonly edition: string;
  readonly documents: readonly {
    readonly id: string;
    readonly title: string;
    /** Where the document was published. */
    readonly source: string;
    readonly edition: string;
    readonly set: { readonly id: string; readonly digest: string };
    readonly verdict: RunVerdict;
    /** It informs: its verdict is no part of the record's. */
    readonly informs?: true;
  }[];
  /** Every clause in scope, quoted, so that a reader needs nothing but the record. */
  readonly requirements: readonly {
    readonly id: string;
    readonly document: string;
    readonly section: string;
    readonly keyword: string;
    readonly text: string;
  }[];
  readonly subject: {
    readonly url: string;
    readonly connect?: string;
    /** The name of the embedded provider, where one was judged. */
    readonly standIn?: string;
    /** The name in the credential that it has to let in. */
    readonly ssp?: string;
    /** The image that it was started from for this run, by name and id. */
    readonly image?: string;
  };
  /** The TLS versions in which it took the valid exchange; credentials were presented in each. */
  readonly versions?: readonly TlsVersion[];
  /** `wire` while evidence or attestation is pending, else `full`. */
  readonly scope: 'wire' | 'full';
  /** The globs that narrowed the run; absent: every case of the plan was examined. */
  readonly selection?: readonly string[];
  /**
   * Present where the run was one of several parts (`--shard`): everything here speaks of that part, and nothing may be
   * certified on it. `plan` names the cases of all parts, in their order.
   */
  readonly shard?: Shard & { readonly plan: readonly string[] };
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly finished: string;
  readonly verdict: RunVerdict;
  /** Present where a failed SHOULD counts. */
  readonly strict?: true;
  /** Present where the run was ended before its plan was: nothing may be certified on it. */
  readonly incomplete?: { readonly because: string; readonly examined: number; readonly planned: number };
  /** The waivers for this subject, applied or not; absent: none were given. */
  readonly waivers?: readonly JudgedWaiver[];
  readonly findings: readonly Finding[];
  readonly noted: readonly Noted[];
  readonly pending: readonly { readonly requirement: string; readonly needs: string }[];
  readonly excluded: readonly { readonly requirement: string; readonly because: string }[];
  readonly notExamined: readonly { readonly case: string; readonly because: string }[];
}

/** What `assemble` cannot know from the findings. */
export interface RunFacts {
  readonly version: string;
  readonly profile: Profile;
  readonly edition: string;
  readonly subject: RunRecord['subject'];
  readonly started: Date;
  readonly finished: Date;
  readonly strict?: boolean;
  /** The frozen set that the subject is held to; absent: the newest. */
  readonly set?: FrozenSet | undefined;
  readonly selection?: readonly string[];
  readonly shard?: RunRecord['shard'] | undefined;
  readonly notExamined?: RunRecord['notExamined'];
  /** What evidence and attestation showed. */
  readonly shown?: Shown;
  /** Clauses that no case of the plan bears on. */
  readonly unreachable?: RunRecord['excluded'];
  /** Waivers for this subject; absent: none were asked for. */
  readonly waivers?: readonly Waiver[];
  readonly incomplete?: RunRecord['incomplete'];
  /** Absent or empty: it took the valid exchange in none. */
  readonly versions?: readonly TlsVersion[];
}

/** SHALL and MUST in either sense bind; SHOULD warns, and counts only where the run is strict. */
const binds = (level: string, strict: boolean): boolean =>
  /^(SHALL|MUST)/.test(level) || (strict && /^SHOULD/.test(level));

/** Non-conformant before inconclusive before conformant. */
export function verdictOf(findings: readonly Finding[], strict = false, unexamined = 0): RunVerdict {
  if (findings.some(({ outcome, level }) => outcome === 'fail' && binds(level, strict)))
    return 'non-conformant';
  const open =
    findings.some(({ outcome }) => outcome === 'inconclusive') || unexamined > 0 || findings.length === 0;
  return open ? 'inconclusive' : 'conformant';
}

/** The findings as they count: a failure that is waived counts as passed, though it stays a failure in the record. */
export function withoutWaived(
  findings: readonly Finding[],
  waivers: readonly JudgedWaiver[] = [],
): readonly Finding[] {
  const waived = new Set(waivers.filter(({ state }) => state === 'applied').map((each) => each.case));
  return findings.map((each) => (waived.has(each.case) ? { ...each, outcome: 'pass' } : each));
}

/** Findings and facts in, record out. */
export function assemble(driven: readonly Finding[], facts: RunFacts): RunRecord {
  const { profile, edition, strict = false, notExamined = [], shown = nothingShown } = facts;
  const all = [...collapse(driven), ...shown.findings];
  const findings = all.filter(({ level }) => level !== 'noted');
  const noted = all
    .filter(({ level }) => level === 'noted')
    .map(({ level: _level, outcome: _outcome, ...rest }) => rest);
  const waivers =
    facts.waivers && judgeWaivers(facts.waivers, findings, facts.finished.toISOString().slice(0, 10));
  const counted = withoutWaived(findings, waivers);
  const unexamined = notExamined.length + (facts.incomplete ? 1 : 0);
  const clausesOf = new Map(
    scope(profile, edition).map(({ id, document }) => [id as string, document as string]),
  );
  const shownFor = new Set(shown.findings.flatMap(({ requirements }) => requirements));
  /** What was shown for a document that informs, as it would count if it bound. */
  const told = (document: string): readonly Finding[] => {
    const own = new Set<string>(
      informing(profile)
        .filter((clause) => clause.document === document)
        .map(({ id }) => id),
    );
    return shown.findings
      .filter(({ requirements }) => requirements.some((id) => own.has(id)))
      .map((each) => ({ ...each, level: 'MUST' }));
  };
  const pending = waiting(scope(profile, edition), shown.given);
  return {
    tool: { name: 'assay', version: facts.version },
    profile: profile.id,
    edition,
    documents: [
      ...documentsOf(profile, edition, facts.set).map((document) => {
        const own = counted.filter(({ requirements }) =>
          requirements.some((id) => clausesOf.get(id) === document.id),
        );
        return { ...document, verdict: verdictOf(own, strict, unexamined) };
      }),
      ...informingOf(profile).map((document) => ({
        ...document,
        verdict: verdictOf(told(document.id), strict),
      })),
    ],
    requirements: [
      ...scope(profile, edition),
      ...informing(profile).filter(({ id }) => shownFor.has(id)),
    ].map(({ id, document, section, keyword, text }) => ({
      id,
      document,
      section,
      keyword,
      text,
    })),
    subject: facts.subject,
    ...(facts.versions && facts.versions.length > 0 && { versions: facts.versions }),
    scope: pending.length > 0 ? 'wire' : 'full',
    ...(facts.selection && { selection: facts.selection }),
    ...(facts.shard && { shard: facts.shard }),
    started: facts.started.toISOString(),
    finished: facts.finished.toISOString(),
    verdict: verdictOf(counted, strict, unexamined),
    ...(strict && { strict }),
    ...(facts.incomplete && { incomplete: facts.incomplete }),
    ...(waivers && { waivers }),
    findings,
    noted,
    pending,
    excluded: [
      ...excludedClauses(profile, edition).map(({ id, because }) => ({
        requirement: id,
        because: because ?? '',
      })),
      ...(facts.unreachable ?? []),
    ],
    notExamined,
  };
}

/** A record whose findings have changed: its waivers and its verdicts follow from them anew. */
export function conclude(record: RunRecord): RunRecord {
  const { findings, strict = false, notExamined, incomplete, requirements, finished } = record;
  const waivers =
    record.waivers &&
    judgeWaivers(
      record.waivers.map(({ state: _state, ...waiver }) => waiver),
      findings,
      finished.slice(0, 10),
    );
  const counted = withoutWaived(findings, waivers);
  const unexamined = notExamined.length + (incomplete ? 1 : 0);
  const of = new Map(requirements.map(({ id, document }) => [id, document]));
  return {
    ...record,
    ...(waivers && { waivers }),
    verdict: verdictOf(counted, strict, unexamined),
    // What informs is shown by evidence alone, which no other findings change.
    documents: record.documents.map((document) => {
      const own = counted.filter(({ requirements: ids }) => ids.some((id) => of.get(id) === document.id));
      return document.informs ? document : { ...document, verdict: verdictOf(own, strict, unexamined) };
    }),
  };
}

type Referring = Pick<Finding, 'evidence' | 'beneath'>;

const referred = ({ evidence = [], beneath = [] }: Referring): readonly string[] => [
  ...evidence,
  ...beneath.flatMap(referred),
];

/** A record as its file holds it. */
export const textOf = (record: RunRecord): string => `${JSON.stringify(record, null, 2)}\n`;

/** Digests that a record refers to, as `sha256:…`. */
export const evidenceIn = ({ findings, noted }: Pick<RunRecord, 'findings' | 'noted'>): ReadonlySet<string> =>
  new Set([...findings, ...noted].flatMap((each: Referring) => referred(each)));

/** Judges every finding of a record again from its observation alone; the ids whose outcome came out differently. */
export function rejudge(record: Pick<RunRecord, 'findings'>): readonly string[] {
  const flat = flattened(record.findings);
  // What stands for others has to follow from them.
  const again = new Set(
    collapse(flat)
      .filter(({ beneath }) => beneath)
      .map((finding) => finding.case),
  );
  const unfounded = record.findings.filter(
    (finding) =>
      finding.case.startsWith(ENFORCED) &&
      (finding.outcome !== 'fail' || !finding.beneath || !again.has(finding.case)),
  );
  return [...unfounded, ...flat.filter(({ case: id }) => !id.startsWith(ENFORCED))]
    .filter((finding) => {
      if (unfounded.includes(finding)) return true;
      // Evidence is judged where its bytes are; the record has their digest.
      if (finding.observation.kind === 'evidence') return false;
      const entry = [...everyCase, lifecycleCase].find(({ id }) => id === finding.case.split('@')[0]);
      if (!entry || finding.times === 0) return finding.outcome !== 'inconclusive';
      return (
        judge(entry.expect, finding.observation, finding.control, finding.payload).outcome !== finding.outcome
      );
    })
    .map((finding) => finding.case);
}

/** Writes files whole or not at all: each is renamed into place once all of them stand beside it. */
export async function writeWhole(
  directory: string,
  files: readonly { readonly name: string; readonly text: string; readonly mode?: number }[],
): Promise<void> {
  await makeFolder(directory);
  const staged = files.map((file) => ({
    ...file,
    draft: join(directory, `.${file.name}.${process.pid}.draft`),
  }));
  try {
    for (const { draft, text, mode = 0o644 } of staged) await writeFile(draft, text, { mode });
    for (const { draft, name } of staged) await rename(draft, join(directory, name));
  } finally {
    await Promise.all(staged.map(({ draft }) => rm(draft, { force: true })));
  }
}
