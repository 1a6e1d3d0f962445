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
 * @param skipped it was not looked at: {@code detail} says why, {@code remedy} how it would be
 */
public record Finding(String check, boolean good, String detail, String remedy, boolean skipped) {
  static Finding good(String check, String detail) {
    return new Finding(check, true, detail, "", false);
  }

  /** Something is not as it should be. */
  public static Finding bad(String check, String detail, String remedy) {
    return new Finding(check, false, detail, remedy, false);
  }

  static Finding skipped(String check, String why, String remedy) {
    return new Finding(check, true, why, remedy, true);
  }

  /** What a call ended with, in one line. */
  static String why(StatusRuntimeException failure) {
    String description = failure.getStatus().getDescription();
    String code = failure.getStatus().getCode().toString();
    return description == null ? code : code + ": " + description.lines().findFirst().orElse("");
  }

  /** One line for a terminal. */
  public String line() {
    String mark = skipped ? "skip" : good ? "ok" : "FAIL";
    return "%-4s %-19s %s%s".formatted(mark, check, detail, remedy.isEmpty() ? "" : "; " + remedy);
  }

  /** For JSON. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("check", check);
    map.put("ok", good);
    map.put("detail", detail);
    map.put("remedy", remedy);
    map.put("skipped", skipped);
    return map;
  }
}
