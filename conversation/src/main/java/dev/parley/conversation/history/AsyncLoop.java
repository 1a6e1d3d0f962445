package dev.parley.conversation.history;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Repeats an asynchronous step until it has a result. However many steps there are, and whether they complete at once
 * or later, the stack does not grow.
 */
final class AsyncLoop {
  private AsyncLoop() {}

  /** Runs {@code step} again and again, each time after the one before, until it gives something other than null. */
  static <T> CompletableFuture<T> until(Supplier<CompletableFuture<@Nullable T>> step) {
    CompletableFuture<T> result = new CompletableFuture<>();
    run(step, result);
    return result;
  }

  private static <T> void run(Supplier<CompletableFuture<@Nullable T>> step, CompletableFuture<T> result) {
    try {
      while (true) {
        CompletableFuture<@Nullable T> outcome = step.get();
        if (!outcome.isDone()) {
          outcome.whenComplete((value, failure) -> {
            if (failure != null) {
              result.completeExceptionally(failure);
            } else if (value != null) {
              result.complete(value);
            } else {
              run(step, result);
            }
          });
          return;
        }
        T value = outcome.join();
        if (value != null) {
          result.complete(value);
          return;
        }
      }
    } catch (RuntimeException e) {
      result.completeExceptionally(e);
    }
  }
}
