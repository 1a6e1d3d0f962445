package dev.parley.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.Collections;
import java.util.List;

/** The certificate authorities of the JDK, as the file that other programs read. */
final class Authorities {
  private static final int LINE = 64;

  private Authorities() {}

  /** Writes those of this JDK, as PEM. */
  static void write(Path javaHome, Path file) throws IOException {
    Base64.Encoder pem = Base64.getMimeEncoder(LINE, new byte[] {'\n'});
    StringBuilder text = new StringBuilder();
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(javaHome.resolve("lib/security/cacerts"))) {
        // Certificates are no secret: they are read without a password.
        store.load(in, null);
      }
      for (String alias : sorted(store)) {
        text.append("-----BEGIN CERTIFICATE-----\n");
        text.append(pem.encodeToString(store.getCertificate(alias).getEncoded()));
        text.append("\n-----END CERTIFICATE-----\n");
      }
    } catch (GeneralSecurityException e) {
      throw new ImageException("the JDK's authorities cannot be read: " + e.getMessage(), e);
    }
    Files.writeString(file, text);
  }

  private static List<String> sorted(KeyStore store) throws GeneralSecurityException {
    return Collections.list(store.aliases()).stream().sorted().toList();
  }
}
