package dev.parley.conversation.jetstream;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.LogException.Kind;
import dev.parley.conversation.log.ShardLog;
import io.nats.client.impl.Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The log of one shard: a stream whose sequences are the positions. Appends, reads and the rest have connections of
 * their own, so that none waits behind the bytes of another.
 */
final class JetStreamShardLog implements ShardLog {
  private static final String EXPECTED_LAST = "Nats-Expected-Last-Sequence";

  private final int shard;
  private final String stream;
  private final Requests appends;
  private final Requests reads;
  private final Requests tables;

  JetStreamShardLog(int shard, Requests appends, Requests reads, Requests tables) {
    this.shard = shard;
    this.stream = StreamNames.shard(shard);
    this.appends = appends;
    this.reads = reads;
    this.tables = tables;
  }

  @Override
  public CompletableFuture<Long> append(String key, byte[] record, long expectedLast) {
    if (key.isEmpty()) {
      return CompletableFuture.failedFuture(new LogException(Kind.REFUSED, "a record without a key"));
    }
    Headers headers = new Headers().put(EXPECTED_LAST, Long.toString(expectedLast));
    return appends.publish(StreamNames.record(shard, key), headers, record);
  }

  @Override
  public CompletableFuture<Tail> tail() {
    // In this order: the owner and the filler that are found are at least as new as the position.
    return PlainFailures.of(appends.extent(stream)
        .thenCompose(extent -> last(OWNER_KEY)
            .thenCombine(last(FILLER_KEY), (owner, filler) ->
                new Tail(extent.first(), extent.last(), owner, filler, extent.bytes(), extent.maxBytes()))));
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> last(String key) {
    return PlainFailures.of(appends.lastBySubject(stream, StreamNames.record(shard, key)));
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> lastUpTo(String key, long position) {
    return position < 1
        ? CompletableFuture.completedFuture(null)
        : PlainFailures.of(reads.lastUpTo(stream, StreamNames.record(shard, key), position));
  }

  @Override
  public CompletableFuture<List<@Nullable StoredRecord>> read(long[] positions) {
    if (positions.length > MAX_READ) {
      return CompletableFuture.failedFuture(
          new LogException(Kind.REFUSED, positions.length + " positions are more than " + MAX_READ));
    }
    List<CompletableFuture<@Nullable StoredRecord>> gets = new ArrayList<>(positions.length);
    for (long position : positions) {
      gets.add(readOne(position));
    }
    return PlainFailures.of(CompletableFuture.allOf(gets.toArray(CompletableFuture[]::new)).thenApply(all -> {
      List<@Nullable StoredRecord> records = new ArrayList<>(gets.size());
      gets.forEach(get -> records.add(get.join()));
      return records;
    }));
  }

  private CompletableFuture<@Nullable StoredRecord> readOne(long position) {
    if (position < 1) {
      return CompletableFuture.completedFuture(null);
    }
    return reads.at(stream, position).thenCompose(record ->
        record != null ? CompletableFuture.completedFuture(record) : readCut(position));
  }

  private CompletableFuture<@Nullable StoredRecord> readCut(long position) {
    return reads.lastBySubject(StreamNames.CUTS, StreamNames.cut(shard, position))
        .thenApply(cut -> cut == null ? null : new StoredRecord(position, cut.bytes()));
  }

  @Override
  public CompletableFuture<@Nullable Void> replace(long position, byte[] cut) {
    // The copy is stored before the original goes: whoever misses the one finds the other.
    return PlainFailures.of(tables.subjectAt(stream, position)
        .thenCompose(subject -> subject == null
            ? CompletableFuture.<@Nullable Void>completedFuture(null)
            : requireOlder(subject, position))
        .thenCompose(older -> tables.publish(StreamNames.cut(shard, position), null, cut))
        .thenCompose(stored -> tables.erase(stream, position)));
  }

  private CompletableFuture<@Nullable Void> requireOlder(String subject, long position) {
    return tables.lastBySubject(stream, subject).thenApply(last -> {
      if (last != null && last.position() == position) {
        throw new LogException(Kind.REFUSED, "the newest record of its key is not replaced: " + position);
      }
      return null;
    });
  }

  @Override
  public CompletableFuture<@Nullable Void> trim(long firstKept) {
    return tables.purge(stream, firstKept);
  }
}
