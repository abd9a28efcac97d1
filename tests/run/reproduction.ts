import { isAbsolute } from 'node:path';
import { claimsText } from '../../mocks/ssp/edits.ts';
import { compose, rootPath } from '../../mocks/ssp/outbound.ts';
import { isNhsNumber } from '../drive/redact.ts';
import { clientHello } from '../drive/hello.ts';
import type { Exchange, Expectation, Observation, TlsVersion } from '../model.ts';
import { suites as known } from '../oracle/suites.ts';
import { describe } from '../oracle/response.ts';
import type { Run } from './engine.ts';
import type { Finding } from './finding.ts';
import { merge } from './merge.ts';
import type { Planned } from './plan.ts';
import { ANSWER, HELLO, LOOK, quoted } from './reproduction-shell.ts';

/**
 * A finding again, without this program: a script for bash that needs `openssl` and nothing else. It holds no secret:
 * credentials are read from the trust pack, tokens are made when it runs, NHS numbers come from the environment.
 */

/** What a script has to know of its run. */
export interface Setting {
  readonly run: Pick<Run, 'profile' | 'subject' | 'target'>;
  readonly version: TlsVersion;
  /** Folder of the trust pack; absent: `$ASSAY_PKI` has to say it. */
  readonly pki?: string;
  /** File of the server's trust anchor; absent: the pack's. */
  readonly trust?: string;
}

export interface Script {
  /** Path below the folder of scripts. */
  readonly name: string;
  readonly text: string;
}

/** Stands for the moment of sending in a token: no other number of a request looks like it. */
const NOW = 8_888_000_000_000;
const NOW_IN_TEXT = /\b888[78]\d{9}\b/g;
const TOKEN = 'ASSAYTOKENASSAYTOKEN';

const variableOf = (field: string): string => field.replace(/([A-Z])/g, '_$1').toUpperCase();
/** Ten characters, as an NHS number has, so that the length of a body stays right. */
const placeholder = (field: string): string =>
  `ZQ${variableOf(field).replaceAll('_', '')}ZQZQZQZQ`.slice(0, 10);

/** Fields of the test data that are NHS numbers, which no script holds. */
const numbersOf = (data: Readonly<Record<string, string>> = {}): readonly string[] =>
  Object.entries(data)
    .filter(([, value]) => isNhsNumber(value))
    .map(([field]) => field);

/** Puts variables of bash in the place of what stands for them, in a text that bash takes literally otherwise. */
function withVariables(text: string, fields: readonly string[], trace: readonly string[]): string {
  // Functions, since `$'` means something in a replacement that is a text.
  const named = fields.map((field) => [placeholder(field), `$${variableOf(field)}`] as const);
  const fresh = trace.map((uuid) => [uuid, '$(fresh)'] as const);
  const shell = [...named, ...fresh, [TOKEN, '$TOKEN'] as const].reduce(
    (whole, [sought, value]) => whole.replaceAll(sought, () => `'"${value}"$'`),
    quoted(text),
  );
  return shell.replace(NOW_IN_TEXT, (number) => `'"$((now + ${Number(number) - NOW}))"$'`);
}

/** How a token is put together from `$HEAD` and `$CLAIMS`, with the wire edit made. */
function tokenIn(edit: string | undefined): string {
  const [head, claims] = ['$(base64url "$HEAD")', '$(base64url "$CLAIMS")'];
  switch (edit) {
    case 'not-base64url':
      return '$CLAIMS';
    case 'dot-dropped':
      return `${head}.${claims}`;
    case 'padded':
      return '$(base64padded "$HEAD").$(base64padded "$CLAIMS").';
    case 'plain-base64':
      return '$(base64plain "$HEAD").$(base64plain "$CLAIMS").';
    case 'cut':
      return `${head}.$(base64url "\${CLAIMS:0:\${#CLAIMS}/2}").`;
    case 'with-signature':
      return `${head}.${claims}.$(base64url 'no key has ever made such a sign')`;
    default:
      return `${head}.${claims}.`;
  }
}

/** The lines that make the token of an exchange; none where it has none. */
function tokenLines({ token, identity, raw }: Exchange, fields: readonly string[]): readonly string[] {
  if (identity) {
    const folder = identity.elsewhere ? ' --issuer OTHER_ISSUER' : '';
    const defect = identity.defect === undefined ? folder : ` --defect ${identity.defect}`;
    return [
      `# A signed token is the issuer's to make: TOKEN=$(assay token${defect} …)`,
      `: "\${TOKEN:?set TOKEN to what 'assay token${defect}' prints}"`,
    ];
  }
  if (!token) return [];
  const dates = Object.fromEntries(Object.entries(token.times).map(([name, offset]) => [name, NOW + offset]));
  const claims = claimsText({ ...token.claims, ...dates }, raw?.claims);
  return [
    `HEAD=${quoted(JSON.stringify(token.header))}`,
    `CLAIMS=${withVariables(claims, fields, [])}`,
    `TOKEN="${tokenIn(raw?.token)}"`,
  ];
}

