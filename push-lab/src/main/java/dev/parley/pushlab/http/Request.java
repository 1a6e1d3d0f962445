package dev.parley.pushlab.http;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request that has come in whole.
 *
 * @param headers by name in lower case; of one that came twice the first
 * @param isCut whether more than the limit came: the body is a part then
 */
public record Request(String method, String path, Map<String, String> headers, byte[] body, boolean isCut) {
  /** What this header says; null: it is not there. */
  public @Nullable String header(String name) {
    return headers.get(name);
  }

  /** The body as text. */
  public String text() {
    return new String(body, StandardCharsets.UTF_8);
  }
}
