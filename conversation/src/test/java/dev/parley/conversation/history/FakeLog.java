package dev.parley.conversation.history;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.Table;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A log and a table in maps, that count reads and may be behind for some of them. Futures are complete at once. */
final class FakeLog implements ShardLog, Table {
  final Map<Long, byte[]> records = new HashMap<>();
  final Map<String, Entry> entries = new HashMap<>();
  int reads;
  /** So many reads see nothing. */
  int staleReads;
  private long lastPosition;
  private long firstKept = 1;

  void put(long position, byte[] record) {
    records.put(position, record);
    lastPosition = position;
  }

  /** The record that holds this seq. */
  LoggedRecord holding(long seq) {
    return records.entrySet().stream()
        .map(entry -> LoggedRecord.parse(new StoredRecord(entry.getKey(), entry.getValue())))
        .filter(record -> record.holds(seq))
        .findFirst()
        .orElseThrow();
  }

  @Override
  public CompletableFuture<List<@Nullable StoredRecord>> read(long[] positions) {
    reads++;
    boolean stale = staleReads > 0;
    staleReads -= stale ? 1 : 0;
    List<@Nullable StoredRecord> found = new ArrayList<>();
    for (long position : positions) {
      byte[] bytes = stale ? null : records.get(position);
      found.add(bytes == null ? null : new StoredRecord(position, bytes));
    }
    return CompletableFuture.completedFuture(found);
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> last(String key) {
    byte[] bytes = records.get(lastPosition);
    return CompletableFuture.completedFuture(bytes == null ? null : new StoredRecord(lastPosition, bytes));
  }

  @Override
  public CompletableFuture<@Nullable StoredRecord> lastUpTo(String key, long position) {
    throw new UnsupportedOperationException("nobody who reads history asks for it");
  }

  @Override
  public CompletableFuture<@Nullable Entry> get(String key) {
    return CompletableFuture.completedFuture(entries.get(key));
  }

  @Override
  public CompletableFuture<Long> put(String key, byte[] value, long expectedRevision) {
    Entry before = entries.get(key);
    if (expectedRevision != (before == null ? 0 : before.revision())) {
      return CompletableFuture.failedFuture(new LogException(LogException.Kind.CONFLICT, key));
    }
    entries.put(key, new Entry(value, expectedRevision + 1));
    return CompletableFuture.completedFuture(expectedRevision + 1);
  }

  @Override
  public CompletableFuture<Long> append(String key, byte[] record, long expectedLast) {
    throw new UnsupportedOperationException("history only reads");
  }

  @Override
  public CompletableFuture<Tail> tail() {
    return CompletableFuture.completedFuture(new Tail(firstKept, lastPosition, null, null, 0, Long.MAX_VALUE));
  }

  @Override
  public CompletableFuture<Void> replace(long position, byte[] cut) {
    throw new UnsupportedOperationException("history only reads");
  }

  @Override
  public CompletableFuture<@Nullable Void> trim(long first) {
    firstKept = first;
    records.keySet().removeIf(position -> position < first);
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletableFuture<Void> watch(BiConsumer<String, Entry> listener) {
    throw new UnsupportedOperationException("history does not watch");
  }
}
