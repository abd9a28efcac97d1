import type { Observation } from '../model.ts';
import { headerValues, type Response } from '../oracle/response.ts';
import type { RunRecord } from './record.ts';

/** Servers whose words are known. `unknown`: told in general terms. */
export const servers = ['nginx', 'apache', 'haproxy', 'tomcat', 'node', 'api-gateway', 'unknown'] as const;
export type ServerName = (typeof servers)[number];

export const SERVER_TITLES: Readonly<Record<ServerName, string>> = {
  nginx: 'nginx',
  apache: 'Apache httpd',
  haproxy: 'HAProxy',
  tomcat: 'Tomcat',
  node: 'Node',
  'api-gateway': 'API gateway',
  unknown: 'any server',
};

/** What terminates TLS at the subject, and what gave it away. */
export interface Recognised {
  readonly server: ServerName;
  readonly by: string;
}

/**
 * What only that server writes. A page of its own speaks for the hop that made it; a `Server` header may have been
 * passed on from behind. Pages as nginx, httpd, HAProxy 2.x, Tomcat 9 and 10, Express and AWS API Gateway make them.
 */
const PAGES: readonly (readonly [ServerName, RegExp, string])[] = [
  ['nginx', /<hr><center>(?:nginx|openresty)/i, 'the nginx error page'],
  ['tomcat', /<h3>Apache Tomcat|Apache Tomcat\/\d/i, 'the Tomcat error page'],
  ['apache', /<address>Apache\/|<!DOCTYPE HTML PUBLIC "-\/\/IETF\/\/DTD HTML 2\.0/i, 'the httpd error page'],
  [
    'haproxy',
    /<html><body><h1>\d{3} [A-Z][\w ]+<\/h1>\s*Request forbidden by administrative rules/i,
    'the HAProxy error page',
  ],
  ['node', /<pre>Cannot (?:GET|POST|PUT|DELETE|PATCH) /, 'the error page of Express'],
];
const HEADERS: readonly (readonly [ServerName, name: string, RegExp])[] = [
  ['api-gateway', 'x-amzn-requestid', /./],
  ['api-gateway', 'apigw-requestid', /./],
  ['api-gateway', 'x-amz-apigw-id', /./],
  ['nginx', 'server', /\b(?:nginx|openresty)\b/i],
  ['tomcat', 'server', /\b(?:Tomcat|Coyote)\b/i],
  ['apache', 'server', /\bApache(?!-Coyote|.*Tomcat)\b/i],
  ['haproxy', 'server', /\bHAProxy\b/i],
  ['api-gateway', 'server', /\b(?:awselb|apigee|kong|tyk|Microsoft-Azure-Application-Gateway)\b/i],
  ['node', 'x-powered-by', /\bExpress\b/i],
  ['node', 'server', /\bnode(?:\.js)?\b/i],
];

const responses = (seen: Observation | undefined): readonly Response[] =>
  seen === undefined
    ? []
    : seen.kind === 'response'
      ? [seen]
      : seen.kind === 'unsteady'
        ? seen.seen.flatMap(responses)
        : [];

/** The server that terminates TLS, from all that it said in a run. Pure. */
export function recognise({ findings, noted }: Pick<RunRecord, 'findings' | 'noted'>): Recognised {
  const all = [...findings, ...noted].flatMap(({ observation, control }) => [
    ...responses(observation),
    ...responses(control.exchange),
  ]);
  for (const [server, page, by] of PAGES) {
    if (all.some(({ body }) => page.test(body))) return { server, by };
  }
  for (const [server, name, value] of HEADERS) {
    const met = all.flatMap((seen) => headerValues(seen, name)).find((each) => value.test(each));
    if (met !== undefined) return { server, by: `${name}: ${met.slice(0, 60)}` };
  }
  return { server: 'unknown', by: 'it says nothing that tells it' };
}
