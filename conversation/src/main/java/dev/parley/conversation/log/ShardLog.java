package dev.parley.conversation.log;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The log of one shard: records at positions 1, 2, 3 ... of which some may be missing later (replaced by a cut copy, or
 * trimmed). Each record has a key: a conversation, or {@link #OWNER_KEY}.
 *
 * <p>Thread-safe. Futures fail with a {@link LogException} and nothing else.
 */
public interface ShardLog {
  /** The key of Owner records. No conversation has it. */
  String OWNER_KEY = "o";

  /**
   * Appends a record directly behind position {@code expectedLast}, or not at all. Sent before this method returns, so
   * appends of one thread reach the broker in its order.
   *
   * @param key a conversation's id or {@link #OWNER_KEY}
   * @param record at most {@link #MAX_RECORD_BYTES}
   * @return the record's position. Fails with CONFLICT when the last position is another one, FULL, NOT_SENT when it is
   *     certain that nothing went out, or UNKNOWN (also after the append time-out)
   */
  CompletableFuture<Long> append(String key, byte[] record, long expectedLast);

  /** The last position and the newest Owner record, from the leader, never from a stale replica. */
  CompletableFuture<Tail> tail();

  /** The newest record with this key, from the leader; null: there is none. */
  CompletableFuture<@Nullable StoredRecord> last(String key);

  /**
   * The records at exactly these positions, in this order. A record that was replaced comes as its cut copy. Null in
   * the list: not there (trimmed, never written, or a reader that is behind: ask again).
   *
   * @param positions at most {@link #MAX_READ}
   */
  CompletableFuture<List<@Nullable StoredRecord>> read(long[] positions);

  /**
   * Puts {@code cut} in the place of the record at {@code position} and erases the original from the disk. Repeating it
   * is harmless. The newest record of a key is REFUSED, since {@link #last} must find it: what is cut has an event behind
   * it that says so.
   */
  CompletableFuture<Void> replace(long position, byte[] cut);

  /** The largest record, in bytes: 512 KiB. */
  int MAX_RECORD_BYTES = 512 * 1024;

  /** The most positions in one {@link #read}. */
  int MAX_READ = 256;

  /**
   * A record and where it lies.
   *
   * @param position 1 or more
   * @param bytes an encoded {@code LogRecord}; not to be changed
   */
  record StoredRecord(long position, byte[] bytes) {}

  /**
   * The end of a log.
   *
   * @param position of the last record; 0: empty
   * @param owner the newest Owner record; null: there is none
   */
  record Tail(long position, @Nullable StoredRecord owner) {}
}
