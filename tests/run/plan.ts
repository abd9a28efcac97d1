import { disableable, type Capability, type Interaction } from '../../mocks/ssp/interactions.ts';
import { everyCase } from '../cases/index.ts';
import type { Addressee, Case, DeclaredField, Learning, Profile, TlsVersion } from '../model.ts';
import { DATA } from '../../mocks/provider/data.ts';
import { inEdition } from '../profiles/edition.ts';
import { library, type Clause } from '../register/index.ts';
import { bears, scope } from './scope.ts';
import { alone, digestOf, holds, setsOf, type FrozenSet, type Held } from './sets.ts';

export { bears, scope };

/** A case with the clauses of the profile that it bears on, and how much it counts. */
export interface Planned {
  /** The case's own where it is at home, `case@interaction` and `case@version` elsewhere. */
  readonly id: string;
  readonly case: Case;
  /** What it is driven on; absent: the profile's own valid exchange. */
  readonly interaction?: Interaction;
  /** The protocol version that it is driven in; absent: the one that the run settled on. */
  readonly version?: TlsVersion;
  /** What recognises the answer to the valid exchange. */
  readonly payload: string;
  /** What has to be done before it can be driven on this subject: a field of its file to fill; absent: nothing. */
  readonly lacks?: string;
  readonly clauses: readonly Clause[];
  /** The strongest keyword among its clauses, or `noted`: binds nobody. */
  readonly level: string;
}

/** What a subject declares that decides which clauses bind it; of some fields, that they are there. */
export interface Declared extends Readonly<Partial<Record<DeclaredField, boolean>>> {
  readonly edition: string;
  readonly enforcesScope: boolean;
  /** Whether it names the anchor of its own certificate. */
  readonly trust?: boolean;
  /** The frozen set that it is held to; absent: the newest of the edition. */
  readonly set?: FrozenSet;
  /** How the subject learns of revocation; by files where nothing is said, and held to them where it is `none`. */
  readonly revocation?: Learning | 'none' | 'any';
  /** Capabilities that are on; absent: not told, and only the profile's own valid exchange is driven. */
  readonly capabilities?: readonly Capability[] | undefined;
  /** Whether it says what the controls may add to the latency. */
  readonly addedLatency?: boolean;
  /** Names of the test data given. */
  readonly data?: readonly string[] | undefined;
  /** Operations that need not ask for a token, each with its reason. */
  readonly exempt?: readonly { readonly operation: string; readonly because: string }[] | undefined;
  /** In a sweep, whose connections are bounded: what opens many at once is left out. */
  readonly bounded?: boolean;
  /** Kinds of consent given. */
  readonly consent?: readonly string[] | undefined;
}

/** A subject that has every capability on, gives every consent and holds all data: the whole plan. */
export const everythingOn = (edition: string): Declared => ({
  edition,
  enforcesScope: true,
  trust: true,
  plain: true,
  otherIssuer: true,
  fingerprint: true,
  ports: true,
  transfer: true,
  unsecured: true,
  addedLatency: true,
  roles: true,
  tenants: true,
  capabilities: ['foundations', 'appointments', 'structured', 'documents', 'html', 'retrieval', 'directory'],
  ...Object.fromEntries(disableable.map((name) => [`disabled.${name}`, true])),
  data: [
    ...Object.keys(DATA),
    ...['asid', 'siblingAsid', 'siblingUrl'],
    ...disableable.flatMap((name) => [`${name}OffUrl`, `${name}OffAsid`]),
  ],
  consent: ['write', 'active', 'ports'],
});

const WEIGHT = ['SHALL', 'SHALL NOT', 'MUST', 'MUST NOT', 'SHOULD', 'SHOULD NOT', 'MAY'];

/** The strongest keyword among clauses. */
export const strongest = (clauses: readonly Clause[]): string =>
  clauses.map(({ keyword }) => keyword).sort((a, b) => WEIGHT.indexOf(a) - WEIGHT.indexOf(b))[0] ?? 'MAY';

const learns = ({ learns: way }: Case, declared: Learning | 'none' | 'any'): boolean =>
  way === undefined || declared === 'any' || way === (declared === 'none' ? 'file' : declared);

/** The field of the subject file in which a piece of test data is given. */
export const fieldOf = (name: string): string => {
  if (name.startsWith('sibling')) return 'siblings (with one on the server of `url`)';
  return name.startsWith('slot') ? 'data.slot' : `data.${name}`;
};

