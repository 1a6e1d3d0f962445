package dev.parley.pushlab.http;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** What is answered to a request. */
public record Answer(int status, Map<String, String> headers, byte[] body) {
  /** With a JSON body. */
  public static Answer json(int status, Map<String, ?> body) {
    return new Answer(
        status,
        Map.of("content-type", "application/json; charset=UTF-8"),
        JSONObjectUtils.toJSONString(body).getBytes(StandardCharsets.UTF_8));
  }

  /** Without a body. */
  public static Answer empty(int status) {
    return new Answer(status, Map.of(), new byte[0]);
  }

  /** The same with one more header. */
  public Answer with(String name, String value) {
    Map<String, String> more = new HashMap<>(headers);
    more.put(name, value);
    return new Answer(status, Map.copyOf(more), body);
  }
}
