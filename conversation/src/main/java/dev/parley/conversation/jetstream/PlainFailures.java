package dev.parley.conversation.jetstream;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Chains of futures wrap their failures; the port promises them plain. */
final class PlainFailures {
  private PlainFailures() {}

  /** The same outcome, with the failure itself instead of one around it. */
  static <T extends @Nullable Object> CompletableFuture<T> of(CompletableFuture<T> chain) {
    CompletableFuture<T> plain = new CompletableFuture<>();
    chain.whenComplete((value, failure) -> {
      if (failure == null) {
        plain.complete(value);
      } else {
        Throwable cause = failure.getCause();
        plain.completeExceptionally(failure instanceof CompletionException && cause != null ? cause : failure);
      }
    });
    return plain;
  }
}