/** The request as text with what stands for variables, and whether it is all that goes out. */
function requestOf(exchange: Exchange, { target }: Setting['run'], fields: readonly string[]) {
  const { http, data, token, identity, raw, round, probe, attack } = exchange;
  const held = { ...data, ...Object.fromEntries(fields.map((field) => [field, placeholder(field)])) };
  const { claims: _claims, ...edits } = raw ?? {};
  const { bytes, trace } = compose({
    method: http.method,
    target: `${rootPath(http.root, data) ?? target.basePath}${http.path}`,
    host: target.host,
    headers: http.headers,
    body: http.body,
    data: held,
    ...((token || identity) && { bearer: TOKEN }),
    raw: edits,
  });
  return {
    text: bytes.toString('utf8'),
    trace,
    whole:
      !bytes.includes(0) && raw?.body !== 'gzip' && !round && !probe && !attack && !exchange.tls?.unverified,
  };
}

/** A condition of bash that holds where the defect shows; `undefined`: somebody has to look. */
function conditionOf(expected: Expectation, payload: string): string | undefined {
  const paid = payload
    .split('|')
    .map((each) => (each.includes('/') ? `has_type ${quoted(each)}` : `has_resource ${quoted(each)}`))
    .join(' || ');
  const served = `[[ $STATUS == 2* ]] && { ${paid}; }`;
  switch (expected.kind) {
    case 'refused-connection':
    case 'refused-once-asked':
      return served;
    case 'refused-request':
      return '[[ -n $STATUS && $STATUS != 4* ]]';
    case 'accepted':
      return `! { ${served}; }`;
    case 'error-status':
      return '[[ -n $STATUS && $STATUS != [45]* ]]';
    case 'cache-control':
      return `[[ -n $STATUS ]] && ! has_header cache-control ${quoted(expected.directive)}`;
    case 'status':
      return `[[ $STATUS == 2* && $STATUS != ${expected.is} ]]`;
    case 'header':
      return `[[ -n $STATUS ]] && ! has_header ${quoted(expected.name.toLowerCase())} ''`;
    default:
      return undefined;
  }
}

/** Statuses that an error may have, as a condition on them: what else it says, somebody has to read. */
const statusCondition = (expected: Expectation): string | undefined =>
  expected.kind === 'outcome'
    ? `[[ ! $STATUS =~ ^(${[...new Set(expected.answers.map(({ status }) => status))].join('|')})$ ]]`
    : undefined;

/** Whether the condition alone decides what a header has to say. */
const needsEye = (expected: Expectation): boolean =>
  expected.kind === 'outcome' || expected.kind === 'discreet' || expected.kind === 'header';

function exchangeBody(
  exchange: Exchange,
  finding: Finding,
  planned: Planned,
  setting: Setting,
): string | undefined {
  const { run, version, pki, trust } = setting;
  const fields = numbersOf(exchange.data).filter((field) =>
    JSON.stringify(exchange.http).includes(`{${field}}`),
  );
  const { text, trace, whole } = requestOf(exchange, run, fields);
  if (!whole) return undefined;
  const { expect } = planned.case;
  const tls = exchange.tls;
  const condition = conditionOf(expect, finding.payload) ?? statusCondition(expect);
  const wire =
    tls === undefined
      ? `send_in_clear ${quoted(run.target.address)} ${run.target.port}`
      : [
          `send_over_tls -connect ${quoted(hostPort(run.target))}`,
          `-servername ${quoted(run.target.servername)}`,
          `-${(tls.version ?? planned.version ?? version) === 'TLSv1.3' ? 'tls1_3' : 'tls1_2'}`,
          ...(tls.certificate ? ['"${IDENTITY[@]}"'] : []),
          '-CAfile "$TRUST"',
        ].join(' ');
  return [
    ...(tls
      ? [
          pki !== undefined && isAbsolute(pki)
            ? `PKI=\${ASSAY_PKI:-${quoted(pki)}}`
            : 'PKI=${ASSAY_PKI:?set ASSAY_PKI to the folder of the trust pack}',
          trust === undefined ? 'TRUST=$PKI/provider/root.pem' : `TRUST=${quoted(trust)}`,
        ]
      : []),
    ...fields.map(
      (field) => `: "\${${variableOf(field)}:?set ${variableOf(field)} to the NHS number of a test patient}"`,
    ),
    ANSWER,
    ...tokenLines(exchange, fields),
    `REQUEST=${withVariables(text, fields, trace)}`,
    ...(tls?.certificate ? [`present "$PKI/clients/${tls.certificate}"`] : []),
    wire,
    'say',
    ...(condition === undefined ? [] : [`shows() { ${condition}; }`]),
    needsEye(expect) ? (condition === undefined ? 'look' : 'decide_or_look') : 'decide',
  ].join('\n');
}

