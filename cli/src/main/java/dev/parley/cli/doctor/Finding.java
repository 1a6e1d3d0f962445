package dev.parley.cli.doctor;

import io.grpc.StatusRuntimeException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one check found.
 *
 * @param check what was looked at
 * @param good whether it is as it should be
 * @param detail what was seen
 * @param remedy what to do; empty when it is good
 */
public record Finding(String check, boolean good, String detail, String remedy) {
  static Finding good(String check, String detail) {
    return new Finding(check, true, detail, "");
  }

  static Finding bad(String check, String detail, String remedy) {
    return new Finding(check, false, detail, remedy);
  }

  /** What a call ended with, in one line. */
  static String why(StatusRuntimeException failure) {
    String description = failure.getStatus().getDescription();
    String code = failure.getStatus().getCode().toString();
    return description == null ? code : code + ": " + description.lines().findFirst().orElse("");
  }

  /** One line for a terminal. */
  public String line() {
    return "%-4s %-19s %s%s".formatted(good ? "ok" : "FAIL", check, detail, good ? "" : "; " + remedy);
  }

  /** For JSON. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("check", check);
    map.put("ok", good);
    map.put("detail", detail);
    map.put("remedy", remedy);
    return map;
  }
}
