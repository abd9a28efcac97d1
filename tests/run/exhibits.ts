import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Ajv } from 'ajv';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import { attestationSchema, judgeAttestation, type Attestation } from '../evidence/attestation.ts';
import { kindNamed, kinds, kindsFor } from '../evidence/index.ts';
import { judgeEvidence } from '../evidence/judge.ts';
import type { Facts, Judgement } from '../evidence/kind.ts';
import type { Observation, Profile } from '../model.ts';
import type { Clause } from '../register/index.ts';
import type { Finding } from './finding.ts';
import { parseStrictJson } from './json.ts';
import { folders, locate } from './locate.ts';
import { strongest } from './plan.ts';
import { informing, scope } from './scope.ts';

/** `evidence` of a subject file: what it is about, and the files that show it. */
export interface EvidenceFields {
  /** The cloud account that exports have to be from. */
  readonly account?: string;
  /** The version that is deployed. */
  readonly version?: string;
  readonly attestations?: { readonly file: string };
  readonly files?: Readonly<Record<string, { readonly file: string; readonly exported: string }>>;
}

/** A finding of evidence or attestation, and whether it binds in the profile. */
export interface Shown {
  readonly findings: readonly Finding[];
  /** Requirements, and the kinds of evidence, that were given: they wait for nothing any more. */
  readonly given: ReadonlySet<string>;
}

export const nothingShown: Shown = { findings: [], given: new Set() };

const LARGEST = 50_000_000;

/** What a kind or a requirement is called among those given. */
const ofKind = (kind: string, requirement: string): string => `${kind} ${requirement}`;

interface Opened {
  readonly file: string;
  readonly text: string;
  readonly digest: string;
}

async function openExhibit(
  subject: string,
  pointer: string,
  path: string,
  inside: readonly string[],
): Promise<Opened> {
  const place = `${subject}#${pointer}`;
  const found = await locate(subject, path, inside);
  if ('fault' in found) throw new ConfigurationError(place, found.fault);
  const about = await stat(found.path);
  if (!about.isFile()) throw new ConfigurationError(place, `${JSON.stringify(path)} is no file`);
  if (about.size > LARGEST)
    throw new ConfigurationError(place, `${JSON.stringify(path)} is too large (${about.size} bytes)`);
  const bytes = await readFile(found.path);
  return {
    file: basename(path),
    text: bytes.toString('utf8'),
    digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
  };
}

function finding(
  id: string,
  title: string,
  clauses: readonly Clause[],
  { outcome, because }: Judgement,
  observation: Observation,
  expected: string,
  binds: boolean,
): Finding {
  return {
    case: id,
    title,
    payload: '',
    level: binds ? strongest(clauses) : 'noted',
    requirements: clauses.map((clause) => clause.id),
    outcome,
    because,
    expected,
    observation,
    times: 0,
    control: { exchange: { kind: 'nothing', reason: 'evidence has no control' } },
    trace: [],
    ms: 0,
  };
}

/**
 * Reads and judges what a subject file names as evidence. Its bytes stay where they are: the record keeps digest,
 * verdict and reason.
 * @throws ConfigurationError at the JSON pointer of a file that cannot be opened, or of a kind that there is none of
 */
