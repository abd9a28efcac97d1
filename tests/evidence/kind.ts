/** What a team exports to show what no wire shows, and the small rules that judge it. Pure: no files, no clock. */

/** What a rule has to know beside the evidence itself. */
export interface Facts {
  /** The day of the run. */
  readonly today: Date;
  /** The cloud account or subscription that the evidence has to be from, where the subject file names one. */
  readonly account?: string | undefined;
  /** The version that is deployed, where the subject file names one. */
  readonly version?: string | undefined;
}

/** What came of a piece of evidence. What cannot be relied on is `inconclusive`, never a pass. */
export interface Judgement {
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  readonly because: string;
  /** The requirements that a failure is about; absent: all that the kind decides. */
  readonly about?: readonly string[];
}

export const pass = (because: string): Judgement => ({ outcome: 'pass', because });
export const fail = (because: string): Judgement => ({ outcome: 'fail', because });
export const open = (because: string): Judgement => ({ outcome: 'inconclusive', because });

/** A JSON Schema (draft-07), as data. */
export type Schema = Readonly<Record<string, unknown>>;

/** One kind of evidence: what it is, what it decides, and by which threshold. */
export interface Kind<Content = unknown> {
  readonly id: string;
  readonly title: string;
  /** How a team makes the file: the command or the register. */
  readonly made: string;
  /** The requirements that it decides. */
  readonly requirements: readonly [string, ...string[]];
  /** The bound that the rule holds it to, and where that stands. */
  readonly threshold: string;
  /** Days after which an export says nothing about today any more. */
  readonly freshDays: number;
  readonly format: 'json' | 'csv';
  readonly schema: Schema;
  readonly judge: (content: Content, facts: Facts) => Judgement;
}

/** Keeps the content type of a kind between its schema and its rule. */
export const kind = <Content>(made: Kind<Content>): Kind => made as Kind;

/** An object with these members required; others are let pass, since exports grow. */
export const object = (properties: Schema, ...optional: readonly string[]): Schema => ({
  type: 'object',
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});
/** A list with at least one item: an empty export shows nothing. */
export const some = (items: Schema): Schema => ({ type: 'array', minItems: 1, items });
/** A list that may be empty, where empty is the good news. */
export const any = (items: Schema): Schema => ({ type: 'array', items });
export const text: Schema = { type: 'string', minLength: 1 };
export const flag: Schema = { type: 'boolean' };
export const count: Schema = { type: 'integer', minimum: 0 };
/** A day or an instant, ISO 8601. */
export const when: Schema = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\d(T.*)?$' };
export const digest: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$' };

const DAY = 86_400_000;
/** Whole days from one moment to another; negative when it lies before. */
export const days = (from: string | Date, to: string | Date): number =>
  Math.floor((new Date(to).getTime() - new Date(from).getTime()) / DAY);

/** The offenders in words: the first few and how many more. */
export function named(offenders: readonly string[]): string {
  const shown = offenders.slice(0, 5).join(', ');
  return offenders.length > 5 ? `${shown} and ${offenders.length - 5} more` : shown;
}

/** Passes where nothing offends. */
export const none = (offenders: readonly string[], good: string, bad: string): Judgement =>
  offenders.length === 0 ? pass(good) : fail(`${bad}: ${named(offenders)}`);

/** A failure that is about these requirements alone: that somebody looks, what was found does not gainsay. */
export const only = (judged: Judgement, ...about: readonly string[]): Judgement =>
  judged.outcome === 'fail' ? { ...judged, about } : judged;

/** Passes where nothing offends; each fault names the requirement that it is about. */
export const tagged = (
  faults: readonly (readonly [requirement: string, fault: string])[],
  good: string,
): Judgement =>
  faults.length === 0
    ? pass(good)
    : {
        outcome: 'fail',
        because: named(faults.map(([, fault]) => fault)),
        about: [...new Set(faults.map(([requirement]) => requirement))],
      };

/** Accounts named in a text by ARN (`arn:aws:service:region:account:…`) or by `OwnerId`. */
export const accountsIn = (content: unknown): readonly string[] => [
  ...new Set(
    [
      ...JSON.stringify(content).matchAll(
        /arn:aws[\w-]*:[\w-]*:[\w-]*:(\d{12}):|"(?:OwnerId|AccountId|AwsAccountId)":"(\d{12})"/g,
      ),
    ].flatMap(([, arn, owner]) => arn ?? owner ?? []),
  ),
];
