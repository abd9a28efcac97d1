import { days, fail, open, pass, type Facts, type Judgement, type Schema } from './kind.ts';

/** Somebody's word that a requirement is met: who, what, when, until. */
export interface Attestation {
  readonly requirement: string;
  readonly by: string;
  readonly role: string;
  readonly statement: string;
  /** `YYYY-MM-DD`. */
  readonly on: string;
  readonly until: string;
  /** A report, ticket or contract that it rests on. */
  readonly reference?: string;
}

const text = { type: 'string', minLength: 1 };
const day = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\d$' };

/** The form of a file of attestations. */
export const attestationSchema: Schema = {
  type: 'object',
  required: ['attestations'],
  additionalProperties: false,
  properties: {
    $schema: { type: 'string' },
    attestations: {
      type: 'array',
      items: {
        type: 'object',
        required: ['requirement', 'by', 'role', 'statement', 'on', 'until'],
        additionalProperties: false,
        properties: {
          requirement: text,
          by: text,
          role: text,
          statement: text,
          on: day,
          until: day,
          reference: text,
        },
      },
    },
  },
};

/** An expired attestation fails; one of the future, or valid for longer than two years, shows nothing. */
export function judgeAttestation({ by, role, on, until }: Attestation, { today }: Facts): Judgement {
  if (days(on, today) < 0) return open(`it is dated ${on}, in the future`);
  if (days(on, until) < 0) return open(`it ends on ${until}, before it was given on ${on}`);
  if (days(on, until) > 731) return open(`it runs from ${on} to ${until}: longer than two years`);
  // Its last day still counts.
  return days(today, `${until}T23:59:59Z`) < 0
    ? fail(`${by} (${role}) attested it on ${on}; that ended on ${until}`)
    : pass(`${by} (${role}) attested it on ${on}, until ${until}`);
}
