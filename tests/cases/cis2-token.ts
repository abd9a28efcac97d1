import { defects, type Defect, type DefectName, type Flaw } from '../../mocks/cis2/defects.ts';
import type { Case, Change, ErrorAnswer, Exchange, Expectation } from '../model.ts';
import { cases } from './define.ts';

/** FtRS SEC-029: a CIS2 token on every endpoint, and structured errors for whatever is none. */

type Answers = readonly [ErrorAnswer, ...ErrorAnswer[]];
type Entry = Omit<Case, 'id' | 'via'>;

/** Below `security` in the tree of FHIR R4 issue types. */
const SECURITY = ['security', 'login', 'unknown', 'expired', 'forbidden', 'suppressed'];

const unauthenticated: Answers = [
  {
    status: 401,
    issue: ['security'],
    codes: ['UNAUTHORIZED'],
    source: "FtRS's own tests of its gateway: 401 security UNAUTHORIZED",
  },
  {
    status: 401,
    issue: ['login', 'forbidden'],
    codes: ['ACCESS_DENIED'],
    source: 'e-RS and PDS: 401 with login or forbidden, ACCESS_DENIED',
  },
  {
    status: 401,
    issue: ['expired'],
    codes: ['SEND_UNAUTHORIZED', 'ACCESS_TOKEN_EXPIRED'],
    source: 'Immunisation FHIR API: 401 expired',
  },
  {
    status: 401,
    issue: SECURITY,
    codes: [],
    source: 'FtRS SEC-029, structured 401; FHIR R4 issue types below security',
  },
  {
    status: 403,
    issue: SECURITY,
    codes: [],
    source: 'FtRS SEC-029, verification: structured 401/403 OperationOutcome responses',
  },
];
/** Where the request is wrong rather than the token (RFC 6750 §3.1 invalid_request). */
const badlyCarried: Answers = [
  ...unauthenticated,
  {
    status: 400,
    issue: ['invalid', 'structure', 'required', 'value', ...SECURITY],
    codes: [],
    source: 'RFC 6750 §3.1 invalid_request',
  },
];
const forbidden: Answers = [
  {
    status: 403,
    issue: ['forbidden'],
    codes: ['FORBIDDEN', 'ACCESS_DENIED'],
    source: "FtRS's OpenAPI: 403 forbidden; RFC 6750 §3.1 insufficient_scope",
  },
  {
    status: 403,
    issue: SECURITY,
    codes: [],
    source: 'FtRS SEC-029: structured 401/403',
  },
  {
    status: 401,
    issue: SECURITY,
    codes: [],
    source: 'e-RS: 401 for insufficient assurance; API platform, user roles: 401',
  },
];

/** The answers allowed to each kind of flaw, the preferred one first. */
const answersTo: Readonly<Record<Exclude<Flaw, 'nothing'>, Answers>> = {
  token: unauthenticated,
  expired: unauthenticated,
  assurance: forbidden,
  role: forbidden,
};

const requirements = ['SEC-029'] as const;
const told = (answers: Answers): Expectation => ({ kind: 'outcome', rule: 'token', shape: 'R4', answers });

/** Where a token is examined on every operation: none, one that is no token of the issuer, too low an assurance. */
const EVERYWHERE: readonly string[] = ['absent', 'stranger-same-kid', 'aal-low'];
const everywhere = (name: string): Pick<Case, 'on'> =>
  EVERYWHERE.includes(name) ? { on: ['find-organization', '*'] } : {};

/** Defects of time that a clock which is out could make or mend: seconds from now. */
const NEAR: Readonly<Record<string, number>> = {
  'exp-just-past': -180,
  'exp-within-minutes': 60,
  'nbf-past': -60,
};

/** The case of one defect. */
function ofDefect(defect: DefectName): Entry {
  const { title, flaw, noted }: Defect = defects[defect];
  return {
    title,
    requirements,
    stimulus: { identity: { defect } },
    expect: flaw === 'nothing' ? { kind: 'accepted' } : told(answersTo[flaw]),
    ...(noted !== undefined && { bearing: 'noted' }),
    // SEC-029 names signature, issuer, audience and assurance: a role is looked at where the subject says so (SEC-012).
    ...(flaw === 'role' && { onlyIf: 'roles' }),
    ...(NEAR[defect] !== undefined && { edge: NEAR[defect] }),
    ...everywhere(defect),
  };
}

const carried = (title: string, stimulus: Change<Exchange>, expect: Expectation): Entry => ({
  title,
  requirements,
  stimulus,
  expect,
});
const authorization = (...values: readonly string[]): Change<Exchange> => ({
  raw: {
    headers: { name: 'Authorization', lines: values.map((value) => ['Authorization', value] as const) },
  },
});

