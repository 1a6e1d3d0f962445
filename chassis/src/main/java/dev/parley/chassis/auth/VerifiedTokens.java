package dev.parley.chassis.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tokens whose signature was found right, by their SHA-256, the least recently used forgotten first. All are forgotten
 * when the keys change: a token must not outlive its withdrawn key. Thread-safe.
 */
final class VerifiedTokens {
  /** Some 3 MB when full. */
  private static final int MAX_TOKENS = 10_000;

  private final Map<String, Identity> identities =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Identity> eldest) {
          return size() > MAX_TOKENS;
        }
      };
  private long version;

  @Nullable Identity get(String token, long current) {
    String digest = digest(token);
    synchronized (identities) {
      return version == current ? identities.get(digest) : null;
    }
  }

  void put(String token, long current, Identity identity) {
    String digest = digest(token);
    synchronized (identities) {
      if (version != current) {
        identities.clear();
        version = current;
      }
      identities.put(digest, identity);
    }
  }

  private static String digest(String token) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha256.digest(token.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
