package dev.parley.cli.doctor;

import io.grpc.StatusRuntimeException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one check found.
 *
 * @param check what was looked at
 * @param mark what it came to
 * @param detail what was seen
 * @param remedy what to do; empty when it is well
 */
public record Finding(String check, Mark mark, String detail, String remedy) {
  /** What a check came to. */
  public enum Mark {
    /** It is as it should be. */
    OK("ok"),
    /** It is, but will not be for long. */
    WARNING("warn"),
    /** It is not. */
    FAULT("FAIL"),
    /** It was not looked at: the detail says why, the remedy how it would be. */
    SKIPPED("skip");

    private final String shown;

    Mark(String shown) {
      this.shown = shown;
    }
  }

  static Finding good(String check, String detail) {
    return new Finding(check, Mark.OK, detail, "");
  }

  /** All is well, and somebody has to do something soon. */
  static Finding warning(String check, String detail, String remedy) {
    return new Finding(check, Mark.WARNING, detail, remedy);
  }

  /** Something is not as it should be. */
  public static Finding bad(String check, String detail, String remedy) {
    return new Finding(check, Mark.FAULT, detail, remedy);
  }

  static Finding skipped(String check, String why, String remedy) {
    return new Finding(check, Mark.SKIPPED, why, remedy);
  }

  /** Whether nothing was found that is not as it should be. */
  public boolean good() {
    return mark != Mark.FAULT;
  }

  /** What a call ended with, in one line. */
  static String why(StatusRuntimeException failure) {
    String description = failure.getStatus().getDescription();
    String code = failure.getStatus().getCode().toString();
    return description == null ? code : code + ": " + description.lines().findFirst().orElse("");
  }

  /** One line for a terminal. */
  public String line() {
    return "%-4s %-19s %s%s".formatted(mark.shown, check, detail, remedy.isEmpty() ? "" : "; " + remedy);
  }

  /** For JSON. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("check", check);
    map.put("ok", good());
    map.put("detail", detail);
    map.put("remedy", remedy);
    map.put("skipped", mark == Mark.SKIPPED);
    map.put("warning", mark == Mark.WARNING);
    return map;
  }
}
