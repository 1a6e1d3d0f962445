package dev.parley.bench.push;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** The text of a message that says when it was due, so that a phone's push says it, too. */
final class ScheduledText {
  /** Of the time, and a space behind it. */
  static final int SIZE = 17;

  private static final String FORMAT = "%016x ";
  private static final int HEXADECIMAL = 16;

  private ScheduledText() {}

  static String of(long epochMicros, int size) {
    return FORMAT.formatted(epochMicros) + ".".repeat(size - SIZE);
  }

  /** When the message was due, in microseconds since 1970. */
  static long epochMicros(String text) {
    return Long.parseLong(text, 0, SIZE - 1, HEXADECIMAL);
  }

  static long epochMicros(Instant time) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, time);
  }
}
