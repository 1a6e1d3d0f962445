package dev.parley.conversation.log;

import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Values by key, each with a revision. Keys are any text of 1 to 512 bytes; the adapter encodes them.
 *
 * <p>Thread-safe. Futures fail with a {@link LogException} and nothing else.
 */
public interface Table {
  /** The value now, from the leader; null: there is none. */
  CompletableFuture<@Nullable Entry> get(String key);

  /**
   * Puts a value if the key's revision is the expected one (0: no value yet).
   *
   * @param value at most 512 KiB
   * @return the new revision; fails with CONFLICT if the revision is another one
   */
  CompletableFuture<Long> put(String key, byte[] value, long expectedRevision);

  /**
   * Tells all values there are, then each change, in order per key, until the broker is closed. After a reconnect,
   * values may be told again.
   *
   * @return completed when all values that there were have been told
   */
  CompletableFuture<Void> watch(BiConsumer<String, Entry> listener);

  /** A value and its revision, 1 or more. */
  record Entry(byte[] value, long revision) {}
}
