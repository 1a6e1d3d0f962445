package dev.parley.dispatcher.webhook;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.Timestamps;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.internal.v1.LogRecord;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds where in a shard a time ends, in O(log n) reads: record times never go back. Positions that hold nothing are
 * passed over.
 */
final class PositionFinder {
  /** How many positions are read to find one that holds something. */
  private static final int STEP = 8;

  private final ShardLog log;
  private final Instant time;

  PositionFinder(ShardLog log, Instant time) {
    this.log = log;
    this.time = time;
  }

  /** The last position of which nothing happened after the time: what lies behind it did. */
  CompletableFuture<Long> find() {
    return log.tail().thenCompose(tail -> between(tail.first() - 1, tail.position()));
  }

  /** Known: up to {@code low} nothing is later; behind {@code high} everything is. */
  private CompletableFuture<Long> between(long low, long high) {
    if (low >= high) {
      return CompletableFuture.completedFuture(low);
    }
    long middle = low + (high - low + 1) / 2;
    return firstFrom(middle, high).thenCompose(found -> {
      boolean later = found == null || timeOf(found).isAfter(time);
      return later ? between(low, middle - 1) : between(found.position(), high);
    });
  }

  private CompletableFuture<@Nullable StoredRecord> firstFrom(long from, long to) {
    if (from > to) {
      return CompletableFuture.completedFuture(null);
    }
    long[] positions = LongStream.rangeClosed(from, Math.min(to, from + STEP - 1)).toArray();
    return log.read(positions).thenCompose(records -> {
      StoredRecord first = firstOf(records);
      return first == null ? firstFrom(from + positions.length, to) : CompletableFuture.completedFuture(first);
    });
  }

  private static @Nullable StoredRecord firstOf(List<@Nullable StoredRecord> records) {
    for (StoredRecord record : records) {
      if (record != null) {
        return record;
      }
    }
    return null;
  }

  private static Instant timeOf(StoredRecord stored) {
    try {
      return Timestamps.toInstant(LogRecord.parseFrom(stored.bytes()).getTime());
    } catch (InvalidProtocolBufferException e) {
      throw new LogException(LogException.Kind.REFUSED, "no record at position " + stored.position());
    }
  }
}
