import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.naming.ldap.LdapName;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** A TLS terminator on the Java platform's own TLS. Its decisions stand in the properties file named by its argument. */
public final class Terminator {
  private static Properties knobs;

  public static void main(String[] args) throws Exception {
    knobs = new Properties();
    try (InputStream in = Files.newInputStream(Path.of(args[0]))) {
      knobs.load(in);
    }
    // Before any class of the TLS provider reads them.
    if (is("legacy")) {
      Security.setProperty("jdk.tls.disabledAlgorithms", "");
      Security.setProperty("jdk.tls.legacyAlgorithms", "");
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers().getKeyManagers(), trustManagers(), null);
    SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory()
        .createServerSocket(Integer.parseInt(get("port")), 100, InetAddress.getByName("127.0.0.1"));
    if (!get("protocols").isEmpty()) server.setEnabledProtocols(get("protocols").split(","));
    server.setEnabledCipherSuites(
        get("suites").equals("ALL") ? server.getSupportedCipherSuites() : get("suites").split(","));
    SSLParameters parameters = server.getSSLParameters();
    parameters.setUseCipherSuitesOrder(is("serverOrder"));
    server.setSSLParameters(parameters);
    server.setNeedClientAuth(get("clientAuth").equals("need"));
    if (get("clientAuth").equals("want")) server.setWantClientAuth(true);
    ExecutorService pool = Executors.newCachedThreadPool();
    for (;;) {
      SSLSocket client = (SSLSocket) server.accept();
      pool.execute(() -> serve(client, pool));
    }
  }

  private static String get(String name) {
    return knobs.getProperty(name, "");
  }

  private static boolean is(String name) {
    return get(name).equals("true");
  }

  private static void serve(SSLSocket client, ExecutorService pool) {
    try (client) {
      client.setSoTimeout(30_000);
      client.startHandshake();
      if (is("checksName") && !get("ssp").equals(commonName(client))) {
        client.getInputStream().read(new byte[8192]);
        String page = "the client certificate is not the SSP's";
        client.getOutputStream().write(("HTTP/1.1 403 Forbidden\r\nCache-Control: no-store\r\nContent-Type: text/plain\r\n"
            + "Content-Length: " + page.length() + "\r\nConnection: close\r\n\r\n" + page).getBytes());
        return;
      }
      try (Socket backend = new Socket("127.0.0.1", Integer.parseInt(get("backend")))) {
        pool.execute(() -> pump(client, backend));
        copy(backend.getInputStream(), client.getOutputStream());
      }
    } catch (Exception refused) {
      System.err.println(refused);
    }
  }

  private static void pump(SSLSocket from, Socket to) {
    try {
      copy(from.getInputStream(), to.getOutputStream());
      to.shutdownOutput();
    } catch (Exception over) {
      try {
        to.close();
      } catch (Exception ignored) {
        // it is closed already
      }
    }
  }

  private static void copy(InputStream in, OutputStream out) throws Exception {
    byte[] bytes = new byte[16384];
    for (int read; (read = in.read(bytes)) >= 0;) {
      out.write(bytes, 0, read);
      out.flush();
    }
  }

  private static String commonName(SSLSocket client) throws Exception {
    Certificate[] chain;
    try {
      chain = client.getSession().getPeerCertificates();
    } catch (javax.net.ssl.SSLPeerUnverifiedException none) {
      return null;
    }
    LdapName name = new LdapName(((X509Certificate) chain[0]).getSubjectX500Principal().getName());
    return name.getRdns().stream().filter(rdn -> rdn.getType().equalsIgnoreCase("CN"))
        .map(rdn -> String.valueOf(rdn.getValue())).findFirst().orElse(null);
  }

  private static List<Certificate> certificates(String file) throws Exception {
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      return new ArrayList<>(CertificateFactory.getInstance("X.509").generateCertificates(in));
    }
  }

  private static KeyManagerFactory keyManagers() throws Exception {
    String pem = Files.readString(Path.of("server.key")).replaceAll("-----[^-]+-----|\\s", "");
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("server",
        KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem))),
        new char[0], certificates("server.pem").toArray(new Certificate[0]));
    KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
    factory.init(store, new char[0]);
    return factory;
  }

  private static TrustManager[] trustManagers() throws Exception {
    if (is("trustsAll")) return new TrustManager[] {new TrustsAll()};
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    int made = 0;
    for (Certificate each : certificates("ca.pem")) store.setCertificateEntry("ca" + made++, each);
    PKIXBuilderParameters parameters = new PKIXBuilderParameters(store, new X509CertSelector());
    parameters.setRevocationEnabled(is("revocation"));
    if (is("revocation")) {
      Security.setProperty("ocsp.enable", "false");
      try (InputStream in = Files.newInputStream(Path.of("crl.pem"))) {
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(
            new ArrayList<>(CertificateFactory.getInstance("X.509").generateCRLs(in)))));
      }
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    factory.init(new CertPathTrustManagerParameters(parameters));
    return factory.getTrustManagers();
  }

  /** What is copied from the web to make an error go away. */
  private static final class TrustsAll extends X509ExtendedTrustManager {
    @Override public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}
    @Override public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}
    @Override public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
    @Override public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}
    @Override public void checkClientTrusted(X509Certificate[] chain, String type) {}
    @Override public void checkServerTrusted(X509Certificate[] chain, String type) {}
    @Override public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
