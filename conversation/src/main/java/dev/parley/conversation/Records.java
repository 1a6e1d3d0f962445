package dev.parley.conversation;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.internal.v1.LogRecord;
import dev.parley.v1.Event;
import dev.parley.v1.Term;
import java.time.Instant;
import java.util.List;

/** Builds the records of the log, and reads events out of them. */
public final class Records {
  /** How many events make a page. A record never crosses a page's border. */
  public static final int PAGE_EVENTS = PageIndex.PAGE_EVENTS;

  private Records() {}

  /**
   * The next record of a conversation.
   *
   * @param before the state that everything before this record made, all of it stored
   * @param events decided on {@code before}, each on the one before it; 1 to {@link #roomInPage}
   * @param ids one for each event
   * @param time by the owner's clock; never smaller than in the shard's record before. Raised to the last event's time,
   *     so that a record's time tells that nothing in or before it happened later
   */
  public static LogRecord build(
      ConversationState before, List<Event> events, List<Ids> ids, Term term, ByteString recordId, Instant time) {
    long firstSeq = before.cursor().getSeq() + 1;
    if (events.isEmpty() || events.getFirst().getSeq() != firstSeq || ids.size() != events.size()) {
      throw new IllegalArgumentException("events must follow seq " + (firstSeq - 1) + ", with an id each");
    }
    if (PageIndex.pageOf(events.getLast().getSeq()) != PageIndex.pageOf(firstSeq)) {
      throw new IllegalArgumentException("a record must not cross a page's border");
    }
    Instant lastTime = Timestamps.toInstant(events.getLast().getTime());
    LogRecord.Builder record = LogRecord.newBuilder()
        .setRecordId(recordId)
        .setTerm(term)
        .setConversationId(before.conversationId())
        .setFirstSeq(firstSeq)
        .setPreviousPosition(before.headPosition())
        .setTime(Timestamps.of(time.isBefore(lastTime) ? lastTime : time))
        .setMessageCount(events.getLast().getMessageCount());
    for (int i = 0; i < events.size(); i++) {
      record.addEvents(events.get(i).toByteString());
      record.addFingerprints(ids.get(i).fingerprint());
      record.addBodyHashes(ids.get(i).bodyHash());
    }
    if (firstSeq > 1 && firstSeq == PageIndex.firstSeqOf(PageIndex.pageOf(firstSeq))) {
      record.setPageLinks(before.pages().linksOfNextPage());
    }
    return record.build();
  }

  /** How many more events fit into a record that follows this state, provisional or not: 1 to 64. */
  public static long roomInPage(ConversationState state) {
    return PAGE_EVENTS - state.headSeq() % PAGE_EVENTS;
  }

  /**
   * The record with the body of the event {@code seq} cut away. Everything else stays, its id in particular.
   *
   * @throws IllegalArgumentException if the record does not hold this event
   */
  public static LogRecord cut(LogRecord record, long seq) {
    int index = Math.toIntExact(seq - record.getFirstSeq());
    if (index < 0 || index >= record.getEventsCount()) {
      throw new IllegalArgumentException("seq " + seq + " is not in the record");
    }
    return record.toBuilder().setEvents(index, cut(event(record, index)).toByteString()).build();
  }

  /** The event without its body, as readers get it after a deletion. */
  public static Event cut(Event event) {
    return event.toBuilder().clearBody().setDeleted(true).build();
  }

  /**
   * The record's event with this index, from 0.
   *
   * @throws IllegalArgumentException if it cannot be parsed: only routers write to the log, so this is a broken log
   */
  public static Event event(LogRecord record, int index) {
    try {
      return Event.parseFrom(record.getEvents(index));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(
          "event " + (record.getFirstSeq() + index) + " of " + record.getConversationId() + " is no event", e);
    }
  }

  /**
   * A record as it lies on the log. Its id and its events share these bytes: whoever keeps one of them alone copies it.
   *
   * @throws InvalidProtocolBufferException if they are none
   */
  public static LogRecord parse(ByteString encoded) throws InvalidProtocolBufferException {
    CodedInputStream in = encoded.newCodedInput();
    in.enableAliasing(true);
    LogRecord record = LogRecord.parser().parseFrom(in);
    in.checkLastTagWas(0);
    return record;
  }

  /** The seq of the record's last event. */
  public static long lastSeq(LogRecord record) {
    return record.getFirstSeq() + record.getEventsCount() - 1;
  }

  /**
   * What an event is found by when its command comes again.
   *
   * @param fingerprint of sender and client event id
   * @param bodyHash of what the command said
   */
  public record Ids(long fingerprint, long bodyHash) {
    /** Those of a request. */
    public static Ids of(Request request) {
      return new Ids(request.fingerprint(), request.bodyHash());
    }
  }
}
