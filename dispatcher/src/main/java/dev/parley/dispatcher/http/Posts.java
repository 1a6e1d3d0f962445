package dev.parley.dispatcher.http;

import java.net.URI;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Sends requests to addresses that others have named. Thread-safe; never blocks. */
public interface Posts {
  /** Sends a request, once. The future never fails. */
  CompletableFuture<PostOutcome> post(Post post);

  /** Why nothing would be sent to this address now; null: it may be used. The future never fails. */
  CompletableFuture<PostOutcome.@Nullable Unanswered> check(URI target);
}
