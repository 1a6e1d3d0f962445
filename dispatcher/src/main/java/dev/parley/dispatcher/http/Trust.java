package dev.parley.dispatcher.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Whose certificates are trusted. */
final class Trust {
  private Trust() {}

  /**
   * That of the JVM, and of these certificates besides.
   *
   * @param caFile PEM; null: none
   * @throws IllegalArgumentException if the file holds none
   */
  static SSLContext context(@Nullable Path caFile) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, caFile == null ? null : managers(with(caFile)), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException("ca-file: " + caFile + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static KeyStore with(Path caFile) throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    int entries = 0;
    for (TrustManager manager : managers(null)) {
      if (manager instanceof X509TrustManager jvm) {
        for (X509Certificate certificate : jvm.getAcceptedIssuers()) {
          trusted.setCertificateEntry("jvm-" + entries++, certificate);
        }
      }
    }
    try (InputStream in = Files.newInputStream(caFile)) {
      for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        trusted.setCertificateEntry("file-" + entries++, certificate);
      }
    }
    return trusted;
  }

  private static TrustManager[] managers(@Nullable KeyStore trusted) throws GeneralSecurityException {
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    return factory.getTrustManagers();
  }
}
