package dev.parley.conversation.history;

import java.time.Duration;

/**
 * How often a position that must hold a record is asked for again: the reader that answered may be behind.
 *
 * @param attempts reads in all. 8 with the default pause: some 1.6 s, longer than a replica that lives lags
 * @param pause between two of them
 */
public record ReadRetry(int attempts, Duration pause) {
  /** For a log with replicas. */
  public static final ReadRetry DEFAULT = new ReadRetry(8, Duration.ofMillis(200));

  public ReadRetry {
    if (attempts < 1 || pause.isNegative()) {
      throw new IllegalArgumentException("at least one attempt, and no negative pause");
    }
  }
}
