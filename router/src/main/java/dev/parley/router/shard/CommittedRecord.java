package dev.parley.router.shard;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.parley.conversation.Records;
import dev.parley.conversation.history.LoggedRecord;
import dev.parley.conversation.log.ShardLog.StoredRecord;
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
  private final ByteString encoded;
  private final @Nullable List<Event> events;

  /**
   * A record at its position.
   *
   * @param encoded the record as it lies on the log
   * @param events the parsed ones, if they are at hand; null: they are parsed when somebody asks
   */
  public CommittedRecord(LogRecord record, ByteString encoded, long position, @Nullable List<Event> events) {
    this.record = record;
    this.encoded = encoded;
    this.position = position;
    this.events = events;
  }

  /**
   * What another router has read from the log, with its events parsed, since there somebody looks at each of them.
   *
   * @throws IllegalArgumentException if these bytes are no record
   */
  public static CommittedRecord parsed(ByteString encoded, long position) {
    CommittedRecord raw = of(encoded, position);
    return new CommittedRecord(raw.record, encoded, position, raw.events());
  }

  /**
   * What was kept as bytes.
   *
   * @throws IllegalArgumentException if these bytes are no record
   */
  static CommittedRecord of(ByteString encoded, long position) {
    try {
      return new CommittedRecord(Records.parse(encoded), encoded, position, null);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("the record at position " + position + " is not readable", e);
    }
  }

  /** What was read from the log. */
  static CommittedRecord of(LoggedRecord logged) {
    return new CommittedRecord(logged.record(), logged.encoded(), logged.position(), null);
  }

  /** What was read from the log. */
  static CommittedRecord of(StoredRecord stored) {
    return of(UnsafeByteOperations.unsafeWrap(stored.bytes()), stored.position());
  }

  /** The record without the bodies of these events. */
  CommittedRecord cutWhere(Predicate<Event> isCut) {
    CommittedRecord cut = this;
    for (Event event : events()) {
      if (!event.getDeleted() && isCut.test(event)) {
        LogRecord without = Records.cut(cut.record, event.getSeq());
        cut = new CommittedRecord(without, without.toByteString(), position, null);
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

  /** As it lies on the log. */
  public ByteString encoded() {
    return encoded;
  }

  /** Its encoded size in bytes. */
  public int size() {
    return encoded.size();
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
}
