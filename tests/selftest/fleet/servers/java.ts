import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Hierarchy } from '../../../../certs/index.ts';
import type { Provider } from '../../../../mocks/provider/server.ts';
import { createFolder, onSite, programPath, startServer } from '../site.ts';

const SOURCES = join(import.meta.dirname, '../java');
const LIBRARIES = '/usr/share/java';

export const javaPath = programPath('java');
export const javacPath = programPath('javac');

/** The jars of a Tomcat as Debian's libraries have them, without the server's own package and its service. */
export const tomcatJars = (major: 9 | 10): readonly string[] =>
  [
    ...['annotations-api', 'api', 'catalina', 'coyote', 'el-api', 'jaspic-api', 'jni', 'juli', 'servlet-api'],
    ...['util', 'util-scan'],
  ].flatMap((name) => globSync(`${LIBRARIES}/tomcat${major}-${name}.jar`));

const compiled = new Map<string, Promise<string>>();

/** Compiles one of our sources, once in a process; the folder of its class. */
export function compile(source: 'Terminator' | 'Relay', classpath: readonly string[]): Promise<string> {
  const key = [source, ...classpath].join(':');
  const known = compiled.get(key);
  if (known) return known;
  const made = (async () => {
    const folder = createFolder();
    const path = classpath.length > 0 ? ['-cp', classpath.join(':')] : [];
    await promisify(execFile)(javacPath ?? 'javac', [
      ...['-proc:none', '-nowarn', '-d', folder, ...path],
      join(SOURCES, `${source}.java`),
    ]);
    return folder;
  })();
  compiled.set(key, made);
  return made;
}

/** Small machines that live for seconds: no time is spent on making them fast. */
export const QUICK_START = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Xmx128m'];

/** Properties of `java/Terminator.java`. */
export interface JavaKnobs {
  /** Whether `jdk.tls.disabledAlgorithms` is cleared, as guides on "handshake_failure" advise. */
  readonly legacy: boolean;
  readonly protocols: string;
  /** IANA names, or `ALL` that the platform can do. */
  readonly suites: string;
  readonly serverOrder: boolean;
  readonly clientAuth: 'need' | 'want' | 'none';
  readonly trustsAll: boolean;
  readonly revocation: boolean;
  readonly checksName: boolean;
}

const javaKeeping: JavaKnobs = {
  legacy: false,
  protocols: 'TLSv1.2',
  suites: [
    'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
    'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384',
    'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
    'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384',
    'TLS_DHE_RSA_WITH_AES_256_CBC_SHA256',
  ].join(','),
  serverOrder: true,
  clientAuth: 'need',
  trustsAll: false,
  revocation: true,
  checksName: true,
};

/** A terminator on Java's own TLS (JSSE) in front of the reference. */
export const startJava = (pki: Hierarchy, change: Partial<JavaKnobs> = {}): Promise<Provider> =>
  onSite(pki, async (site) => {
    const classes = await compile('Terminator', []);
    const knobs = { ...javaKeeping, ...change, port: site.port, backend: site.backend, ssp: pki.ssp };
    return startServer(site, {
      program: javaPath ?? 'java',
      args: [...QUICK_START, '-Djdk.tls.ephemeralDHKeySize=2048', '-cp', classes, 'Terminator', 'knobs'],
      files: {
        knobs: Object.entries(knobs)
          .map(([name, value]) => `${name}=${value}`)
          .join('\n'),
      },
    });
  });
