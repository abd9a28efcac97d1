/** What `provider/INSTALL.md` of a trust pack says: a snippet for each server, and how to remove it all again. */
export function installGuide(pack: {
  readonly ssp: string;
  readonly hosts: readonly string[];
  readonly until: string;
  /** Absent where the provider keeps its own key and sent a request. */
  readonly keyStorePassword?: string;
  readonly trustPassword: string;
}): string {
  const { ssp, hosts, until, keyStorePassword, trustPassword } = pack;
  const ownKey = keyStorePassword === undefined;
  const escaped = ssp.replaceAll('.', '\\.');
  const key = ownKey ? '/path/to/your/own.key' : 'provider.key';
  return `# Installing this trust pack in a provider under test

For **test systems only**. The CAs in here are Assay's, made for one tester and valid until **${until}**.
They are not the Spine's: never put them into a live system's trust store, and remove them when the testing is done.

| file | what it is |
|---|---|
| \`ca.pem\` | root and sub CA: trust anchors for client certificates |
| \`root.pem\`, \`sub.pem\` | the same, one each |
| \`crl.pem\` | the CRLs of both CAs, and of every other CA below the root that Assay presents; a server that checks revocation needs them all |
| \`provider.pem\` | your server's certificate for ${hosts.join(', ')}, with the sub CA behind it |
${ownKey ? '' : '| `provider.key` | its private key (RSA 2048, PKCS#8) |\n| `provider.p12` | both as PKCS#12 for Java and Windows, password `' + (keyStorePassword ?? '') + '` |\n'}| \`trust.p12\` | root and sub CA as PKCS#12 for Java, password \`${trustPassword}\` |

The Spine Secure Proxy presents itself as \`O=nhs, OU=Devices, CN=${ssp}\`, with the same name as its only SAN.
Accept that name and no other.

Each snippet asks for TLS 1.2 with mutual authentication, the approved ciphers in the server's order, revocation
checking, the name check, and \`Cache-Control: no-store\` on refusals too.

## nginx

\`\`\`nginx
map $ssl_client_s_dn $is_ssp { default 0; "~^CN=${escaped}(,|$)" 1; }

server {
  listen 443 ssl;
  ssl_certificate        provider.pem;
  ssl_certificate_key    ${key};
  ssl_protocols          TLSv1.2;
  ssl_ciphers            AESGCM+EECDH:AESGCM+EDH:AES256+EECDH:AES256+EDH;
  ssl_prefer_server_ciphers on;
  ssl_dhparam            ffdhe2048.pem;   # openssl genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048
  ssl_client_certificate ca.pem;
  ssl_verify_client      on;
  ssl_verify_depth       2;
  ssl_crl                crl.pem;
  add_header Cache-Control no-store always;
  location / {
    if ($is_ssp = 0) { return 403; }
    proxy_pass http://127.0.0.1:8080;
  }
}
\`\`\`

## Apache httpd

\`\`\`apache
SSLProtocol             -all +TLSv1.2
SSLCipherSuite          AESGCM+EECDH:AESGCM+EDH:AES256+EECDH:AES256+EDH
SSLHonorCipherOrder     on
SSLCertificateFile      provider.pem
SSLCertificateKeyFile   ${key}
SSLCACertificateFile    ca.pem
SSLVerifyClient         require
SSLVerifyDepth          2
SSLCARevocationFile     crl.pem
SSLCARevocationCheck    chain
Header always set Cache-Control no-store
<Location "/">
  Require expr "%{SSL_CLIENT_S_DN_CN} == '${ssp}'"
</Location>
\`\`\`

\`SSLCARevocationFile\` without \`SSLCARevocationCheck\` checks nothing.

## HAProxy

HAProxy wants certificate and key in one file: \`cat provider.pem ${key} > server.pem\`.

\`\`\`haproxy
frontend provider
  bind :443 ssl crt server.pem ca-file ca.pem verify required crl-file crl.pem ssl-min-ver TLSv1.2 ssl-max-ver TLSv1.2 ciphers AESGCM+EECDH:AESGCM+EDH:AES256+EECDH:AES256+EDH
  http-request deny deny_status 403 hdr Cache-Control no-store unless { ssl_c_s_dn(,0,rfc2253) -m str CN=${ssp},OU=Devices,O=nhs }
  default_backend application
\`\`\`

\`ssl_c_s_dn(cn)\` would end at a NUL: a certificate for \`${ssp}\`, NUL, another name would pass for the SSP's.

## Tomcat (9 or later, JSSE)

\`\`\`xml
<Connector port="443" protocol="org.apache.coyote.http11.Http11NioProtocol" SSLEnabled="true" scheme="https" secure="true">
  <SSLHostConfig protocols="TLSv1.2" honorCipherOrder="true"
      ciphers="AESGCM+EECDH,AESGCM+EDH,AES256+EECDH,AES256+EDH"
      certificateVerification="required" certificateVerificationDepth="3"
      truststoreFile="trust.p12" truststorePassword="${trustPassword}" truststoreType="PKCS12"
      certificateRevocationListFile="crl.pem">
    ${
      ownKey
        ? '<Certificate certificateFile="provider.pem" certificateKeyFile="/path/to/your/own.key" type="RSA"/>'
        : `<Certificate certificateKeystoreFile="provider.p12" certificateKeystorePassword="${keyStorePassword}" certificateKeystoreType="PKCS12"/>`
    }
  </SSLHostConfig>
</Connector>
\`\`\`

The name check is the application's there: compare the CN of the client certificate with \`${ssp}\`.

## Node

\`\`\`js
const pem = (name) => fs.readFileSync(name, 'utf8');
const crls = pem('crl.pem').match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g); // of one file with two, older Nodes load the first only
https.createServer({
  cert: pem('provider.pem'), key: pem('${key}'), ca: pem('ca.pem'), crl: crls, dhparam: 'auto',
  requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2',
  ciphers: 'AESGCM+EECDH:AESGCM+EDH:AES256+EECDH:AES256+EDH', honorCipherOrder: true,
}, (request, response) => {
  response.setHeader('Cache-Control', 'no-store');
  if (request.socket.getPeerCertificate().subject.CN !== '${ssp}') return response.writeHead(403).end();
  // …
});
\`\`\`

## Removing it

Take \`ca.pem\`, \`root.pem\`, \`sub.pem\`, \`crl.pem\` and \`trust.p12\` out of the configuration again, put the live trust store
back, delete this folder from the server and restart it. In a Java trust store that you imported into:
\`keytool -delete -alias assay-root\` and \`-alias assay-sub\`. On Windows: \`certutil -delstore Root "Assay Test Root CA until ${until}"\`.
`;
}