const hostPort = ({ address, port }: Run['target']): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** The hellos that show what an enumeration found: one, or two where an order is at fault. */
function hellosOf(
  { hello }: Exchange,
  expected: Expectation,
  seen: Observation,
): { readonly offers: readonly (readonly number[] | undefined)[]; readonly condition: string } | undefined {
  if (!hello) return undefined;
  const accepted = seen.kind === 'suites' ? seen.accepted : [];
  const codes = (names: readonly string[]): readonly number[] =>
    names.flatMap((name) => known.find(({ iana }) => iana === name)?.code ?? []);
  switch (expected.kind) {
    case 'offer-refused':
      return { offers: [hello.suites], condition: '[[ $HEARD == ServerHello* ]]' };
    case 'offer-kept':
      return { offers: [hello.suites], condition: '[[ $HEARD == ServerHello* && $HEARD != *0303* ]]' };
    case 'suites-refused': {
      const taken = codes(accepted.filter((name) => expected.suites.includes(name)));
      return { offers: [taken.slice(0, 60)], condition: '[[ $HEARD == ServerHello* ]]' };
    }
    case 'suites-supported': {
      const wanting = expected.groups.filter(({ suites }) => !suites.some((name) => accepted.includes(name)));
      const [first] = wanting;
      return first && { offers: [codes(first.suites)], condition: '[[ $HEARD != ServerHello* ]]' };
    }
    case 'suites-preferred':
    case 'suites-ordered': {
      const two = codes(accepted);
      if (seen.kind === 'suites' && seen.order !== 'client' && expected.kind === 'suites-ordered') {
        // A suite that is picked before one of a string above it: these two alone, and the former is picked.
        const rank = (name: string): number =>
          expected.groups.findIndex(({ suites }) => suites.includes(name));
        const pairs = accepted.flatMap((late, at) =>
          accepted.slice(at + 1).map((better) => [better, late] as const),
        );
        const pair = pairs.find(([better, late]) => rank(better) >= 0 && rank(better) < rank(late));
        const [, late] = codes(pair ?? []);
        return {
          offers: [codes(pair ?? [])],
          condition: `[[ $HEARD == *"suite ${(late ?? 0).toString(16).padStart(4, '0')}" ]]`,
        };
      }
      return { offers: [two, [...two].reverse()], condition: '[[ ${PICKS[0]} != "${PICKS[1]}" ]]' };
    }
    default:
      return undefined;
  }
}

function helloBody(
  exchange: Exchange,
  finding: Finding,
  planned: Planned,
  { run }: Setting,
): string | undefined {
  const made = hellosOf(exchange, planned.case.expect, finding.observation);
  const { hello } = exchange;
  if (!made || !hello || made.offers.some((suites) => suites?.length === 0)) return undefined;
  return [
    HELLO,
    ...made.offers.map((suites) => {
      const bytes = clientHello({ version: hello.version, ...(suites && { suites }) }, run.target.servername);
      const hex = [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
      return `offer ${quoted(run.target.address)} ${run.target.port} '${hex}'`;
    }),
    `shows() { ${made.condition}; }`,
    'decide',
  ].join('\n');
}

/** A line of a comment: no text of a subject ends it. */
const comment = (label: string, text: string): string =>
  `# ${label.padEnd(9)} ${text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').slice(0, 600)}`;

/** The script that shows one finding again; `undefined` where none can: evidence, or what is more than one exchange. */
export function scriptOf(finding: Finding, planned: Planned, setting: Setting): Script | undefined {
  const { profile, subject } = setting.run;
  const valid = planned.interaction ? profile.exchange(subject, planned.interaction) : profile.valid(subject);
  const exchange = merge(valid, planned.case.stimulus);
  const body =
    planned.case.via === 'exchange'
      ? exchangeBody(exchange, finding, planned, setting)
      : helloBody(exchange, finding, planned, setting);
  if (body === undefined) return undefined;
  const title = finding.title.replace(/[\p{C}]/gu, ' ');
  return {
    name: `${finding.case}.sh`,
    text: `${[
      '#!/usr/bin/env bash',
      comment('case', `${finding.case}: ${title}`),
      comment('clauses', finding.requirements.join(' ')),
      comment('expected', finding.expected),
      comment('got', `${finding.because} (${describe(finding.observation)})`),
      comment(
        'needs',
        'bash and openssl. Exit 1: the defect shows; 0: it does not; 2: nothing heard, or for you to judge',
      ),
      'set -u',
      'export LC_ALL=C',
      `echo ${quoted(`expected: ${finding.expected}`)}`,
      LOOK,
      body,
    ].join('\n')}\n`,
  };
}
