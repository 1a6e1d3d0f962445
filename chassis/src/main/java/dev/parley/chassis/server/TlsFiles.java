package dev.parley.chassis.server;

import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.CertificateUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files behind a server's TLS, compared by what is in them: a certificate may be renewed with the same key, and a
 * mount may bring old times. What cannot be used, or of which half is written, changes nothing and is told in the log.
 *
 * <p>{@link #look} by one thread at a time; the managers are thread-safe.
 */
final class TlsFiles {
  private static final Logger LOG = LoggerFactory.getLogger(TlsFiles.class);

  private final Path certificate;
  private final Path key;
  private final @Nullable Path authorities;
  private final AdvancedTlsX509KeyManager identity = new AdvancedTlsX509KeyManager();
  private final AdvancedTlsX509TrustManager trusted;
  private volatile Instant end = Instant.MAX;
  private byte[] certificateBytes = {};
  private byte[] keyBytes = {};
  private byte[] authorityBytes = {};
  /** What could not be used, so that it is told once. */
  private String told = "";

  private TlsFiles(Path certificate, Path key, @Nullable Path authorities) throws GeneralSecurityException {
    this.certificate = certificate;
    this.key = key;
    this.authorities = authorities;
    this.trusted =
        AdvancedTlsX509TrustManager.newBuilder()
            .setVerification(AdvancedTlsX509TrustManager.Verification.CERTIFICATE_ONLY_VERIFICATION)
            .build();
  }

  /**
   * Reads them for the first time.
   *
   * @throws IOException if they cannot be used; the message names the file
   */
  static TlsFiles read(Path certificate, Path key, @Nullable Path authorities) throws IOException {
    try {
      TlsFiles files = new TlsFiles(certificate, key, authorities);
      files.takeIdentity();
      files.takeAuthorities();
      return files;
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException("TLS with " + certificate + " and " + key + " cannot be had: " + e.getMessage(), e);
    }
  }

  /** What the server shows. */
  X509KeyManager identity() {
    return identity;
  }

  /** The earliest end among the certificates of the chain that the server shows. */
  Instant end() {
    return end;
  }

  /** What it wants of clients, if it wants something. */
  X509TrustManager trusted() {
    return trusted;
  }

  /** Takes what is new in the files. */
  void look() {
    try {
      if (takeIdentity()) {
        LOG.info("a new certificate is used for new connections: {}", certificate);
      }
      if (takeAuthorities()) {
        LOG.info("new authorities are trusted for new connections: {}", authorities);
      }
      told = "";
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      if (!told.equals(String.valueOf(e.getMessage()))) {
        told = String.valueOf(e.getMessage());
        LOG.warn("new TLS files cannot be used, the ones before are: {}", told);
      }
    }
  }

  private boolean takeIdentity() throws IOException, GeneralSecurityException {
    byte[] newCertificate = Files.readAllBytes(certificate);
    byte[] newKey = Files.readAllBytes(key);
    if (Arrays.equals(newCertificate, certificateBytes) && Arrays.equals(newKey, keyBytes)) {
      return false;
    }
    X509Certificate[] chain = CertificateUtils.getX509Certificates(new ByteArrayInputStream(newCertificate));
    PrivateKey privateKey = CertificateUtils.getPrivateKey(new ByteArrayInputStream(newKey));
    if (chain.length == 0 || !belong(privateKey, chain[0].getPublicKey())) {
      throw new GeneralSecurityException(certificate + " is no certificate of the key " + key);
    }
    identity.updateIdentityCredentials(chain, privateKey);
    end = Arrays.stream(chain).map(each -> each.getNotAfter().toInstant()).min(Comparator.naturalOrder()).orElseThrow();
    certificateBytes = newCertificate;
    keyBytes = newKey;
    return true;
  }

  /** What the one signs the other can check. */
  private static boolean belong(PrivateKey privateKey, PublicKey publicKey) throws GeneralSecurityException {
    if (!privateKey.getAlgorithm().equals(publicKey.getAlgorithm())) {
      return false;
    }
    String algorithm =
        switch (privateKey.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> privateKey.getAlgorithm();
        };
    byte[] anything = {1, 2, 3};
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(privateKey);
    signature.update(anything);
    byte[] signed = signature.sign();
    signature.initVerify(publicKey);
    signature.update(anything);
    return signature.verify(signed);
  }

  private boolean takeAuthorities() throws IOException, GeneralSecurityException {
    if (authorities == null) {
      return false;
    }
    byte[] newAuthorities = Files.readAllBytes(authorities);
    if (Arrays.equals(newAuthorities, authorityBytes)) {
      return false;
    }
    trusted.updateTrustCredentials(CertificateUtils.getX509Certificates(new ByteArrayInputStream(newAuthorities)));
    authorityBytes = newAuthorities;
    return true;
  }
}
