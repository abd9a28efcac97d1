import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { everyCase } from '../cases/index.ts';
import { kinds } from '../evidence/index.ts';
import type { Case, Profile } from '../model.ts';
import { profiles } from '../profiles/index.ts';
import { library } from '../register/index.ts';
import { bears, scope } from './scope.ts';

/**
 * Frozen sets: what exactly a subject was held to, committed as text (`tests/register/sets/`). A line is a clause with
 * its document, or a case, each with a digest of what it says; the file's name is the set's id with `.` for `/`. The
 * newest set of an edition is what the catalogue says today; of a kind of evidence it holds what it is held to. It is `open` until it is released, and then it stays: a
 * case that is added or changed later is of the next set, and fails nobody who is held to this one.
 */
export interface FrozenSet {
  /** `gpconnect@2025-10/1`. */
  readonly id: string;
  readonly released: boolean;
  readonly lines: readonly string[];
}

/** What a set is of: a profile, or a document that informs profiles and is held to by itself. */
export type Held = Pick<Profile, 'id' | 'documents' | 'editions'>;

/** A document that informs, as what its set is of. */
export const alone = (document: Profile['informs'][number]): Held => ({
  id: document,
  documents: [document],
  editions: ['single'],
});

/** Everything that has frozen sets. */
export const everyHeld: readonly Held[] = [
  ...profiles,
  ...library
    .map(({ id }) => id as Profile['informs'][number])
    .filter((id) => profiles.some(({ informs }) => informs.includes(id)))
    .map(alone),
];

const FOLDER = new URL('../register/sets/', import.meta.url);
const fileOf = (id: string): URL => new URL(`${id.replace('/', '.')}.txt`, FOLDER);
const RELEASED = '# released';
const OPEN = '# open: `npm run freeze` keeps it up to date, `npm run freeze -- --release` closes it';

const hash = (value: unknown, length = 64): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, length);

/** What a case is, apart from its title and its place. */
const meaningOf = ({ title: _title, ...entry }: Case): object => entry;
const caseLine = (entry: Case): string => `case ${entry.id} ${hash(meaningOf(entry), 12)}`;

/** What a kind of evidence is held to, its rule apart. */
const kindLine = ({
  id,
  requirements,
  threshold,
  freshDays,
  format,
  schema,
}: (typeof kinds)[number]): string =>
  `kind ${id} ${hash({ requirements, threshold, freshDays, format, schema }, 12)}`;

/** What the register, the catalogue and the kinds of evidence say today of a profile in one edition. */
function linesOf(profile: Held, edition: string): readonly string[] {
  const clauses = scope(profile, edition);
  const held = everyCase.filter((entry) => clauses.some((clause) => bears(entry, clause)));
  const shown = kinds.filter(({ requirements }) => clauses.some(({ id }) => requirements.includes(id)));
  return [
    ...clauses.map((clause) => `clause ${clause.document} ${clause.id} ${hash(clause, 12)}`),
    ...held.map(caseLine),
    ...shown.map(kindLine),
  ].sort();
}

/** The digest of a set, or of the part of it that one document makes: its clauses and every case. */
export const digestOf = ({ lines }: FrozenSet, document?: string): string =>
  `sha256:${hash(
    document === undefined
      ? lines
      : lines.filter((line) => !line.startsWith('clause ') || line.startsWith(`clause ${document} `)),
  )}`;

const versionOf = (id: string): number => Number(id.split('/')[1]);

/** Every committed set of a profile in one edition, oldest first. */
export function setsOf(profile: Held, edition: string): readonly FrozenSet[] {
  return readdirSync(FOLDER)
    .map((file) => /^(.+)\.(\d+)\.txt$/.exec(file))
    .flatMap((match) => (match?.[1] === `${profile.id}@${edition}` ? [`${match[1]}/${match[2]}`] : []))
    .sort((a, b) => versionOf(a) - versionOf(b))
    .map(readSet);
}

function readSet(id: string): FrozenSet {
  const [head = '', ...lines] = readFileSync(fileOf(id), 'utf8').trimEnd().split('\n');
  return { id, released: head.startsWith(RELEASED), lines };
}

/** How a set differs from what register and catalogue say today: `+` came, `-` went; empty: not at all. */
export function differences(set: FrozenSet, profile: Held, edition: string): readonly string[] {
  const today = linesOf(profile, edition);
  return [
    ...today.filter((line) => !set.lines.includes(line)).map((line) => `+ ${line}`),
    ...set.lines.filter((line) => !today.includes(line)).map((line) => `- ${line}`),
  ];
}

/** Why the newest set of an edition does not stand for today's; `undefined`: it does. */
export function staleness(profile: Held, edition: string): string | undefined {
  const newest = setsOf(profile, edition).at(-1);
  if (!newest) return `${profile.id}@${edition} has no set`;
  const told = differences(newest, profile, edition);
  return told.length === 0
    ? undefined
    : [`${newest.id} is not what register and catalogue say:`, ...told.slice(0, 12)].join('\n  ');
}

/** Released sets whose file is not what was released. */
export const tampered = (profile: Held, edition: string): readonly string[] =>
  setsOf(profile, edition)
    .filter((set) => set.released && !headOf(set.id).endsWith(digestOf(set)))
    .map(({ id }) => id);
const headOf = (id: string): string => readFileSync(fileOf(id), 'utf8').split('\n')[0] ?? '';

/** The text of the set that is due: the newest while it is open or still true, else the next. */
export function due(
  profile: Held,
  edition: string,
  release?: string,
): { readonly file: URL; readonly text: string } {
  const newest = setsOf(profile, edition).at(-1);
  const lines = linesOf(profile, edition);
  const same = newest !== undefined && newest.lines.join() === lines.join();
  const next = !newest ? 1 : versionOf(newest.id) + (newest.released && !same ? 1 : 0);
  const id = `${profile.id}@${edition}/${next}`;
  const closed = newest?.released && same;
  const head = closed
    ? headOf(id)
    : release
      ? `${RELEASED} ${release} ${digestOf({ id, released: true, lines })}`
      : OPEN;
  return { file: fileOf(id), text: `${[head, ...lines].join('\n')}\n` };
}

/** Whether a set holds a case as it is today; `changed`: under this name it held another. */
export function holds(set: FrozenSet, entry: Case): 'yes' | 'no' | 'changed' {
  if (set.lines.includes(caseLine(entry))) return 'yes';
  return set.lines.some((line) => line.startsWith(`case ${entry.id} `)) ? 'changed' : 'no';
}
