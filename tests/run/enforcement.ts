import { cis2Token } from '../cases/cis2-token.ts';
import { isPayload } from '../oracle/response.ts';
import type { Finding } from './finding.ts';

/**
 * Where a subject lets everything through that a control should refuse, the control is not there at all: that is one
 * finding with the list beneath it, not one for each thing that it might have looked at.
 */

const SUBJECT = 'cis2-token/';
/** What the one finding is called; `@operation` behind it where only that operation is open. */
export const ENFORCED = 'cis2-token/enforced';
/** Without it nothing shows that no token is wanted at all. */
const WITHOUT = 'cis2-token/absent';

/** Cases of the control that are refused where it is there, on the profile's own exchange. */
const refusals = cis2Token.filter(({ expect, bearing }) => expect.kind !== 'accepted' && bearing !== 'noted');
const isRefusal = new Set(refusals.map(({ id }) => id));

const caseOf = (id: string): string => id.split('@')[0] ?? id;
const operationOf = (id: string): string => id.split('@')[1] ?? '';

/** Whether a finding is of the control: of a case that has to be refused. */
const isOfControl = ({ case: id, level }: Finding): boolean =>
  level !== 'noted' && id.startsWith(SUBJECT) && isRefusal.has(caseOf(id));

/** Whether the subject served what it had to refuse. */
const letThrough = (finding: Finding): boolean =>
  finding.outcome === 'fail' && isPayload(finding.observation, finding.payload);

/** Whether the subject refused for want of authentication or authorisation: then somebody looked at the token. */
const lookedAt = ({ observation: seen }: Finding): boolean =>
  seen.kind !== 'response' || seen.status === 401 || seen.status === 403;

/**
 * Whether a finding about the issuer's keys failed, or about tokens of another environment, tenant or role: a subject
 * that looks at no token has no use for keys either, and tells nobody apart.
 */
const ofKeys = ({ case: id, level, outcome }: Finding): boolean =>
  /^(?:key-set|isolation|roles)\//.test(id) && level !== 'noted' && outcome === 'fail';

interface Open {
  readonly operation: string;
  readonly served: readonly Finding[];
  readonly of: number;
}

/** The operation whose findings these are, where it lets everything through; `undefined`: it does not. */
function openOperation(operation: string, own: readonly Finding[]): Open | undefined {
  const driven = new Set(own.map((finding) => caseOf(finding.case)));
  const served = own.filter(letThrough);
  const whole = operation === '' ? driven.size === isRefusal.size : driven.size > 1;
  const without = served.some((finding) => caseOf(finding.case) === WITHOUT);
  // A query, or a header twice, can be refused as a request by who never looks at a token.
  const blind = own.every((finding) => letThrough(finding) || !lookedAt(finding));
  return whole && without && blind && served.length * 10 >= own.length * 9
    ? { operation, served, of: own.length }
    : undefined;
}

function oneFinding(id: string, open: readonly Open[], keys: readonly Finding[]): Finding | undefined {
  const requests = open.flatMap(({ served }) => served);
  const beneath = [...requests, ...keys];
  const first = beneath.find((finding) => caseOf(finding.case) === WITHOUT);
  const of = open.reduce((sum, each) => sum + each.of, 0);
  return (
    first && {
      ...first,
      case: id,
      title: 'tokens are looked at',
      expected: 'a request without a good token is refused',
      because: `not enforced: the subject served ${requests.length} of ${of} requests that it had to refuse, one without any token among them, and refused none for its token`,
      ms: Math.round(beneath.reduce((sum, { ms }) => sum + ms, 0) * 10) / 10,
      beneath,
    }
  );
}

/**
 * Puts the findings of a control that is not there under one: under one in all where the profile's own exchange is
 * open, else under one for each operation. A narrowed run, which did not drive every case, keeps its findings as they
 * are, and so does a subject that refused anything for its token.
 */
export function collapse(findings: readonly Finding[]): readonly Finding[] {
  const groups = Map.groupBy(findings.filter(isOfControl), (finding) => operationOf(finding.case));
  const open = [...groups].flatMap(([operation, own]) => openOperation(operation, own) ?? []);
  const main = open.some(({ operation }) => operation === '');
  const keys = main ? findings.filter(ofKeys) : [];
  const together = main
    ? [{ id: ENFORCED, own: open }]
    : open.map((each) => ({ id: `${ENFORCED}@${each.operation}`, own: [each] }));
  const beneath = new Set([...open.flatMap(({ served }) => served), ...keys]);
  const heads = new Map<Finding | undefined, Finding | undefined>(
    together.map(({ id, own }) => [own[0]?.served[0], oneFinding(id, own, keys)]),
  );
  return findings.flatMap((finding) => heads.get(finding) ?? (beneath.has(finding) ? [] : [finding]));
}

/**
 * Findings as they come, for somebody who reads along: those of a control that may turn out not to be there wait until
 * one request is refused for its token, or for the end.
 */
export function readAlong(tell: (finding: Finding) => void) {
  let held: Finding[] | undefined = [];
  return {
    next: (finding: Finding): void => {
      if (held && (isOfControl(finding) || ofKeys(finding))) held.push(finding);
      else tell(finding);
      if (held && isOfControl(finding) && lookedAt(finding)) {
        held.forEach(tell);
        held = undefined;
      }
    },
    end: (all: readonly Finding[]): void => {
      if (!held) return;
      const heads = collapse(all).filter(({ beneath }) => beneath);
      const told = new Set(heads.flatMap(({ beneath = [] }) => beneath));
      for (const finding of [...held.filter((each) => !told.has(each)), ...heads]) tell(finding);
    },
  };
}

/** Every finding of its own: those beneath another in its place. */
export const flattened = (findings: readonly Finding[]): readonly Finding[] =>
  findings.flatMap((finding) => finding.beneath ?? [finding]);
