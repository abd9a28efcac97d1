import { existsSync } from 'node:fs';
import type { Hierarchy } from '../../../certs/index.ts';
import type { Provider } from '../../../mocks/provider/server.ts';
import { expand, type Facts } from './facts.ts';
import { apachePath } from './servers/apache.ts';
import { haproxyPath } from './servers/haproxy.ts';
import { javacPath, javaPath, tomcatJars } from './servers/java.ts';
import { nginxPath } from './servers/nginx.ts';
import { nssPaths } from './servers/nss.ts';
import { opensslPath } from './servers/openssl.ts';
import { APPROVED } from './site.ts';

export type ServerName =
  | 'nginx'
  | 'Apache httpd'
  | 'HAProxy'
  | 'Tomcat 10.1 (JSSE)'
  | 'Tomcat 9 (APR)'
  | 'Node https'
  | 'openssl s_server'
  | 'Java (JSSE)'
  | 'NSS selfserv';

/** A case that does not follow from the facts of a server, with the reason and where that is written or was measured. */
export interface Exception {
  /** Glob over the ids of cases. */
  readonly cases: string;
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  readonly because: string;
}

/** A real server in one configuration, and what follows from it. */
export interface Configuration {
  readonly server: ServerName;
  /** What its configuration gets wrong, or what is worth knowing of a good one. */
  readonly title: string;
  readonly start: (pki: Hierarchy) => Promise<Provider>;
  /** What differs from `keeping`. */
  readonly facts?: Partial<Facts>;
  readonly exceptions?: readonly Exception[];
  /** Belongs to the part that runs in every `npm test`. */
  readonly quick?: true;
  /** The application's cases are examined too, not those of the connection alone. */
  readonly whole?: true;
}

/** A server that keeps every rule. */
export const keeping: Facts = {
  overlooks: () => false,
  versions: ['TLSv1.2'],
  suites: await expand(APPROVED).catch(() => []),
  order: 'server',
  refusal: 'tls',
  admits: 'valid',
  application: 'reference',
};

const lacking = (...needs: readonly (readonly [what: unknown, packages: string])[]): string | undefined => {
  const missing = needs.filter(([what]) => !what).map(([, name]) => name);
  return missing.length > 0 ? `install ${[...new Set(missing)].join(' ')}` : undefined;
};
const jdk = [
  [javaPath, 'default-jdk-headless'],
  [javacPath, 'default-jdk-headless'],
] as const;
const native = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib/jni'].some((folder) =>
  existsSync(`${folder}/libtcnative-1.so`),
);

/** Why a server cannot run on this machine: what to install; `undefined`: it can. Expectations ask OpenSSL as well. */
export const unable: Readonly<Record<ServerName, string | undefined>> = {
  nginx: lacking([nginxPath, 'nginx-light'], [opensslPath, 'openssl']),
  'Apache httpd': lacking([apachePath, 'apache2-bin'], [opensslPath, 'openssl']),
  HAProxy: lacking([haproxyPath, 'haproxy'], [opensslPath, 'openssl']),
  'Tomcat 10.1 (JSSE)': lacking(
    ...jdk,
    [tomcatJars(10).length > 0, 'libtomcat10-java'],
    [opensslPath, 'openssl'],
  ),
  'Tomcat 9 (APR)': lacking(
    ...jdk,
    [tomcatJars(9).length > 0, 'libtomcat9-java'],
    [native, 'libtcnative-1'],
    [opensslPath, 'openssl'],
  ),
  'Node https': lacking([opensslPath, 'openssl']),
  'openssl s_server': lacking([opensslPath, 'openssl']),
  'Java (JSSE)': lacking(...jdk, [opensslPath, 'openssl']),
  'NSS selfserv': lacking(
    ...nssPaths.map(
      ([name, path]) =>
        [path, { unshare: 'util-linux', ip: 'iproute2' }[name as string] ?? 'libnss3-tools'] as const,
    ),
    [opensslPath, 'openssl'],
  ),
};
