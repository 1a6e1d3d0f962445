package dev.parley.presence.store;

import dev.parley.chassis.resilience.Hop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** The one way by which calls go to Redis: over the hop. Thread-safe. */
final class RedisCalls {
  private final Hop hop;

  RedisCalls(Hop hop) {
    this.hop = hop;
  }

  /**
   * Makes a call, once: a reading is worth something only in its place among the others, and who asks for a renewal asks
   * again soon. What it fails with is a {@link PresenceStoreException}.
   */
  <T> CompletableFuture<T> call(Supplier<? extends CompletionStage<T>> call) {
    return plain(hop.call(call));
  }

  /** Makes a call whose place and number do not matter, again when it fails. */
  <T> CompletableFuture<T> repeatable(Supplier<? extends CompletionStage<T>> call) {
    return plain(hop.repeatable(call));
  }

  private static <T> CompletableFuture<T> plain(CompletionStage<T> answer) {
    CompletableFuture<T> result = new CompletableFuture<>();
    answer.whenComplete(
        (value, failure) -> {
          if (failure == null) {
            result.complete(value);
          } else {
            result.completeExceptionally(
                failure instanceof PresenceStoreException
                    ? failure
                    : new PresenceStoreException("Redis: " + failure.getMessage(), failure));
          }
        });
    return result;
  }
}
