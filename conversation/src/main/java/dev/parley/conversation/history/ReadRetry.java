package dev.parley.conversation.history;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * How often a position that must hold a record is asked for again: the reader that answered may be behind.
 *
 * @param attempts reads in all. 8 with the default pause: some 1.6 s, longer than a replica that lives lags
 * @param pause between two of them
 * @param timer runs the next read after the pause, on the thread to which the log's answers come, if there is one
 */
public record ReadRetry(int attempts, Duration pause, Timer timer) {
  /** For a log with replicas. */
  public static final ReadRetry DEFAULT = new ReadRetry(8, Duration.ofMillis(200));

  /** Runs something later. */
  public interface Timer {
    /** Runs {@code task} once, {@code pause} from now. */
    void after(Duration pause, Runnable task);
  }

  /** Asks again on whatever thread the pause ends. */
  public ReadRetry(int attempts, Duration pause) {
    this(attempts, pause, ReadRetry::onAnyThread);
  }

  private static void onAnyThread(Duration pause, Runnable task) {
    CompletableFuture.delayedExecutor(pause.toMillis(), TimeUnit.MILLISECONDS, Runnable::run).execute(task);
  }

  /** The same, asking again by this timer. */
  public ReadRetry on(Timer other) {
    return new ReadRetry(attempts, pause, other);
  }

  public ReadRetry {
    if (attempts < 1 || pause.isNegative()) {
      throw new IllegalArgumentException("at least one attempt, and no negative pause");
    }
  }
}
