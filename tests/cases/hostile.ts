import type { AttackName } from '../../mocks/ssp/attacks.ts';
import type { Case, Probe } from '../model.ts';
import { cases } from './define.ts';

/**
 * Hostile input, only with consent to active cases: one request each of those that a test against the OWASP top 10 and
 * for denial of service begins with. Bounded by a budget; after each the valid exchange has to be answered as before.
 */

const withstood = (
  name: AttackName,
  title: string,
  on: string,
  more: { readonly accepts?: true; readonly clause?: 'GPC-SEC-DOS-HARDENED' } = {},
) =>
  ({
    title,
    requirements: [more.clause ?? 'GPC-SEC-OWASP-SHOWN'],
    stimulus: { attack: name },
    expect: more.accepts ? ({ kind: 'withstood', accepts: true } as const) : ({ kind: 'withstood' } as const),
    ...(on !== '' && { on: [on] as const }),
    consent: ['active'],
  }) as const;

/** The valid exchange is answered while other connections keep the provider busy with nothing. */
const beside = (probe: Probe, title: string) =>
  ({
    title,
    requirements: ['GPC-SEC-DOS-HARDENED'],
    stimulus: { probe },
    expect: { kind: 'answered-beside' },
    via: 'probe',
    consent: ['active'],
  }) as const;
const dos = { accepts: true, clause: 'GPC-SEC-DOS-HARDENED' } as const;

export default cases('hostile', {
  'external-entity': withstood(
    'external-entity',
    'XML with an external entity: what it names is not fetched (XXE)',
    'structured-record',
  ),
  traversal: withstood('traversal', 'a path with ../ in it, percent-encoded', 'read-patient'),
  'header-injection': withstood('header-injection', 'a path with a line break and a field', 'read-patient'),
  'query-injection': withstood('query-injection', "a search value with ' OR '1'='1", 'find-patient'),
  trace: withstood('trace', 'TRACE, which would show the token to a script', ''),
  'large-header': withstood('large-header', 'a header field of 64 kB', '', dos),
  'large-token': withstood('large-token', 'a token of 12 kB', '', dos),
  'large-body': withstood('large-body', 'a body of 5 MB', 'structured-record', dos),
  'deep-json': withstood('deep-json', 'JSON of 50,000 levels', 'structured-record', {
    clause: 'GPC-SEC-DOS-HARDENED',
  }),
  idle: beside('beside-idle', 'answers beside 30 connections that say nothing'),
  'slow-headers': beside('beside-slow-headers', 'answers beside 8 requests whose header does not end'),
  'slow-body': beside('beside-slow-body', 'answers beside 8 requests whose body does not come'),
}) satisfies readonly Case[];
