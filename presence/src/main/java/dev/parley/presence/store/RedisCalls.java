package dev.parley.presence.store;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * The one way by which calls go to Redis. Counts those that fail one after another; when there are too many, it says so
 * once. Thread-safe.
 */
final class RedisCalls {
  private final int tolerated;
  private final Runnable failing;
  private final AtomicInteger failures = new AtomicInteger();
  /** Which connections are counted: what fails of those before says nothing of these. */
  private volatile int life;

  /**
   * Nothing has failed yet.
   *
   * @param tolerated so many failures in a row are still taken for chance
   * @param failing is told of the first one beyond, on the thread that sees it
   */
  RedisCalls(int tolerated, Runnable failing) {
    this.tolerated = tolerated;
    this.failing = failing;
  }

  /** Makes a call. What it fails with is a {@link PresenceStoreException}. */
  <T> CompletableFuture<T> call(Supplier<? extends CompletionStage<T>> call) {
    int began = life;
    CompletionStage<T> answer;
    try {
      answer = call.get();
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    answer.whenComplete(
        (value, failure) -> {
          if (failure == null) {
            failures.set(0);
            result.complete(value);
            return;
          }
          result.completeExceptionally(
              failure instanceof PresenceStoreException
                  ? failure
                  : new PresenceStoreException("Redis: " + failure.getMessage(), failure));
          if (began == life && failures.incrementAndGet() == tolerated + 1) {
            failing.run();
          }
        });
    return result;
  }

  /** Begins to count anew, on new connections. */
  synchronized void reset() {
    life++;
    failures.set(0);
  }
}
