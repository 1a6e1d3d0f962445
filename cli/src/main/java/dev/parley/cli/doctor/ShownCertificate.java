package dev.parley.cli.doctor;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** How long the certificates are valid that a server shows, whoever signed them. */
final class ShownCertificate {
  /** Somebody should renew it: as the alert {@code ParleyCertificateExpiring} has it. */
  private static final Duration SOON = Duration.ofDays(14);

  private static final int MILLIS = 5_000;
  private static final String CHECK = "edge-certificate";
  private static final String REMEDY = "renew it (docs/operations/credentials.md)";
  private static final String REACH = "look at the address, the network, and whether the edge runs";

  private ShownCertificate() {}

  /** Of the server at this address, {@code host:port}, at this time. */
  static Finding look(String address, Instant now) {
    try {
      return judge(ends(address), now);
    } catch (Unreachable e) {
      return Finding.bad(CHECK, address + " cannot be reached: " + e.getMessage(), REACH);
    } catch (IOException | GeneralSecurityException e) {
      return Finding.bad(CHECK, address + " shows none: " + e.getMessage(), "look at the edge's certificate and its log");
    }
  }

  /** {@code end}: of the certificate of the chain that ends first. */
  static Finding judge(Instant end, Instant now) {
    Instant second = end.truncatedTo(ChronoUnit.SECONDS);
    Duration left = Duration.between(now, end);
    if (left.isNegative()) {
      return Finding.bad(CHECK, "ended at " + second, REMEDY);
    }
    String valid = "valid until " + second + ", " + (left.toDays() > 0 ? left.toDays() + " d" : left.toHours() + " h") + " more";
    return left.compareTo(SOON) < 0 ? Finding.warning(CHECK, valid, REMEDY) : Finding.good(CHECK, valid);
  }

  private static Instant ends(String address) throws IOException, GeneralSecurityException {
    int colon = address.lastIndexOf(':');
    String host = address.substring(0, Math.max(colon, 0));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Anybody()}, null);
    try (Socket plain = new Socket()) {
      int port = Integer.parseInt(address.substring(colon + 1));
      connect(plain, new InetSocketAddress(host, port));
      plain.setSoTimeout(MILLIS);
      try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, true)) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2"});
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return Stream.of(socket.getSession().getPeerCertificates())
            .map(ShownCertificate::end)
            .min(Comparator.naturalOrder())
            .orElseThrow();
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("write host:port", e);
    }
  }

  private static void connect(Socket plain, InetSocketAddress to) throws Unreachable {
    try {
      plain.connect(to, MILLIS);
    } catch (UnknownHostException e) {
      throw new Unreachable("nobody knows its host", e);
    } catch (IOException e) {
      throw new Unreachable(String.valueOf(e.getMessage()), e);
    }
  }

  private static final class Unreachable extends IOException {
    Unreachable(String why, IOException cause) {
      super(why, cause);
    }
  }

  private static Instant end(Certificate certificate) {
    return ((X509Certificate) certificate).getNotAfter().toInstant();
  }

  /** Lets everything pass, since one that has ended is to be seen too. Nothing is said over such a connection. */
  private static final class Anybody extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
