package dev.parley.chassis.admin;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Looks whether the threads that all work is pinned to still take some: each gets a task that does nothing. Only when
 * somebody asks; nothing runs in between. Thread-safe.
 */
public final class ThreadProbe implements Probe {
  private final String what;
  private final List<? extends Executor> threads;
  private final Duration patience;

  /**
   * A probe of these threads.
   *
   * @param what they are, as in "event loops"
   * @param patience how long all of them together get
   */
  public ThreadProbe(String what, List<? extends Executor> threads, Duration patience) {
    this.what = what;
    this.threads = List.copyOf(threads);
    this.patience = patience;
  }

  @Override
  public @Nullable String trouble() {
    CountDownLatch waiting = new CountDownLatch(threads.size());
    try {
      threads.forEach(thread -> thread.execute(waiting::countDown));
      if (waiting.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        return null;
      }
      return waiting.getCount() + " of " + threads.size() + " " + what + " did nothing for " + patience.toMillis() + " ms";
    } catch (RejectedExecutionException e) {
      return what + " have ended";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }
}
