package dev.parley.conversation.history;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.parley.conversation.Records;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.internal.v1.LogRecord;

/**
 * A record as it was read.
 *
 * @param position where it lies
 * @param encoded as it lies there
 */
public record LoggedRecord(long position, LogRecord record, ByteString encoded) {
  static LoggedRecord parse(StoredRecord stored) {
    try {
      ByteString encoded = UnsafeByteOperations.unsafeWrap(stored.bytes());
      return new LoggedRecord(stored.position(), Records.parse(encoded), encoded);
    } catch (InvalidProtocolBufferException e) {
      var broken = new BrokenHistoryException(stored.position(), "no record at position " + stored.position());
      broken.initCause(e);
      throw broken;
    }
  }

  /** The first event's seq. */
  public long firstSeq() {
    return record.getFirstSeq();
  }

  /** The last event's seq. */
  public long lastSeq() {
    return Records.lastSeq(record);
  }

  /** Whether the event with this seq is in it. */
  public boolean holds(long seq) {
    return seq >= firstSeq() && seq <= lastSeq();
  }
}
