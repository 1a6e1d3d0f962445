package dev.parley.pushlab.http;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a push service is to fail.
 *
 * @param status with {@link Kind#STATUS}, what it answers
 * @param reason the service's own name of the failure, as {@code BadDeviceToken}; null: the usual one of the status
 * @param retryAfterSeconds the header Retry-After; 0: none
 * @param delay with {@link Kind#SLOW}, how long each answer takes
 * @param count how many requests it hits; 0: all, until it is told otherwise
 */
public record Fault(
    Kind kind, int status, @Nullable String reason, int retryAfterSeconds, Duration delay, int count) {
  private static final Duration LONGEST = Duration.ofMinutes(10);

  /** What it does. */
  public enum Kind {
    /** Answers with a status, and does nothing else. */
    STATUS,
    /** Takes requests and answers nothing. */
    SILENCE,
    /** Answers as always, but late. */
    SLOW,
    /** Answers 200 with a body that does not end. */
    FLOOD,
    /** Takes no connections, and ends those that there are. */
    REFUSE
  }

  /** Checks that it can be done. */
  public Fault {
    if (kind == Kind.STATUS && (status < 300 || status > 599)) {
      throw new IllegalArgumentException("status must be 300 to 599");
    }
    if (retryAfterSeconds < 0 || count < 0 || delay.isNegative() || delay.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("count and times cannot be negative, nor a delay longer than 10 minutes");
    }
    if (kind == Kind.REFUSE && count != 0) {
      throw new IllegalArgumentException("connections are refused until told otherwise: without count");
    }
  }

  /** A status for so many requests. */
  public static Fault status(int status, int count) {
    return new Fault(Kind.STATUS, status, null, 0, Duration.ZERO, count);
  }

  /** A status with Retry-After, for so many requests. */
  public static Fault retryAfter(int status, int seconds, int count) {
    return new Fault(Kind.STATUS, status, null, seconds, Duration.ZERO, count);
  }

  /** A status with the service's own name of the failure, for so many requests. */
  public static Fault reason(int status, String reason, int count) {
    return new Fault(Kind.STATUS, status, reason, 0, Duration.ZERO, count);
  }

  /** Any other, for so many requests. */
  public static Fault of(Kind kind, int count) {
    return new Fault(kind, 0, null, 0, Duration.ZERO, count);
  }
}
