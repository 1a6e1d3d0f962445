package dev.parley.router.shard;

import com.google.protobuf.ByteString;
import dev.parley.conversation.Records;
import dev.parley.conversation.history.LoggedRecord;
import dev.parley.internal.v1.LogRecord;
import dev.parley.v1.Event;
import dev.parley.v1.Term;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A record that is on the log, as it is fed and delivered. Immutable. */
public final class CommittedRecord {
  private final LogRecord record;
  private final long position;
  private final int size;
  private final @Nullable List<Event> events;

  /**
   * A record at its position.
   *
   * @param size its encoded size in bytes
   * @param events the parsed ones, if they are at hand; null: they are parsed when somebody asks
   */
  public CommittedRecord(LogRecord record, long position, int size, @Nullable List<Event> events) {
    this.record = record;
    this.position = position;
    this.size = size;
    this.events = events;
  }

  /** The same with its events parsed, for those who look at each of them. */
  public static CommittedRecord parsed(LogRecord record, long position, int size) {
    CommittedRecord raw = new CommittedRecord(record, position, size, null);
    return new CommittedRecord(record, position, size, raw.events());
  }

  /** What was read from the log. */
  static CommittedRecord of(LoggedRecord logged) {
    return new CommittedRecord(logged.record(), logged.position(), logged.bytes(), null);
  }

  /** The record without the bodies of these events. */
  CommittedRecord cutWhere(Predicate<Event> isCut) {
    CommittedRecord cut = this;
    for (Event event : events()) {
      if (!event.getDeleted() && isCut.test(event)) {
        LogRecord without = Records.cut(cut.record, event.getSeq());
        cut = new CommittedRecord(without, position, without.getSerializedSize(), null);
      }
    }
    return cut;
  }

  /** As stored. */
  public LogRecord record() {
    return record;
  }

  /** Which conversation; empty for an Owner record. */
  public String conversationId() {
    return record.getConversationId();
  }

  /** Where it lies. */
  public long position() {
    return position;
  }

  /** Under which term it was written. */
  public Term term() {
    return record.getTerm();
  }

  /** Its encoded size in bytes. */
  public int size() {
    return size;
  }

  /** The first event's seq. */
  public long firstSeq() {
    return record.getFirstSeq();
  }

  /** The last event's seq. */
  public long lastSeq() {
    return record.getFirstSeq() + record.getEventsCount() - 1;
  }

  /** The encoded event with this seq. */
  public ByteString eventBytes(long seq) {
    return record.getEvents((int) (seq - firstSeq()));
  }

  /** The event with this seq. */
  public Event event(long seq) {
    int index = (int) (seq - firstSeq());
    return events != null ? events.get(index) : Records.event(record, index);
  }

  /** Somebody's membership ends in it. */
  public boolean endsMembership() {
    return events().stream().anyMatch(event -> event.hasMemberLeft() || event.hasMemberRemoved());
  }

  /** All events. */
  public List<Event> events() {
    if (events != null) {
      return events;
    }
    List<Event> parsed = new ArrayList<>(record.getEventsCount());
    for (int i = 0; i < record.getEventsCount(); i++) {
      parsed.add(Records.event(record, i));
    }
    return parsed;
  }

  /** The same without the parsed events: what is kept for long. */
  CommittedRecord compact() {
    return events == null ? this : new CommittedRecord(record, position, size, null);
  }
}
