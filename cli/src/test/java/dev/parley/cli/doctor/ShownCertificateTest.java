package dev.parley.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;

class ShownCertificateTest {
  private static final Instant NOW = Instant.parse("2026-11-26T10:00:00Z");

  @Test
  void oneThatEndsWithinTwoWeeksIsAWarningAndOneThatHasEndedAFault() {
    assertThat(ShownCertificate.judge(NOW.plus(Duration.ofDays(14)), NOW).line())
        .isEqualTo("ok   edge-certificate    valid until 2026-12-10T10:00:00Z, 14 d more");

    Finding soon = ShownCertificate.judge(NOW.plus(Duration.ofDays(14)).minusMillis(1), NOW);
    assertThat(soon.good()).isTrue();
    assertThat(soon.line())
        .startsWith("warn edge-certificate    valid until 2026-12-10T09:59:59Z, 13 d more; renew it");
    assertThat(soon.toMap()).containsEntry("ok", true).containsEntry("warning", true);
    assertThat(ShownCertificate.judge(NOW.plus(Duration.ofHours(5)), NOW).line()).contains(", 5 h more; renew it");

    Finding ended = ShownCertificate.judge(NOW.minusSeconds(1), NOW);
    assertThat(ended.good()).isFalse();
    assertThat(ended.detail()).contains("ended at 2026-11-26T09:59:59Z");
  }

  @Test
  void theWholeChainIsLookedAtAlsoWhenItHasEnded() throws Exception {
    Instant now = Instant.now();
    Instant later = now.plus(Duration.ofDays(90));
    X509Bundle root = certificate("CN=root").setIsCertificateAuthority(true).notAfter(later).buildSelfSigned();
    X509Bundle between =
        certificate("CN=between").setIsCertificateAuthority(true).notAfter(now.plus(Duration.ofDays(3))).buildIssuedBy(root);
    X509Bundle server = certificate("CN=localhost").notAfter(later).buildIssuedBy(between);
    KeyManagerFactory keys = server.toKeyManagerFactory();
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    try (SSLServerSocket listening =
        (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      String address = "localhost:" + listening.getLocalPort();
      Thread serving = Thread.ofVirtual().start(() -> serve(listening));

      assertThat(ShownCertificate.look(address, now).line()).startsWith("warn").contains("2 d more");
      assertThat(ShownCertificate.look(address, now.plus(Duration.ofDays(4))).line()).startsWith("FAIL").contains("ended at");

      listening.close();
      serving.join();
      assertThat(ShownCertificate.look(address, now).line()).startsWith("FAIL").contains(address + " cannot be reached");
    }
  }

  private static CertificateBuilder certificate(String subject) {
    return new CertificateBuilder().algorithm(CertificateBuilder.Algorithm.ecp256).subject(subject);
  }

  /** Shakes hands with each client until the socket is closed. */
  private static void serve(SSLServerSocket listening) {
    while (!listening.isClosed()) {
      try (SSLSocket client = (SSLSocket) listening.accept()) {
        client.startHandshake();
      } catch (java.io.IOException gone) {
        continue; // closed by the test, or by the client: what the client saw is what counts
      }
    }
  }
}
