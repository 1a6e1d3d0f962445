package dev.parley.sdk;

import java.util.concurrent.CompletableFuture;

/**
 * Where a client gets its access token from: asked for each new stream, before a stream's token ends, and for each
 * unary call. An implementation that fetches tokens from somewhere should keep them until shortly before their end.
 *
 * <p>Called on the client's event loop: must return at once, complete the future from wherever it likes.
 */
@FunctionalInterface
public interface TokenSource {
  /** A token that is valid now: the JWT alone, without "Bearer". A failed future counts as a failed connection. */
  CompletableFuture<String> token();

  /** One token that never changes; the session ends when the server no longer accepts it. */
  static TokenSource fixed(String token) {
    return () -> CompletableFuture.completedFuture(token);
  }
}
