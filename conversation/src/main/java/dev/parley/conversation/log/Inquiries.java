package dev.parley.conversation.log;

import dev.parley.conversation.log.Wakes.Subscription;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Questions to all routers at once, about what only they know in memory. Best effort: an answer may be missing, so whoever
 * asks can do without.
 *
 * <p>Thread-safe.
 */
public interface Inquiries {
  /** The largest question, and the largest part of an answer, in bytes: 512 KiB. */
  int MAX_BYTES = 512 * 1024;

  /**
   * Asks all who {@link #answer}.
   *
   * @param question at most {@link #MAX_BYTES}; a larger one is the caller's fault, an IllegalArgumentException
   * @param answers how many are awaited
   * @param limit how long at most
   * @return those that came whole, each as one text of all its parts; without a connection none. Never fails
   */
  CompletableFuture<List<byte[]>> ask(byte[] question, int answers, Duration limit);

  /**
   * Answers all questions from now on, until the subscription is closed; on a thread of the adapter, which the answerer
   * must not block. An answer has any number of parts of at most {@link #MAX_BYTES}; they come together joined, as
   * messages of Protobuf may be. Without any part, or when the future fails, the question is left to others.
   */
  Subscription answer(Function<byte[], CompletableFuture<List<byte[]>>> answerer);
}
