import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.apache.tomcat.util.http.MimeHeaders;

/** The application inside Tomcat: it hands every request to a provider in plain HTTP. Compiles against 9 and 10.1. */
public final class Relay extends ValveBase {
  private int backend;
  private String ssp = "";

  public void setBackend(int backend) {
    this.backend = backend;
  }

  /** Name of the client that is let in; empty: any. */
  public void setSsp(String ssp) {
    this.ssp = ssp;
  }

  @Override
  public void invoke(Request request, Response response) throws IOException {
    if (!ssp.isEmpty() && !ssp.equals(commonName(request))) {
      response.setStatus(403);
      response.setHeader("Cache-Control", "no-store");
      response.setContentType("text/plain");
      response.getOutputStream().write("the client certificate is not the SSP's".getBytes(StandardCharsets.US_ASCII));
      return;
    }
    byte[] body = request.getInputStream().readAllBytes();
    String query = request.getQueryString() == null ? "" : "?" + request.getQueryString();
    StringBuilder head = new StringBuilder(request.getMethod() + " " + request.getRequestURI() + query + " HTTP/1.0\r\n");
    MimeHeaders fields = request.getCoyoteRequest().getMimeHeaders();
    for (int at = 0; at < fields.size(); at++) {
      String name = fields.getName(at).toString();
      if (name.equalsIgnoreCase("connection") || name.equalsIgnoreCase("transfer-encoding")
          || name.equalsIgnoreCase("content-length")) continue;
      head.append(name).append(": ").append(fields.getValue(at).toString()).append("\r\n");
    }
    if (body.length > 0) head.append("Content-Length: ").append(body.length).append("\r\n");
    head.append("\r\n");
    try (Socket socket = new Socket("127.0.0.1", backend)) {
      socket.getOutputStream().write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().write(body);
      InputStream in = socket.getInputStream();
      String[] status = line(in).split(" ");
      response.setStatus(Integer.parseInt(status[1]));
      for (String field; !(field = line(in)).isEmpty();) {
        String name = field.substring(0, field.indexOf(':'));
        String value = field.substring(field.indexOf(':') + 1).trim();
        if (name.equalsIgnoreCase("connection") || name.equalsIgnoreCase("keep-alive")) continue;
        if (name.equalsIgnoreCase("content-type")) response.setContentType(value);
        else response.addHeader(name, value);
      }
      in.transferTo(response.getOutputStream());
    }
  }

  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (int each; (each = in.read()) >= 0 && each != '\n';) if (each != '\r') text.write(each);
    return text.toString(StandardCharsets.ISO_8859_1);
  }

  private static String commonName(Request request) throws IOException {
    Object chain = request.getAttribute("jakarta.servlet.request.X509Certificate");
    if (chain == null) chain = request.getAttribute("javax.servlet.request.X509Certificate");
    if (chain == null) return null;
    try {
      String subject = ((X509Certificate[]) chain)[0].getSubjectX500Principal().getName();
      for (Rdn rdn : new LdapName(subject).getRdns())
        if (rdn.getType().equalsIgnoreCase("CN")) return String.valueOf(rdn.getValue());
      return null;
    } catch (InvalidNameException unreadable) {
      return null;
    }
  }
}
