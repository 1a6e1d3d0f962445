package dev.parley.sdk;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads when a JWT ends, without checking it: that is the server's business. */
final class TokenExpiry {
  private static final Pattern EXP = Pattern.compile("\"exp\"\\s*:\\s*(\\d{1,12})");

  private TokenExpiry() {}

  /** The claim {@code exp} in milliseconds since 1970; empty when the token has none or is not a JWT. */
  static OptionalLong millis(String token) {
    int first = token.indexOf('.');
    int second = token.indexOf('.', first + 1);
    if (first < 0 || second < 0) {
      return OptionalLong.empty();
    }
    byte[] payload;
    try {
      payload = Base64.getUrlDecoder().decode(token.substring(first + 1, second));
    } catch (IllegalArgumentException notBase64) {
      return OptionalLong.empty();
    }
    Matcher exp = EXP.matcher(new String(payload, StandardCharsets.UTF_8));
    return exp.find() ? OptionalLong.of(Long.parseLong(exp.group(1)) * 1000) : OptionalLong.empty();
  }
}
