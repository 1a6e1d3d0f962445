package dev.parley.router.shard;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.parley.v1.Event;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The newest records of a shard in memory, so that those who are a little behind need not read the log. Bounded in
 * bytes; the oldest record goes first. Not thread-safe: belongs to the shard's thread.
 *
 * <p>For a conversation it holds every record from the oldest one that it still has up to the newest, so it is complete
 * from there on.
 *
 * <p>The records lie as bytes in one ring, and are parsed when somebody reads them. As objects, each of them would grow
 * old here before it is dropped, and every message would bring the next long pause of the garbage collector nearer.
 */
final class ShardTail {
  /** What a record costs in memory beyond its encoded bytes, when it is the only one of its conversation. */
  private static final int OVERHEAD = 192;

  /** Records are counted from 0 since the start, and this is none. */
  private static final long NONE = -1;

  private final long maxBytes;
  /** Where each byte lies that was ever added, modulo its length; it doubles until it holds what may be held. */
  byte[] ring = new byte[1024];

  private Slot[] slots = newSlots(8);
  private long oldest;
  private long next;
  /** The newest record of each conversation that has one here. */
  private final Map<String, Long> newest = new HashMap<>();

  /** What is known of a record; used again for a later one. */
  private static final class Slot {
    String conversationId = "";
    long position;
    long firstSeq;
    long lastSeq;
    /** Counted in bytes since the start. */
    long start;
    int length;
    /** The record of the conversation before this one. */
    long previous;

    long end() {
      return start + length;
    }
  }

