import { createHash } from 'node:crypto';
import { interactions } from '../../mocks/ssp/interactions.ts';
import type { Passage } from '../../mocks/ssp/proxy.ts';
import { isBelow, readTarget } from '../../mocks/ssp/target.ts';
import { dialectOf } from '../../mocks/provider/dialect.ts';
import { readToken } from '../../mocks/provider/token-rules.ts';
import { gpconnectConsumer, type ConsumerRequirement } from '../register/consumer.ts';

/** What an SSP saw of a consumer, clause by clause. */
export interface ConsumerFinding {
  readonly requirement: ConsumerRequirement;
  readonly keyword: string;
  readonly text: string;
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  readonly because: string;
  /** Requests that it was looked for in, and those in which it was not met. */
  readonly seen: number;
  readonly faulty: number;
}

/** The record of a consumer: nothing of its tokens, patients or trace ids is in it. */
export interface ConsumerRecord {
  readonly tool: { readonly name: 'assay'; readonly version: string };
  readonly document: { readonly id: string; readonly title: string; readonly source: string };
  readonly requests: number;
  readonly verdict: 'conformant' | 'non-conformant' | 'inconclusive';
  readonly findings: readonly ConsumerFinding[];
}

/** Looks at requests as they pass; a token is judged while it is good. */
export interface ConsumerLint {
  readonly see: (passage: Passage) => void;
  readonly record: (version: string) => ConsumerRecord;
}

const HEADERS = ['Ssp-TraceID', 'Ssp-From', 'Ssp-To', 'Ssp-InteractionID'] as const;
const UUID = /^\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i;
const NRL = 'urn:nhs:names:services:nrl:';
/** Faults of the token as a text; all others are of its claims. */
const FORM =
  /^(?:no-token|malformed-token|token-(?:in-query|of-another-scheme|without-last-dot|padded|in-plain-base64|cut|with-signature|of-another-alg|of-another-typ))$/;

/** `undefined`: the clause does not speak of this request. A text: what is wrong. */
type Look = string | true | undefined;

/**
 * A lint for the consumers of one SSP.
 * @param roots service root URLs of the endpoints in its registry: the audience of a token is one of them
 */
export function lintConsumer(roots: readonly string[]): ConsumerLint {
  const tally = new Map<ConsumerRequirement, { seen: number; faulty: number; first?: string }>();
  const known = new Set<string>();
  let requests = 0;
  /** Whether a value was met before; only its digest is kept. */
  const repeated = (kind: string, value: string): boolean => {
    const digest = createHash('sha256').update(`${kind} ${value}`).digest('hex');
    const before = known.has(digest);
    known.add(digest);
    return before;
  };
  const see = (passage: Passage): void => {
    requests += 1;
    for (const [requirement, look] of looks(passage, roots, repeated)) {
      if (look === undefined) continue;
      const sum = tally.get(requirement) ?? { seen: 0, faulty: 0 };
      tally.set(requirement, sum);
      sum.seen += 1;
      if (look === true) continue;
      sum.faulty += 1;
      sum.first ??= look;
    }
  };
  return {
    see,
    record: (version) => {
      const findings = gpconnectConsumer.requirements.map(({ id, keyword, text }): ConsumerFinding => {
        const { seen, faulty, first } = tally.get(id) ?? { seen: 0, faulty: 0, first: undefined };
        const common = { requirement: id, keyword, text, seen, faulty };
        if (first !== undefined)
          return { ...common, outcome: 'fail', because: `${first} (${faulty} of ${seen} requests)` };
        const least = id.endsWith('-FRESH') ? 2 : 1;
        return seen < least
          ? { ...common, outcome: 'inconclusive', because: `${seen} requests show it; it takes ${least}` }
          : { ...common, outcome: 'pass', because: `met in ${seen} requests` };
      });
      const any = (outcome: ConsumerFinding['outcome']): boolean =>
        findings.some((each) => each.outcome === outcome);
      return {
        tool: { name: 'assay', version },
        document: {
          id: gpconnectConsumer.id,
          title: gpconnectConsumer.title,
          source: gpconnectConsumer.source,
        },
        requests,
        verdict: any('fail') ? 'non-conformant' : any('inconclusive') ? 'inconclusive' : 'conformant',
        findings,
      };
    },
  };
}

function looks(
  { rawHeaders, target: raw, peer }: Passage,
  roots: readonly string[],
  repeated: (kind: string, value: string) => boolean,
): readonly (readonly [ConsumerRequirement, Look])[] {
  const values = (name: string): readonly string[] =>
    rawHeaders.flatMap((each, at) =>
      at % 2 === 0 && each.toLowerCase() === name.toLowerCase() ? [(rawHeaders[at + 1] ?? '').trim()] : [],
    );
  const { certificate } = peer;
  const presented: Look =
    certificate === undefined
      ? 'no client certificate'
      : certificate.flaw === undefined || `the certificate is refused: ${certificate.flaw}`;
  const wanting = HEADERS.find((name) => values(name).length !== 1 || values(name)[0] === '');
  const [trace] = values('Ssp-TraceID');
  const [interaction = ''] = values('Ssp-InteractionID');
  const target = readTarget(raw);
  const nrl = interaction.startsWith(NRL);
  const form: Look = !target
    ? 'no https URL behind the name of the SSP'
    : target.form === (nrl ? 'encoded' : 'plain') || `the URL of the provider is ${target.form}`;
  const root = target && roots.find((each) => isBelow(target.url, each));
  const lines = values('Authorization');
  const known = interactions.find(({ id }) => id === interaction);
  const dialect = dialectOf(known ? [known.capability] : []);
  const { faults, claims } = readToken(lines, raw, { url: root ?? '', dialect }, new Set());
  const misshapen = faults.find(({ rejection }) => FORM.test(rejection));
  const unsound = faults.find(
    ({ rejection }) => !FORM.test(rejection) && (root !== undefined || !rejection.includes('audience')),
  );
  const due = known?.scope;
  const scope = claims?.['requested_scope'];
  const ofToken = nrl ? undefined : true;
  return [
    ['GPC-CON-CERTIFICATE', presented],
    [
      'GPC-CON-HEADERS',
      wanting === undefined ||
        `${wanting} ${values(wanting).length === 0 ? 'is missing' : 'is blank or there twice'}`,
    ],
    ['GPC-CON-TRACE-FORM', trace === undefined ? undefined : UUID.test(trace) || 'Ssp-TraceID is no UUID'],
    [
      'GPC-CON-TRACE-FRESH',
      trace === undefined ? undefined : !repeated('trace', trace) || 'the Ssp-TraceID of an earlier request',
    ],
    ['GPC-CON-TARGET', form],
    [
      'GPC-CON-ENCODING',
      target === undefined
        ? undefined
        : !/[|<>"{}^`\\ ]/.test(raw) || 'a character that is to be percent-encoded is not',
    ],
    ['GPC-CON-TOKEN-FORM', ofToken && (misshapen?.diagnostics ?? true)],
    ['GPC-CON-TOKEN-CLAIMS', ofToken && claims && (unsound?.diagnostics ?? true)],
    [
      'GPC-CON-TOKEN-SCOPE',
      nrl || due === undefined || typeof scope !== 'string'
        ? undefined
        : scope === due || 'requested_scope is not that of the interaction',
    ],
    [
      'GPC-CON-TOKEN-FRESH',
      lines[0] === undefined ? undefined : !repeated('token', lines[0]) || 'the token of an earlier request',
    ],
  ];
}