/** How a good token is presented, or that none is. */
const carriage: Readonly<Record<string, Entry>> = {
  absent: {
    ...carried('no Authorization at all', { identity: null }, told(unauthenticated)),
    ...everywhere('absent'),
  },
  empty: carried('Bearer, and nothing behind it', authorization('Bearer '), told(badlyCarried)),
  'scheme-basic': carried('behind the scheme Basic', { raw: { token: 'scheme-basic' } }, told(badlyCarried)),
  'scheme-absent': carried('without a scheme', { raw: { token: 'scheme-absent' } }, told(badlyCarried)),
  'in-query': carried('in the query (RFC 6750 §2.3)', { raw: { token: 'in-query' } }, told(badlyCarried)),
  'twice-stranger-first': carried(
    'a second Authorization field, the first one wrong',
    authorization('Bearer e30.e30.e30', '{value}'),
    told(badlyCarried),
  ),
  'twice-stranger-last': carried(
    'a second Authorization field, the last one wrong',
    authorization('{value}', 'Bearer e30.e30.e30'),
    told(badlyCarried),
  ),
  'scheme-lower-case': carried(
    'the scheme in lower case (RFC 9110 §11.1)',
    { raw: { token: 'scheme-lower-case' } },
    { kind: 'accepted' },
  ),
};

/**
 * What `WWW-Authenticate` says beside each kind of refusal. The RFCs want it of a resource server, SEC-029 and its
 * precedents but for one do not speak of it: so it is noted.
 */
const challenged = (status: number, error: string | undefined, source: string): ErrorAnswer => ({
  status,
  issue: SECURITY,
  codes: [],
  header: 'www-authenticate',
  says: `^Bearer\\b${error === undefined ? '' : `.*\\berror="?(?:${error})\\b`}`,
  source,
});
const challenging = (title: string, stimulus: Change<Exchange>, ...answers: Answers): Entry => ({
  title: `${title} says in WWW-Authenticate how to authenticate`,
  requirements,
  stimulus,
  expect: told(answers),
  bearing: 'noted',
});
const INVALID = challenged(401, 'invalid_token', 'RFC 6750 §3.1 invalid_token; e-RS answers so');
const challenges: Readonly<Record<string, Entry>> = {
  challenge: challenging(
    'the refusal of a request without a token',
    { identity: null },
    challenged(401, undefined, 'RFC 9110 §11.6.1; RFC 6750 §3, without an error code'),
  ),
  'challenge-invalid-token': challenging(
    'the refusal of a bad token',
    { identity: { defect: 'stranger-same-kid' } },
    INVALID,
  ),
  'challenge-assurance': challenging(
    'the refusal of too low an assurance',
    { identity: { defect: 'aal-low' } },
    challenged(401, 'insufficient_user_authentication|invalid_token', 'RFC 9470 §3; RFC 6750 §3.1'),
    challenged(403, 'insufficient_scope|insufficient_user_authentication', 'RFC 6750 §3.1; RFC 9470 §3'),
  ),
  'challenge-role': challenging(
    'the refusal of a role',
    { identity: { defect: 'role-unknown' } },
    challenged(403, 'insufficient_scope', 'RFC 6750 §3.1 insufficient_scope'),
    INVALID,
  ),
};

/**
 * As near to an edge as it can be told: beyond what the subject allows for clocks it has to refuse, within its own time
 * to accept.
 */
const edges: Readonly<Record<string, Entry>> = {
  'exp-edge-past': carried(
    'expired just longer ago than clocks may differ',
    { identity: { edge: 'exp-past' } },
    told(answersTo.expired),
  ),
  'exp-edge-ahead': carried('about to expire', { identity: { edge: 'exp-ahead' } }, { kind: 'accepted' }),
  'nbf-edge-past': carried(
    'good since a moment ago',
    { identity: { edge: 'nbf-past' } },
    { kind: 'accepted' },
  ),
  'nbf-edge-ahead': carried(
    'not before just later than clocks may differ',
    { identity: { edge: 'nbf-ahead' } },
    told(answersTo.token),
  ),
  'iat-edge-ahead': carried(
    'issued just further ahead than clocks may differ',
    { identity: { edge: 'iat-ahead' } },
    told(answersTo.token),
  ),
};

export const cis2Token: readonly Case[] = cases('cis2-token', {
  ...carriage,
  ...challenges,
  ...edges,
  ...Object.fromEntries((Object.keys(defects) as DefectName[]).map((name) => [name, ofDefect(name)])),
});
