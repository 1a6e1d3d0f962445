package dev.parley.sdk;

import dev.parley.v1.Cursor;

/**
 * Where the device stands in one conversation, over all streams: the newest event given to the listener, and the read
 * mark that this device has set.
 */
final class Place {
  final String conversationId;
  private long last;
  private Cursor cursor;
  private long readMark;

  /** @param cursor what to resume from; may lie before {@code last} when the place of {@code last} is not known yet */
  Place(String conversationId, long last, Cursor cursor) {
    this.conversationId = conversationId;
    this.last = last;
    this.cursor = cursor;
  }

  long last() {
    return last;
  }

  Cursor cursor() {
    return cursor;
  }

  /** The event at the cursor was given to the listener, or a Reset says to go on from there. */
  void moveTo(Cursor there) {
    last = there.getSeq();
    cursor = there;
  }

  long readMark() {
    return readMark;
  }

  /** Returns whether the mark has moved: it never goes back. */
  boolean read(long seq) {
    if (seq <= readMark) {
      return false;
    }
    readMark = seq;
    return true;
  }
}
