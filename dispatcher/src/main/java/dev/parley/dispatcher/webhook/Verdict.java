package dev.parley.dispatcher.webhook;

import dev.parley.dispatcher.http.PostOutcome;
import dev.parley.dispatcher.http.PostOutcome.Answered;
import dev.parley.dispatcher.http.PostOutcome.Unanswered;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What an attempt comes to.
 *
 * @param kind taken or not
 * @param reason in words, without anything that the endpoint wrote
 * @param retryAfter how long the endpoint wants to be left alone; null: it does not say
 */
record Verdict(Kind kind, String reason, @Nullable Duration retryAfter) {
  private static final int GONE = 410;
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int UNAVAILABLE = 503;

  /** Of attempts. The names are those of the metric. */
  enum Kind {
    /** 2xx. */
    TAKEN,
    /** 410: nothing is to be sent any more. */
    GONE,
    /** 3xx: redirects are not followed. */
    REDIRECTED,
    /** 429 or 503: it has too much to do. */
    BUSY,
    /** Any other status. */
    REFUSED,
    /** No connection was made, since the address may not be used or does not exist. */
    NOT_SENT,
    /** No answer. */
    UNANSWERED
  }

  static Verdict of(PostOutcome outcome, Instant now) {
    return switch (outcome) {
      case Answered(int status, String retryAfter, byte[] beginning) -> of(status, retryAfter, now);
      case Unanswered(PostOutcome.Failure failure, String reason) ->
          switch (failure) {
            case BAD_TARGET, ADDRESS_REFUSED, NOT_RESOLVED -> new Verdict(Kind.NOT_SENT, reason, null);
            default -> new Verdict(Kind.UNANSWERED, reason, null);
          };
    };
  }

  private static Verdict of(int status, @Nullable String retryAfter, Instant now) {
    String reason = "status " + status;
    if (status >= 200 && status < 300) {
      return new Verdict(Kind.TAKEN, reason, null);
    } else if (status >= 300 && status < 400) {
      return new Verdict(Kind.REDIRECTED, reason + ": redirects are not followed", null);
    }
    return switch (status) {
      case GONE -> new Verdict(Kind.GONE, reason + ": the endpoint is gone", null);
      case TOO_MANY_REQUESTS, UNAVAILABLE -> new Verdict(Kind.BUSY, reason, RetrySchedule.asked(retryAfter, now));
      default -> new Verdict(Kind.REFUSED, reason, null);
    };
  }

  boolean isTaken() {
    return kind == Kind.TAKEN;
  }
}
