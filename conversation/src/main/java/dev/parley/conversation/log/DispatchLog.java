package dev.parley.conversation.log;

import dev.parley.conversation.log.ShardLog.StoredRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;

/**
 * What dispatchers read and write: the shards' records as they come, the read marks as they come, and a log of their own,
 * one for all shards, of what they have done. The oldest of that log is dropped when it is above 512 MiB or older than a
 * week.
 *
 * <p>Thread-safe. Futures fail with a {@link LogException} and nothing else.
 */
public interface DispatchLog {
  /** There was no message of this shard. */
  long NONE = 0;

  /**
   * Appends a message of a shard if the shard's newest message is the expected one.
   *
   * @param record at most {@link ShardLog#MAX_RECORD_BYTES}
   * @param expectedLast the position of the shard's newest message; {@link #NONE}: it has none
   * @return its position, which grows over all shards; fails with CONFLICT if another one is the newest
   */
  CompletableFuture<Long> append(int shard, byte[] record, long expectedLast);

  /** The position of a shard's newest message now, from the leader; {@link #NONE}: it has none, or none any more. */
  CompletableFuture<Long> newest(int shard);

  /**
   * Tells those messages of one shard that are there now and were appended since a time by the broker's clock, in order.
   * For looking something up: it costs as much as it tells.
   *
   * @param limit how long at most
   * @return whether all were told; false: the time was up, and {@code reader} is told nothing more
   */
  CompletableFuture<Boolean> read(int shard, Instant since, Duration limit, Reader reader);

  /**
   * Tells all messages of this log, in order, then each new one, until the broker is closed. After a reconnect it goes on
   * where it was.
   *
   * @return completed when all that there were have been told
   */
  CompletableFuture<Void> follow(Reader reader);

  /** As {@link #follow}, the messages of the {@link MarkLog}. */
  CompletableFuture<Void> followMarks(Reader reader);

  /** Which dispatchers there are. */
  Registry dispatchers();

  /**
   * Begins to read a shard's records in order, from behind what any dispatcher has acknowledged, and ends the reading of
   * whoever read it before: it is told nothing more.
   *
   * @param position up to which the shard is known to be dealt with; {@link #UNKNOWN}: by what was acknowledged alone,
   *     and if nothing ever was, the reading begins at the end of the shard
   */
  CompletableFuture<Feed> take(int shard, long position, Reader reader);

  /** No position is known. */
  long UNKNOWN = -1;

  /** Who is told. Called by one thread at a time, which it must not block. */
  interface Reader {
    /** A record or message of a shard; positions of one shard grow. */
    void tell(int shard, StoredRecord record);
  }

  /** The position of a shard's last record now, as the shard's leader says; 0: there never was one. */
  CompletableFuture<Long> end(int shard);

  /** The reading of a shard. At most 4,096 records are told that were not acknowledged. */
  interface Feed extends AutoCloseable {
    /** Where it began: everything up to this position was dealt with. */
    long begin();

    /** Everything up to this position is dealt with, and never told again to anybody. Best effort until {@link #close}. */
    void acknowledge(long position);

    /** Stops reading; the next one begins behind what was acknowledged. */
    @Override
    void close();
  }
}
