package dev.parley.conversation.history;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.parley.conversation.Records;
import dev.parley.conversation.log.ShardLog.StoredRecord;
import dev.parley.internal.v1.LogRecord;

/**
 * A record as it was read.
 *
 * @param position where it lies
 * @param bytes its size in the log
 */
public record LoggedRecord(long position, LogRecord record, int bytes) {
  static LoggedRecord parse(StoredRecord stored) {
    try {
      return new LoggedRecord(stored.position(), LogRecord.parseFrom(stored.bytes()), stored.bytes().length);
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
