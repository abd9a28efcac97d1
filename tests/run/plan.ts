import type { Interaction } from '../../mocks/ssp/interactions.ts';
import { everyCase } from '../cases/index.ts';
import type { Addressee, Case, Learning, Profile, TlsVersion } from '../model.ts';
import { inEdition } from '../profiles/edition.ts';
import type { Clause } from '../register/index.ts';
import { bears, scope } from './scope.ts';
import { holds } from './sets.ts';
import type { Declared } from './declared.ts';

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
export const isWide = ({ consent, stimulus }: Case): boolean =>
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
