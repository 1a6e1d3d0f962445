package dev.parley.conversation.history;

import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * How often a position that must hold a record is asked for again: the reader that answered may be behind.
 *
 * @param attempts reads in all. 8 with the default pause: some 1.6 s, longer than a replica that lives lags
 * @param pause between two of them
 * @param thread where a read is asked for again: the thread to which the log's answers come, if there is one
 */
public record ReadRetry(int attempts, Duration pause, Executor thread) {
  /** For a log with replicas. */
  public static final ReadRetry DEFAULT = new ReadRetry(8, Duration.ofMillis(200));

  /** Asks again on whatever thread the pause ends. */
  public ReadRetry(int attempts, Duration pause) {
    this(attempts, pause, Runnable::run);
  }

  /** The same, asking again on this thread. */
  public ReadRetry on(Executor executor) {
    return new ReadRetry(attempts, pause, executor);
  }

  public ReadRetry {
    if (attempts < 1 || pause.isNegative()) {
      throw new IllegalArgumentException("at least one attempt, and no negative pause");
    }
  }
}
