package dev.parley.router.shard;

import dev.parley.v1.Event;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The newest records of a shard in memory, so that those who are a little behind need not read the log. Bounded in
 * bytes; the oldest record goes first. Not thread-safe: belongs to the shard's thread.
 *
 * <p>For a conversation it holds every record from the oldest one that it still has up to the newest, so it is complete
 * from there on.
 */
final class ShardTail {
  /** What a record costs in memory beyond its encoded bytes: objects, and its places in the two queues. */
  private static final int OVERHEAD = 768;

  private final long maxBytes;
  private long bytes;
  private final ArrayDeque<CommittedRecord> order = new ArrayDeque<>();
  private final Map<String, ArrayDeque<CommittedRecord>> byConversation = new HashMap<>();

  ShardTail(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  void add(CommittedRecord committed) {
    CommittedRecord record = committed.compact();
    order.addLast(record);
    byConversation.computeIfAbsent(record.conversationId(), id -> new ArrayDeque<>(2)).addLast(record);
    bytes += weight(record);
    while (bytes > maxBytes) {
      evictOldest();
    }
  }

  private static long weight(CommittedRecord record) {
    return (long) record.size() + OVERHEAD;
  }

  private void evictOldest() {
    CommittedRecord oldest = order.removeFirst();
    bytes -= weight(oldest);
    byConversation.computeIfPresent(
        oldest.conversationId(),
        (id, records) -> {
          records.removeFirst();
          return records.isEmpty() ? null : records;
        });
  }

  /**
   * The conversation's records from the one that holds {@code fromSeq} on, at most {@code maxEvents} events and {@code
   * maxBytes} bytes but at least one record; null when the tail does not reach back so far.
   */
  @Nullable List<CommittedRecord> from(String conversationId, long fromSeq, int maxEvents, long maxReadBytes) {
    ArrayDeque<CommittedRecord> records = byConversation.get(conversationId);
    if (records == null || records.peekFirst().firstSeq() > fromSeq) {
      return null;
    }
    List<CommittedRecord> found = new ArrayList<>();
    long events = 0;
    long size = 0;
    for (CommittedRecord record : records) {
      if (record.lastSeq() < fromSeq) {
        continue;
      }
      events += record.record().getEventsCount();
      size += record.size();
      if (!found.isEmpty() && (events > maxEvents || size > maxReadBytes)) {
        break;
      }
      found.add(record);
    }
    return found;
  }

  /** The record that holds this event; null when it is not in the tail. */
  @Nullable CommittedRecord find(String conversationId, long seq) {
    ArrayDeque<CommittedRecord> records = byConversation.get(conversationId);
    if (records == null || records.peekFirst().firstSeq() > seq) {
      return null;
    }
    var newestFirst = records.descendingIterator();
    while (newestFirst.hasNext()) {
      CommittedRecord record = newestFirst.next();
      if (record.firstSeq() <= seq) {
        return record.lastSeq() >= seq ? record : null;
      }
    }
    return null;
  }

  /** The conversation's records behind {@code seq}, oldest first, as far as the tail reaches back. */
  List<CommittedRecord> after(String conversationId, long seq) {
    ArrayDeque<CommittedRecord> records = byConversation.get(conversationId);
    if (records == null || records.peekLast().lastSeq() <= seq) {
      return List.of();
    }
    List<CommittedRecord> found = new ArrayList<>();
    var newestFirst = records.descendingIterator();
    while (newestFirst.hasNext()) {
      CommittedRecord record = newestFirst.next();
      if (record.lastSeq() <= seq) {
        break;
      }
      found.add(record);
    }
    return found.reversed();
  }

  /** Takes out of memory the body of a message that was deleted, and of its edits. */
  void cut(String conversationId, long deletedSeq) {
    ArrayDeque<CommittedRecord> records = byConversation.get(conversationId);
    if (records == null) {
      return;
    }
    Map<CommittedRecord, CommittedRecord> replaced = new IdentityHashMap<>();
    for (CommittedRecord record : records) {
      CommittedRecord cut = record.cutWhere(event -> isCut(event, deletedSeq));
      if (cut != record) {
        replaced.put(record, cut);
        bytes += weight(cut) - weight(record);
      }
    }
    if (!replaced.isEmpty()) {
      replaceIn(records, replaced);
      replaceIn(order, replaced);
    }
  }

  private static boolean isCut(Event event, long deletedSeq) {
    return event.getSeq() == deletedSeq || (event.hasEdit() && event.getEdit().getTargetSeq() == deletedSeq);
  }

  /** Forgets a conversation's records: what comes next does not follow them. */
  void forget(String conversationId) {
    ArrayDeque<CommittedRecord> records = byConversation.remove(conversationId);
    if (records != null) {
      records.forEach(record -> bytes -= weight(record));
      order.removeIf(record -> record.conversationId().equals(conversationId));
    }
  }

  /** Forgets everything. */
  void clear() {
    order.clear();
    byConversation.clear();
    bytes = 0;
  }

  private static void replaceIn(
      ArrayDeque<CommittedRecord> records, Map<CommittedRecord, CommittedRecord> replaced) {
    List<CommittedRecord> all = new ArrayList<>(records);
    records.clear();
    all.forEach(record -> records.addLast(replaced.getOrDefault(record, record)));
  }
}
