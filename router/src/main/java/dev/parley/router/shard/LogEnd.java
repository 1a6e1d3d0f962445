package dev.parley.router.shard;

import com.google.protobuf.ByteString;
import dev.parley.conversation.Timestamps;
import dev.parley.internal.v1.LogRecord;
import java.time.Instant;

/** How far an owner knows the log: everything up to its end was told. Belongs to the shard's thread. */
final class LogEnd {
  private static final long NOWHERE = -1;

  private long position = NOWHERE;
  private ByteString recordId = ByteString.EMPTY;
  private Instant newest = Instant.EPOCH;

  /** Nothing is known, and nothing before the first Owner record needs to be. */
  boolean unknown() {
    return position == NOWHERE;
  }

  /** Where the last known record lies; negative: none is known. */
  long position() {
    return position;
  }

  /** Which record lies there. */
  ByteString recordId() {
    return recordId;
  }

  /** A time that is not before that of any record on the log, as far as it was looked at. */
  Instant newest() {
    return newest;
  }

  /** The next record is known. */
  void moved(long to, ByteString id) {
    position = to;
    recordId = ByteString.copyFrom(id.asReadOnlyByteBuffer()); // not all of the record with it
  }

  /** Something was decided at this time, or is about to be. */
  void saw(Instant time) {
    if (time.isAfter(newest)) {
      newest = time;
    }
  }

  /** A record is on the log; false: it has no time, like the fillers of a fence, as nobody knows behind what they land. */
  boolean saw(LogRecord record) {
    if (record.hasTime()) {
      saw(Timestamps.toInstant(record.getTime()));
    }
    return record.hasTime();
  }
}
