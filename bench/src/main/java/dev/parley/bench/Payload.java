package dev.parley.bench;

import dev.parley.v1.Event;

/** The text of a bench message: its scheduled time and number in hexadecimal, then padding. */
final class Payload {
  /** The scheduled time, the number and the spaces behind them. */
  static final int MIN_SIZE = 26;

  private static final String FORMAT = "%016x %08x ";

  private final String padding;

  Payload(int size) {
    padding = ".".repeat(size - MIN_SIZE);
  }

  String text(long scheduledNanos, int number) {
    return FORMAT.formatted(scheduledNanos, number) + padding;
  }

  /** Whether this event is a message of a run. */
  static boolean isIn(Event event) {
    return event.hasMessage() && event.getMessage().getText().length() >= MIN_SIZE;
  }

  /** When the message should have been sent, by {@link System#nanoTime}. */
  static long scheduledNanos(Event event) {
    return Long.parseUnsignedLong(event.getMessage().getText(), 0, 16, 16);
  }
}
