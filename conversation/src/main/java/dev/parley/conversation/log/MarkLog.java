package dev.parley.conversation.log;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Read marks: a small log per shard whose messages are folded in order and whose beginning is trimmed when later
 * messages have said it again.
 *
 * <p>Thread-safe. Futures fail with a {@link LogException} and nothing else.
 */
public interface MarkLog {
  /** Appends a message of at most 512 KiB; its position. */
  CompletableFuture<Long> append(int shard, byte[] marks);

  /** Tells all messages of a shard in order; completed after the last. */
  CompletableFuture<Void> readAll(int shard, Consumer<ShardLog.StoredRecord> reader);

  /** Forgets a shard's messages before this position. */
  CompletableFuture<Void> trim(int shard, long firstKept);
}