export async function showEvidence(
  subject: string,
  fields: EvidenceFields | undefined,
  {
    profile,
    edition,
    allowPath,
    today,
  }: { profile: Profile; edition: string; allowPath: readonly string[]; today: Date },
): Promise<Shown> {
  if (!fields) return nothingShown;
  const facts: Facts = { today, account: fields.account, version: fields.version };
  const clauses = [...scope(profile, edition), ...informing(profile)];
  const binds = ({ document }: Clause): boolean => profile.documents.includes(document);
  const inside = await folders(subject, allowPath);
  const given = new Set<string>();
  const findings: Finding[] = [];

  for (const [id, { file, exported }] of Object.entries(fields.files ?? {})) {
    const pointer = `/evidence/files/${id}`;
    const kind = kindNamed(id);
    if (!kind) {
      const known = kinds.map((each) => each.id).join(', ');
      throw new ConfigurationError(`${subject}#${pointer}`, `is no kind of evidence; known: ${known}`);
    }
    const borne = clauses.filter((clause) => kind.requirements.includes(clause.id));
    if (borne.length === 0) {
      throw new ConfigurationError(
        `${subject}#${pointer}`,
        `${id} shows nothing that ${profile.id} asks for (it decides ${kind.requirements.join(', ')})`,
      );
    }
    const opened = await openExhibit(subject, `${pointer}/file`, file, inside);
    const judged = judgeEvidence(kind, { text: opened.text, exported }, facts);
    const observation: Observation = { kind: 'evidence', file: opened.file, digest: opened.digest, exported };
    for (const clause of borne) {
      given.add(ofKind(id, clause.id));
      const spared = judged.outcome === 'fail' && judged.about && !judged.about.includes(clause.id);
      const judgement = spared
        ? ({ outcome: 'pass', because: 'nothing of it is about this' } as const)
        : judged;
      const alone = binds(clause) && borne.filter(binds).length === 1;
      const name = alone ? id : `${id}.${clause.id.toLowerCase()}`;
      findings.push(
        finding(
          `evidence/${name}`,
          kind.title,
          [clause],
          judgement,
          observation,
          kind.threshold,
          binds(clause),
        ),
      );
    }
  }
  if (fields.attestations) {
    const pointer = '/evidence/attestations/file';
    const opened = await openExhibit(subject, pointer, fields.attestations.file, inside);
    for (const [at, attestation] of readAttestations(opened.text, fields.attestations.file).entries()) {
      const place = `${fields.attestations.file}#/attestations/${at}/requirement`;
      const clause = clauses.find(({ id }) => id === attestation.requirement);
      if (!clause)
        throw new ConfigurationError(place, `${profile.id} has no requirement ${attestation.requirement}`);
      if (!attestable(clause))
        throw new ConfigurationError(
          place,
          `${clause.id} is decided by ${clause.decidedBy ?? 'cases'}, not by anybody's word`,
        );
      given.add(clause.id);
      const observation: Observation = {
        kind: 'evidence',
        file: opened.file,
        digest: opened.digest,
        exported: attestation.on,
      };
      findings.push(
        finding(
          `attestation/${clause.id.toLowerCase()}`,
          attestation.statement,
          [clause],
          judgeAttestation(attestation, facts),
          observation,
          'attested by somebody by name, and not ended',
          binds(clause),
        ),
      );
    }
  }
  return { findings, given };
}

/** Whether somebody's word can decide a clause. */
export const attestable = ({ decidedBy, attestable: also }: Clause): boolean =>
  decidedBy === 'attestation' || also === true;

const validate = new Ajv({ allErrors: false, strict: false }).compile(attestationSchema);

function readAttestations(text: string, file: string): readonly Attestation[] {
  const value = parseStrictJson(text, file);
  if (validate(value)) return (value as { attestations: readonly Attestation[] }).attestations;
  const [first] = validate.errors ?? [];
  const missing = first?.keyword === 'required' ? `/${String(first.params['missingProperty'])}` : '';
  throw new ConfigurationError(
    `${file}#${first?.instancePath ?? ''}${missing}`,
    missing ? 'is missing' : (first?.message ?? 'is wrong'),
  );
}

/** What still waits: a line for each requirement and each kind of evidence that it needs. */
export function waiting(
  clauses: readonly Clause[],
  given: ReadonlySet<string>,
): readonly { readonly requirement: string; readonly needs: string }[] {
  return clauses.flatMap((clause) => {
    const { id, decidedBy, because } = clause;
    if (decidedBy === 'excluded' || given.has(id)) return [];
    const wanted = kindsFor(id);
    const lacking = wanted.filter((kind) => !given.has(ofKind(kind.id, id)));
    if (wanted.length > 0) {
      const word = attestable(clause) && lacking.length === wanted.length ? ', or an attestation' : '';
      return lacking.map((kind) => ({
        requirement: id,
        needs: `evidence: ${kind.id} (${kind.made})${word}`,
      }));
    }
    return decidedBy === 'evidence' || decidedBy === 'attestation'
      ? [{ requirement: id, needs: `${decidedBy}: ${because ?? ''}` }]
      : [];
  });
}
