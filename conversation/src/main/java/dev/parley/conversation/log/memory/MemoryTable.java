package dev.parley.conversation.log.memory;

import dev.parley.conversation.log.LogException;
import dev.parley.conversation.log.ShardLog;
import dev.parley.conversation.log.Table;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Values by key; one count of revisions for the whole table, as the broker has it. */
final class MemoryTable implements Table {
  private final MemoryBroker broker;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final List<BiConsumer<String, Entry>> listeners = new ArrayList<>();
  private long revision;

  MemoryTable(MemoryBroker broker) {
    this.broker = broker;
  }

  @Override
  public CompletableFuture<@Nullable Entry> get(String key) {
    return broker.answer(() -> {
      synchronized (this) {
        return entries.get(key);
      }
    });
  }

  @Override
  public CompletableFuture<Long> put(String key, byte[] value, long expectedRevision) {
    return broker.answer(() -> putNow(key, value, expectedRevision));
  }

  private synchronized long putNow(String key, byte[] value, long expectedRevision) {
    if (key.isEmpty() || value.length > ShardLog.MAX_RECORD_BYTES) {
      throw new LogException(LogException.Kind.REFUSED, "no key, or a value of " + value.length + " bytes");
    }
    Entry present = entries.get(key);
    long presentRevision = present == null ? 0 : present.revision();
    if (presentRevision != expectedRevision) {
      throw new LogException(
          LogException.Kind.CONFLICT, "the revision is " + presentRevision + ", not " + expectedRevision);
    }
    Entry entry = new Entry(value, ++revision);
    entries.put(key, entry);
    listeners.forEach(listener -> listener.accept(key, entry));
    return entry.revision();
  }

  @Override
  public CompletableFuture<@Nullable Void> watch(BiConsumer<String, Entry> listener) {
    return broker.answer(() -> {
      synchronized (this) {
        entries.forEach(listener);
        listeners.add(listener);
        return null;
      }
    });
  }
}
