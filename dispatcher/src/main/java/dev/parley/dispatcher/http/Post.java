package dev.parley.dispatcher.http;

import java.net.URI;
import java.util.Map;

/**
 * A request.
 *
 * @param target where to
 * @param headers besides those of HTTP itself and {@code content-type}
 * @param body JSON in UTF-8; not to be changed
 */
public record Post(URI target, Map<String, String> headers, byte[] body) {
  public Post {
    headers = Map.copyOf(headers);
  }
}
