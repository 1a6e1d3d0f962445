package dev.parley.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.parley.chassis.config.Settings;
import dev.parley.parts.Parts;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The certificate is replaced while the edge runs. */
class EdgeCertificateIT {
  private static final Pattern REFUSED =
      Pattern.compile("(?m)^envoy_sds_key_rotation_failed\\{envoy_xds_resource_name=\"certificate\"} (\\d+)$");
  private static final Pattern END =
      Pattern.compile("(?m)^envoy_listener_ssl_certificate_expiration_unix_time_seconds\\{[^}]*} (\\d+)$");

  @TempDir Path directory;

  /** The certificate that a new connection is shown. */
  private static X509Certificate shown(EdgeRig rig) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), rig.port)) {
      SSLParameters parameters = socket.getSSLParameters();
      parameters.setApplicationProtocols(new String[] {"h2"});
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  private static X509Certificate in(Path file) throws Exception {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(file)));
  }

  private static long end(X509Certificate certificate) {
    return certificate.getNotAfter().getTime() / 1000;
  }

  private static void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static long metric(EdgeRig rig, Pattern line) throws Exception {
    return line.matcher(rig.status("GET", "/metrics"))
        .results()
        .findFirst()
        .map((MatchResult found) -> Long.parseLong(found.group(1)))
        .orElse(0L);
  }

  @Test
  void aRenamedOneHoldsForNewConnectionsAndOneThatIsBrokenForNone() throws Exception {
    try (EdgeRig rig = new EdgeRig(directory)) {
      X509Certificate first = in(rig.certificates.certificate());
      TestStream open = TestStream.on(rig.connect("Bearer " + rig.token()), any -> true);
      String router = open.ask();
      assertThat(shown(rig)).isEqualTo(first);

      DevCertificates renewed = DevCertificates.in(directory.resolve("renewed"));
      X509Certificate second = in(renewed.certificate());
      assertThat(second).isNotEqualTo(first);
      rename(renewed.key(), rig.certificates.key());
      rename(renewed.certificate(), rig.certificates.certificate());

      await().untilAsserted(() -> assertThat(shown(rig)).isEqualTo(second));
      assertThat(open.ask()).isEqualTo(router);
      assertThat(metric(rig, END)).isEqualTo(end(second));

      long refused = metric(rig, REFUSED);
      Path broken = Files.writeString(directory.resolve("broken.pem"), "no certificate");
      rename(broken, rig.certificates.certificate());

      await().untilAsserted(() -> assertThat(metric(rig, REFUSED)).isGreaterThan(refused));
      assertThat(shown(rig)).isEqualTo(second);
      assertThat(open.ask()).isEqualTo(router);
      open.end();
    }
  }

  /** As Kubernetes mounts a Secret: each file is a link into {@code ..data}, and that a link to what holds now. */
  @Test
  void aSecretOfKubernetesIsFollowedWhenItsLinkIsSwapped() throws Exception {
    Path mount = directory.resolve("tls");
    Path old = mount.resolve("..1");
    DevCertificates certificates = DevCertificates.in(old);
    Files.createSymbolicLink(mount.resolve("..data"), Path.of("..1"));
    for (Path file : new Path[] {certificates.authority(), certificates.certificate(), certificates.key()}) {
      Files.createSymbolicLink(mount.resolve(file.getFileName()), Path.of("..data").resolve(file.getFileName()));
    }
    try (EdgeRig rig = new EdgeRig(directory)) {
      TestStream open = TestStream.on(rig.connect("Bearer " + rig.token()), any -> true);
      String router = open.ask();
      assertThat(shown(rig)).isEqualTo(in(certificates.certificate()));

      X509Certificate renewed = in(DevCertificates.in(mount.resolve("..2")).certificate());
      rename(Files.createSymbolicLink(mount.resolve("..data_tmp"), Path.of("..2")), mount.resolve("..data"));

      await().untilAsserted(() -> assertThat(shown(rig)).isEqualTo(renewed));
      assertThat(metric(rig, REFUSED)).isZero();
      assertThat(open.ask()).isEqualTo(router);
      open.end();
    }
  }

  @Test
  void whenItEndsIsToldWithTheMetrics() throws Exception {
    try (EdgeRig rig = new EdgeRig(directory)) {
      assertThat(metric(rig, END)).isEqualTo(end(in(rig.certificates.certificate())));
    }
  }

  @Test
  void oneThatIsMissingOrHasAnotherKeyIsSaidAtTheStartInALine() throws Exception {
    DevCertificates mine = DevCertificates.in(directory.resolve("tls"));
    DevCertificates others = DevCertificates.in(directory.resolve("others"));

    rename(others.key(), mine.key());
    assertRefused(mine.certificate(), mine.key(), mine.key());

    Path missing = directory.resolve("nothing.pem");
    assertRefused(missing, mine.key(), missing);
  }

  private void assertRefused(Path certificate, Path key, Path named) {
    EdgeSettings settings =
        Settings.load(
            EdgeSettings.class,
            "--parley.edge.certificate=" + certificate,
            "--parley.edge.key=" + key,
            "--parley.edge.jwks=http://127.0.0.1:8080/keys");
    assertThatThrownBy(() -> Envoy.start(Parts.atHome(line -> {}).envoy(), settings, directory.resolve("envoy"), false))
        .isInstanceOf(IOException.class)
        .hasMessageMatching("the certificate cannot be used: .*" + Pattern.quote(named.toString()) + ".*");
  }
}