/** The first thing that a subject has to give before a case can be driven; `undefined`: nothing. */
function lacking(entry: Case, interaction: Interaction | undefined, declared: Declared): string | undefined {
  if (interaction?.lacks !== undefined) return interaction.lacks;
  const wanted = [...(entry.consent ?? []), ...(interaction?.writes === 'resource' ? ['write'] : [])];
  const consent = wanted.find((each) => !declared.consent?.includes(each));
  if (consent) return `fill consent.allow with ${JSON.stringify(consent)} in the subject file`;
  if (entry.stimulus.probe === 'latency' && !declared.addedLatency)
    return 'fill options.addedLatency in the subject file';
  const data = [...(entry.needs ?? []), ...(interaction?.needs ?? [])].find(
    (each) => !declared.data?.includes(each),
  );
  return data && `fill ${fieldOf(data)} in the subject file`;
}

const NOBODY: Addressee = { url: 'https://nobody.invalid' };
const owned = new WeakMap<Profile, ReadonlySet<Interaction>>();
/** Whether an interaction is what the profile asks of its own. */
function isOwn(profile: Profile, interaction: Interaction): boolean {
  const known = owned.get(profile);
  if (known) return known.has(interaction);
  const valid = JSON.stringify(profile.valid(NOBODY));
  const own = profile.interactions.filter((each) => JSON.stringify(profile.exchange(NOBODY, each)) === valid);
  owned.set(profile, new Set(own));
  return own.includes(interaction);
}

/** The interactions that a case is driven on, `undefined` for the profile's own valid exchange. */
function boundTo(
  entry: Case,
  profile: Profile,
  { capabilities, edition }: Declared,
): readonly (Interaction | undefined)[] {
  const { interactions } = profile;
  // What an OpenAPI file describes as writing is driven with leave; the profile's own exchange is no other interaction.
  const readable = interactions.filter(
    (each) => (!each.writes || each.writes === 'resource') && !each.atSibling && !isOwn(profile, each),
  );
  const named = entry.on?.flatMap((name) =>
    name === '*'
      ? interactions.map((each) => each.name).filter((other) => !entry.on?.includes(other))
      : [name],
  );
  const at = (named ?? (entry.everywhere ? readable.map(({ name }) => name) : [])).flatMap((name) => {
    const found = interactions.find((each) => each.name === name);
    const served = found?.editions?.includes(edition) ?? true;
    return found && served && capabilities?.includes(found.capability) ? [found] : [];
  });
  return named ? at : [undefined, ...at];
}

/** Whether a case opens many connections at once. */
const isWide = ({ consent, stimulus }: Case): boolean =>
  consent?.includes('active') === true || stimulus.probe === 'ports';

/**
 * The cases that bear on a clause in scope, in the catalogue's order, each on every interaction that it is bound to
 * and that the subject has switched on.
 */
export function plan(whole: Profile, declared: Declared): readonly Planned[] {
  const profile = inEdition(whole, declared.edition);
  const clauses = scope(profile, declared.edition);
  return everyCase.flatMap((entry) => {
    if (!learns(entry, declared.revocation ?? 'file')) return [];
    // What came later, or is not what it was, fails nobody who is held to an older set.
    if (declared.set && holds(declared.set, entry) !== 'yes') return [];
    if (entry.declares && !declared[entry.declares]) return [];
    if (declared.bounded && isWide(entry)) return [];
    // Without that consent a dated test report decides, and there is nothing to wait for.
    if (entry.consent?.includes('active') && !declared.consent?.includes('active')) return [];
    // Who says that it looks at no scope would let it in, and the number would be used up for a note.
    if (entry.stimulus.registers === 'before' && !declared.enforcesScope) return [];
    const borne = clauses.filter((clause) => bears(entry, clause));
    if (borne.length === 0) return [];
    const bound = entry.bearing !== 'noted' && (!entry.onlyIf || declared[entry.onlyIf]);
    const strength = strongest(borne);
    // What only a MAY speaks of binds nobody.
    const level = bound && strength !== 'MAY' ? strength : 'noted';
    return boundTo(entry, profile, declared).map((interaction): Planned => {
      const lacks = lacking(entry, interaction, declared);
      return {
        id: interaction && interaction.name !== entry.on?.[0] ? `${entry.id}@${interaction.name}` : entry.id,
        case: entry,
        payload: interaction?.payload ?? profile.payload,
        ...(interaction && { interaction }),
        ...(lacks !== undefined && { lacks }),
        clauses: borne,
        level,
      };
    });
  });
}

/**
 * Whether a case wants the subject and its issuer to itself: it steers the issuer, whose every change the tokens of
 * others would meet, or it measures what others would disturb.
 */
export const isAlone = ({ case: { via }, interaction }: Planned): boolean =>
  via === 'key-set' || via === 'survey' || interaction?.writes === 'registration';

/** Whether a case is about what the client presents, and nothing else: such are driven in every version. */
const ofCredential = ({ stimulus: { tls, ...others } }: Case): boolean =>
  tls != null && 'certificate' in tls && Object.keys({ ...others, ...tls }).length === 1;

