package dev.parley.gateway;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;

/** Reads headers whose values are lists. */
final class HeaderLists {
  private HeaderLists() {}

  /** All elements of a header, over all of its lines. */
  static List<String> list(HttpHeaders headers, CharSequence name) {
    List<String> values = new ArrayList<>();
    for (String line : headers.getAll(name)) {
      for (String each : line.split(",", -1)) {
        values.add(each.strip());
      }
    }
    return values;
  }

  /** Whether the request asks for a WebSocket. */
  static boolean upgradesToWebSocket(HttpHeaders headers) {
    return headers.containsValue(HttpHeaderNames.CONNECTION, "upgrade", true)
        && headers.containsValue(HttpHeaderNames.UPGRADE, "websocket", true);
  }
}
