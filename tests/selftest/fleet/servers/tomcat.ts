import type { Hierarchy } from '../../../../certs/index.ts';
import { TRUST_PASSWORD, trustStore } from '../../../../certs/pkcs12.ts';
import type { Provider } from '../../../../mocks/provider/server.ts';
import { onSite, startServer, type Site } from '../site.ts';
import { compile, javaPath, QUICK_START, tomcatJars } from './java.ts';

const STRINGS = 'AESGCM+EECDH,AESGCM+EDH,AES256+EECDH,AES256+EDH';

/** A Tomcat, by what stands in its `server.xml`. */
export interface TomcatKnobs {
  readonly major: 9 | 10;
  /** Attributes of the connector (and, under `SSLHostConfig`, of the one inside it), as they are written. */
  readonly connector: Readonly<Record<string, string>>;
  readonly sslHostConfig?: Readonly<Record<string, string>>;
  readonly checksName: boolean;
  /** Further words for the Java machine; `security:` gives lines of `java.security` that override the platform's. */
  readonly security?: string;
}

/** Tomcat 10.1 on Java's own TLS, in today's names. */
export const jsseKeeping = {
  major: 10,
  connector: { protocol: 'org.apache.coyote.http11.Http11NioProtocol' },
  sslHostConfig: {
    protocols: 'TLSv1.2',
    ciphers: STRINGS,
    honorCipherOrder: 'true',
    certificateVerification: 'required',
    certificateVerificationDepth: '3',
    truststoreFile: 'trust.p12',
    truststorePassword: TRUST_PASSWORD,
    truststoreType: 'PKCS12',
    certificateRevocationListFile: 'crl.pem',
  },
  checksName: true,
} as const satisfies TomcatKnobs;

/** Tomcat 9 on APR with the four lines of the GP Connect page as they are printed there, and no fifth. */
export const aprAsPrinted = {
  major: 9,
  connector: {
    protocol: 'org.apache.coyote.http11.Http11AprProtocol',
    SSLCipherSuite: STRINGS,
    SSLHonorCipherOrder: 'true',
    SSLProtocol: 'TLSv1.2',
    SSLVerifyClient: 'require',
    SSLCertificateFile: 'server.pem',
    SSLCertificateKeyFile: 'server.key',
    SSLCACertificateFile: 'ca.pem',
  },
  checksName: true,
} as const satisfies TomcatKnobs;

const attributes = (of: Readonly<Record<string, string>>, folder: string): string =>
  Object.entries(of)
    .map(([name, value]) => `${name}="${/File$/i.test(name) ? `${folder}/${value}` : value}"`)
    .join('\n      ');

export const configuration = (knobs: TomcatKnobs, { folder, port, backend, pki }: Site): string => `
<Server port="-1">
  ${knobs.major === 9 ? '<Listener className="org.apache.catalina.core.AprLifecycleListener" SSLEngine="on"/>' : ''}
  <Service name="Catalina">
    <Connector address="127.0.0.1" port="${port}" SSLEnabled="true" scheme="https" secure="true" maxThreads="25"
      ${attributes(knobs.connector, folder)}>
      ${
        knobs.sslHostConfig === undefined
          ? ''
          : `<SSLHostConfig ${attributes(knobs.sslHostConfig, folder)}>
        <Certificate certificateFile="${folder}/server.pem" certificateKeyFile="${folder}/server.key" type="RSA"/>
      </SSLHostConfig>`
      }
    </Connector>
    <Engine name="Catalina" defaultHost="localhost">
      <Valve className="Relay" backend="${backend}" ssp="${knobs.checksName ? pki.ssp : ''}"/>
      <Host name="localhost" appBase="webapps" autoDeploy="false" deployOnStartup="false"/>
    </Engine>
  </Service>
</Server>
`;

/** Debian puts the native library outside the path that its Java searches. */
const NATIVE = '/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu:/usr/lib/jni';

/** Tomcat with an application that hands every request to the reference. */
export const startTomcat = (pki: Hierarchy, knobs: TomcatKnobs): Promise<Provider> =>
  onSite(pki, async (site) => {
    const jars = tomcatJars(knobs.major);
    const classes = await compile('Relay', jars);
    const { folder } = site;
    return startServer(site, {
      program: javaPath ?? 'java',
      args: [
        ...QUICK_START,
        `-Djava.library.path=${NATIVE}`,
        '-Djdk.tls.ephemeralDHKeySize=2048',
        ...(knobs.security === undefined ? [] : [`-Djava.security.properties=${folder}/java.security`]),
        ...[`-Dcatalina.home=${folder}`, `-Dcatalina.base=${folder}`, `-Djava.io.tmpdir=${folder}`],
        ...['-cp', [classes, ...jars].join(':'), 'org.apache.catalina.startup.Bootstrap', 'start'],
      ],
      files: {
        'conf/server.xml': configuration(knobs, site),
        'conf/catalina.properties': 'common.loader=\nserver.loader=\nshared.loader=\n',
        'trust.p12': trustStore([
          ['root', pki.root],
          ['sub', pki.sub],
        ]),
        'java.security': knobs.security ?? '',
      },
    });
  });
