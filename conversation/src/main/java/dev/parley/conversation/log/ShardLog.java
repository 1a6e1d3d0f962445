package dev.parley.conversation.log;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The log of one shard: records at positions 1, 2, 3 ... of which some may be missing later (replaced by a cut copy, or
 * trimmed). Each record has a key: a conversation, {@link #OWNER_KEY} or {@link #FILLER_KEY}.
 *
 * <p>Thread-safe. Futures fail with a {@link LogException} and nothing else.
 */
public interface ShardLog {
  /** The key of Owner records. No conversation has it. */
  String OWNER_KEY = "o";

  /** The key of fillers: records that only take a position. No conversation has it. */
  String FILLER_KEY = "p";

  /**
   * Appends a record directly behind position {@code expectedLast}, or not at all. Sent before this method returns, so
   * appends of one thread reach the broker in its order.
   *
   * @param key a conversation's id, {@link #OWNER_KEY} or {@link #FILLER_KEY}
   * @param record at most {@link #MAX_RECORD_BYTES}
   * @return the record's position. Fails with CONFLICT when the last position is another one, FULL, NOT_SENT when it is
   *     certain that nothing went out, or UNKNOWN (also after the append time-out)
   */
  CompletableFuture<Long> append(String key, byte[] record, long expectedLast);

  /** How far the log goes, and its newest Owner record and filler, from the leader, never from a stale replica. */
  CompletableFuture<Tail> tail();

  /** The newest record with this key, from the leader; null: there is none. */
  CompletableFuture<@Nullable StoredRecord> last(String key);

  /**
   * The newest record with this key that lies at this position or before it, as some replica has it; null: there is none,
   * or not any more, or that replica is behind.
   *
   * @param position which the log has reached
   */
  CompletableFuture<@Nullable StoredRecord> lastUpTo(String key, long position);

  /**
   * The records at exactly these positions, in this order. A record that was replaced comes as its cut copy. Null in
   * the list: not there (trimmed, never written, or a reader that is behind: ask again).
   *
   * @param positions at most {@link #MAX_READ}
   */
  CompletableFuture<List<@Nullable StoredRecord>> read(long[] positions);

  /**
   * Puts {@code cut} in the place of the record at {@code position} and erases the original from the disk. Repeating it
   * is harmless. The newest record of a key is REFUSED, since {@link #last} must find it: what is cut has an event
   * behind it that says so.
   */
  CompletableFuture<Void> replace(long position, byte[] cut);

  /**
   * Forgets all records before {@code firstKept}. Repeating it is harmless.
   *
   * <p>Whoever trims has seen to it that the newest snapshot of each conversation reaches to what is left of it, or to
   * its newest record when nothing is: a conversation without that cannot be loaded, or counts as never begun. The
   * newest Owner record stays.
   */
  CompletableFuture<Void> trim(long firstKept);

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
   * The ends of a log.
   *
   * @param first position of the first record that was not trimmed, or of the one behind it if that was replaced;
   *     position + 1: there is none
   * @param position of the last record; 0: there never was one
   * @param owner the newest Owner record; null: there is none
   * @param filler the newest filler; null: there is none
   * @param bytes what the log takes of its room
   * @param maxBytes its room; {@link Long#MAX_VALUE}: unlimited
   */
  record Tail(
      long first,
      long position,
      @Nullable StoredRecord owner,
      @Nullable StoredRecord filler,
      long bytes,
      long maxBytes) {}
}