  /** With this bound; at most {@link OwnerLimits#MOST_TAIL_BYTES}, which one ring can hold. */
  ShardTail(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  private static Slot[] newSlots(int count) {
    Slot[] slots = new Slot[count];
    Arrays.setAll(slots, i -> new Slot());
    return slots;
  }

  private Slot slot(long record) {
    return slots[(int) (record % slots.length)];
  }

  private boolean holds(long record) {
    return record >= oldest;
  }

  void add(CommittedRecord record) {
    ByteString encoded = record.encoded();
    if (!makeRoom(encoded.size())) {
      return;
    }
    Slot slot = slot(next);
    slot.start = oldest == next ? 0 : slot(next - 1).end();
    slot.length = encoded.size();
    slot.position = record.position();
    slot.firstSeq = record.firstSeq();
    slot.lastSeq = record.lastSeq();
    slot.previous = newest.getOrDefault(record.conversationId(), NONE);
    // One string for all of a conversation.
    slot.conversationId = holds(slot.previous) ? slot(slot.previous).conversationId : record.conversationId();
    write(encoded, slot.start);
    newest.put(slot.conversationId, next++);
  }

  /** Drops the oldest records; false if all of them went, and there is not room enough still. */
  private boolean makeRoom(int length) {
    while (used() + (next - oldest + 1) * OVERHEAD + length > maxBytes) {
      if (oldest == next) {
        return false;
      }
      erase(slot(oldest));
      newest.remove(slot(oldest).conversationId, oldest);
      oldest++;
    }
    if (used() + length > ring.length) {
      growRing(used() + length);
    }
    if (next - oldest == slots.length) {
      growSlots();
    }
    return true;
  }

  /** From the first byte to the last. */
  private long used() {
    return oldest == next ? 0 : slot(next - 1).end() - slot(oldest).start;
  }

  private void growRing(long needed) {
    byte[] before = ring;
    ring = new byte[(int) Math.min(maxBytes, Math.max(needed, 2L * before.length))];
    for (long record = oldest; record < next; record++) {
      Slot slot = slot(record);
      write(UnsafeByteOperations.unsafeWrap(read(before, slot)), slot.start);
    }
  }

  private void growSlots() {
    Slot[] more = newSlots(2 * slots.length);
    for (long record = oldest; record < next; record++) {
      more[(int) (record % more.length)] = slot(record);
    }
    slots = more;
  }

  private void write(ByteString bytes, long start) {
    int at = (int) (start % ring.length);
    int whole = Math.min(bytes.size(), ring.length - at);
    bytes.copyTo(ring, 0, at, whole);
    bytes.copyTo(ring, whole, 0, bytes.size() - whole);
  }

  /** What is held no longer is not to be found in memory: its sender may delete it later. */
  private void erase(Slot slot) {
    int at = (int) (slot.start % ring.length);
    int whole = Math.min(slot.length, ring.length - at);
    Arrays.fill(ring, at, at + whole, (byte) 0);
    Arrays.fill(ring, 0, slot.length - whole, (byte) 0);
  }

  private static byte[] read(byte[] ring, Slot slot) {
    byte[] bytes = new byte[slot.length];
    int at = (int) (slot.start % ring.length);
    int whole = Math.min(slot.length, ring.length - at);
    System.arraycopy(ring, at, bytes, 0, whole);
    System.arraycopy(ring, 0, bytes, whole, slot.length - whole);
    return bytes;
  }

  private CommittedRecord committed(Slot slot) {
    return CommittedRecord.of(UnsafeByteOperations.unsafeWrap(read(ring, slot)), slot.position);
  }

  /**
   * The conversation's records from the one that holds {@code fromSeq} on, at most {@code maxEvents} events and {@code
   * maxBytes} bytes but at least one record; null when the tail does not reach back so far.
   */
  @Nullable List<CommittedRecord> from(String conversationId, long fromSeq, int maxEvents, long maxReadBytes) {
    Deque<Slot> slots = since(conversationId, fromSeq);
    if (slots.isEmpty() ? !newest.containsKey(conversationId) : slots.peekFirst().firstSeq > fromSeq) {
      return null;
    }
    List<CommittedRecord> found = new ArrayList<>();
    long events = 0;
    long size = 0;
    for (Slot slot : slots) {
      events += slot.lastSeq - slot.firstSeq + 1;
      size += slot.length;
      if (!found.isEmpty() && (events > maxEvents || size > maxReadBytes)) {
        break;
      }
      found.add(committed(slot));
    }
    return found;
  }

  /** The record that holds this event; null when it is not in the tail. */
  @Nullable CommittedRecord find(String conversationId, long seq) {
    Slot slot = since(conversationId, seq).peekFirst();
    return slot != null && slot.firstSeq <= seq ? committed(slot) : null;
  }

  /** The conversation's records behind {@code seq}, oldest first, as far as the tail reaches back. */
  List<CommittedRecord> after(String conversationId, long seq) {
    return since(conversationId, seq + 1).stream().map(this::committed).toList();
  }

  /** What ends with {@code seq} or later, oldest first, as far as the tail reaches back. */
  private Deque<Slot> since(String conversationId, long seq) {
    Deque<Slot> found = new ArrayDeque<>();
    long record = newest.getOrDefault(conversationId, NONE);
    while (holds(record) && slot(record).lastSeq >= seq) {
      found.addFirst(slot(record));
      record = slot(record).previous;
    }
    return found;
  }

  /** Takes out of memory the body of a message that was deleted, and of its edits. */
  void cut(String conversationId, long deletedSeq) {
    for (Slot slot : since(conversationId, deletedSeq)) {
      CommittedRecord whole = committed(slot);
      CommittedRecord cut = whole.cutWhere(event -> isCut(event, deletedSeq));
      if (cut == whole) {
        continue;
      }
      erase(slot);
      if (cut.size() > slot.length) {
        forget(conversationId); // its body was next to nothing
        return;
      }
      write(cut.encoded(), slot.start);
      slot.length = cut.size();
    }
  }

  private static boolean isCut(Event event, long deletedSeq) {
    return event.getSeq() == deletedSeq || (event.hasEdit() && event.getEdit().getTargetSeq() == deletedSeq);
  }

  /** Forgets a conversation's records: what comes next does not follow them. */
  void forget(String conversationId) {
    since(conversationId, 0).forEach(this::erase);
    newest.remove(conversationId);
  }

  /** Forgets everything. */
  void clear() {
    Arrays.fill(ring, (byte) 0);
    oldest = next;
    newest.clear();
  }
}
