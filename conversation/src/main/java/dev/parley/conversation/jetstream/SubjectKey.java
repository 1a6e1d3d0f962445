package dev.parley.conversation.jetstream;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Writes any text as one token of a NATS subject, so that no id can widen, split or end a subject.
 *
 * <p>Letters and digits of ASCII, {@code -} and {@code _} stay; every other byte of the UTF-8 form is {@code =} and two
 * upper-case hex digits.
 */
final class SubjectKey {
  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private SubjectKey() {}

  /** The token. Different keys give different tokens. Throws IllegalArgumentException for an empty key. */
  static String encode(String key) {
    if (key.isEmpty()) {
      throw new IllegalArgumentException("a key must not be empty");
    }
    byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
    StringBuilder token = new StringBuilder(bytes.length + 16);
    for (byte b : bytes) {
      if (isPlain(b)) {
        token.append((char) b);
      } else {
        token.append('=');
        HEX.toHexDigits(token, b);
      }
    }
    return token.toString();
  }

  /** The key of which this is the token. Throws IllegalArgumentException for what is none. */
  static String decode(String token) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(token.length());
    for (int i = 0; i < token.length(); i++) {
      char c = token.charAt(i);
      if (c != '=') {
        bytes.write(c);
      } else if (i + 2 < token.length()) {
        bytes.write(HexFormat.fromHexDigits(token, i + 1, i + 3));
        i += 2;
      } else {
        throw new IllegalArgumentException("not an encoded key: " + token);
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static boolean isPlain(byte b) {
    return b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' || b == '_';
  }
}
