package dev.parley.edge;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.Algorithm;
import io.netty.pkitesting.CertificateBuilder.ExtendedKeyUsage;
import io.netty.pkitesting.CertificateBuilder.KeyUsage;
import io.netty.pkitesting.X509Bundle;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

/**
 * Certificates for a machine of one's own: an authority made once, whose key is thrown away, and a certificate for
 * localhost, 127.0.0.1, ::1 and the machine's name. Made anew when they are about to end.
 *
 * @param authority what clients have to trust (PEM)
 * @param certificate the server's certificate with its chain (PEM)
 * @param key its private key (PEM), readable by its owner only
 */
public record DevCertificates(Path authority, Path certificate, Path key) {
  private static final Duration VALID = Duration.ofDays(365);
  private static final Duration RENEW_BEFORE = Duration.ofDays(30);

  /** The certificates in this directory, made if they are missing or end within 30 days. */
  public static DevCertificates in(Path directory) throws IOException {
    DevCertificates files =
        new DevCertificates(
            directory.resolve("ca.pem"), directory.resolve("server.pem"), directory.resolve("server.key"));
    if (!files.areGood(Instant.now())) {
      Files.createDirectories(directory);
      files.make(Instant.now());
    }
    return files;
  }

  private boolean areGood(Instant now) throws IOException {
    if (!Files.exists(authority) || !Files.exists(certificate) || !Files.exists(key)) {
      return false;
    }
    try {
      X509Certificate server =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(Files.readAllBytes(certificate)));
      return server.getNotAfter().toInstant().isAfter(now.plus(RENEW_BEFORE));
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private void make(Instant now) throws IOException {
    try {
      CertificateBuilder template =
          new CertificateBuilder()
              .algorithm(Algorithm.ecp256)
              .notBefore(now.minus(Duration.ofMinutes(5)))
              .notAfter(now.plus(VALID));
      X509Bundle issuer =
          template
              .copy()
              .subject("CN=Parley development authority")
              .setIsCertificateAuthority(true)
              .setKeyUsage(true, KeyUsage.keyCertSign)
              .buildSelfSigned();
      CertificateBuilder server =
          template
              .copy()
              .subject("CN=localhost")
              .setKeyUsage(true, KeyUsage.digitalSignature)
              .addExtendedKeyUsage(ExtendedKeyUsage.PKIX_KP_SERVER_AUTH)
              .addSanDnsName("localhost")
              .addSanIpAddress("127.0.0.1")
              .addSanIpAddress("::1");
      String host = hostName();
      if (!host.equals("localhost")) {
        server.addSanDnsName(host);
      }
      X509Bundle bundle = server.buildIssuedBy(issuer);
      write(authority, issuer.getCertificatePEM(), "rw-r--r--");
      write(key, bundle.getPrivateKeyPEM(), "rw-------");
      write(certificate, bundle.getCertificatePathPEM(), "rw-r--r--");
    } catch (Exception e) {
      throw new IOException("cannot make development certificates: " + e.getMessage(), e);
    }
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  /** Written beside and moved into place: a reader, or a kill, never meets half a file. */
  private static void write(Path file, String content, String permissions) throws IOException {
    Path part =
        Files.createTempFile(
            file.toAbsolutePath().getParent(),
            file.getFileName().toString(),
            ".part",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
    Files.writeString(part, content);
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
