package dev.parley.gateway;

import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The page, from the jar. All files are read at the start and found by their whole names, so that no path leads to
 * anything else. Thread-safe.
 */
final class StaticFiles {
  private static final List<String> NAMES =
      List.of("index.html", "chat.html", "style.css", "index.js", "app.js", "conversation.js", "view.js", "parley-client.js", "icon.svg");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml");

  /** Nothing but what this server itself sends, no code or style in the page's text, no frame of other sites around it. */
  private static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self';"
          + " frame-ancestors 'self'; base-uri 'none'; form-action 'none'";

  private final Map<String, HttpAnswer> files = new HashMap<>();

  /** Reads them. */
  StaticFiles() throws IOException {
    for (String name : NAMES) {
      files.put("/" + name, read(name));
    }
    files.put("/", read("index.html"));
  }

  private static HttpAnswer read(String name) throws IOException {
    try (InputStream in = StaticFiles.class.getResourceAsStream("page/" + name)) {
      if (in == null) {
        throw new IOException("page/" + name + " is not in the jar");
      }
      byte[] bytes = in.readAllBytes();
      String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
      return new HttpAnswer(HttpResponseStatus.OK, String.valueOf(type), bytes, Map.of())
          .with("etag", '"' + digest(bytes) + '"')
          .with("cache-control", "no-cache")
          .with("content-security-policy", CONTENT_SECURITY_POLICY)
          .with("referrer-policy", "no-referrer")
          .with("cross-origin-opener-policy", "same-origin")
          .with("permissions-policy", "camera=(), geolocation=(), microphone=()");
    }
  }

  private static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes), 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /**
   * What is at this path.
   *
   * @param known the ETag of what the browser has already; null: nothing
   */
  HttpAnswer answer(HttpMethod method, String path, @Nullable String known) {
    HttpAnswer file = files.get(path);
    if (file == null) {
      return HttpAnswer.text(HttpResponseStatus.NOT_FOUND, "there is nothing here");
    }
    if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
      return HttpAnswer.text(HttpResponseStatus.METHOD_NOT_ALLOWED, "use GET").with("allow", "GET, HEAD");
    }
    boolean same = known != null && known.equals(file.headers().get("etag"));
    return same ? new HttpAnswer(HttpResponseStatus.NOT_MODIFIED, "", new byte[0], file.headers()) : file;
  }
}