/** A plan for a subject that takes the valid exchange in several versions: the credentials again in each but the first. */
export function inEveryVersion(
  planned: readonly Planned[],
  [, ...others]: readonly TlsVersion[],
): readonly Planned[] {
  return planned.flatMap((each) => [
    each,
    ...(ofCredential(each.case) && !each.interaction
      ? others.map((version): Planned => ({ ...each, id: `${each.id}@${version}`, version }))
      : []),
  ]);
}

const isActive = (clause: string): boolean =>
  everyCase.some(
    ({ requirements, consent }) => consent?.includes('active') && requirements.some((id) => id === clause),
  );
const isWidely = (clause: string): boolean =>
  everyCase.some((entry) => isWide(entry) && entry.requirements.some((id) => id === clause));
/** The field without which a clause cannot be looked at, where that is what is missing. */
const undeclared = (clause: string, declared: Declared): string | undefined =>
  everyCase
    .find(
      ({ requirements, declares }) =>
        declares && !declared[declares] && requirements.some((id) => id === clause),
    )
    ?.declares?.replace(/\..*/, '');
const laterThan = (set: FrozenSet, clause: string): boolean =>
  !set.lines.some((line) => line.startsWith('clause ') && line.split(' ')[2] === clause);

/** Operations that are exempt, and clauses that only cases of capabilities decide which the subject has not said to be on, each with that reason. */
export function unreachable(
  profile: Profile,
  declared: Declared,
): readonly { readonly requirement: string; readonly because: string }[] {
  const reached = new Set(plan(profile, declared).flatMap(({ clauses }) => clauses.map(({ id }) => id)));
  const exempt = (declared.exempt ?? []).map(({ operation, because }) => ({
    requirement: 'SEC-029',
    because: `${operation} is exempt: ${because}`,
  }));
  const unreached = scope(profile, declared.edition)
    .filter(({ id, decidedBy }) => decidedBy === undefined && !reached.has(id))
    .map(({ id }) => ({
      requirement: id,
      because:
        declared.set && laterThan(declared.set, id)
          ? `came later than ${declared.set.id}`
          : declared.bounded && isWidely(id)
            ? 'opens many connections at once, which a sweep does not; `assay run` drives it'
            : isActive(id)
              ? 'driven only with "active" in consent.allow'
              : undeclared(id, declared)
                ? `driven only with \`${undeclared(id, declared)}\` in the subject file`
                : 'binds the capabilities that are on; `capabilities` in the subject file names none of those it needs',
    }));
  return [...unreached, ...exempt];
}

/** Cases that the set held otherwise than they are today: what they were can be examined by an older version alone. */
export const changedSince = (
  profile: Profile,
  { set, edition }: Declared,
): readonly { readonly case: string; readonly because: string }[] =>
  set === undefined
    ? []
    : everyCase
        .filter((entry) => scope(profile, edition).some((clause) => bears(entry, clause)))
        .filter((entry) => holds(set, entry) === 'changed')
        .map(({ id }) => ({
          case: id,
          because: `it is not what ${set.id} held; that takes an older version`,
        }));

/** Clauses that nothing could show, each with its reason. */
export const excludedClauses = (profile: Profile, edition: string): readonly Clause[] =>
  scope(profile, edition).filter(({ decidedBy }) => decidedBy === 'excluded');

/** A frozen set: what exactly a subject was held to. The digest changes with every clause and every case. */
export interface RequirementSet {
  readonly id: string;
  readonly digest: string;
}

/** The set of one document, or of all documents of a profile, in one edition: the one named, else the newest. */
export function setOf(
  profile: Held,
  edition: string,
  document?: string,
  held: FrozenSet | undefined = setsOf(profile, edition).at(-1),
): RequirementSet {
  if (!held) throw new RangeError(`${profile.id} has no set of ${edition}`);
  const version = held.id.split('/')[1] ?? '';
  return { id: `${document ?? profile.id}@${edition}/${version}`, digest: digestOf(held, document) };
}

/** The documents of a profile with the edition and set that bind. */
export const documentsOf = (profile: Profile, edition: string, held?: FrozenSet) =>
  inEdition(profile, edition).documents.map((id) => {
    const document = library.find((each) => each.id === id);
    return {
      id,
      title: document?.title ?? id,
      source: document?.source ?? '',
      edition: document?.editions ? edition : 'single',
      set: setOf(profile, edition, id, held),
    };
  });

/** The documents that inform a profile, each with its frozen set: no case bears on them. */
export const informingOf = (profile: Profile) =>
  profile.informs.map((id) => {
    const document = library.find((each) => each.id === id);
    return {
      id,
      title: document?.title ?? id,
      source: document?.source ?? '',
      edition: 'single',
      set: setOf(alone(id), 'single'),
      informs: true as const,
    };
  });
