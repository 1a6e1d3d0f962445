package dev.parley.conversation.log.memory;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.MarkLog;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Read marks by shard and position. */
final class MemoryMarkLog implements MarkLog {
  private final MemoryBroker broker;
  private final List<TreeMap<Long, StoredRecord>> shards;
  private long last;

  MemoryMarkLog(MemoryBroker broker, int shards) {
    this.broker = broker;
    this.shards = IntStream.range(0, shards).mapToObj(k -> new TreeMap<Long, StoredRecord>()).toList();
  }

  @Override
  public CompletableFuture<Long> append(int shard, byte[] marks) {
    return broker.answer(() -> appendNow(shard, marks));
  }

  private synchronized long appendNow(int shard, byte[] marks) {
    if (marks.length > ShardLog.MAX_RECORD_BYTES) {
      throw new LogException(LogException.Kind.REFUSED, "marks of " + marks.length + " bytes");
    }
    long position = ++last;
    shards.get(shard).put(position, new StoredRecord(position, marks));
    return position;
  }

  @Override
  public CompletableFuture<@Nullable Void> readAll(int shard, Consumer<StoredRecord> reader) {
    return broker.answer(() -> {
      stored(shard).forEach(reader);
      return null;
    });
  }

  private synchronized List<StoredRecord> stored(int shard) {
    return List.copyOf(shards.get(shard).values());
  }

  @Override
  public CompletableFuture<@Nullable Void> trim(int shard, long firstKept) {
    return broker.answer(() -> {
      synchronized (this) {
        Map<Long, StoredRecord> trimmed = shards.get(shard).headMap(firstKept);
        trimmed.clear();
        return null;
      }
    });
  }
}
