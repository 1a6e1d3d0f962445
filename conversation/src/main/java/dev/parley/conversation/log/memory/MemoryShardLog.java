package dev.parley.conversation.log.memory;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.ShardLog;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The log of one shard as a list: the record at position p lies at index p - 1, null when it was trimmed. */
final class MemoryShardLog implements ShardLog {
  private final MemoryBroker broker;
  private final long maxBytes;
  private final List<@Nullable StoredRecord> records = new ArrayList<>();
  private final Map<String, Long> lastPositions = new HashMap<>();
  private final List<String> keys = new ArrayList<>();
  private final List<Consumer<StoredRecord>> followers = new ArrayList<>();
  private long bytes;
  private long first = 1;

  MemoryShardLog(MemoryBroker broker, long maxBytes) {
    this.broker = broker;
    this.maxBytes = maxBytes;
  }

  @Override
  public CompletableFuture<Long> append(String key, byte[] record, long expectedLast) {
    return broker.answer(() -> appendNow(key, record, expectedLast));
  }

  private synchronized long appendNow(String key, byte[] record, long expectedLast) {
    if (key.isEmpty() || record.length > MAX_RECORD_BYTES) {
      throw new LogException(LogException.Kind.REFUSED, "no key, or a record of " + record.length + " bytes");
    }
    if (expectedLast != records.size()) {
      throw new LogException(
          LogException.Kind.CONFLICT, "the last position is " + records.size() + ", not " + expectedLast);
    }
    if (bytes + record.length > maxBytes) {
      throw new LogException(LogException.Kind.FULL, "the shard has " + bytes + " bytes of at most " + maxBytes);
    }
    long position = records.size() + 1L;
    records.add(new StoredRecord(position, record));
    lastPositions.put(key, position);
    keys.add(key);
    bytes += record.length;
    followers.forEach(follower -> follower.accept(new StoredRecord(position, record)));
    return position;
  }

  /** The position of the last record. */
  synchronized long newestPosition() {
    return records.size();
  }

  /** Tells the records after this position, and each new one on the writer's thread. */
  synchronized void follow(long after, Consumer<StoredRecord> follower) {
    for (long position = Math.max(after, 0) + 1; position <= records.size(); position++) {
      StoredRecord record = at(position);
      if (record != null) {
        follower.accept(record);
      }
    }
    followers.add(follower);
  }

  @Override
  public CompletableFuture<Tail> tail() {
    return broker.answer(() -> {
      synchronized (this) {
        return new Tail(first, records.size(), newest(OWNER_KEY), newest(FILLER_KEY), bytes, maxBytes);
      }
    });
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> last(String key) {
    return broker.answer(() -> newest(key));
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> lastUpTo(String key, long position) {
    return broker.answer(() -> newestUpTo(key, position));
  }

  private synchronized @Nullable StoredRecord newestUpTo(String key, long position) {
    for (long each = Math.min(position, keys.size()); each >= first; each--) {
      if (keys.get((int) each - 1).equals(key)) {
        return at(each);
      }
    }
    return null;
  }

  private synchronized @Nullable StoredRecord newest(String key) {
    Long position = lastPositions.get(key);
    return position == null ? null : at(position);
  }

  @Override
  public CompletableFuture<List<@Nullable StoredRecord>> read(long[] positions) {
    return broker.answer(() -> {
      if (positions.length > MAX_READ) {
        throw new LogException(LogException.Kind.REFUSED, positions.length + " positions in one read");
      }
      synchronized (this) {
        List<@Nullable StoredRecord> found = new ArrayList<>(positions.length);
        Arrays.stream(positions).forEach(position -> found.add(at(position)));
        return found;
      }
    });
  }

  private @Nullable StoredRecord at(long position) {
    return position < 1 || position > records.size() ? null : records.get((int) position - 1);
  }

  @Override
  public CompletableFuture<@Nullable Void> replace(long position, byte[] cut) {
    return broker.answer(() -> {
      replaceNow(position, cut);
      return null;
    });
  }

  private synchronized void replaceNow(long position, byte[] cut) {
    StoredRecord replaced = at(position);
    if (lastPositions.containsValue(position)) {
      throw new LogException(LogException.Kind.REFUSED, "the newest record of its key is not replaced: " + position);
    }
    if (replaced != null) {
      records.set((int) position - 1, new StoredRecord(position, cut));
      bytes += cut.length - replaced.bytes().length;
    }
  }

  @Override
  public CompletableFuture<@Nullable Void> trim(long firstKept) {
    return broker.answer(() -> {
      trimNow(firstKept);
      return null;
    });
  }

  private synchronized void trimNow(long firstKept) {
    long end = Math.min(firstKept, records.size() + 1L);
    for (; first < end; first++) {
      StoredRecord trimmed = records.set((int) first - 1, null);
      bytes -= trimmed == null ? 0 : trimmed.bytes().length;
    }
    lastPositions.values().removeIf(position -> position < firstKept);
  }
}
