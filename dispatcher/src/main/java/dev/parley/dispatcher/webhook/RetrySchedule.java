package dev.parley.dispatcher.webhook;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When something that failed is tried again: soon at first, later each hour, a fifth of it more or less by chance so that
 * endpoints which failed together do not come back together.
 */
final class RetrySchedule {
  /** The longest pause, also when an endpoint asks for a longer one. */
  static final Duration LONGEST = Duration.ofHours(1);

  private static final List<Duration> PAUSES =
      List.of(
          Duration.ofSeconds(5),
          Duration.ofSeconds(30),
          Duration.ofMinutes(2),
          Duration.ofMinutes(10),
          Duration.ofMinutes(30),
          LONGEST);
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final double JITTER = 0.2;

  private final RandomGenerator random;

  RetrySchedule(RandomGenerator random) {
    this.random = random;
  }

  /** How long to wait after so many failures in a row, 1 or more. */
  Duration pause(int failures) {
    Duration pause = PAUSES.get(Math.min(failures, PAUSES.size()) - 1);
    double factor = 1 - JITTER + 2 * JITTER * random.nextDouble();
    return Duration.ofMillis(Math.round(pause.toMillis() * factor));
  }

  /**
   * What the header Retry-After asks for, from a second to an hour.
   *
   * @param header seconds, or a date of HTTP; null: there was none
   * @return null: it asks for nothing
   */
  static @Nullable Duration asked(@Nullable String header, Instant now) {
    if (header == null) {
      return null;
    }
    String text = header.strip();
    if (!text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      // Whatever has more digits than these is far longer than an hour.
      return bounded(Duration.ofSeconds(Long.parseLong(text.substring(0, Math.min(text.length(), 9)))));
    }
    try {
      return bounded(Duration.between(now, ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant()));
    } catch (DateTimeException e) {
      return null; // no HTTP date: the schedule decides
    }
  }

  private static Duration bounded(Duration asked) {
    if (asked.compareTo(SHORTEST) < 0) {
      return SHORTEST;
    }
    return asked.compareTo(LONGEST) > 0 ? LONGEST : asked;
  }
}
