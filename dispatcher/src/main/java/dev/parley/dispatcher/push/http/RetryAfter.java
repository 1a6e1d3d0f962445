package dev.parley.dispatcher.push.http;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/** The header Retry-After (RFC 9110): seconds, or a date. */
public final class RetryAfter {
  private static final Duration LEAST = Duration.ofSeconds(1);
  /** A provider that asks for more has erred; the push would be worth nothing. */
  private static final Duration MOST = Duration.ofDays(1);

  private RetryAfter() {}

  /** How long to wait by this header: a second to a day. Null: there is none, or nobody can read it. */
  public static @Nullable Duration read(@Nullable String header, Instant now) {
    if (header == null) {
      return null;
    }
    String text = header.strip();
    try {
      if (!text.isEmpty() && text.length() <= 9 && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
        return within(Duration.ofSeconds(Integer.parseInt(text)));
      }
      return within(Duration.between(now, ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant()));
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  private static Duration within(Duration asked) {
    if (asked.compareTo(LEAST) < 0) {
      return LEAST;
    }
    return asked.compareTo(MOST) > 0 ? MOST : asked;
  }
}
