import { Ajv } from 'ajv';
import { parse } from 'csv-parse/sync';
import { accountsIn, days, open, type Facts, type Judgement, type Kind } from './kind.ts';

/** One file of evidence, read. */
export interface Exhibit {
  readonly text: string;
  /** The day on which it was exported, `YYYY-MM-DD`. */
  readonly exported: string;
}

const ajv = new Ajv({ strict: false, allErrors: false });
const compiled = new Map<object, ReturnType<Ajv['compile']>>();

function validatorOf(schema: object): ReturnType<Ajv['compile']> {
  const known = compiled.get(schema);
  if (known) return known;
  const made = ajv.compile(schema);
  compiled.set(schema, made);
  return made;
}

function contentOf({ format }: Kind, text: string): unknown {
  if (format === 'json') return JSON.parse(text) as unknown;
  return parse(text, { columns: true, skip_empty_lines: true, relax_column_count: false }) as unknown;
}

/**
 * Judges one piece of evidence. Stale, truncated, empty or another account's evidence is `inconclusive`: it shows
 * nothing, for good or for bad.
 */
export function judgeEvidence(kind: Kind, exhibit: Exhibit, facts: Facts): Judgement {
  const age = days(exhibit.exported, facts.today);
  if (age < 0) return open(`it is dated ${exhibit.exported}, in the future`);
  if (age > kind.freshDays) {
    return open(`it was exported on ${exhibit.exported}: older than ${kind.freshDays} days`);
  }
  let content: unknown;
  try {
    content = contentOf(kind, exhibit.text);
  } catch {
    return open(`it is no ${kind.format.toUpperCase()}, or cut short`);
  }
  const validate = validatorOf(kind.schema);
  if (!validate(content)) {
    const [first] = validate.errors ?? [];
    const missing = first?.keyword === 'required' ? `/${String(first.params['missingProperty'])}` : '';
    return open(
      `it is not of the form of ${kind.id}: ${first?.instancePath ?? ''}${missing} ${first?.message ?? ''}`,
    );
  }
  const { account } = facts;
  const strangers = account === undefined ? [] : accountsIn(content).filter((each) => each !== account);
  if (strangers.length > 0) return open(`it is of account ${strangers.join(', ')}, not of ${account}`);
  return kind.judge(content, facts);
}
