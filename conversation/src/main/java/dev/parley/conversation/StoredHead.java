package dev.parley.conversation;

import com.google.protobuf.ByteString;
import dev.parley.internal.v1.LogRecord;
import dev.parley.v1.Term;

/**
 * Where a conversation's newest stored record lies, and how to find the ones before.
 *
 * @param seq the newest stored event's
 * @param foldedBytes the bytes of all records up to here
 */
record StoredHead(long seq, long position, Term term, ByteString recordId, long foldedBytes, PageIndex pages) {
  static final StoredHead NONE =
      new StoredHead(0, 0, Term.getDefaultInstance(), ByteString.EMPTY, 0, PageIndex.EMPTY);

  StoredHead with(LogRecord record, long newPosition, int recordBytes) {
    if (record.getFirstSeq() != seq + 1 || record.getEventsCount() == 0 || newPosition <= position) {
      throw new IllegalArgumentException("record of " + record.getEventsCount() + " events from seq "
          + record.getFirstSeq() + " at " + newPosition + " does not follow seq " + seq + " at " + position);
    }
    return new StoredHead(
        seq + record.getEventsCount(),
        newPosition,
        record.getTerm(),
        ByteString.copyFrom(record.getRecordId().asReadOnlyByteBuffer()), // not all of the record with it
        foldedBytes + recordBytes,
        pages.with(record.getFirstSeq(), newPosition));
  }
}
