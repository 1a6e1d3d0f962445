package dev.parley.conversation;

import com.google.protobuf.ByteString;
import dev.parley.internal.v1.LogRecord;
import java.io.ByteArrayOutputStream;
import java.time.Instant;

/**
 * Records of a long conversation, made without deciding anything. Event n has fingerprint n, body hash -n, and happened
 * n seconds after {@link Talk#START}; records hold 1 to 16 events; positions of other conversations lie between.
 */
public final class SyntheticHistory {
  private final String conversationId;
  private final Sink sink;
  private PageIndex pages = PageIndex.EMPTY;
  private long seq;
  private long position;

  public SyntheticHistory(String conversationId, Sink sink) {
    this.conversationId = conversationId;
    this.sink = sink;
  }

  /** Goes on until this many events are there. */
  public SyntheticHistory upTo(long events) {
    while (seq < events) {
      long inRecord = Math.min(1 + (seq * 7) % 16, Math.min(events - seq, 64 - seq % 64));
      append((int) inRecord);
    }
    return this;
  }

  public PageIndex pages() {
    return pages;
  }

  public long headPosition() {
    return position;
  }

  public static Instant timeOf(long seq) {
    return Talk.START.plusSeconds(seq);
  }

  private void append(int events) {
    LogRecord.Builder record = LogRecord.newBuilder()
        .setRecordId(ByteString.copyFromUtf8("record " + seq))
        .setTerm(Talk.TERM)
        .setConversationId(conversationId)
        .setFirstSeq(seq + 1)
        .setPreviousPosition(position)
        .setTime(Timestamps.of(timeOf(seq + events)));
    if (seq > 0 && seq % 64 == 0) {
      record.setPageLinks(pages.linksOfNextPage());
    }
    for (long s = seq + 1; s <= seq + events; s++) {
      record.addEvents(eventWithSeq(s)).addFingerprints(s).addBodyHashes(-s);
    }
    position += 1 + seq % 5;
    pages = pages.with(seq + 1, position);
    seq += events;
    sink.put(position, record.build().toByteArray());
  }

  /** An event's encoding with nothing but its seq: field 1, a varint. */
  private static ByteString eventWithSeq(long seq) {
    var bytes = new ByteArrayOutputStream(4);
    bytes.write(1 << 3);
    long rest = seq;
    while (rest >= 0x80) {
      bytes.write((int) (rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    bytes.write((int) rest);
    return ByteString.copyFrom(bytes.toByteArray());
  }

  /** Takes the records. */
  public interface Sink {
    void put(long position, byte[] record);
  }
}
