package dev.parley.conversation;

import dev.parley.v1.SeqRange;

/**
 * A stretch of events that a user may read, with what it takes to count the messages in it.
 *
 * @param firstSeq the first event
 * @param lastSeq the last event, included; 0: open
 * @param countBefore the conversation's message count before the first event
 * @param countAtEnd the message count at the last event; 0 with an open range
 */
public record ReadableRange(long firstSeq, long lastSeq, long countBefore, long countAtEnd) {
  static ReadableRange from(long firstSeq, long countBefore) {
    return new ReadableRange(firstSeq, 0, countBefore, 0);
  }

  /** Whether it goes on with what comes. */
  public boolean isOpen() {
    return lastSeq == 0;
  }

  /** Whether the event with this seq is in it, should it exist. */
  public boolean contains(long seq) {
    return seq >= firstSeq && (isOpen() || seq <= lastSeq);
  }

  ReadableRange closedAt(long seq, long messageCount) {
    return new ReadableRange(firstSeq, seq, countBefore, messageCount);
  }

  /** Messages in this range after a read mark, when the conversation has {@code messageCount} messages in all. */
  long unread(long readSeq, long countAtReadSeq, long messageCount) {
    long end = isOpen() ? messageCount : countAtEnd;
    if (readSeq < firstSeq) {
      return end - countBefore;
    }
    return contains(readSeq) ? Math.max(0, end - countAtReadSeq) : 0;
  }

  SeqRange toProto() {
    return SeqRange.newBuilder().setFirstSeq(firstSeq).setLastSeq(lastSeq).build();
  }
}
