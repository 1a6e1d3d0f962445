package dev.parley.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.HexFormat;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which TLS the edge speaks. */
class EdgeTlsIT {
  private static EdgeRig rig;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    rig = new EdgeRig(directory);
  }

  @AfterAll
  static void stop() throws Exception {
    rig.close();
  }

  private static SSLSocket handshake(String protocol, String cipher) throws Exception {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (InputStream in = Files.newInputStream(rig.certificates.authority())) {
      trusted.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), rig.port);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setProtocols(new String[] {protocol});
    parameters.setCipherSuites(new String[] {cipher});
    parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  @Test
  void tls13AndTls12WithForwardSecrecySpeakHttp2() throws Exception {
    try (SSLSocket socket = handshake("TLSv1.3", "TLS_AES_128_GCM_SHA256")) {
      assertThat(socket.getApplicationProtocol()).isEqualTo("h2");
    }
    try (SSLSocket socket = handshake("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")) {
      assertThat(socket.getApplicationProtocol()).isEqualTo("h2");
    }
  }

  @Test
  void weakCiphersAreRefused() {
    assertThatThrownBy(() -> handshake("TLSv1.2", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"))
        .isInstanceOf(SSLException.class);
  }

  @Test
  void tls11IsRefused() throws Exception {
    // By hand, since the JDK's own client refuses to speak it.
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), rig.port)) {
      OutputStream out = socket.getOutputStream();
      out.write(clientHelloOfTls11());
      out.flush();
      byte[] answer = socket.getInputStream().readNBytes(7);

      // A fatal alert of protocol_version.
      assertThat(answer[0]).isEqualTo((byte) 21);
      assertThat(answer[5]).isEqualTo((byte) 2);
      assertThat(answer[6]).isEqualTo((byte) 70);
    }
  }

  private static byte[] clientHelloOfTls11() {
    ByteArrayOutputStream hello = new ByteArrayOutputStream();
    HexFormat hex = HexFormat.of();
    hello.writeBytes(hex.parseHex("0302")); // TLS 1.1
    hello.writeBytes(new byte[32]); // random
    hello.write(0); // no session
    hello.writeBytes(hex.parseHex("0006c009c013002f")); // three suites that TLS 1.1 has
    hello.writeBytes(hex.parseHex("0100")); // no compression
    byte[] body = hello.toByteArray();
    ByteArrayOutputStream record = new ByteArrayOutputStream();
    record.writeBytes(hex.parseHex("160301")); // handshake record
    record.writeBytes(new byte[] {0, (byte) (body.length + 4)});
    record.writeBytes(new byte[] {1, 0, 0, (byte) body.length}); // ClientHello
    record.writeBytes(body);
    return record.toByteArray();
  }
}
