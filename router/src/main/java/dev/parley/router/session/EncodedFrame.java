package dev.parley.router.session;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.parley.internal.v1.EncodedEvents;
import dev.parley.router.shard.CommittedRecord;
import dev.parley.v1.ServerFrame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * A server frame as it goes over the wire, encoded once however many sessions get it.
 *
 * @param bytes an encoded {@link ServerFrame}; not to be changed
 */
public record EncodedFrame(byte[] bytes) {
  /** Encodes a frame. */
  public static EncodedFrame of(ServerFrame.Builder frame) {
    return new EncodedFrame(frame.build().toByteArray());
  }

  /** An Events frame with a record's events {@code firstSeq} to {@code lastSeq}, whose bytes are taken as they are. */
  public static EncodedFrame events(CommittedRecord record, long firstSeq, long lastSeq) {
    int from = (int) (firstSeq - record.firstSeq());
    int to = (int) (lastSeq - record.firstSeq()) + 1;
    return events(record, record.record().getEventsList().subList(from, to));
  }

  /** An Events frame with these encoded events, of which the last lies in {@code last}. */
  public static EncodedFrame events(CommittedRecord last, List<ByteString> events) {
    EncodedEvents body =
        EncodedEvents.newBuilder()
            .setConversationId(last.conversationId())
            .setPosition(last.position())
            .setTerm(last.term())
            .addAllEvents(events)
            .build();
    byte[] bytes = new byte[CodedOutputStream.computeMessageSize(ServerFrame.EVENTS_FIELD_NUMBER, body)];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      out.writeMessage(ServerFrame.EVENTS_FIELD_NUMBER, body);
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new UncheckedIOException("an array of the computed size was too small", e);
    }
    return new EncodedFrame(bytes);
  }
}
