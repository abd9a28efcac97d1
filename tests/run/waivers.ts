import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { ConfigurationError } from '../../certs/configuration-error.ts';
import type { Finding } from './finding.ts';
import { parseStrictJson } from './json.ts';
import { shown } from './locate.ts';
import type { JudgedWaiver } from './record.ts';

/** What somebody answers for: one failure of one subject, for a time. */
export type Waiver = Omit<JudgedWaiver, 'state'>;

const schema = JSON.parse(readFileSync(new URL('./waivers.schema.json', import.meta.url), 'utf8')) as object;
const LARGEST = 1_000_000;

const isDate = (text: string): boolean => {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
};

/**
 * Reads a file of waivers.
 * @throws ConfigurationError naming the file and the JSON pointer
 */
export async function readWaivers(file: string): Promise<readonly Waiver[]> {
  const text = await readFile(file, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    throw new ConfigurationError(
      file,
      code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code ?? 'unknown'})`,
    );
  });
  if (text.length > LARGEST) throw new ConfigurationError(file, 'is too large for a file of waivers');
  const value = parseStrictJson(text, file);
  const validate = new Ajv({ strict: true, strictRequired: false, verbose: true }).compile<{
    readonly waivers: readonly Waiver[];
  }>(schema);
  if (!validate(value)) {
    const [first] = validate.errors ?? [];
    const { keyword, params = {}, instancePath = '', data, message, parentSchema } = first ?? {};
    const names = params as Readonly<Record<string, unknown>>;
    if (keyword === 'required')
      throw new ConfigurationError(
        `${file}#${instancePath}/${String(names['missingProperty'])}`,
        'is missing',
      );
    if (keyword === 'additionalProperties')
      throw new ConfigurationError(
        `${file}#${instancePath}/${String(names['additionalProperty'])}`,
        'is no known field; a waiver has case, target, owner, reason, risk, expires',
      );
    const [example] = ((parentSchema as { examples?: unknown[] } | undefined)?.examples ?? []) as unknown[];
    throw new ConfigurationError(
      `${file}#${instancePath}`,
      keyword === 'pattern'
        ? `${shown(data)} has not the right form${example === undefined ? '' : `; for example ${shown(example)}`}`
        : (message ?? 'is wrong'),
    );
  }
  for (const [at, { expires, case: id, target }] of value.waivers.entries()) {
    if (!isDate(expires))
      throw new ConfigurationError(`${file}#/waivers/${at}/expires`, `${shown(expires)} is no date`);
    const first = value.waivers.findIndex((each) => each.case === id && each.target === target);
    if (first < at)
      throw new ConfigurationError(`${file}#/waivers/${at}`, `waives the same as /waivers/${first}`);
  }
  return value.waivers;
}

/** The waivers that are for one subject; the others of the file concern other runs. */
export const waiversFor = (
  waivers: readonly Waiver[],
  subject: { readonly url: string; readonly standIn?: string },
): readonly Waiver[] =>
  waivers.filter(({ target }) =>
    subject.standIn === undefined ? target === subject.url : target === `mock:${subject.standIn}`,
  );

/**
 * What became of each waiver. Only a failure can be waived: what is inconclusive was not decided, and nobody can
 * answer for it.
 * @param today `YYYY-MM-DD`, UTC
 */
export const judgeWaivers = (
  waivers: readonly Waiver[],
  findings: readonly Pick<Finding, 'case' | 'outcome'>[],
  today: string,
): readonly JudgedWaiver[] =>
  waivers.map((waiver) => {
    const outcome = findings.find((finding) => finding.case === waiver.case)?.outcome;
    if (waiver.expires < today) return { ...waiver, state: 'expired' };
    if (outcome === undefined) return { ...waiver, state: 'unexamined' };
    const state = { pass: 'stale', fail: 'applied', inconclusive: 'undecided' } as const;
    return { ...waiver, state: state[outcome] };
  });
