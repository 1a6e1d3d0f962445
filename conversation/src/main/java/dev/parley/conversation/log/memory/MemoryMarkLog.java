package dev.parley.conversation.log.memory;

import dev.parley.conversation.log.DispatchLog;
import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.MarkLog;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import java.util.ArrayList;
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
  private final List<DispatchLog.Reader> followers = new ArrayList<>();
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
    StoredRecord record = new StoredRecord(position, marks);
    shards.get(shard).put(position, record);
    followers.forEach(follower -> follower.tell(shard, record));
    return position;
  }

  @Override
  public CompletableFuture<@Nullable Void> readAll(int shard, Consumer<StoredRecord> reader) {
    return broker.answer(() -> {
      stored(shard).forEach(reader);
      return null;
    });
  }

  /** Tells all messages of all shards, each shard's in order, and each new one on the writer's thread. */
  synchronized void follow(DispatchLog.Reader follower) {
    for (int shard = 0; shard < shards.size(); shard++) {
      for (StoredRecord record : shards.get(shard).values()) {
        follower.tell(shard, record);
      }
    }
    followers.add(follower);
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
